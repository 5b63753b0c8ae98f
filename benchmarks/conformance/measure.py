"""What one case shows: is the schema compiled, is each instance judged right, is what the machine writes valid.

In goes a `Case`, out comes an `Outcome`. Verdicts come from encoding alone. `jsonschema-rs` judges only the documents
of random walks; nothing is fetched for it. A stage that fails ends the case, and what earlier stages found is kept.
"""

from __future__ import annotations

import json
import random
import resource
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, NoReturn

import jsonschema_rs
import numpy as np

import schemalm
from conformance.cases import Case
from conformance.pool import FailureStatus, OutOfTime, describe
from schemalm.documents import json_equal
from schemalm.errors import InvalidDocument, SchemaError

MAX_WALK_TOKENS = 48
# Ids begin with the pad, the beginning and the 256 bytes; what follows builds structure.
FIRST_STRUCTURAL_TOKEN = 2 + 256

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
    """A document that the machine wrote although it is invalid, and what the judge says of it."""

    document: Any
    reason: str


@dataclass(frozen=True)
class Outcome:
    """All that one case shows. Instances go by their index in the case; times are of the processor, in milliseconds.

    keyword, pointer, message: where and why a schema was refused, or how the case failed.
    valid_refused, invalid_accepted: wrong verdicts. changed: instances that decode to another value.
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
    walk_milliseconds: float = 0.0
    num_tokens: int = 0
    num_states: int = 0
    uses: dict[str, dict[str, int]] = field(default_factory=dict)
    num_walks: int = 0
    bad_walks: tuple[BadWalk, ...] = ()
    unjudged: str = ""
    peak_mebibytes: float = 0.0

    @property
    def is_right(self) -> bool:
        """Whether every instance is judged as it should; it is for a schema without values where none is valid."""
        wrong = self.valid_refused or self.invalid_accepted or self.changed
        return self.status in ("compiled", "unsatisfiable") and not wrong

    def as_json(self) -> dict[str, Any]:
        """The outcome as a JSON value."""
        return asdict(self)


def measure(case: Case, num_walks: int) -> Outcome:
    """Judges one case; call it in a process of its own, whose peak memory is recorded."""
    run = _Run(case, num_walks)
    try:
        for stage in (run.compile, run.encode, run.walk):
            stage()
            if run.outcome.status != "compiled":
                break
    except (Exception, OutOfTime) as error:
        failure = describe(error)
        run.note(status=failure.status, message=f"{stage.__name__}: {failure.message}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return replace(run.outcome, peak_mebibytes=round(peak, 1))


class _Run:
    """The stages of one case, in order; each adds to `outcome`."""

    def __init__(self, case: Case, num_walks: int) -> None:
        self.case = case
        self.num_walks = num_walks
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
            try:
                ids = self.tokenizer.encode(instance.value)
            except InvalidDocument as error:
                if instance.valid:
                    refusal = Refusal(index, error.pointer, error.keyword, error.message)
                    self.note(valid_refused=(*self.outcome.valid_refused, refusal))
                continue
            if not instance.valid:
                self.note(invalid_accepted=(*self.outcome.invalid_accepted, index))
            elif not json_equal(self.tokenizer.decode(ids), instance.value):
                self.note(changed=(*self.outcome.changed, index))
        self.note(encode_milliseconds=_milliseconds_since(start))

    def walk(self) -> None:
        start = time.thread_time()
        try:
            judge = _judge(self.case) if self.num_walks else None
        except ValueError as error:
            self.note(unjudged=f"the judge cannot read the schema: {str(error).splitlines()[0][:200]}")
            return
        for number in range(self.num_walks):
            document = self.tokenizer.decode(_walk(self.tokenizer, random.Random(f"{self.case.id}:{number}")))
            assert judge is not None
            try:
                reason = judge(document)
            except ValueError as error:
                self.note(unjudged=f"the judge cannot judge: {str(error).splitlines()[0][:200]}")
                continue
            self.note(num_walks=self.outcome.num_walks + 1)
            if reason:
                self.note(bad_walks=(*self.outcome.bad_walks, BadWalk(document, reason)))
        self.note(walk_milliseconds=_milliseconds_since(start))


def _walk(tokenizer: schemalm.Tokenizer, chance: random.Random) -> list[int]:
    """Tokens drawn from the mask, then the completion; bytes prevail there, so half of the draws leave them out."""
    machine = tokenizer.machine()
    tokens: list[int] = []
    while not machine.is_complete and len(tokens) < MAX_WALK_TOKENS:
        allowed = np.flatnonzero(machine.mask())
        structural = allowed[allowed >= FIRST_STRUCTURAL_TOKEN]
        pool = structural if len(structural) and chance.random() < 0.5 else allowed
        tokens.append(int(pool[chance.randrange(len(pool))]))
        machine.advance(tokens[-1])
    return tokens + machine.completion()


def _judge(case: Case) -> Callable[[Any], str]:
    """A second opinion: says why a document is invalid, "" where it is not; ValueError where it cannot tell."""
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
    """Time on the processor, of this thread, which is the only one that works.

    Under a limit on processor time the clock of the process moves by whole ticks, some milliseconds each.
    """
    return round((time.thread_time() - start) * 1000, 2)


def to_json_line(outcome: Outcome) -> str:
    """The outcome on one line."""
    return json.dumps(outcome.as_json(), ensure_ascii=False)
