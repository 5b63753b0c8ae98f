"""Limits on the cost of a schema, while it is compiled and afterwards; they protect against hostile schemas.

Every limit has a default and a unit. A schema that exceeds a limit raises `LimitError`, which names the limit.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType

from schemalm.errors import LimitError


@dataclass(frozen=True)
class Limits:
    """The maximum cost of work on one schema, while it is compiled and in each later call.

    The costs below are those of a schema at the limit: seconds and peak memory (65 MiB of it for the program itself) on
    one core of the machine of benchmarks/results/limits.json. If a schema compiles, they include writing its shortest
    value.

    schema_bytes: size of the schema's text in bytes; 1.2 s and 160 MiB for constants.
    schema_depth: nesting of the schema in levels; a scalar counts as one; 0.04 s.
    automaton_states: states of a string, number or key that one search for its end may visit; 2.7 s and 130 MiB.
    grammar_states: values, and symbols of objects and arrays, that may be visited; 2.6 s and 96 MiB for values `true`;
        others reach `compile_seconds` first.
    compile_seconds: time to compile a schema in CPU seconds; 170 MiB for a product of branches.
    completion_symbols: symbols of the shortest way to finish a value; a longer one counts as impossible; 0.1 s. Writing
        this many symbols exceeds `call_work`.
    minimum_count: the largest `minLength`, `minItems` and `minContains`; 0.5 s, 1.4 s, 4.7 s; 145 MiB.
    minimum_keys: the largest `minProperties`; 0.2 s.
    pattern_repeat: the largest count in a regular expression's `{m,n}`; 0.4 s and 80 MiB.
    finite_pattern_keys: if at most this many names match a key pattern, they are treated as listed; 0.1 s.
    symbols: keys and constant strings that a schema lists, except those of an `enum` of more than 60,000 strings; at
        most the default, since each of them gets a character of its own; 0.7 s to compile, 220 MiB. If all of them are
        admitted at once, the mask exceeds `call_work`.
    unevaluated_branches: branches that together decide the meaning of `unevaluatedProperties` and `unevaluatedItems`;
        0.1 s, and each further branch doubles the time to compile.
    call_work: work of one call on the compiled grammar (a mask, a step, encoding a document, a completion) in units of
        about a microsecond; 1.8 s for a completion of many symbols.
    """

    schema_bytes: int = 8 << 20
    schema_depth: int = 128
    automaton_states: int = 20_000
    grammar_states: int = 1_000_000
    compile_seconds: float = 20.0
    completion_symbols: int = 1_000_000
    minimum_count: int = 5_000
    minimum_keys: int = 100
    pattern_repeat: int = 5_000
    finite_pattern_keys: int = 256
    symbols: int = 65_521
    unevaluated_branches: int = 8
    call_work: int = 1_000_000


DEFAULT_LIMITS = Limits()
UNBOUNDED = float("inf")
# The clock is read once per this many checks.
CHECKS_PER_CLOCK_READ = 64


class Budget:
    """Counts work against the limits, while a schema is compiled and then in each call on the compiled grammar.

    A unit of work takes about a microsecond: rewriting a part of a formula, finding a state of an automaton, visiting a
    candidate in a search. num_units: all units so far.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.num_units = 0
        self._num_states = 0
        self._num_checks = -1
        self._deadline: float | None = None
        self._max_units = UNBOUNDED
        self._operation = "compile"
        self.begin_compilation()

    def begin_compilation(self) -> None:
        """Starts the limits on compiling."""
        self._num_states = 0
        self._deadline = time.process_time() + self.limits.compile_seconds

    @contextmanager
    def compiling(self) -> Iterator[None]:
        """The limits on compiling hold inside it, for another grammar or start of the same schema, and nowhere else."""
        self.begin_compilation()
        try:
            yield
        finally:
            self.end_compilation()

    def count_state(self) -> None:
        """Counts one state; raises LimitError over `grammar_states` or `compile_seconds`."""
        if self._deadline is None:
            return
        self._num_states += 1
        if self._num_states > self.limits.grammar_states:
            message = f"the grammar has more than {self.limits.grammar_states:,} states"
            raise LimitError(message, limit="grammar_states", maximum=self.limits.grammar_states)
        self.check_time()

    def check_time(self) -> None:
        """Raises LimitError if compiling takes longer than `compile_seconds`."""
        if self._deadline is None:
            return
        # Reading the clock is a system call, so it is not done at every check.
        self._num_checks += 1
        if self._num_checks % CHECKS_PER_CLOCK_READ == 0 and time.process_time() > self._deadline:
            seconds = self.limits.compile_seconds
            message = f"compiling takes more than {seconds:g} seconds"
            raise LimitError(message, limit="compile_seconds", maximum=seconds)

    def work(self, num_units: int = 1) -> None:
        """Counts work; raises LimitError if the call exceeds `call_work`."""
        self.num_units += num_units
        if self.num_units > self._max_units:
            maximum = self.limits.call_work
            raise LimitError(
                "this takes more work than one call may", limit="call_work", maximum=maximum, operation=self._operation
            )

    def call(self, operation: str) -> _Call:
        """The context of one public call on a compiled grammar, which may take `call_work` units including inner calls.

        A LimitError inside names the operation, also for limits that apply to compiling.
        """
        return _Call(self, operation)

    def end_compilation(self) -> None:
        """Ends the limits on compiling; from now on each call has a limit of its own."""
        self._deadline = None


class _Call:
    """The context of one call; it has no effect inside another call."""

    __slots__ = ("_budget", "_is_outermost", "_operation")

    def __init__(self, budget: Budget, operation: str) -> None:
        self._budget, self._operation = budget, operation

    def __enter__(self) -> None:
        budget = self._budget
        self._is_outermost = budget._max_units == UNBOUNDED
        if self._is_outermost:
            budget._max_units = budget.num_units + budget.limits.call_work
            budget._operation = self._operation

    def __exit__(self, kind: object, error: BaseException | None, traceback: TracebackType | None) -> None:
        if not self._is_outermost:
            return
        self._budget._max_units, self._budget._operation = UNBOUNDED, "compile"
        if isinstance(error, LimitError) and error.operation == "compile":
            raise error.during(self._operation) from None
