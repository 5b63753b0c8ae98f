"""The limits that keep a hostile schema from costing more than it should.

Every limit has a default, a unit and the error that it ends in: `SchemaError`, never a hang or a crash.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What compiling one schema may cost at most.

    schema_bytes: size of the schema as compact JSON, bytes.
    schema_depth: nesting of the schema, levels.
    automaton_states: states of one string, number or key automaton before minimization.
    grammar_states: object, array and value states of the whole grammar.
    pattern_repeat: the largest count in a regular expression's `{m,n}`, and the largest `minLength` and `minItems`.
    finite_pattern_keys: where so many names or fewer match a key pattern, they are treated as if listed; also the
        largest `minProperties`.
    """

    schema_bytes: int = 8 << 20
    schema_depth: int = 256
    automaton_states: int = 20_000
    grammar_states: int = 200_000
    pattern_repeat: int = 5_000
    finite_pattern_keys: int = 256
