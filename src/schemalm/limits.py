"""The limits that keep a hostile schema from costing more than it should, while it is compiled and afterwards.

Every limit has a default and a unit, and ends in `LimitError`, which names it: never in a hang or a crash.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from types import TracebackType

from schemalm.errors import LimitError


@dataclass(frozen=True)
class Limits:
    """What work on one schema may cost at most, while it is compiled and in each call afterwards.

    Costs are those of a schema that meets the limit: seconds and peak memory, of which the program itself takes 65
    MiB, on one core of the machine of benchmarks/results/limits.json. Where a schema compiles, writing its shortest
    value is included.

    schema_bytes: size of the schema's text, bytes; 1.2 s and 160 MiB for constants.
    schema_depth: nesting of the schema, levels, a scalar counts as one; 0.04 s.
    automaton_states: places of a string, number or key that one search for its end may pass; 2.7 s and 130 MiB.
    grammar_states: values, and symbols of objects and arrays, that are looked at; 2.6 s and 96 MiB where they are the
        values `true`, others meet `compile_seconds` first.
    compile_seconds: time until a schema is compiled, CPU seconds; 170 MiB for a product of branches.
    completion_symbols: symbols of the shortest way to finish a value; what takes more counts as impossible. 0.1 s; to
        write so many symbols takes more than one call may.
    minimum_count: the largest `minLength`, `minItems` and `minContains`; 0.5 s, 1.4 s, 4.7 s; 145 MiB.
    minimum_keys: the largest `minProperties`; 0.2 s.
    pattern_repeat: the largest count in a regular expression's `{m,n}`; 0.4 s and 80 MiB.
    finite_pattern_keys: where so many names or fewer match a key pattern, they are treated as if listed; 0.1 s.
    symbols: keys and constant strings that a schema lists, those of an `enum` of more than 60,000 strings aside; no
        more than the default, for each of them gets a character of its own. 0.7 s to compile so many keys, 220 MiB;
        where all of them may come, the mask takes more than one call may.
    unevaluated_branches: branches that may decide together what `unevaluatedProperties` and `unevaluatedItems` mean;
        0.1 s, and twice as much to compile for each branch more.
    call_work: work of one call on the compiled grammar (a mask, a step, a document's encoding, a completion), units of
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
# Checks of the time for one look at the clock.
CHECKS_PER_LOOK = 64


class Budget:
    """What is left of the limits while a schema is compiled, and then in each call on the compiled grammar.

    A unit of work is about a microsecond: a part of a formula that is rewritten, a place of an automaton that is
    found, a candidate that a search takes up. `num_units`: all that was counted so far.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.num_units = 0
        self._num_states = 0
        self._num_checks = -1
        self._deadline: float | None = None
        self._most_units = UNBOUNDED
        self._operation = "compile"
        self.begin_compilation()

    def begin_compilation(self) -> Budget:
        """Gives time and states to compile; also for another grammar over the same schema, which shares the budget."""
        self._num_states = 0
        self._deadline = time.process_time() + self.limits.compile_seconds
        return self

    def spend(self) -> None:
        """Counts one state; raises LimitError where a limit is passed."""
        if self._deadline is None:
            return
        self._num_states += 1
        if self._num_states > self.limits.grammar_states:
            message = f"the grammar has more than {self.limits.grammar_states:,} states"
            raise LimitError(message, limit="grammar_states", maximum=self.limits.grammar_states)
        self.check_time()

    def check_time(self) -> None:
        """Raises LimitError where compiling takes too long."""
        if self._deadline is None:
            return
        # The clock is a call of the system: it is asked once in a while.
        self._num_checks += 1
        if self._num_checks % CHECKS_PER_LOOK == 0 and time.process_time() > self._deadline:
            seconds = self.limits.compile_seconds
            message = f"compiling takes more than {seconds:g} seconds"
            raise LimitError(message, limit="compile_seconds", maximum=seconds)

    def work(self, num_units: int = 1) -> None:
        """Counts work; raises LimitError where a call takes more than its limit."""
        self.num_units += num_units
        if self.num_units > self._most_units:
            maximum = self.limits.call_work
            raise LimitError(
                "this takes more work than one call may", limit="call_work", maximum=maximum, operation=self._operation
            )

    def call(self, operation: str) -> _Call:
        """One public call on a compiled grammar, as a context: it may take `call_work` units, calls inside it included.

        Every limit that is broken inside names the operation, also one that is checked while compiling as well.
        """
        return _Call(self, operation)

    def end_compilation(self) -> None:
        """From here on, calls are bounded one by one."""
        self._deadline = None


class _Call:
    """The context of one call; inside another call it is nothing."""

    __slots__ = ("_budget", "_is_outermost", "_operation")

    def __init__(self, budget: Budget, operation: str) -> None:
        self._budget, self._operation = budget, operation

    def __enter__(self) -> None:
        budget = self._budget
        self._is_outermost = budget._most_units == UNBOUNDED
        if self._is_outermost:
            budget._most_units = budget.num_units + budget.limits.call_work
            budget._operation = self._operation

    def __exit__(self, kind: object, error: BaseException | None, traceback: TracebackType | None) -> None:
        if not self._is_outermost:
            return
        self._budget._most_units, self._budget._operation = UNBOUNDED, "compile"
        if isinstance(error, LimitError) and error.operation == "compile":
            raise error.during(self._operation) from None
