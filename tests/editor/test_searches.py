"""One search at a time: typing on keeps it, another word stops it; errors and the end of its time are no failures."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator

import pytest

pytest.importorskip("pygls", reason="needs the extra `lsp`")
from schemalm.documents.cut.word import Word, read_word
from schemalm.editor import suggestions
from schemalm.editor.suggestions import Found, Searches
from schemalm.errors import PromptError
from schemalm.generation import Run
from schemalm.generation.insertions import Insertion
from schemalm.hosting.hosted_run import HostedRun

KEY = Insertion("steps", True, 1.0)


@pytest.fixture
def hosted(run: Run) -> Iterator[HostedRun]:
    found = HostedRun(run, batch_size=1, max_waiting=8, max_seconds=60)
    yield found
    found.worker.stop()


def word(text: str) -> Word:
    found = read_word(text)
    assert found is not None
    return found


def test_typing_on_keeps_the_search(hosted: HostedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    searched = []

    def search(_run: Run, asked: Word, _is_over: Callable[[], bool]) -> list[Insertion]:
        searched.append(asked.searched.text)
        return [KEY]

    monkeypatch.setattr(suggestions, "insertions", search)

    async def type_() -> list[Found]:
        searches = Searches(hosted, 60, 60)
        return [await searches.found(word(text)) for text in ("a: 1\n", "a: 1\ns", "a: 1\nst", "b: ", "b: x")]

    assert asyncio.run(type_()) == [Found([KEY], is_whole=True)] * 5
    assert searched == ["a: 1\n", "b: ", "b: x"]


def test_another_word_stops_the_search(hosted: HostedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    def search(_run: Run, asked: Word, is_over: Callable[[], bool]) -> list[Insertion]:
        while asked.searched.text == "a: " and not is_over():
            time.sleep(0.001)
        return [KEY]

    monkeypatch.setattr(suggestions, "insertions", search)

    async def type_() -> tuple[Found, Found]:
        searches = Searches(hosted, 600, 600)
        first = asyncio.ensure_future(searches.found(word("a: ")))
        await asyncio.sleep(0)
        second = await searches.found(word("b: "))
        return await first, second

    assert asyncio.run(type_()) == (Found([KEY], is_whole=False), Found([KEY], is_whole=True))


def test_a_search_whose_time_is_over_is_begun_again(hosted: HostedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    num_searches = 0

    def search(_run: Run, _word: Word, is_over: Callable[[], bool]) -> list[Insertion]:
        nonlocal num_searches
        num_searches += 1
        while not is_over():
            time.sleep(0.001)
        return []

    monkeypatch.setattr(suggestions, "insertions", search)

    async def type_() -> list[Found]:
        searches = Searches(hosted, 60, max_search_seconds=0.01)
        return [await searches.found(word("a: ")) for _ in range(2)]

    assert asyncio.run(type_()) == [Found([], is_whole=False)] * 2
    assert num_searches == 2


def test_where_no_document_goes_on_nothing_is_found(hosted: HostedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    def search(_run: Run, _word: Word, _is_over: Callable[[], bool]) -> list[Insertion]:
        raise PromptError("there is none")

    monkeypatch.setattr(suggestions, "insertions", search)
    assert asyncio.run(Searches(hosted, 60, 60).found(word("a: "))) == Found([], is_whole=True)


def test_a_search_goes_on_after_an_answer_was_due(hosted: HostedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    may_end = threading.Event()

    def search(_run: Run, _word: Word, _is_over: Callable[[], bool]) -> list[Insertion]:
        may_end.wait()
        return [KEY]

    monkeypatch.setattr(suggestions, "insertions", search)

    async def type_() -> list[Found]:
        searches = Searches(hosted, 0.01, max_search_seconds=600)
        early = await searches.found(word("a: 1\n"))
        may_end.set()
        while (late := await searches.found(word("a: 1\ns"))) == early:
            pass
        return [early, late]

    assert asyncio.run(type_()) == [Found([], is_whole=False), Found([KEY], is_whole=True)]
