"""Measures many cases, each in a process of its own, and returns their outcomes in the order of the cases."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable
from functools import partial

import schemalm
from conformance.cases import Case
from conformance.measure import Outcome, measure
from conformance.pool import Failure, ProcessLimits, call_each

LIMITS = ProcessLimits()
# Every type and the most common keywords, to compute once what all schemas share.
WARM_UP = {
    "type": "object",
    "properties": {
        "text": {"type": "string", "pattern": "^[a-z]+$"},
        "list": {"type": "array", "items": {"type": ["integer", "number", "boolean", "null"]}},
        "choice": {"enum": ["a", 1]},
    },
    "required": ["text"],
    "patternProperties": {"^x-": {}},
    "additionalProperties": False,
}
# The interpreter specializes code that has run a few times; this is done before the first case.
NUM_WARM_UPS = 20


def run_cases(
    cases: Iterable[Case],
    num_walks: int,
    num_processes: int,
    advance: Callable[[], None] = lambda: None,
    limits: ProcessLimits = LIMITS,
) -> list[Outcome]:
    """Returns the outcome of every case, and calls `advance` after each.

    A small schema is compiled first, so that no case pays for imports and one-time computations.
    """
    for _ in range(NUM_WARM_UPS):
        schemalm.Tokenizer.from_grammar(schemalm.compile_schema(WARM_UP)).encode({"text": "a", "list": [1, 0.5]})
    gc.freeze()  # child processes share the memory pages of existing objects
    outcomes: dict[int, Outcome] = {}
    numbered = enumerate(cases)
    for (index, case), result in call_each(partial(_measure, num_walks), numbered, limits, num_processes):
        outcomes[index] = _failed(case, result) if isinstance(result, Failure) else result
        advance()
    gc.unfreeze()
    return [outcomes[index] for index in sorted(outcomes)]


def _measure(num_walks: int, numbered: tuple[int, Case]) -> Outcome:
    return measure(numbered[1], num_walks)


def _failed(case: Case, failure: Failure) -> Outcome:
    num_valid = sum(instance.valid for instance in case.instances)
    return Outcome(
        case.id,
        case.split,
        status=failure.status,
        message=failure.message,
        num_valid=num_valid,
        num_invalid=len(case.instances) - num_valid,
    )
