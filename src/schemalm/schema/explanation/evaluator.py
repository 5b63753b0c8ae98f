"""Evaluates formulas on values; results are cached by formula and location."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator
from functools import partial
from typing import Any

from schemalm.documents.identity import identity
from schemalm.regular.numbers import text_of_number
from schemalm.schema.assertions import KINDS, Assertion, Is, IsInteger, KindIs, Reference, kind_of
from schemalm.schema.explanation.allowance import Allowance
from schemalm.schema.explanation.conditions import own_atoms
from schemalm.schema.explanation.locations import HOLE, Location
from schemalm.schema.explanation.tasks import Task
from schemalm.schema.formula import FALSE, TRUE, And, Atom, Constant, Formula, Not, Or, children, conjuncts
from schemalm.schema.keywords.arrays import Contains, Items, MaxItems, MinItems, Unique
from schemalm.schema.keywords.numbers import NumberIn
from schemalm.schema.keywords.objects import Has, MaxProperties, Members, MinProperties, PropertyNames
from schemalm.schema.keywords.strings import InLanguage, MaxLength, MinLength, StringIn
from schemalm.schema.shapes import Shapes

EVALUATION_UNITS = 3  # of work, for a formula at a location
REPETITION_UNITS = 4  # of work, for an item that is compared
CHARACTERS_PER_UNIT = 4  # of a text that is matched


class Evaluator:
    """Evaluates formulas on values; every task raises the errors of `Allowance.work`."""

    def __init__(self, shapes: Shapes, allowance: Allowance) -> None:
        self.resolve = shapes.resolve
        self.allowance = allowance
        self._shapes = shapes
        self._names: dict[Formula, frozenset[str]] = {}
        self._tags: dict[Formula, frozenset[str]] = {}

    def holds(self, formula: Formula, location: Location) -> Task[bool]:
        """Whether the value at `location` satisfies `formula`; an unknown value does if any value can."""
        known = location.results.get(formula)
        if known is None:
            self.allowance.work(EVALUATION_UNITS)
            known = formula != FALSE if location.value is HOLE else (yield from self._evaluate(formula, location))
            location.results[formula] = known
        return known

    def _evaluate(self, formula: Formula, location: Location) -> Task[bool]:
        if isinstance(formula, Constant):
            return formula == TRUE
        if isinstance(formula, Reference):
            return bool((yield self.holds(self.resolve(formula.location), location)))
        if isinstance(formula, Assertion):
            return (yield from self._assertion(formula, location))
        is_and, is_or = isinstance(formula, And), isinstance(formula, Or)
        num_held = 0
        for part in children(formula):
            held = location.results.get(part)
            if held is None:
                held = yield self.holds(part, location)
            num_held += held
            is_decided = not held if is_and else held if is_or else num_held > 1
            if is_decided:
                break
        if is_and:
            return num_held == len(children(formula))
        if isinstance(formula, Not):
            return num_held == 0
        return num_held > 0 if is_or else num_held == 1

    def _assertion(self, atom: Assertion, location: Location) -> Task[bool]:
        kind = kind_of(location.value)
        if isinstance(atom, KindIs | Is):
            return holds_of_all_kinds(atom, kind, location.value)
        if atom.kind is None:
            return bool((yield self.holds(self.of_kind(atom, location.value), location)))
        return atom.kind != kind or (yield from self._of_kind(atom, location))

    def _of_kind(self, atom: Assertion, location: Location) -> Task[bool]:
        if isinstance(atom, Members):
            return (yield from self._members(atom, location))
        if isinstance(atom, Items):
            return (yield from self._items(atom, location))
        if isinstance(atom, Contains):
            _, least, most = atom.parts
            num_found = yield self.num_matching(atom, location)
            return bool(num_found >= least and (most is None or num_found <= most))
        return self._holds_at_once(atom, str(atom.kind), location.value)

    def of_kind(self, atom: Assertion, value: Any) -> Formula:
        """The formula that an assertion about all kinds becomes for a value."""
        return self._shapes.restrict(atom, kind_of(value))

    def _members(self, atom: Members, location: Location) -> Task[bool]:
        for number, name in enumerate(location.value):
            if not (yield from self.holds_inside(self.member_shape(atom, name), location, name)):
                location.first_failing[atom] = number
                return False
        return True

    def _items(self, atom: Items, location: Location) -> Task[bool]:
        for index in range(len(location.value)):
            if not (yield from self.holds_inside(item_shape(atom, index), location, index)):
                location.first_failing[atom] = index
                return False
        return True

    def holds_inside(self, shape: Formula, location: Location, key: str | int) -> Task[bool]:
        """Whether a member or item satisfies a formula; its kind alone may decide."""
        self.allowance.work()
        value = location.value[key]
        kind = kind_of(value)
        decided = self._shapes.restrict(shape, kind) if kind in KINDS else shape
        if isinstance(decided, Constant):
            return decided == TRUE
        if isinstance(decided, IsInteger) and isinstance(value, int):
            return True
        inside = location.child(key)
        held = inside.results.get(shape)
        if held is None:
            held = inside.results[shape] = yield self.holds(decided, inside)
        return held

    def num_matching(self, atom: Contains, location: Location) -> Task[int]:
        """The number of items with the shape of `contains`; counting stops when the result is certain."""
        shape, least, most = atom.parts
        num_found = 0
        for index in range(len(location.value)):
            num_found += yield from self.holds_inside(shape, location, index)
            if num_found > (least - 1 if most is None else most):
                break
        return num_found

    def member_shape(self, atom: Members, name: Any) -> Formula:
        """The shape that the value under a key must have."""
        text = str(name)
        self.allowance.work(len(atom.parts[1]) * (1 + len(text) // CHARACTERS_PER_UNIT))
        return atom.shape(text, partial(self._shapes.key_satisfies, text))

    def names(self, formula: Formula) -> frozenset[str]:
        """The keys that a formula mentions for an object itself, not for the values in it."""
        if formula not in self._names:
            self._names[formula] = frozenset(self._find_names(formula))
        return self._names[formula]

    def tags(self, formula: Formula) -> frozenset[str]:
        """The keys of an object whose values must be constants."""
        if formula not in self._tags:
            self._tags[formula] = frozenset(self._find_tags(formula))
        return self._tags[formula]

    def _find_names(self, formula: Formula) -> Iterator[str]:
        for atom in self._own_atoms(formula):
            if isinstance(atom, Has):
                yield atom.name
            elif isinstance(atom, Members):
                yield from atom.names

    def _find_tags(self, formula: Formula) -> Iterator[str]:
        for atom in self._own_atoms(formula):
            if isinstance(atom, Members):
                yield from (name for name, shape in atom.parts[0] if _asks_for_constants(shape))

    def _own_atoms(self, formula: Formula) -> Iterator[Atom]:
        for atom in own_atoms(formula, self.resolve):
            self.allowance.work()
            yield atom

    def _holds_at_once(self, atom: Assertion, kind: str, value: Any) -> bool:
        if kind == "string":
            return self._holds_of_string(atom, value)
        if kind == "number":
            return self._holds_of_number(atom, value)
        if isinstance(atom, Has):
            return atom.name in value
        if isinstance(atom, PropertyNames):
            return all(self.allows_name(atom, name) for name in value)
        if isinstance(atom, Unique):
            return next(self.repetitions(value), None) is None
        return _is_of_size(atom, len(value))

    def _holds_of_string(self, atom: Assertion, value: str) -> bool:
        if isinstance(atom, StringIn | InLanguage):
            return value in atom
        if isinstance(atom, MinLength):
            return len(value) >= atom.count
        if isinstance(atom, MaxLength):
            return len(value) <= atom.count
        self.allowance.work(1 + len(value) // CHARACTERS_PER_UNIT)
        return self._shapes.strings.contains(self._shapes.language(atom, "string"), value)

    def _holds_of_number(self, atom: Assertion, value: int | float) -> bool:
        text = text_of_number(value)
        self.allowance.work(len(text))
        return bool(text) and self._shapes.strings.contains(self._shapes.language(atom, "number"), text)

    def allows_name(self, atom: PropertyNames, name: Any) -> bool:
        """Whether a key satisfies `propertyNames`."""
        text = str(name)
        self.allowance.work(1 + len(text) // CHARACTERS_PER_UNIT)
        return self._shapes.key_satisfies(text, atom.parts[0])

    def repetitions(self, items: list[Any]) -> Iterator[int]:
        """Yield the index of each item that repeats an earlier one."""
        seen: set[Hashable] = set()
        for index, item in enumerate(items):
            known = identity(item)
            self.allowance.work(REPETITION_UNITS)
            if known in seen:
                yield index
            seen.add(known)


def _is_of_size(atom: Assertion, size: int) -> bool:
    assert isinstance(atom, MinProperties | MinItems | MaxProperties | MaxItems)
    bound = int(atom.parts[0])
    return size >= bound if isinstance(atom, MinProperties | MinItems) else size <= bound


def _asks_for_constants(shape: Formula) -> bool:
    return any(isinstance(part, StringIn | NumberIn | Is) for part in conjuncts(shape))


def item_shape(atom: Items, index: int) -> Formula:
    """The shape that the item with this index must have."""
    prefix, rest = atom.parts
    shape: Formula = prefix[index] if index < len(prefix) else rest
    return shape


def holds_of_all_kinds(atom: KindIs | Is, kind: str, value: Any) -> bool:
    """Whether a value satisfies an assertion about all kinds."""
    if isinstance(atom, KindIs):
        is_number = kind == "number" and "integer" in atom.kinds
        return kind in atom.kinds or (is_number and _is_integer(value, atom.integer))
    return kind in ("null", "boolean") and json.dumps(value) == atom.name


def _is_integer(value: int | float, atom: IsInteger) -> bool:
    return isinstance(value, int) or (atom.fractions and value.is_integer())
