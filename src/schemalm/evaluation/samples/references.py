"""Count the references of documents, and those whose name is declared, by the rules' own checker.

In go a grammar and values; out come counts by kind of names. The rules are those of the grammar, or built-in ones for
its schema if they know more kinds of names: so a run without rules, or with weaker ones, is measured as others are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
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
    """The references to names of one kind, or of all kinds: how many there are and how many are declared."""

    kind: str
    num_samples: int
    num_held_out: int
    resolved: SideBySide

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; the shares of what resolves are 0 to 1."""
        return {
            "kind": self.kind,
            "num_samples": self.num_samples,
            "num_held_out": self.num_held_out,
            "resolved": self.resolved.to_dict(),
        }


ALL_KINDS = "all"


def compare_references(
    grammar: Grammar, samples: Iterable[JSONValue], held_out: Iterable[JSONValue]
) -> tuple[References, ...]:
    """Return the references of all kinds together, then those of each kind; empty if no rules speak of names."""
    checker = name_checker(grammar)
    if checker is None:
        return ()
    ours, theirs = _count(checker, samples), _count(checker, held_out)
    kinds = sorted({kind for kind, _ in ours} | {kind for kind, _ in theirs})
    return (_compare(ALL_KINDS, kinds, ours, theirs), *(_compare(kind, [kind], ours, theirs) for kind in kinds))


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


def _compare(
    name: str, kinds: Iterable[str], ours: Counter[tuple[str, bool]], theirs: Counter[tuple[str, bool]]
) -> References:
    totals = []
    for counts in (ours, theirs):
        num_resolved = sum(counts[kind, True] for kind in kinds)
        num_all = num_resolved + sum(counts[kind, False] for kind in kinds)
        totals.append((num_all, num_resolved / num_all if num_all else None))
    (num_samples, in_samples), (num_held_out, in_held_out) = totals
    return References(name, num_samples, num_held_out, SideBySide(in_samples, in_held_out))
