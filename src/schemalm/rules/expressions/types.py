"""Types of the values in expressions, and which of them fit where another is expected.

Types are immutable and compare by value. A `Named` type refers to one of the place's types and may so contain itself.
`Names` is an object whose properties are the declared names of a kind. Two types appear only while checking: `EITHER`,
the result of an operator between a number and a boolean, and objects and lists about whose parts nothing is known.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True)
class Type:
    """The base of all types."""

    def __post_init__(self) -> None:
        """Computes the hash once; types are deep, and every state of a language holds some."""
        fields = tuple(getattr(self, name) for name in self.__dataclass_fields__)
        object.__setattr__(self, "_hash", hash((type(self).__name__, fields)))

    def __hash__(self) -> int:
        known: int = self.__dict__["_hash"]
        return known


@dataclass(frozen=True)
class Scalar(Type):
    """A type without parts: `any`, `string`, `number`, `boolean` or `null`."""

    name: str
    __hash__ = Type.__hash__


@dataclass(frozen=True)
class Object(Type):
    """An object with known properties; `values` is the type of all others, None if there are no others.

    plain: whether the names of the others consist of letters, digits and `_`; reserved: what they do not begin with, at
    least two characters each. Both are for objects without known properties.
    """

    properties: tuple[tuple[str, Type], ...] = ()
    values: Type | None = None
    plain: bool = False
    reserved: tuple[str, ...] = ()
    __hash__ = Type.__hash__


@dataclass(frozen=True)
class Array(Type):
    """A list; `filtered`: it is the result of `.*`, so `.name` applies to each item."""

    items: Type
    filtered: bool = False
    __hash__ = Type.__hash__


@dataclass(frozen=True)
class Names(Type):
    """An object whose properties are the declared names of a kind; each has the type `member`."""

    kind: str
    member: Type
    __hash__ = Type.__hash__


@dataclass(frozen=True)
class Named(Type):
    """A reference to a named type of the place."""

    name: str
    __hash__ = Type.__hash__


@dataclass(frozen=True)
class AnyOf(Type):
    """Any of several types; only for what is expected."""

    options: tuple[Type, ...]
    __hash__ = Type.__hash__


ANY = Scalar("any")
STRING = Scalar("string")
NUMBER = Scalar("number")
BOOLEAN = Scalar("boolean")
NULL = Scalar("null")
SCALARS = {scalar.name: scalar for scalar in (ANY, STRING, NUMBER, BOOLEAN, NULL)}
# A number or a boolean, by an operator: any type, unless a string joins.
EITHER = Scalar("number or boolean")
# A type that fits only where any type is expected.
UNKNOWN = Scalar("unknown")
SOME_OBJECT = Object()
SOME_ARRAY = Array(UNKNOWN)
# What a text around an expression can hold.
TEXT = AnyOf((STRING, NUMBER, BOOLEAN))

_FITS_ALL = (ANY, EITHER)


def resolved(found: Type, named: Mapping[str, Type]) -> Type:
    """The type that a reference stands for; raises KeyError if there is none of this name."""
    while isinstance(found, Named):
        found = named[found.name]
    return found


def parts_of(found: Type) -> list[Type]:
    """The types that a type consists of, without those that it refers to by name."""
    if isinstance(found, Object):
        return [part for _, part in found.properties] + ([] if found.values is None else [found.values])
    if isinstance(found, Array):
        return [found.items]
    if isinstance(found, Names):
        return [found.member]
    return list(found.options) if isinstance(found, AnyOf) else []


def is_object(found: Type) -> bool:
    """Whether values of the type have properties."""
    return isinstance(found, Object | Names)


def assignable(found: Type, expected: Type) -> bool:
    """Whether a value of the type `found` may be an argument where `expected` is.

    Any type fits a boolean, and a number fits a string.
    """
    if found in _FITS_ALL or expected in (ANY, BOOLEAN):
        return True
    if isinstance(expected, AnyOf):
        return any(assignable(found, option) for option in expected.options)
    if expected == STRING:
        return found in (STRING, NUMBER)
    if isinstance(expected, Array):
        return isinstance(found, Array) and assignable(found.items, expected.items)
    return fits(found, expected)


def fits(found: Type, expected: Type) -> bool:
    """Whether a value of the type `found` may be the whole value where `expected` is: of the same kind, or any.

    Of an object, the properties must be known to fit: they are scalars if texts are expected, and the expected ones at
    most if no others are.
    """
    if found in _FITS_ALL or expected == ANY:
        return True
    if isinstance(expected, AnyOf):
        return any(fits(found, option) for option in expected.options)
    if isinstance(expected, Array):
        return isinstance(found, Array)
    if isinstance(expected, Object) and is_object(found):
        return _has_fitting_properties(found, expected)
    return is_object(found) if is_object(expected) else found == expected


def _has_fitting_properties(found: Type, expected: Object) -> bool:
    """Whether an object has the properties of the expected one at most, or scalars if texts are expected."""
    if expected == SOME_OBJECT or expected.values == ANY:
        return True
    if found == SOME_OBJECT:
        return False
    if expected.values is not None:
        return expected.values != STRING or all(isinstance(part, Scalar) for part in parts_of(found))
    known = {name for name, _ in expected.properties}
    return isinstance(found, Object) and found.values is None and known.issuperset(name for name, _ in found.properties)


def joined(first: Type | None, second: Type) -> Type:
    """The type of a value that is of one type or of the other, in any order of joining; `first` None: of `second`.

    Of objects, nothing is known afterwards.
    """
    second = SOME_OBJECT if is_object(second) else second
    first = SOME_OBJECT if first is not None and is_object(first) else first
    if first is None or first == second:
        return second
    if isinstance(first, Array) and isinstance(second, Array):
        return Array(ANY) if ANY in (first.items, second.items) else SOME_ARRAY
    kinds = (first, second)
    if ANY in kinds or NULL in kinds or not all(isinstance(kind, Scalar) for kind in kinds):
        return ANY
    return STRING if STRING in kinds else EITHER


@lru_cache(maxsize=4096)
def told_type(found: Type | None) -> str:
    """A short text that is the same in every process for types of equal content."""
    return "" if found is None else hashlib.sha256(repr(found).encode()).hexdigest()[:12]
