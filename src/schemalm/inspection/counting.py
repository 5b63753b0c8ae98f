"""The length of one document in tokens of each tokenizer, in bytes and in characters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schemalm.baselines import AnyTokenizer
from schemalm.documents import canonical_json
from schemalm.errors import DataError, InvalidDocument, LimitError
from schemalm.tokenizer import Tokenizer


@dataclass(frozen=True)
class UnitCount:
    """The number of units of one kind in a document, and the bytes of its compact JSON per unit."""

    name: str
    unit: str
    count: int
    bytes_per_unit: float


def count_units(value: Any, tokenizers: Mapping[str, AnyTokenizer]) -> list[UnitCount]:
    """Count the tokens of a value for each named tokenizer, then the characters and bytes of its compact JSON.

    Raises DataError if a tokenizer refuses the value.
    """
    compact = canonical_json(value)
    counts = {(name, _unit(tokenizer)): _count_tokens(name, tokenizer, value) for name, tokenizer in tokenizers.items()}
    counts["compact JSON", "characters"] = len(compact.decode())
    counts["compact JSON", "bytes"] = len(compact)
    return [UnitCount(name, unit, count, len(compact) / count) for (name, unit), count in counts.items()]


def _unit(tokenizer: AnyTokenizer) -> str:
    if isinstance(tokenizer, Tokenizer):
        return "typed tokens"
    return f"{tokenizer.kind} tokens of {'YAML' if tokenizer.text == 'yaml' else 'JSON'}"


def _count_tokens(name: str, tokenizer: AnyTokenizer, value: Any) -> int:
    try:
        return len(tokenizer.encode(value))
    except (InvalidDocument, DataError, LimitError) as error:
        raise DataError(f"{name} refuses the document: {error}") from None
