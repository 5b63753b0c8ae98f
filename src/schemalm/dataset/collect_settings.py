"""The settings of a collected corpus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from schemalm.bounds import check_number
from schemalm.errors import ConfigurationError

SecretsPolicy = Literal["drop", "mask"]
SplitBy = Literal["owner", "repository"]


def check_train_split(train_split: float) -> None:
    """Raise `ConfigurationError` unless the share of documents in training is between 0 and 1."""
    if not 0 < train_split < 1:
        raise ConfigurationError(f"train_split must lie between 0 and 1, got {train_split}")


@dataclass(frozen=True)
class CollectSettings:
    """The settings of a collection.

    similarity: the least Jaccard similarity at which two documents are near duplicates, from 0.5 to 1; only one of them
    is kept, and 1 keeps all. secrets: drop documents with secrets, or mask the secrets. split_by: the unit that is
    never divided between the splits. train_split: the share of documents in training, between 0 and 1. max_files: the
    number of raw rows to take, evenly spaced; None takes all. Raises ConfigurationError for a value out of range.
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
