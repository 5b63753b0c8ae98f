"""The limits that keep a hostile schema from costing more than it should.

Every limit has a default, a unit and the error that it ends in: `SchemaError`, never a hang or a crash.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from schemalm.errors import SchemaError


@dataclass(frozen=True)
class Limits:
    """What compiling one schema may cost at most.

    Costs are those of a schema that meets the limit: seconds and peak memory, of which the program itself takes 60
    MiB, on one core of the machine of benchmarks/results/limits.json. Where a schema compiles, writing its shortest
    value is included.

    schema_bytes: size of the schema's text, bytes; 1.3 s and 160 MiB for constants.
    schema_depth: nesting of the schema, levels, a scalar counts as one; 0.03 s.
    automaton_states: places of a string, number or key that one search for its end may pass; 1.1 s and 110 MiB.
    grammar_states: values, and symbols of objects and arrays, that are looked at; 2.8 s and 140 MiB where they are
        the values `true`, others meet `compile_seconds` first.
    compile_seconds: time until a schema is compiled, CPU seconds; 210 MiB for a product of branches.
    completion_symbols: symbols of the shortest way to finish a value; what takes more counts as impossible. 0.04 s,
        and 27 s to write the value; 120 MiB.
    minimum_count: the largest `minLength`, `minItems` and `minContains`; 0.8 s, 0.7 s, 2 s; 110 MiB.
    minimum_keys: the largest `minProperties`.
    pattern_repeat: the largest count in a regular expression's `{m,n}`; 0.2 s and 74 MiB.
    finite_pattern_keys: where so many names or fewer match a key pattern, they are treated as if listed; 0.06 s.
    unevaluated_branches: branches that may decide together what `unevaluatedProperties` and `unevaluatedItems` mean;
        0.2 s, and twice as much to compile for each branch more.
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
    unevaluated_branches: int = 8


class Budget:
    """What is left of the limits on states and time while one schema is compiled."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._num_states = 0
        self._deadline: float | None = time.process_time() + limits.compile_seconds

    def spend(self) -> None:
        """Counts one state; raises SchemaError where a limit is passed."""
        if self._deadline is None:
            return
        self._num_states += 1
        if self._num_states > self.limits.grammar_states:
            raise SchemaError(f"the grammar has more than {self.limits.grammar_states} states")
        self.check_time()

    def check_time(self) -> None:
        """Raises SchemaError where compiling takes too long."""
        if self._deadline is not None and time.process_time() > self._deadline:
            raise SchemaError(f"compiling takes more than {self.limits.compile_seconds} seconds")

    def end_compilation(self) -> None:
        """From here on, what is read and written bounds what is looked at."""
        self._deadline = None
