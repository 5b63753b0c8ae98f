"""Simplifies the obligation of an object's rest, so that branches with the same remaining meaning become equal.

Names that cannot follow any more are removed from assertions about members. An assertion that nothing can break any
more becomes true. Undecided formulas are rewritten. An assertion that must hold is the same in every branch, so it is
only removed as a whole, when nothing can break it. Conjunctions with the same parts in another order are replaced by
one of them.
"""

from __future__ import annotations

from collections.abc import Iterable

from schemalm.grammar.obligation import Obligation
from schemalm.grammar.states import KeyOrder, Object
from schemalm.schema.formula import FALSE, TRUE, And, Atom, Formula, all_of, conjuncts, substitute
from schemalm.schema.keywords.objects import Members


class ObligationSimplifier:
    """Caches simplified obligations of the rests of objects."""

    def __init__(self) -> None:
        self._obligations: dict[Object, Obligation] = {}
        self._members: dict[tuple[Members, KeyOrder, int, bool], Formula] = {}
        self._ends: dict[tuple[Members, KeyOrder], int | None] = {}
        self._conjunctions: dict[frozenset[Formula], Formula] = {}

    def simplified(self, state: Object) -> Obligation:
        """Returns the simplified obligation of the rest of an object."""
        found = self._obligations.get(state)
        if found is None:
            found = self._obligations[state] = self._find(state)
        return found

    def _find(self, state: Object) -> Obligation:
        held, *others = state.obligation.formulas
        parts = conjuncts(held)
        # If free keys are excluded and all names have passed, no assertion about members can be broken any more.
        are_all_past = state.position >= len(state.order.names) and any(map(_rules_out_free_keys, parts))

        def without_past(atom: Atom) -> Formula:
            return self._without_past(atom, state, are_all_past) if isinstance(atom, Members) else atom

        plain = all_of(
            self._unless_past(part, state) if isinstance(part, Atom) else substitute(part, without_past)
            for part in parts
        )
        formulas = (self._conjunction(plain), *(substitute(formula, without_past) for formula in others))
        return (
            state.obligation
            if formulas == state.obligation.formulas
            else Obligation(formulas, state.obligation.allowed)
        )

    def _conjunction(self, formula: Formula) -> Formula:
        """Returns the first conjunction that was seen with these parts."""
        if not isinstance(formula, And):
            return formula
        return self._conjunctions.setdefault(frozenset(formula.parts), formula)

    def _unless_past(self, atom: Atom, state: Object) -> Formula:
        """Returns the atom, or TRUE if it is about members that have all passed."""
        if not isinstance(atom, Members):
            return atom
        key = (atom, state.order)
        if key not in self._ends:
            self._ends[key] = _last_position(atom, state.order)
        end = self._ends[key]
        return atom if end is None or end > state.position else TRUE

    def _without_past(self, members: Members, state: Object, are_all_past: bool) -> Formula:
        key = (members, state.order, state.position, are_all_past)
        found = self._members.get(key)
        if found is None:
            found = self._members[key] = TRUE if are_all_past else _without_past(members, state.order, state.position)
        return found


def _rules_out_free_keys(part: Formula) -> bool:
    return isinstance(part, Members) and not part.parts[1] and part.parts[2] == FALSE


def _binding(entries: Iterable[tuple[object, Formula]]) -> tuple[tuple[object, Formula], ...]:
    """Returns the entries that require anything."""
    return tuple(entry for entry in entries if entry[1] != TRUE)


def _last_position(members: Members, order: KeyOrder) -> int | None:
    """Returns the position from which nothing can break the assertion; None if free keys can."""
    named, patterned, rest = members.parts
    if rest != TRUE or _binding(patterned):
        return None
    return max((order.ranks.get(str(name), -1) + 1 for name, _ in _binding(named)), default=0)


def _without_past(members: Members, order: KeyOrder, position: int) -> Formula:
    named, patterned, rest = members.parts
    named = tuple(entry for entry in named if order.ranks.get(entry[0], position) >= position)
    if rest == TRUE:
        named, patterned = _binding(named), _binding(patterned)
        if not named and not patterned:
            return TRUE
    return Members(named, patterned, rest)
