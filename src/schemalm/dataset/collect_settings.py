"""What decides on a collected corpus, beside its documents and the schema."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from schemalm.bounds import check_number
from schemalm.dataset.held_out import check_train_split

SecretsPolicy = Literal["drop", "mask"]
SplitBy = Literal["owner", "repository"]


@dataclass(frozen=True)
class CollectSettings:
    """The settings of a collection.

    similarity: the least Jaccard similarity of near duplicates, of which one stays, from 0.5; 1 keeps them all.
    secrets: whether documents with secrets are dropped, or these masked. split_by: what never has documents in both
    splits. train_split: the share of documents in training. max_files: how many raw rows are taken, evenly spaced.
    Raises ConfigurationError for a value out of its range.
    """

    similarity: float = 0.9
    secrets: SecretsPolicy = "drop"
    split_by: SplitBy = "owner"
    train_split: float = 0.8
    seed: int = 0
    merge_keys: bool = False
    max_files: int | None = None

    def __post_init__(self) -> None:
        check_number("similarity", self.similarity, 0.5, 1)
        check_train_split(self.train_split)
