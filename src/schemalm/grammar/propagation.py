"""What has to hold anyway, told to the rest of a formula: branches that contradict it go, and what repeats it goes.

In: a formula about an object or array. Out: one that is true of the same values. Bounds on the number of items or keys
count as known wherever they follow from those that hold. Source: unit propagation, as in Davis, Logemann and Loveland,
"A machine program for theorem-proving" (1962).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from schemalm.schema.formula import FALSE, TRUE, And, Atom, Formula, Not, all_of, children, substitute
from schemalm.schema.keywords.arrays import Contains, MaxItems, MinItems
from schemalm.schema.keywords.objects import MaxProperties, MinProperties

# Rounds after which what follows from what has just become known is left to a search.
MAX_ROUNDS = 4
UNBOUNDED = 1 << 60


@dataclass
class _Known:
    """What holds and what does not, and between which bounds the number of items or keys lies."""

    atoms: dict[Atom, Formula] = field(default_factory=dict)
    least: int = 0
    most: int = UNBOUNDED

    def add(self, atom: Atom, holds: bool) -> None:
        """Notes an assertion that has to hold, or has to be broken."""
        self.atoms[atom] = TRUE if holds else FALSE
        if isinstance(atom, MinItems | MinProperties):
            self._bound(atom.parts[0] if holds else 0, UNBOUNDED if holds else atom.parts[0] - 1)
        elif isinstance(atom, MaxItems | MaxProperties):
            self._bound(0 if holds else atom.parts[0] + 1, atom.parts[0] if holds else UNBOUNDED)

    def _bound(self, least: int, most: int) -> None:
        self.least, self.most = max(self.least, least), min(self.most, most)

    def replace(self, atom: Atom) -> Formula:
        """What is known of an assertion; itself where nothing is."""
        if atom in self.atoms:
            return self.atoms[atom]
        if isinstance(atom, MinItems | MinProperties):
            return TRUE if atom.parts[0] <= self.least else FALSE if atom.parts[0] > self.most else atom
        if isinstance(atom, MaxItems | MaxProperties):
            return TRUE if atom.parts[0] >= self.most else FALSE if atom.parts[0] < self.least else atom
        return self._replace_contains(atom) if isinstance(atom, Contains) else atom

    def _replace_contains(self, atom: Contains) -> Formula:
        """Items of a form are no more than all items."""
        _, least, most = atom.parts
        if least > self.most:
            return FALSE
        return TRUE if least == 0 and most is not None and most >= self.most else atom


def propagated(formula: Formula) -> Formula:
    """The formula once its branches know what has to hold beside them."""
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
