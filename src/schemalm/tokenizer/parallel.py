"""Encoding over processes: each worker reads the tokenizer once, values go out in chunks and come back in order.

Workers are started afresh ("spawn"), so a script that encodes with several has to guard its entry point with
`if __name__ == "__main__":`, as for every pool of processes.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, Any

from schemalm.errors import InvalidDocument

if TYPE_CHECKING:
    from schemalm.tokenizer.tokenizer import Tokenizer

CHUNK_SIZE = 64
# Token ids, or the message, pointer and keyword of why there are none.
Answer = list[int] | tuple[str, str, str]


class _Worker:
    """What a process of the pool keeps between chunks."""

    tokenizer: Tokenizer

    @classmethod
    def start(cls, content: bytes) -> None:
        from schemalm.tokenizer.tokenizer import Tokenizer  # noqa: PLC0415

        cls.tokenizer = Tokenizer.from_json(content)

    @classmethod
    def answer(cls, value: Any) -> Answer:
        try:
            return cls.tokenizer.encode(value)
        except InvalidDocument as error:
            return error.message, error.pointer, error.keyword


def encode_in_processes(
    tokenizer: Tokenizer, values: Iterable[Any], num_workers: int
) -> Iterator[list[int] | InvalidDocument]:
    """The token ids of each value, or the error in their place, in the order of the values."""
    with ProcessPoolExecutor(
        num_workers, multiprocessing.get_context("spawn"), _Worker.start, (tokenizer.to_json(),)
    ) as pool:
        for answer in pool.map(_Worker.answer, values, chunksize=CHUNK_SIZE):
            if isinstance(answer, tuple):
                message, pointer, keyword = answer
                yield InvalidDocument(message, pointer=pointer, keyword=keyword)
            else:
                yield answer
