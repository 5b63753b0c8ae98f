"""What a nonterminal has to find out about the value that it expands.

It carries formulas side by side, and the outcomes on them that the parent can live with: bit i of an outcome says
whether formula i is true. Most have one formula, which must be true. The others are the price of exactness: where an
enclosing formula is still undecided, the child is asked several questions, and its outcome settles them.
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

# What becomes of an assertion once the next child is there: a formula that may ask something of that child.
Move = Callable[[Atom], Formula]
# That the one formula of an obligation is true.
HOLDS = Question(0)


class Obligation:
    """Formulas about one value; `allowed` is a formula over `Question(i)`, the outcome on formula i.

    Immutable, and compared by value. There are many: what is asked of one is found once, and kept in slots.
    """

    __slots__ = ("_atoms", "_goal", "_hash", "_wanted_names", "allowed", "formulas", "needs_outcome", "size")

    def __init__(self, formulas: tuple[Formula, ...], allowed: Formula) -> None:
        """needs_outcome: whether a child's outcome is still missing; size: how many nodes the formulas have."""
        self.formulas = formulas
        self.allowed = allowed
        self.needs_outcome = any(formula.has_question for formula in formulas)
        self.size = sum([formula.size for formula in formulas])
        self._hash = hash((formulas, allowed))
        self._goal: Formula | None = None
        self._atoms: tuple[Atom, ...] | None = None
        self._wanted_names: frozenset[str] | None = None

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Obligation) or self._hash != other._hash:
            return False
        return self.formulas == other.formulas and self.allowed == other.allowed

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return f"Inquiry(formulas={self.formulas!r}, allowed={self.allowed!r})"

    def map(self, replace: Callable[[Atom], Formula], touches: Callable[[Formula], bool] | None = None) -> Obligation:
        """The obligation with every atom of its formulas replaced; `touches` as for `substitute`."""
        formulas = tuple([substitute(formula, replace, touches) for formula in self.formulas])
        return self if all(map(operator.is_, formulas, self.formulas)) else Obligation(formulas, self.allowed)

    @property
    def goal(self) -> Formula:
        """What the questions inside the formulas must answer for the obligation to end well, as far as can be told."""
        if self._goal is None:
            self._goal = possible(_compose(self.allowed, self.formulas))
        return self._goal

    @property
    def atoms(self) -> tuple[Atom, ...]:
        """Every distinct atom of the formulas."""
        if self._atoms is None:
            self._atoms = tuple(atoms(self.formulas))
        return self._atoms

    @property
    def needed_keys(self) -> frozenset[str]:
        """The names of keys that assertions still wait for."""
        if self._wanted_names is None:
            self._wanted_names = frozenset([name for atom in self.atoms for name in atom.needed_keys])
        return self._wanted_names

    @property
    def is_single(self) -> bool:
        """Whether only one outcome is of use: that the one formula is true."""
        return len(self.formulas) == 1

    @property
    def is_open(self) -> bool:
        """False where no outcome that the parent can live with is possible any more."""
        return (self.formulas != (FALSE,) or self.allowed != HOLDS) and self.goal != FALSE

    def outcome(self) -> int | None:
        """The outcome once every formula is a constant; None where the parent cannot live with it."""
        outcome = sum(1 << index for index, formula in enumerate(self.formulas) if formula == TRUE)
        return outcome if self.admits(outcome) else None

    def admits(self, outcome: int) -> bool:
        """Whether the parent can live with an outcome."""
        return answer(self.allowed, outcome) == TRUE

    def answered(self, outcome: int) -> Obligation:
        """The obligation after a child's outcome."""
        return Obligation(tuple(answer(formula, outcome) for formula in self.formulas), self.allowed)


def must_hold(formula: Formula) -> Obligation:
    """The obligation of a value that has to satisfy one formula."""
    return Obligation((formula,), HOLDS)


def split_at_child(
    obligation: Obligation, move: Move, touches: Callable[[Formula], bool] | None = None
) -> tuple[Obligation, Obligation] | None:
    """Splits an obligation at its next child: (what the child is asked, what remains for the rest).

    The rest waits for the child's outcome where its formulas still contain questions. None where no child can end well.
    touches: whether the move may change anything in a part of a formula.
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
    while forced := _forced(goal := rest.goal):
        base += [shapes[index] if value == TRUE else negate(shapes[index]) for index, value in forced.items()]
        rest = rest.map(_replacing(forced), has_questions)
    if goal == FALSE:
        return None
    remaining = [atom.index for atom in atoms(rest.formulas, has_questions) if isinstance(atom, Question)]
    if not remaining:
        return must_hold(all_of(base)), rest
    rename = _replacing({old: Question(new) for new, old in enumerate(remaining, start=1)})
    child = Obligation(
        (all_of(base), *(shapes[index] for index in remaining)), all_of([Question(0), substitute(goal, rename)])
    )
    return child, rest.map(rename, has_questions)


def _conjunction(obligation: Obligation) -> tuple[Atom, ...] | None:
    """The assertions that all have to hold, where that is all that is asked."""
    if not obligation.is_single:
        return None
    parts = conjuncts(obligation.formulas[0])
    assertions = tuple([part for part in parts if isinstance(part, Atom)])
    return assertions if len(assertions) == len(parts) else None


def _moved(
    conjunction: tuple[Atom, ...], move: Move, touches: Callable[[Formula], bool] | None
) -> tuple[list[Formula], list[Formula]]:
    """The shapes that assertions ask of the next child in any case, and what else becomes of them."""
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


def _compose(allowed: Formula, formulas: tuple[Formula, ...]) -> Formula:
    if allowed == HOLDS:
        return formulas[0]
    return substitute(allowed, _replacing(dict(enumerate(formulas))))


def _replacing(known: Mapping[int, Formula]) -> Callable[[Atom], Formula]:
    """Replaces the questions with these indices, and no other atom."""
    return lambda atom: known.get(atom.index, atom) if isinstance(atom, Question) else atom


def _forced(goal: Formula) -> dict[int, Formula]:
    """The questions that have one answer only, if the goal is to be reached."""
    forced: dict[int, Formula] = {}
    for part in conjuncts(goal):
        inner = children(part)[0] if isinstance(part, Not) else part
        if isinstance(inner, Question):
            forced[inner.index] = TRUE if inner is part else FALSE
    return forced
