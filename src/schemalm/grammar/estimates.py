"""Estimates what a formula about an object or array requires, without a search.

The input is a formula, and whether it has to be true or false. The output is a lower bound on the number of symbols,
the keys that are likely to make it so, and the keys that can affect it at all. Assertions count as independent of one
another.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from schemalm.rules.places import Promised
from schemalm.schema.assertions import Reference
from schemalm.schema.formula import TRUE, Atom, Constant, ExactlyOne, Formula, Not, Or, Question, children
from schemalm.schema.keywords.arrays import Contains, Items, MaxItems, MinItems
from schemalm.schema.keywords.objects import Has, MaxProperties, Members, MinProperties, PropertyNames
from schemalm.schema.prompt import HasKeyLike, StatedItems, StatedKeys

# A cost that no value can have.
UNREACHABLE = 1 << 60
# A key with its value, or an item, takes at least two symbols.
MEMBER_SYMBOLS = 2


@dataclass(frozen=True)
class Plan:
    """A likely way to make a formula true.

    cost: the approximate number of symbols. names: the keys that it needs. answers: the answers to questions about a
    child that it needs, each with the question's index.
    """

    cost: int
    names: frozenset[str] = frozenset()
    answers: frozenset[tuple[int, bool]] = frozenset()


@dataclass(frozen=True)
class Relevance:
    """The keys that can change whether a formula is true: `names`, or every key if `any_key` is True."""

    names: frozenset[str] = frozenset()
    any_key: bool = False

    def __or__(self, other: Relevance) -> Relevance:
        return Relevance(self.names | other.names, self.any_key or other.any_key)


NOTHING_TO_DO = Plan(0)
IMPOSSIBLE = Plan(UNREACHABLE)
NO_KEYS = Relevance()
ANY_KEY = Relevance(any_key=True)


class Estimates:
    """Cached estimates by formula."""

    def __init__(self) -> None:
        self._lower_bounds: dict[tuple[Formula, bool], int] = {}
        self._plans: dict[tuple[Formula, bool], Plan] = {}
        self._relevance: dict[tuple[Formula, bool], Relevance] = {}

    def lower_bound(self, formula: Formula, holds: bool = True) -> int:
        """Returns a lower bound on the symbols before the end that make a formula true, or false.

        Returns UNREACHABLE if nothing does.
        """
        key = (formula, holds)
        found = self._lower_bounds.get(key)
        if found is None:
            found = self._lower_bounds[key] = self._find_lower_bound(formula, holds)
        return found

    def _find_lower_bound(self, formula: Formula, holds: bool) -> int:
        if isinstance(formula, Atom):
            return _lower_bound_of_atom(formula, holds)
        if isinstance(formula, Constant):
            return 0 if (formula == TRUE) == holds else UNREACHABLE
        if isinstance(formula, Not):
            return self.lower_bound(formula.parts[0], not holds)
        parts = children(formula)
        if isinstance(formula, ExactlyOne):
            return min(self.lower_bound(part) for part in parts) if holds else 0
        counts = [self.lower_bound(part, holds) for part in parts]
        if isinstance(formula, Or) == holds:
            return min(counts)
        num_names = sum(isinstance(part, Has) for part in parts) if holds else 0
        return max(MEMBER_SYMBOLS * num_names, *counts)

    def plan(self, formula: Formula, holds: bool = True) -> Plan:
        """Returns a likely way to make a formula about an object true, or false."""
        key = (formula, holds)
        found = self._plans.get(key)
        if found is None:
            found = self._plans[key] = self._find_plan(formula, holds)
        return found

    def _find_plan(self, formula: Formula, holds: bool) -> Plan:
        if isinstance(formula, Atom):
            return _plan_of_atom(formula, holds)
        if isinstance(formula, Constant):
            return NOTHING_TO_DO if (formula == TRUE) == holds else IMPOSSIBLE
        if isinstance(formula, Not):
            return self.plan(formula.parts[0], not holds)
        parts = children(formula)
        if isinstance(formula, ExactlyOne):
            return self._plan_of_one(parts, holds)
        plans = [self.plan(part, holds) for part in parts]
        return min(plans, key=_cost) if isinstance(formula, Or) == holds else _combined(plans)

    def _plan_of_one(self, parts: tuple[Formula, ...], holds: bool) -> Plan:
        """Plans for one true part and the others false; or, if `holds` is False, for no true part."""
        without = [self.plan(part, False) for part in parts]
        if not holds:
            return _combined(without)
        total = sum(plan.cost for plan in without)
        plans = ((self.plan(part).cost + total - other.cost, part) for part, other in zip(parts, without, strict=True))
        cost, chosen = min(plans, key=lambda plan: plan[0])
        others = (plan for plan, part in zip(without, parts, strict=True) if part is not chosen)
        return replace(_combined([self.plan(chosen), *others]), cost=min(cost, UNREACHABLE))

    def relevance(self, formula: Formula, holds: bool = True) -> Relevance:
        """Returns the keys that may be needed to make a formula true, or false.

        An object can do without all other keys.
        """
        key = (formula, holds)
        found = self._relevance.get(key)
        if found is None:
            found = self._relevance[key] = self._find_relevance(formula, holds)
        return found

    def _find_relevance(self, formula: Formula, holds: bool) -> Relevance:
        if isinstance(formula, Atom):
            return _relevance_of_atom(formula, holds)
        if isinstance(formula, Not):
            return self.relevance(formula.parts[0], not holds)
        names: set[str] = set()
        for part in children(formula):
            for wanted in (True, False) if isinstance(formula, ExactlyOne) else (holds,):
                found = self.relevance(part, wanted)
                if found.any_key:
                    return ANY_KEY
                names |= found.names
        return Relevance(frozenset(names)) if names else NO_KEYS


def _lower_bound_of_atom(atom: Atom, holds: bool) -> int:
    if isinstance(atom, Has | Promised | HasKeyLike):
        return MEMBER_SYMBOLS * holds
    if isinstance(atom, MinItems | MinProperties):
        return MEMBER_SYMBOLS * int(atom.parts[0]) * holds
    if isinstance(atom, MaxItems | MaxProperties):
        return 0 if holds else MEMBER_SYMBOLS * (int(atom.parts[0]) + 1)
    if isinstance(atom, Contains):
        _, least, most = atom.parts
        return (
            MEMBER_SYMBOLS * int(least)
            if holds
            else MEMBER_SYMBOLS * (int(most) + 1)
            if least == 0 and most is not None
            else 0
        )
    if isinstance(atom, StatedKeys | StatedItems):
        return MEMBER_SYMBOLS * atom.num_needed * holds
    return MEMBER_SYMBOLS if isinstance(atom, Members | Items | PropertyNames) and not holds else 0


def _plan_of_atom(atom: Atom, holds: bool) -> Plan:
    if isinstance(atom, Question):
        return Plan(0, answers=frozenset([(atom.index, holds)]))
    if isinstance(atom, Has) and holds:
        return Plan(MEMBER_SYMBOLS, frozenset([atom.name]))
    if isinstance(atom, Members) and not holds:
        shapes = {name: shape for name, shape in atom.parts[0] if shape != TRUE}
        # The target of a reference may be large. A formula that is written here is easier to break.
        near = next(
            (name for name, shape in shapes.items() if not isinstance(shape, Reference)), next(iter(shapes), None)
        )
        return Plan(MEMBER_SYMBOLS + 1, frozenset() if near is None else frozenset([near]))
    return Plan(_lower_bound_of_atom(atom, holds))


def _relevance_of_atom(atom: Atom, holds: bool) -> Relevance:
    if isinstance(atom, Has):
        return Relevance(frozenset([atom.name])) if holds else NO_KEYS
    if isinstance(atom, Members):
        if holds:
            return NO_KEYS
        named, patterned, rest = atom.parts
        if patterned or rest != TRUE:
            return ANY_KEY
        return Relevance(frozenset(name for name, shape in named if shape != TRUE))
    needed = (
        isinstance(atom, MinProperties | StatedKeys | HasKeyLike | Promised)
        if holds
        else isinstance(atom, MaxProperties | PropertyNames)
    )
    return ANY_KEY if needed else NO_KEYS


def _combined(plans: list[Plan]) -> Plan:
    names = frozenset().union(*(plan.names for plan in plans))
    return Plan(min(sum(map(_cost, plans)), UNREACHABLE), names, frozenset().union(*(plan.answers for plan in plans)))


def _cost(plan: Plan) -> int:
    return plan.cost
