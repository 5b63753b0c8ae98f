"""What a value must satisfy, and what its parent needs to know about it.

An obligation has several formulas about one value, and the outcomes that the parent accepts. Bit i of an outcome says
whether formula i is true. Most obligations have one formula, which must be true. More formulas are needed if an
enclosing formula is still undecided: then each question about the child is a formula of the child, and the child's
outcome answers the questions.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping

from schemalm.schema.formula import (
    FALSE,
    TRUE,
    Atom,
    ChildHas,
    Formula,
    Not,
    Question,
    all_of,
    answer,
    atoms,
    children,
    conjuncts,
    has_questions,
    negate,
    possible,
    substitute,
)

# Returns what an assertion becomes at the next child: a formula that may contain questions about that child.
Move = Callable[[Atom], Formula]
# States that the only formula of an obligation is true.
HOLDS = Question(0)


class Obligation:
    """Formulas about one value. `allowed` is a formula over questions: `Question(i)` is true if formula i is.

    Immutable, and compared by value. Derived properties are computed once and stored in slots, because there are many
    obligations.
    """

    __slots__ = ("_atoms", "_hash", "_needed_keys", "_requirement", "allowed", "formulas", "needs_outcome", "size")

    def __init__(self, formulas: tuple[Formula, ...], allowed: Formula) -> None:
        """needs_outcome: whether a child's outcome is missing. size: the number of nodes of the formulas."""
        self.formulas = formulas
        self.allowed = allowed
        self.needs_outcome = any(formula.has_question for formula in formulas)
        self.size = sum([formula.size for formula in formulas])
        self._hash = hash((formulas, allowed))
        self._requirement: Formula | None = None
        self._atoms: tuple[Atom, ...] | None = None
        self._needed_keys: frozenset[str] | None = None

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Obligation) or self._hash != other._hash:
            return False
        return self.formulas == other.formulas and self.allowed == other.allowed

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return f"Obligation(formulas={self.formulas!r}, allowed={self.allowed!r})"

    def map(self, replace: Callable[[Atom], Formula], touches: Callable[[Formula], bool] | None = None) -> Obligation:
        """Returns the obligation with every atom of its formulas replaced. `touches`: as in `substitute`."""
        formulas = tuple([substitute(formula, replace, touches) for formula in self.formulas])
        return self if all(map(operator.is_, formulas, self.formulas)) else Obligation(formulas, self.allowed)

    def also(self, demand: Formula) -> Obligation:
        """Returns the obligation with one more formula that must be true."""
        first, *others = self.formulas
        return Obligation((all_of([first, demand]), *others), self.allowed)

    @property
    def requirement(self) -> Formula:
        """What the answers to the questions must satisfy for an allowed outcome. It may admit too much."""
        if self._requirement is None:
            self._requirement = possible(_composed(self.allowed, self.formulas))
        return self._requirement

    @property
    def atoms(self) -> tuple[Atom, ...]:
        """Every distinct atom of the formulas."""
        if self._atoms is None:
            self._atoms = tuple(atoms(self.formulas))
        return self._atoms

    @property
    def needed_keys(self) -> frozenset[str]:
        """The names of keys that assertions still require."""
        if self._needed_keys is None:
            self._needed_keys = frozenset([name for atom in self.atoms for name in atom.needed_keys])
        return self._needed_keys

    @property
    def is_single(self) -> bool:
        """Whether the obligation has one formula, which must be true."""
        return len(self.formulas) == 1

    @property
    def is_open(self) -> bool:
        """Whether an outcome that the parent accepts may still be possible."""
        return (self.formulas != (FALSE,) or self.allowed != HOLDS) and self.requirement != FALSE

    def outcome(self) -> int | None:
        """Returns the outcome if every formula is a constant; None if the parent does not accept it."""
        outcome = sum(1 << index for index, formula in enumerate(self.formulas) if formula == TRUE)
        return outcome if self.admits(outcome) else None

    def admits(self, outcome: int) -> bool:
        """Whether the parent accepts an outcome."""
        return answer(self.allowed, outcome) == TRUE

    def after_child(self, outcome: int) -> Obligation:
        """Returns the obligation after a child has ended with an outcome."""
        return Obligation(tuple(answer(formula, outcome) for formula in self.formulas), self.allowed)


def must_hold(formula: Formula) -> Obligation:
    """Returns the obligation of a value that must satisfy one formula."""
    return Obligation((formula,), HOLDS)


def split_at_child(
    obligation: Obligation, move: Move, touches: Callable[[Formula], bool] | None = None
) -> tuple[Obligation, Obligation] | None:
    """Splits an obligation at its next child. Returns the obligations of the child and of the rest.

    The rest needs the child's outcome if its formulas still contain questions. Returns None if no child can end well.
    `touches`: whether the move may change anything in a part of a formula.
    """
    if (conjunction := _conjunction(obligation)) is not None:
        shapes_asked, kept = _moved(conjunction, move, touches)
        if not any(part.has_question for part in kept):
            is_same = len(kept) == len(conjunction) and all(map(operator.is_, kept, conjunction))
            rest = obligation if is_same else must_hold(all_of(kept))
            return (must_hold(all_of(shapes_asked)), rest) if rest.is_open else None
    numbers: dict[Formula, int] = {}

    def question(atom: Atom) -> Formula:
        return Question(numbers.setdefault(atom.parts[0], len(numbers))) if isinstance(atom, ChildHas) else atom

    rest = obligation.map(lambda atom: substitute(move(atom), question, has_questions), touches)
    shapes = list(numbers)
    base: list[Formula] = []
    while forced := _forced(requirement := rest.requirement):
        base += [shapes[index] if value == TRUE else negate(shapes[index]) for index, value in forced.items()]
        rest = rest.map(_replacing(forced), has_questions)
    if requirement == FALSE:
        return None
    remaining = [atom.index for atom in atoms(rest.formulas, has_questions) if isinstance(atom, Question)]
    if not remaining:
        return must_hold(all_of(base)), rest
    rename = _replacing({old: Question(new) for new, old in enumerate(remaining, start=1)})
    child = Obligation(
        (all_of(base), *(shapes[index] for index in remaining)), all_of([Question(0), substitute(requirement, rename)])
    )
    return child, rest.map(rename, has_questions)


def _conjunction(obligation: Obligation) -> tuple[Atom, ...] | None:
    """Returns the assertions of an obligation that is a plain conjunction; None for other obligations."""
    if not obligation.is_single:
        return None
    parts = conjuncts(obligation.formulas[0])
    assertions = tuple([part for part in parts if isinstance(part, Atom)])
    return assertions if len(assertions) == len(parts) else None


def _moved(
    conjunction: tuple[Atom, ...], move: Move, touches: Callable[[Formula], bool] | None
) -> tuple[list[Formula], list[Formula]]:
    """Returns the shapes that the next child must have, and the remaining parts after the move."""
    child: list[Formula] = []
    kept: list[Formula] = []
    for atom in conjunction:
        if touches is not None and not touches(atom):
            kept.append(atom)
            continue
        moved = move(atom)
        for part in conjuncts(moved):
            if isinstance(part, ChildHas):
                child.append(part.parts[0])
            else:
                kept.append(part)
    return child, kept


def _composed(allowed: Formula, formulas: tuple[Formula, ...]) -> Formula:
    if allowed == HOLDS:
        return formulas[0]
    return substitute(allowed, _replacing(dict(enumerate(formulas))))


def _replacing(known: Mapping[int, Formula]) -> Callable[[Atom], Formula]:
    """Returns a function that replaces the questions with these indices and no other atom."""
    return lambda atom: known.get(atom.index, atom) if isinstance(atom, Question) else atom


def _forced(requirement: Formula) -> dict[int, Formula]:
    """Returns the questions with only one possible answer, each with that answer."""
    forced: dict[int, Formula] = {}
    for part in conjuncts(requirement):
        inner = children(part)[0] if isinstance(part, Not) else part
        if isinstance(inner, Question):
            forced[inner.index] = TRUE if inner is part else FALSE
    return forced
