"""A run with its worker: its documents, calls of its grammar, all errors of a text, and its judges."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress
from functools import cached_property, partial
from typing import Any, TypeVar

from schemalm.checking import Checker, findings_of
from schemalm.checking.findings import DocumentFindings
from schemalm.documents import JSONValue, parse_documents
from schemalm.documents.cut import CutDocument, read_cut
from schemalm.documents.partial import ANYTHING
from schemalm.generation.completing import continued
from schemalm.generation.engine import Request
from schemalm.generation.results import Generated
from schemalm.generation.run import Run
from schemalm.generation.scoring import score
from schemalm.hosting.growth import Growth, Variants
from schemalm.hosting.worker import Job, Worker
from schemalm.judging import Document, Judge, Verdict, ask, judge_for, judges_for
from schemalm.machine import Tables
from schemalm.schema.merge_keys import uses_merge_keys

T = TypeVar("T")


class HostedRun:
    """A run with its worker; the parameters are those of `Worker`, and the most seconds that a document may take."""

    def __init__(self, run: Run, batch_size: int, max_waiting: int, max_seconds: float) -> None:
        self.run = run
        self.worker = Worker(run, batch_size, max_waiting)
        self.merge_keys = uses_merge_keys(run.tokenizer.grammar.schema)
        self._max_seconds = max_seconds
        self._judge = judge_for(run.tokenizer.grammar)
        self._checker = Checker(run.tokenizer.grammar)

    @cached_property
    def judges(self) -> list[Judge]:
        """The judges of the documents that are installed."""
        return [judge for judge in judges_for(self.run.tokenizer.grammar) if not judge.why_not]

    def findings(self, text: str, name: str, *, is_json: bool) -> list[DocumentFindings]:
        """Return the findings of each document of a text; waits for the worker, so no event loop must call it.

        name: of the text, in the findings.
        """
        loaded = parse_documents(text, merge_keys=self.merge_keys, json_only=is_json)
        return findings_of(
            loaded, name, lambda value: self.worker.call(partial(self._checker.failures, value)).result()
        )

    def verdicts(self, text: str, *, is_json: bool) -> list[tuple[Judge, Verdict]]:
        """Return what each judge that is installed says about a text; they are programs, and may take seconds."""
        document = Document.of_text(text, "text.json" if is_json else "text.yml", merge_keys=self.merge_keys)
        return [(judge, ask(judge, [document])[0]) for judge in self.judges]

    def check_valid(self, value: JSONValue) -> bool | None:
        """Return True if an independent judge accepts a written value, None if none can read the schema.

        Raises RuntimeError if the judge refuses it: then it is not returned to anybody.
        """
        verdict = self._judge.judge_value(value)
        if verdict.accepted is False:
            raise RuntimeError(f"a written document is not valid: {verdict.reason}")
        return verdict.accepted

    async def ask(self, function: Callable[[], T]) -> T:
        """Return what a function returns that needs the grammar or the model."""
        return await asyncio.wrap_future(self.worker.call(function))

    async def beginning(self, text: str, *, is_json: bool) -> tuple[CutDocument, Tables | None]:
        """Return the beginning of a document and the tables of those that go on with it, None for any document.

        Raises DocumentError if the text is wrong before its end, and PromptError if no document begins so.
        """
        cut = await asyncio.to_thread(read_cut, text, is_json=is_json, merge_keys=self.merge_keys)
        if cut.partial == ANYTHING:
            return cut, None
        return cut, await self.ask(lambda: continued(self.run, cut))

    async def write(self, requests: Sequence[Request]) -> list[Generated]:
        """Return the documents of requests, in their order."""
        found = {index: item async for index, item in self.follow(requests) if isinstance(item, Generated)}
        return [found[index] for index in range(len(requests))]

    async def scores(self, documents: Sequence[Generated]) -> list[list[float]]:
        """Return the log-probabilities of the tokens of documents; the batch goes on after each document."""
        return [(await self.ask(partial(score, self.run, [each.tokens])))[0] for each in documents]

    async def follow(
        self, requests: Sequence[Request], *, grows: bool = False
    ) -> AsyncGenerator[tuple[int, Generated | Variants]]:
        """Yield each document with the index of its request; if it `grows`, its variants before that.

        Documents that nobody waits for any more are left unfinished.
        """
        queue: asyncio.Queue[tuple[int, Generated | Variants | Exception]] = asyncio.Queue()
        loop, deadline = asyncio.get_running_loop(), time.monotonic() + self._max_seconds

        def teller(index: int) -> Callable[[Any], None]:
            def tell(item: Any) -> None:
                with suppress(RuntimeError):  # the loop is closed: nobody waits
                    loop.call_soon_threadsafe(queue.put_nowait, (index, item))

            return tell

        growths = [Growth(self.run.tokenizer, teller(index)) if grows else None for index in range(len(requests))]
        jobs = [
            Job(request, deadline, teller(index), growth.follow if growth else None)
            for index, (request, growth) in enumerate(zip(requests, growths, strict=True))
        ]
        self.worker.submit(jobs)
        try:
            num_left = len(jobs)
            while num_left:
                index, item = await queue.get()
                if isinstance(item, Exception):
                    raise item
                yield index, item
                num_left -= isinstance(item, Generated)
                if (growth := growths[index]) is not None:
                    growth.wants_next = True
        finally:
            for job in jobs:
                job.cancel()
