"""An object's rest as far as what has been read still matters: branches that have come to the same become equal.

Names that can come no more are left out of what branches say of members, so that a branch that nothing can break any
more is simply true. Only formulas in doubt are rewritten: what has to hold anyway tells no branches apart.
"""

from __future__ import annotations

from schemalm.grammar.containers import Members
from schemalm.grammar.formula import FALSE, TRUE, And, Atom, Formula, all_of, children, substitute
from schemalm.grammar.inquiry import Inquiry
from schemalm.grammar.states import KeyOrder, Object


class Residuals:
    """What is asked of the rests of objects in its plainest form, remembered."""

    def __init__(self) -> None:
        self._inquiries: dict[Object, Inquiry] = {}
        self._members: dict[tuple[Members, KeyOrder, int, bool], Formula] = {}

    def of(self, state: Object) -> Inquiry:
        """What is asked of the rest of an object, in its plainest form."""
        found = self._inquiries.get(state)
        if found is None:
            found = self._inquiries[state] = self._find(state)
        return found

    def _find(self, state: Object) -> Inquiry:
        held, *others = state.inquiry.formulas
        parts = children(held) if isinstance(held, And) else (held,)
        if not others and all(isinstance(part, Atom) for part in parts):
            return state.inquiry
        # Where free keys are ruled out and all names have passed, members can break nothing any more.
        is_over = state.position >= len(state.order.names) and any(map(_rules_out_free_keys, parts))

        def shortened(atom: Atom) -> Formula:
            return self._shortened(atom, state.order, state.position, is_over) if isinstance(atom, Members) else atom

        plain = all_of(part if isinstance(part, Atom) else substitute(part, shortened) for part in parts)
        formulas = (plain, *(substitute(formula, shortened) for formula in others))
        return state.inquiry if formulas == state.inquiry.formulas else Inquiry(formulas, state.inquiry.allowed)

    def _shortened(self, members: Members, order: KeyOrder, position: int, is_over: bool) -> Formula:
        key = (members, order, position, is_over)
        found = self._members.get(key)
        if found is None:
            found = self._members[key] = TRUE if is_over else _shortened(members, order, position)
        return found


def _rules_out_free_keys(part: Formula) -> bool:
    return isinstance(part, Members) and not part.parts[1] and part.parts[2] == FALSE


def _shortened(members: Members, order: KeyOrder, position: int) -> Formula:
    named, patterned, rest = members.parts
    named = tuple(entry for entry in named if order.ranks.get(entry[0], position) >= position)
    if rest == TRUE:
        named = tuple(entry for entry in named if entry[1] != TRUE)
        patterned = tuple(entry for entry in patterned if entry[1] != TRUE)
        if not named and not patterned:
            return TRUE
    return Members(named, patterned, rest)
