"""What a nonterminal has to find out about the value that it expands.

An inquiry carries formulas side by side and the verdicts on them that the parent can live with: bit i of a verdict says
whether formula i is true. Most inquiries have one formula, which must be true. The others are the price of exactness:
where an enclosing formula is still undecided, the child is asked several questions, and its verdict settles them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from schemalm.grammar.formula import (
    FALSE,
    TRUE,
    And,
    Asked,
    Atom,
    Formula,
    Not,
    Question,
    all_of,
    answer,
    atoms,
    children,
    has_questions,
    negate,
    possible,
    substitute,
)

# What becomes of an assertion once the next child is there: a formula that may ask something of that child.
Move = Callable[[Atom], Formula]


@dataclass(frozen=True)
class Inquiry:
    """Formulas about one value; `allowed` is a formula over `Question(i)`, the verdict on formula i."""

    formulas: tuple[Formula, ...]
    allowed: Formula

    def map(self, replace: Callable[[Atom], Formula], touches: Callable[[Formula], bool] | None = None) -> Inquiry:
        """The inquiry with every atom of its formulas replaced; `touches` as for `substitute`."""
        return Inquiry(tuple(substitute(formula, replace, touches) for formula in self.formulas), self.allowed)

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.formulas, self.allowed))

    @cached_property
    def goal(self) -> Formula:
        """What the questions inside the formulas must answer for the inquiry to end well, as far as can be told."""
        return possible(_compose(self.allowed, self.formulas))

    @cached_property
    def atoms(self) -> tuple[Atom, ...]:
        """Every distinct atom of the formulas."""
        return tuple(atoms(self.formulas))

    @cached_property
    def wanted_names(self) -> frozenset[str]:
        """The names of keys that assertions still wait for."""
        return frozenset(name for atom in self.atoms for name in atom.wanted_names)

    @property
    def is_single(self) -> bool:
        """Whether only one verdict is of use: that the one formula is true."""
        return len(self.formulas) == 1

    @property
    def is_open(self) -> bool:
        """False where no verdict that the parent can live with is possible any more."""
        return self.goal != FALSE

    def verdict(self) -> int | None:
        """The verdict once every formula is a constant; None where the parent cannot live with it."""
        verdict = sum(1 << index for index, formula in enumerate(self.formulas) if formula == TRUE)
        return verdict if self.admits(verdict) else None

    def admits(self, verdict: int) -> bool:
        """Whether the parent can live with a verdict."""
        return answer(self.allowed, verdict) == TRUE

    def answered(self, verdict: int) -> Inquiry:
        """The inquiry after a child's verdict."""
        return Inquiry(tuple(answer(formula, verdict) for formula in self.formulas), self.allowed)

    @cached_property
    def waits(self) -> bool:
        """Whether a child's verdict is still missing."""
        return any(formula.asks for formula in self.formulas)


def must_hold(formula: Formula) -> Inquiry:
    """The inquiry of a value that has to satisfy one formula."""
    return Inquiry((formula,), Question(0))


def ask(
    inquiry: Inquiry, move: Move, touches: Callable[[Formula], bool] | None = None
) -> tuple[Inquiry, Inquiry] | None:
    """Splits an inquiry at its next child: (what the child is asked, what remains for the rest).

    The rest waits for the child's verdict where its formulas still contain questions. None where no child can end well.
    touches: whether the move may change anything in a part of a formula.
    """
    numbers: dict[Formula, int] = {}

    def question(atom: Atom) -> Formula:
        return Question(numbers.setdefault(atom.parts[0], len(numbers))) if isinstance(atom, Asked) else atom

    rest = inquiry.map(move, touches).map(question, has_questions)
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
    child = Inquiry(
        (all_of(base), *(shapes[index] for index in remaining)), all_of([Question(0), substitute(goal, rename)])
    )
    return child, rest.map(rename, has_questions)


def _compose(allowed: Formula, formulas: tuple[Formula, ...]) -> Formula:
    return substitute(allowed, _replacing(dict(enumerate(formulas))))


def _replacing(known: Mapping[int, Formula]) -> Callable[[Atom], Formula]:
    """Replaces the questions with these indices, and no other atom."""
    return lambda atom: known.get(atom.index, atom) if isinstance(atom, Question) else atom


def _forced(goal: Formula) -> dict[int, Formula]:
    """The questions that have one answer only, if the goal is to be reached."""
    forced: dict[int, Formula] = {}
    for part in children(goal) if isinstance(goal, And) else (goal,):
        inner = children(part)[0] if isinstance(part, Not) else part
        if isinstance(inner, Question):
            forced[inner.index] = TRUE if inner is part else FALSE
    return forced
