"""Rows are found by their tokens, whatever their order and number."""

from __future__ import annotations

from schemalm.export.row_memory import RowMemory


class Recorder:
    num_begun = 0

    def __init__(self) -> None:
        Recorder.num_begun += 1
        self.tokens: list[int] = []

    def take(self, token: int) -> None:
        self.tokens.append(token)


def read(memory: RowMemory[Recorder], rows: list[list[int]]) -> list[list[int]]:
    return [[*follower.tokens] for follower in memory.at(rows)]


def test_every_follower_has_taken_the_tokens_of_its_row() -> None:
    memory = RowMemory(Recorder)
    for rows in ([[], []], [[1], [2]], [[2, 5], [1, 4]], [[1, 4, 9], [1, 4, 8]], [[7]], [[7]]):
        assert read(memory, rows) == rows


def test_rows_that_grow_by_a_token_are_not_read_again() -> None:
    memory = RowMemory(Recorder)
    read(memory, [[1], [2]])
    before = Recorder.num_begun
    read(memory, [[2, 3], [1, 3]])
    assert Recorder.num_begun == before
