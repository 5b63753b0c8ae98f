"""Encoding over processes: each reads the tokenizer once, values go out in chunks and come back in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal, Protocol

from schemalm.engines import open_engine
from schemalm.errors import InvalidDocument, LimitError

CHUNK_SIZE = 64
Encoded = list[int] | InvalidDocument | LimitError


class BatchEncoder(Protocol):
    """What encodes lists of values: a tokenizer."""

    def encode_batch(self, values: Iterable[Any], on_error: Literal["return"]) -> list[Encoded]:
        """The token ids of each value, or the error instead."""
        ...


@dataclass(frozen=True)
class EncodeTask:
    """Encodes lists of values with the tokenizer of a file's content, which `load` reads in each process."""

    load: Callable[[bytes], BatchEncoder]
    content: bytes

    def start(self) -> Callable[[list[Any]], list[Encoded]]:
        """The function that encodes a list."""
        tokenizer = self.load(self.content)
        return lambda values: tokenizer.encode_batch(values, "return")


def encode_in_processes(task: EncodeTask, values: Iterable[Any], num_workers: int) -> Iterator[Encoded]:
    """The token ids of each value, or the error instead, in the order of the values."""
    with open_engine("local", workers=num_workers) as engine:
        for encoded in engine.map(task, _chunks(values)):
            yield from encoded


def _chunks(values: Iterable[Any]) -> Iterator[list[Any]]:
    remaining = iter(values)
    while chunk := list(islice(remaining, CHUNK_SIZE)):
        yield chunk
