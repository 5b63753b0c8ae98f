"""Which keys can change a formula about an object, and what remains of the formula without some of them.

A step visits only the branches that its key can change, so its cost does not grow with the number of all branches.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import partial

from schemalm.grammar.obligation import Obligation
from schemalm.limits import Budget
from schemalm.rules.places import Promised
from schemalm.schema.formula import FALSE, TRUE, Atom, Formula, children
from schemalm.schema.keywords.objects import Has, Members
from schemalm.schema.prompt import StatedKeys

# Names of keys; None means every key.
Scope = frozenset[str] | None
# Formulas with more parts count as affected by every key.
MAX_SCOPED_PARTS = 8


class KeyScopes:
    """Caches the names that formulas depend on, and obligations without some names."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._scopes: dict[Formula, Scope] = {}
        self._missed: dict[tuple[Obligation, str], Obligation] = {}

    def concern(self, name: str, formula: Formula) -> bool:
        """Whether a key with this name can change a formula about an object."""
        scope = self._scope(formula)
        return scope is None or name in scope

    def _scope(self, formula: Formula) -> Scope:
        """Returns the names of keys that can change a formula; None if every key can."""
        if formula not in self._scopes:
            self._scopes[formula] = (
                _scope_of_atom(formula) if isinstance(formula, Atom) else self._scope_of_parts(formula)
            )
        return self._scopes[formula]

    def _scope_of_parts(self, formula: Formula) -> Scope:
        parts = children(formula)
        names: frozenset[str] = frozenset()
        for scope in map(self._scope, parts) if len(parts) <= MAX_SCOPED_PARTS else (None,):
            if scope is None:
                return None
            names |= scope
        return names

    def without(self, obligation: Obligation, names: Iterable[str]) -> Obligation:
        """Returns the obligation after it is known that the object lacks some names.

        Names are removed one by one, so each is a short step from the cached result without the names before it.
        """
        found = obligation
        for name in names:
            key = (found, name)
            if key not in self._missed:
                self._missed[key] = self._find_missed(*key)
            found = self._missed[key]
        return found

    def _find_missed(self, obligation: Obligation, name: str) -> Obligation:
        self._budget.check_time()
        self._budget.work(obligation.size)
        return obligation.map(
            lambda atom: FALSE if _needs_missing_key(atom, (name,)) else atom, partial(self.concern, name)
        )

    def without_all(self, obligation: Obligation, names: frozenset[str]) -> Obligation:
        """Does the same for all names at once and caches nothing. Used at the end of an object."""
        if not names:
            return obligation
        self._budget.work(obligation.size)
        return obligation.map(lambda atom: FALSE if _needs_missing_key(atom, names) else atom)


def _needs_missing_key(atom: Atom, missed: Collection[str]) -> bool:
    if isinstance(atom, StatedKeys):
        return any(name in missed for name, _ in atom.entries)
    if isinstance(atom, Promised) and atom.ignores_case:
        return False  # A free key may keep the promise as well.
    return isinstance(atom, Has | Promised) and atom.name in missed


def _scope_of_atom(atom: Atom) -> Scope:
    if isinstance(atom, Has):
        return frozenset([atom.name])
    if isinstance(atom, Members) and not atom.parts[1] and atom.parts[2] == TRUE:
        return frozenset(atom.names)
    return None
