"""A place made ready for reading: its words, operators and types, and what the parts of a value have for types.

`closed` are the kinds that have no name now: a value of such `Names` has no properties.
"""

from __future__ import annotations

from schemalm.rules.expressions.place import ExpressionPlace
from schemalm.rules.expressions.states import NO_NAMES, Operand
from schemalm.rules.expressions.types import (
    ANY,
    EITHER,
    SOME_ARRAY,
    SOME_OBJECT,
    UNKNOWN,
    Array,
    Names,
    Object,
    Type,
    is_object,
    parts_of,
    resolved,
)


class Compiled:
    """The words and types of a place."""

    def __init__(self, place: ExpressionPlace, closed: frozenset[str]) -> None:
        self.place = place
        self.closed = closed
        self.checked = place.syntax.checked
        self.folded = place.syntax.folded
        self.named = dict(place.types)
        self.contexts = {self.folded(name): found for name, found in place.contexts}
        self.functions = {self.folded(function.name): function for function in place.functions}
        self.literals = dict(place.syntax.literals)
        self.operators = frozenset(place.syntax.binary)
        self.operator_beginnings = frozenset(
            operator[:end] for operator in self.operators for end in range(1, len(operator) + 1)
        )
        self.punctuation = frozenset("()[].,'*-+_").union(*place.delimiters, *place.syntax.unary, *self.operators)
        self._properties: dict[Object, dict[str, Type]] = {}
        self._leads: dict[Type, bool] = {}

    def type(self, found: Type) -> Type:
        """The type itself if it is a reference."""
        return resolved(found, self.named)

    def properties(self, found: Object) -> dict[str, Type]:
        """The known properties of an object by folded name."""
        if found not in self._properties:
            self._properties[found] = {self.folded(name): part for name, part in found.properties}
        return self._properties[found]

    def leads_to_names(self, found: Type) -> bool:
        """Whether a value of the type is, or has somewhere below it, an object of declared names."""
        found = self.type(found)
        if found not in self._leads:
            self._leads[found] = self._search_names(found, set())
        return self._leads[found]

    def _search_names(self, found: Type, visited: set[Type]) -> bool:
        found = self.type(found)
        if found in visited:
            return False
        visited.add(found)
        return isinstance(found, Names) or any(self._search_names(part, visited) for part in parts_of(found))

    def operand(self, before: Operand, found: Type, level: int, indexable: bool = True) -> Operand:
        """An operand of a type, with the weight of the operators `before` it; level: NO_NAMES if no name is known."""
        found = self.type(found)
        if self.leads_to_names(found):
            if level == NO_NAMES:
                found = (SOME_ARRAY if isinstance(found, Array) else SOME_OBJECT) if self.checked else ANY
        else:
            level = NO_NAMES
        if not self.checked and not is_object(found):
            found = ANY
        return Operand(found, level, before.weight, before.negations, None, indexable)

    def has_properties(self, operand: Operand) -> bool:
        """Whether `.` may follow an operand."""
        found = operand.type
        if not operand.indexable:
            return False
        if isinstance(found, Names):
            return found.kind not in self.closed
        if not self.checked or found == ANY:
            return True
        if isinstance(found, Object):
            return bool(found.properties) or found.values is not None
        return isinstance(found, Array) and found.items != UNKNOWN

    def has_items(self, operand: Operand) -> bool:
        """Whether `[` may follow an operand."""
        found = operand.type
        if not operand.indexable:
            return False
        if isinstance(found, Names):
            return found.kind not in self.closed
        if isinstance(found, Object):
            return not self.checked or bool(found.properties) or found.values is not None
        return not self.checked or found == ANY or (isinstance(found, Array) and found.items != UNKNOWN)

    def property_type(self, operand: Operand, name: str) -> Type | None:
        """The type of a property by its folded name; None if there is no such property."""
        found = operand.type
        if isinstance(found, Names):
            return found.member
        if isinstance(found, Object):
            known = self.properties(found).get(name)
            return found.values if known is None else known
        if isinstance(found, Array):
            part = self._part_of_item(found, name)
            return None if part is None else Array(part, True)
        return ANY if found == ANY else None

    def _part_of_item(self, found: Array, name: str) -> Type | None:
        if not found.filtered:
            return None
        item = self.type(found.items)
        if isinstance(item, Object):
            return self.property_type(Operand(item), name)
        return ANY if item == ANY else None

    def names_of(self, operand: Operand) -> tuple[tuple[str, ...], bool]:
        """The known properties of an operand, and whether there may be others."""
        found = operand.type
        if isinstance(found, Array) and found.filtered:
            found = self.type(found.items)
        if isinstance(found, Object):
            return tuple(self.properties(found)), found.values is not None
        return (), isinstance(found, Names) or found == ANY

    def reserved(self, operand: Operand) -> tuple[str, ...]:
        """What properties of an operand do not begin with, folded."""
        found = operand.type
        return tuple(map(self.folded, found.reserved)) if isinstance(found, Object) else ()

    def is_plain(self, operand: Operand) -> bool:
        """Whether properties of an operand consist of letters, digits and `_`."""
        return isinstance(operand.type, Object) and operand.type.plain

    def filtered(self, operand: Operand) -> Type | None:
        """The type of `.*` after an operand; None if it may not follow."""
        found = operand.type
        if not self.checked:
            return ANY
        if found == ANY:
            return Array(ANY, True)
        if isinstance(found, Array):
            return Array(found.items, True)
        items = self._filtered_items(found) if is_object(found) else None
        return None if items is None else Array(items, True)

    def _filtered_items(self, found: Type) -> Type | None:
        """The type of the properties of an object that `.*` collects; None if none are objects."""
        if isinstance(found, Names):
            return ANY if is_object(self.type(found.member)) else None
        assert isinstance(found, Object)
        if found.values is None:
            return ANY if any(is_object(self.type(part)) for _, part in found.properties) else None
        values = self.type(found.values)
        return values if values == ANY or is_object(values) else None

    def item_type(self, found: Type) -> Type:
        """The type of `[...]` after a value, with an index that is computed."""
        if not self.checked or isinstance(found, Names) or found == ANY:
            return ANY
        if isinstance(found, Array):
            return found.items
        assert isinstance(found, Object)
        return ANY if found.values is None else found.values

    def plain(self, found: Type) -> Type:
        """The type of a value in brackets of its own."""
        if found == EITHER:
            return ANY
        return self.operand(Operand(), found, NO_NAMES).type
