"""Unit propagation: simplifies the branches of a formula by the assertions that must hold next to them.

Branches that contradict these assertions become false, and repetitions of them become true. The input is a formula
about an object or array. The output is true of the same values. Bounds on the number of items or keys also apply where
they follow from others. Source: Davis, Logemann and Loveland, "A machine program for theorem-proving" (1962).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from schemalm.schema.formula import FALSE, TRUE, And, Atom, Formula, Not, all_of, children, substitute
from schemalm.schema.keywords.arrays import Contains, MaxItems, MinItems
from schemalm.schema.keywords.objects import MaxProperties, MinProperties

# The most rounds. Later consequences are left to a search.
MAX_ROUNDS = 4
UNBOUNDED = 1 << 60


@dataclass
class _Known:
    """Which assertions are known to be true or false, and the bounds of the number of items or keys."""

    atoms: dict[Atom, Formula] = field(default_factory=dict)
    least: int = 0
    most: int = UNBOUNDED

    def add(self, atom: Atom, holds: bool) -> None:
        """Adds an assertion that must be true, or must be false."""
        self.atoms[atom] = TRUE if holds else FALSE
        if isinstance(atom, MinItems | MinProperties):
            self._bound(atom.parts[0] if holds else 0, UNBOUNDED if holds else atom.parts[0] - 1)
        elif isinstance(atom, MaxItems | MaxProperties):
            self._bound(0 if holds else atom.parts[0] + 1, atom.parts[0] if holds else UNBOUNDED)

    def _bound(self, least: int, most: int) -> None:
        self.least, self.most = max(self.least, least), min(self.most, most)

    def replace(self, atom: Atom) -> Formula:
        """Returns the known value of an assertion, or the assertion itself."""
        if atom in self.atoms:
            return self.atoms[atom]
        if isinstance(atom, MinItems | MinProperties):
            return TRUE if atom.parts[0] <= self.least else FALSE if atom.parts[0] > self.most else atom
        if isinstance(atom, MaxItems | MaxProperties):
            return TRUE if atom.parts[0] >= self.most else FALSE if atom.parts[0] < self.least else atom
        return self._replace_contains(atom) if isinstance(atom, Contains) else atom

    def _replace_contains(self, atom: Contains) -> Formula:
        """The items that `contains` counts are at most all items."""
        _, least, most = atom.parts
        if least > self.most:
            return FALSE
        return TRUE if least == 0 and most is not None and most >= self.most else atom


def propagated(formula: Formula) -> Formula:
    """Returns the formula after its branches were simplified by the assertions that must hold."""
    for _ in range(MAX_ROUNDS):
        if not isinstance(formula, And):
            break
        literals = [part for part in formula.parts if _is_literal(part)]
        others = [part for part in formula.parts if not _is_literal(part)]
        known = _known(literals)
        if known.least > known.most:
            return FALSE
        after = [substitute(part, known.replace) for part in others]
        if all(new is old for new, old in zip(after, others, strict=True)):
            break
        formula = all_of([*literals, *after])
    return formula


def _known(literals: list[Formula]) -> _Known:
    known = _Known()
    for literal in literals:
        atom = children(literal)[0] if isinstance(literal, Not) else literal
        assert isinstance(atom, Atom)
        known.add(atom, atom is literal)
    return known


def _is_literal(part: Formula) -> bool:
    return isinstance(part, Atom) or (isinstance(part, Not) and isinstance(part.parts[0], Atom))
