"""Tokenizer files of every kind: their types, and how they are read.

A file may be anybody's. A schema in it is an object or a boolean: no text of a file is ever taken for a path or a name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from schemalm.errors import DataError
from schemalm.files.typed_json import MAX_TOKENIZER_BYTES, CheckedFile, Count
from schemalm.tokenizer.segmentation import MergeScope

FORMAT = 2
# Characters that all spellings of a vocabulary have together: each takes memory some hundred times its size.
MAX_SPELLED = 1 << 22

Spelling = Annotated[str, Meta(min_length=1)]


class States(msgspec.Struct, frozen=True):
    """The rows of a model's grammar-state embedding."""

    nonterminals: tuple[str, ...]
    paths: tuple[str, ...]


class TypedFile(msgspec.Struct, frozen=True):
    """What the file of a typed tokenizer holds; raises `ValueError` where that contradicts itself."""

    kind: Literal["typed"]
    format: Literal[2]
    vocab_size: Count
    merge_scope: MergeScope
    formats: Literal["assert", "annotate"]
    symbols: list[str]
    key_orders: list[list[str]]
    whole_values: list[Spelling]
    merges: list[tuple[Spelling, Spelling]]
    states: States
    schema: dict[str, Any] | bool

    def __post_init__(self) -> None:
        if any(len(set(order)) < len(order) for order in self.key_orders):
            raise ValueError("key_orders must list each key once in an order")
        num_spelled = sum(map(len, self.whole_values)) + sum(len(a) + len(b) for a, b in self.merges)
        if num_spelled > MAX_SPELLED:
            raise ValueError(
                f"whole_values and merges must spell at most {MAX_SPELLED:,} symbols, found {num_spelled:,}"
            )


def tokenizer_file(path: str | Path) -> CheckedFile:
    """The file of a tokenizer, whose errors are DataError; the path itself may be a link, for a user named it."""
    place = Path(path)
    if place.is_symlink():
        place = place.resolve()
    absent = f"cannot read the tokenizer {path}: there is no such file"
    advice = "`schemalm tokenizer train` makes one"
    return CheckedFile(place.parent, place.name, DataError, advice, absent, MAX_TOKENIZER_BYTES)


def read_tokenizer_file(path: str | Path) -> bytes:
    """The content of a tokenizer file; raises DataError where it cannot be read."""
    return tokenizer_file(path).content()
