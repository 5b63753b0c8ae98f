"""The rules of a rules file, compiled: the tree of places, and what is to be kept at each of them."""

from __future__ import annotations

from dataclasses import dataclass

from schemalm.rules.names import Names, compile_names
from schemalm.rules.paths import Place
from schemalm.rules.places import AtPlace
from schemalm.schema.formula import Formula
from schemalm.schema.translator import Mention


@dataclass(frozen=True, eq=False)
class Rules:
    """Compiled rules. names: the kinds of names, and the tree of all places."""

    names: Names

    @property
    def shape(self) -> Formula:
        """What a document must satisfy while names of every kind are declared."""
        return AtPlace(self.names.tree.root, frozenset())

    @property
    def kinds_in_expressions(self) -> frozenset[str]:
        """The kinds whose names expressions can use."""
        return frozenset(
            kind for place in self.names.tree if place.expression is not None for kind in place.expression.kinds
        )

    @property
    def mentions(self) -> list[Mention]:
        """The keys that the paths of the rules name."""
        return [("key", key) for place in self.names.tree for key in place.named]
