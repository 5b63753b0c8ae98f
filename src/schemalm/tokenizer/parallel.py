"""Encoding over processes: each reads the tokenizer once, values go out in chunks and come back in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from schemalm.engines import open_engine
from schemalm.errors import InvalidDocument, LimitError

if TYPE_CHECKING:
    from schemalm.tokenizer.tokenizer import Tokenizer

CHUNK_SIZE = 64
Encoded = list[int] | InvalidDocument | LimitError


@dataclass(frozen=True)
class EncodeTask:
    """Encodes lists of values with the tokenizer of a file's content."""

    content: bytes

    def start(self) -> Callable[[list[Any]], list[Encoded]]:
        """The function that encodes a list."""
        from schemalm.tokenizer.tokenizer import Tokenizer  # noqa: PLC0415

        tokenizer = Tokenizer.from_json(self.content)
        return lambda values: tokenizer.encode_batch(values, "return")


def encode_in_processes(tokenizer: Tokenizer, values: Iterable[Any], num_workers: int) -> Iterator[Encoded]:
    """The token ids of each value, or the error in their place, in the order of the values."""
    with open_engine("local", workers=num_workers) as engine:
        for encoded in engine.map(EncodeTask(tokenizer.to_json()), _chunks(values)):
            yield from encoded


def _chunks(values: Iterable[Any]) -> Iterator[list[Any]]:
    remaining = iter(values)
    while chunk := list(islice(remaining, CHUNK_SIZE)):
        yield chunk
