"""A run that is served: its documents, calls of its grammar, and what every answer says of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property, partial
from typing import Any, TypeVar

from schemalm.checking import Checker
from schemalm.documents import JSONValue, value_digest
from schemalm.generation.engine import Request
from schemalm.generation.results import Generated
from schemalm.generation.run import Run
from schemalm.generation.scoring import score
from schemalm.judging import Judge, judge_for, judges_for
from schemalm.schema.merge_keys import uses_merge_keys
from schemalm.serving.faults import Refusal
from schemalm.serving.growth import Growth, Variants
from schemalm.serving.worker import Job, Worker

T = TypeVar("T")


class ServedRun:
    """A run with its worker. name: what clients call it. schema_sha256: of the schema's canonical JSON."""

    def __init__(self, name: str, run: Run, batch_size: int, max_waiting: int, max_seconds: float) -> None:
        self.name, self.run = name, run
        self.worker = Worker(run, batch_size, max_waiting)
        self.created = int(time.time())
        self.schema_sha256 = value_digest(run.tokenizer.grammar.schema).hex()
        self.merge_keys = uses_merge_keys(run.tokenizer.grammar.schema)
        self._max_seconds = max_seconds
        self._judge = judge_for(run.tokenizer.grammar)
        self._checker = Checker(run.tokenizer.grammar)

    @cached_property
    def judges(self) -> list[Judge]:
        """The judges of the documents that are installed."""
        return [judge for judge in judges_for(self.run.tokenizer.grammar) if not judge.why_not]

    def failures(self, value: JSONValue) -> list[Any]:
        """Return what is wrong with a value; waits for the worker, so the thread of requests must not call it."""
        return self.worker.call(lambda: self._checker.failures(value)).result()

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


class ServedRuns:
    """All runs that are served, by name; at least one."""

    def __init__(self, runs: Sequence[ServedRun]) -> None:
        self.runs = {run.name: run for run in runs}

    def __iter__(self) -> Iterator[ServedRun]:
        return iter(self.runs.values())

    def named(self, name: str | None) -> ServedRun:
        """Return the run with a name, or the only one; raises `Refusal`, which lists them, if there is none."""
        if name is None and len(self.runs) == 1:
            return next(iter(self.runs.values()))
        found = self.runs.get(name or "")
        if found is None:
            missing = "`model` is missing" if name is None else f"there is no model {name!r}"
            code = "missing_model" if name is None else "model_not_found"
            status = 400 if name is None else 404
            raise Refusal(status, f"{missing}; served are: {', '.join(self.runs)}", param="model", code=code)
        return found

    def check_schema(self, served: ServedRun, schema: Any, param: str) -> None:
        """Raise `Refusal`, which lists the served schemas, unless a schema is that of a run, by its content."""
        try:
            digest = value_digest(schema).hex()
        except (ValueError, RecursionError):
            digest = None
        if digest == served.schema_sha256:
            return
        known = [{"model": run.name, "schema_sha256": run.schema_sha256} for run in self]
        message = f"the model {served.name!r} writes documents of one schema, and this is another one"
        listed = ", ".join(f"{each['schema_sha256']} (model {each['model']})" for each in known)
        more = {"schema_sha256": digest, "served_schemas": known}
        raise Refusal(400, f"{message}; served are, by SHA-256: {listed}", param, "schema_not_served", more=more)
