"""Measures one case: does the schema compile, is each instance judged correctly, are the machine's documents valid?

In goes a `Case`; out comes an `Outcome`. Verdicts come from encoding alone. `jsonschema-rs` judges only the documents
of random walks; nothing is fetched for it. A stage that fails ends the case, and the results of earlier stages are
kept. Every call is timed. The work that the grammar counts is recorded after the instances and after the first walks,
which also compute completions on the way. This work is the same in every run, so the baseline can contain it.
"""

from __future__ import annotations

import json
import random
import resource
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, NoReturn, TypeVar

import jsonschema_rs
import numpy as np

import schemalm
from conformance.calls import WALK_OPERATIONS, CallTimes, Clock
from conformance.cases import Case
from conformance.pool import FailureStatus, OutOfTime, describe
from schemalm.documents import json_equal
from schemalm.errors import InvalidDocument, SchemaError

MAX_WALK_TOKENS = 48
# The number of walks after which the counted work is recorded.
NUM_COUNTED_WALKS = 2
# The numbers of tokens after which a walk computes a completion; it also does so at its end.
COMPLETED_AFTER = (0, 3, 12)
# Ids begin with the pad token, the beginning-of-sequence token and the 256 bytes; all further ids are structural.
FIRST_STRUCTURAL_TOKEN = 2 + 256

T = TypeVar("T")
Status = Literal["compiled", "refused", "unsatisfiable"] | FailureStatus


@dataclass(frozen=True)
class Refusal:
    """A valid instance that was refused: its index in the case, and why."""

    instance: int
    pointer: str
    keyword: str
    message: str


@dataclass(frozen=True)
class BadWalk:
    """An invalid document that the machine wrote, and the judge's reason."""

    document: Any
    reason: str


@dataclass(frozen=True)
class Outcome:
    """The results of one case. Instances are given by their index in the case; times are CPU milliseconds.

    keyword, pointer, message: where and why a schema was refused, or how the case failed.
    valid_refused, invalid_accepted: wrong verdicts. changed: instances that decode to another value.
    limited: operations that reached a limit, each with the limit. num_units: work that the grammar counted for the
    instances; num_walk_units: the work of the first walks, None without walks. calls: times of single calls, by
    operation. peak_mebibytes: peak memory of the process; grown_mebibytes: how much of it is above the start.
    uses: keyword occurrences by keyword and status. unjudged: why walks have no verdict.
    """

    id: str
    split: str
    status: Status = "compiled"
    keyword: str = ""
    pointer: str = ""
    message: str = ""
    num_valid: int = 0
    num_invalid: int = 0
    num_unreadable: int = 0
    valid_refused: tuple[Refusal, ...] = ()
    invalid_accepted: tuple[int, ...] = ()
    changed: tuple[int, ...] = ()
    compile_milliseconds: float = 0.0
    encode_milliseconds: float = 0.0
    limited: dict[str, str] = field(default_factory=dict)
    num_units: int = 0
    num_walk_units: int | None = None
    calls: dict[str, CallTimes] = field(default_factory=dict)
    num_tokens: int = 0
    num_states: int = 0
    uses: dict[str, dict[str, int]] = field(default_factory=dict)
    num_walks: int = 0
    bad_walks: tuple[BadWalk, ...] = ()
    unjudged: str = ""
    peak_mebibytes: float = 0.0
    grown_mebibytes: float = 0.0

    @property
    def walk_milliseconds(self) -> float:
        """CPU time of all calls of walks."""
        return sum(self.calls[name].total_milliseconds for name in WALK_OPERATIONS if name in self.calls)

    @property
    def is_right(self) -> bool:
        """Whether every instance is judged correctly; a schema without values is right if no instance is valid."""
        wrong = self.valid_refused or self.invalid_accepted or self.changed
        return self.status in ("compiled", "unsatisfiable") and not wrong

    def as_json(self) -> dict[str, Any]:
        """Returns the outcome as a JSON value."""
        calls = {operation: times.as_json() for operation, times in self.calls.items()}
        return asdict(self) | {"calls": calls, "walk_milliseconds": round(self.walk_milliseconds, 3)}


def measure(case: Case, num_walks: int) -> Outcome:
    """Measures one case; call it in a process of its own, because it records the process's peak memory."""
    start = peak_mebibytes()
    run = _Run(case, num_walks)
    try:
        for stage in (run.compile, run.encode, run.walk):
            stage()
            if run.outcome.status != "compiled":
                break
    except (Exception, OutOfTime) as error:
        failure = describe(error)
        run.note(status=failure.status, message=f"{stage.__name__}: {failure.message}")
    peak = peak_mebibytes()
    return replace(run.outcome, calls=run.clock.times, peak_mebibytes=peak, grown_mebibytes=round(peak - start, 1))


def peak_mebibytes() -> float:
    """Returns the peak memory of this process so far."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


class _Run:
    """The stages of one case, in order; each adds to `outcome`."""

    def __init__(self, case: Case, num_walks: int) -> None:
        self.case = case
        self.num_walks = num_walks
        self.clock = Clock()
        num_valid = sum(instance.valid for instance in case.instances)
        self.outcome = Outcome(
            case.id,
            case.split,
            num_valid=num_valid,
            num_invalid=len(case.instances) - num_valid,
            num_unreadable=len(case.unreadable),
        )

    def note(self, **found: Any) -> None:
        self.outcome = replace(self.outcome, **found)

    def compile(self) -> None:
        start = time.thread_time()
        try:
            self.grammar = schemalm.compile_schema(self.case.schema, formats=self.case.formats)
        except SchemaError as error:
            self._note_refusal(error)
            return
        finally:
            self.note(compile_milliseconds=_milliseconds_since(start))
        uses: dict[str, Counter[str]] = {}
        for use in self.grammar.coverage():
            uses.setdefault(use.keyword, Counter())[use.status] += 1
        self.note(
            num_states=self.grammar.num_states,
            uses={keyword: dict(sorted(counts.items())) for keyword, counts in sorted(uses.items())},
        )

    def _note_refusal(self, error: SchemaError) -> None:
        found = {"keyword": error.keyword, "pointer": error.pointer, "message": error.message}
        if "satisfies" not in error.message:
            self.note(status="refused", **found)
            return
        refusals = (Refusal(i, "", "", error.message) for i, known in enumerate(self.case.instances) if known.valid)
        self.note(status="unsatisfiable", **found, valid_refused=tuple(refusals))

    def encode(self) -> None:
        start = time.thread_time()
        self.tokenizer = schemalm.Tokenizer.from_grammar(self.grammar)
        self.note(num_tokens=self.tokenizer.vocab_size)
        for index, instance in enumerate(self.case.instances):
            # The cost of an invalid instance is mostly its explanation.
            operation = "encode" if instance.valid else "explanation"
            try:
                ids = self.clock.call(operation, self.tokenizer.encode, instance.value)
            except (InvalidDocument, SchemaError) as error:
                self._note_limit(operation, error)
                if instance.valid:
                    refusal = Refusal(index, error.pointer, error.keyword, error.message)
                    self.note(valid_refused=(*self.outcome.valid_refused, refusal))
                continue
            if not instance.valid:
                self.note(invalid_accepted=(*self.outcome.invalid_accepted, index))
            elif not json_equal(self.tokenizer.decode(ids), instance.value):
                self.note(changed=(*self.outcome.changed, index))
        self.note(encode_milliseconds=_milliseconds_since(start), num_units=self._num_units())

    def _note_limit(self, operation: str, error: Exception) -> None:
        """Records a call that reached a limit; other refusals are verdicts."""
        if limit := getattr(error, "limit", ""):
            self.note(limited=self.outcome.limited | {operation: limit})

    def _num_units(self) -> int:
        """Returns the work counted so far; earlier versions counted none."""
        budget = getattr(self.grammar, "budget", None)
        return budget.num_units if budget else 0

    def walk(self) -> None:
        """Makes the walks and has their documents judged."""
        documents = []
        for number in range(self.num_walks):
            documents += self._walk(number)
            if number == NUM_COUNTED_WALKS - 1:
                self.note(num_walk_units=self._num_units() - self.outcome.num_units)
        if not documents:
            return
        try:
            judge = _judge(self.case)
        except ValueError as error:
            self.note(unjudged=f"the judge cannot read the schema: {str(error).splitlines()[0][:200]}")
            return
        for document in documents:
            self._judge_walk(judge, document)

    def _judge_walk(self, judge: Callable[[Any], str], document: Any) -> None:
        try:
            reason = judge(document)
        except ValueError as error:
            self.note(unjudged=f"the judge cannot judge: {str(error).splitlines()[0][:200]}")
            return
        self.note(num_walks=self.outcome.num_walks + 1)
        if reason:
            self.note(bad_walks=(*self.outcome.bad_walks, BadWalk(document, reason)))

    def _walk(self, number: int) -> list[Any]:
        """Returns the document of a walk, or nothing if a call reached a limit."""
        try:
            tokens = self._tokens(random.Random(f"{self.case.id}:{number}"))
            return [self._call("decode", self.tokenizer.decode, tokens)]
        except _LimitMet:
            return []

    def _call(self, operation: str, function: Callable[..., T], *arguments: Any) -> T:
        """Makes a timed call; raises `_LimitMet` if it reached a limit."""
        try:
            return self.clock.call(operation, function, *arguments)
        except SchemaError as error:
            if not hasattr(error, "limit"):
                raise
            self._note_limit(operation, error)
            raise _LimitMet from None

    def _tokens(self, chance: random.Random) -> list[int]:
        """Draws tokens from the mask, then adds the completion; half of the draws exclude the bytes, which dominate."""
        machine = self.tokenizer.machine()
        tokens: list[int] = []
        while not machine.is_complete and len(tokens) < MAX_WALK_TOKENS:
            if len(tokens) in COMPLETED_AFTER:
                self._call("completion", machine.completion)
            allowed = np.flatnonzero(self._call("mask", machine.mask))
            structural = allowed[allowed >= FIRST_STRUCTURAL_TOKEN]
            pool = structural if len(structural) and chance.random() < 0.5 else allowed
            tokens.append(int(pool[chance.randrange(len(pool))]))
            self._call("advance", machine.advance, tokens[-1])
        return tokens + self._call("completion", machine.completion)


class _LimitMet(Exception):  # noqa: N818 (not an error)
    """A call of a walk reached a limit, which ends the walk."""


def _judge(case: Case) -> Callable[[Any], str]:
    """Returns an independent judge: why a document is invalid, "" if it is valid; it raises ValueError if it cannot."""
    validator = jsonschema_rs.validator_for(
        case.schema, validate_formats=case.formats == "assert", retriever=_refuse_to_fetch
    )

    def judge(document: Any) -> str:
        error = next(iter(validator.iter_errors(document)), None)
        if error is None:
            return ""
        return f"{error.kind.name} at /{'/'.join(map(str, error.instance_path))}: {error.message[:300]}"

    return judge


def _refuse_to_fetch(address: str) -> NoReturn:
    raise ValueError(f"{address} lies outside the schema, and nothing is fetched")


def _milliseconds_since(start: float) -> float:
    """Returns the CPU time of this thread, which is the only one that works.

    Under a limit on CPU time, the clock of the process advances only in ticks of some milliseconds.
    """
    return round((time.thread_time() - start) * 1000, 2)


def to_json_line(outcome: Outcome) -> str:
    """Returns the outcome as one line of JSON."""
    return json.dumps(outcome.as_json(), ensure_ascii=False)
