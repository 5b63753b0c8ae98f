"""Count the references of documents, and those whose name is declared, by the rules' own checker.

In go a grammar and values; out come counts by kind of names. The rules are those of the grammar, or built-in ones for
its schema if they know more kinds of names: so a run without rules, or with weaker ones, is measured as others are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from schemalm.documents import JSONValue
from schemalm.evaluation.samples.side_by_side import SideBySide
from schemalm.grammar import Grammar
from schemalm.limits import DEFAULT_LIMITS
from schemalm.rules import read_rules
from schemalm.rules.built_in import built_in_rules
from schemalm.rules.checking import NameChecker
from schemalm.rules.rules import Rules, names_of_file
from schemalm.rules.structure import RulesFile
from schemalm.schema.naming import identity_of
from schemalm.schema.sources import Schema, read_schema


@dataclass(frozen=True)
class References:
    """The references to names of one kind, or of all kinds: how many there are, and the share that is declared."""

    kind: str
    num_samples: int
    num_held_out: int
    resolved: SideBySide

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


ALL_KINDS = "all"


def compare_references(
    grammar: Grammar, samples: Iterable[JSONValue], held_out: Iterable[JSONValue], train: Iterable[JSONValue]
) -> tuple[References, ...]:
    """Return the references of all kinds together, then those of each kind; empty if no rules speak of names."""
    checker = name_checker(grammar)
    if checker is None:
        return ()
    counts = [_count(checker, values) for values in (samples, held_out, train)]
    kinds = sorted({kind for count in counts for kind, _ in count})
    return (_compare(ALL_KINDS, kinds, counts), *(_compare(kind, [kind], counts) for kind in kinds))


def name_checker(grammar: Grammar) -> NameChecker | None:
    """Return a checker of names for a grammar's documents; None if no rules speak of names."""
    own = [] if grammar.rules is None else [grammar.rules.file]
    files = [*own, *_built_in(grammar.schema)]
    file = max(files, key=lambda file: len(file.names), default=None)
    if file is None or not file.names:
        return None
    return Rules(file, grammar.schema, names_of_file(file)).checker


def _built_in(schema: Schema) -> list[RulesFile]:
    """The built-in rules for a schema, which is known by its identity."""
    identity = identity_of(schema)
    files = [file for file in map(read_rules, built_in_rules()) if file.schema]
    if identity is None:
        return []
    return [file for file in files if identity_of(read_schema(file.schema, DEFAULT_LIMITS)) == identity]


def _count(checker: NameChecker, values: Iterable[JSONValue]) -> Counter[tuple[str, bool]]:
    return Counter(reference for value in values for reference in checker.references(value))


def _compare(name: str, kinds: Sequence[str], counts: Sequence[Counter[tuple[str, bool]]]) -> References:
    totals = [sum(count[kind, is_declared] for kind in kinds for is_declared in (True, False)) for count in counts]
    resolved = [sum(count[kind, True] for kind in kinds) for count in counts]
    shares = (number / total if total else None for number, total in zip(resolved, totals, strict=True))
    return References(name, totals[0], totals[1], SideBySide(*shares))
