"""Makes the places of expressions from a rules file: its types, contexts and functions, as far as a place has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from schemalm.rules import structure
from schemalm.rules.expressions import ExpressionPlace, Function, Syntax
from schemalm.rules.expressions.types import (
    BOOLEAN,
    NULL,
    NUMBER,
    SCALARS,
    AnyOf,
    Array,
    Named,
    Names,
    Object,
    Type,
    parts_of,
    resolved,
)
from schemalm.rules.structure import Expressions, NameKind, Place, SimpleType

TYPES_OF_WORDS: Mapping[str, Type] = {
    "true": BOOLEAN,
    "false": BOOLEAN,
    "null": NULL,
    "NaN": NUMBER,
    "Infinity": NUMBER,
}


class ExpressionPlaces:
    """Makes the places of one rules file."""

    def __init__(self, expressions: Expressions, kinds: Mapping[str, NameKind]) -> None:
        self._expressions, self._kinds = expressions, kinds
        syntax = expressions.syntax
        self._syntax = Syntax(
            syntax.binary,
            syntax.unary,
            tuple((word, TYPES_OF_WORDS[word]) for word in syntax.words),
            syntax.ignore_case,
            checked=any(simple != "any" for simple in self._simple_types()),
        )
        self._types = tuple((name, self._type(found)) for name, found in expressions.types.items())
        self._functions = {name: self._function(name, found) for name, found in expressions.functions.items()}

    def place(self, place: Place) -> ExpressionPlace:
        """What expressions may say at a place."""
        contexts = self._expressions.contexts
        opening, closing = self._expressions.delimiters
        return ExpressionPlace(
            place.form,
            tuple((name, self._type(contexts[name])) for name in place.contexts),
            tuple(self._functions[name] for name in place.functions),
            None if place.accepts is None else self._type(place.accepts),
            self._types,
            (opening, closing),
            self._expressions.depth,
            self._syntax,
        )

    def _function(self, name: str, found: structure.Function) -> Function:
        numbered: Literal["exact", "known"] = "exact" if self._syntax.checked else "known"
        return Function(
            name,
            tuple(map(self._type, found.parameters)),
            self._type(found.returns),
            more=None if found.more is None else self._type(found.more),
            at_most=found.at_most,
            odd=found.odd,
            placeholders=numbered if found.placeholders else "",
            json=found.json,
        )

    def _type(self, found: structure.Type) -> Type:
        if isinstance(found, str):
            return SCALARS[found]
        if found.names is not None:
            return Names(found.names, self._type(self._kinds[found.names].members))
        if found.type is not None:
            return Named(found.type)
        if found.any_of is not None:
            return AnyOf(tuple(map(self._type, found.any_of)))
        if found.items is not None:
            return Array(self._type(found.items))
        properties = tuple((name, self._type(inner)) for name, inner in (found.properties or {}).items())
        values = None if found.values is None else self._type(found.values)
        return Object(properties, values, found.plain, found.reserved)

    def _simple_types(self) -> Iterator[SimpleType]:
        """All types without parts that the file uses."""
        expressions = self._expressions
        found = [*expressions.types.values(), *expressions.contexts.values()]
        found += [kind.members for kind in self._kinds.values()]
        found += [place.accepts for place in expressions.places if place.accepts is not None]
        for function in expressions.functions.values():
            found += [*function.parameters, function.returns, "any" if function.more is None else function.more]
        while found:
            one = found.pop()
            if isinstance(one, str):
                yield one
            else:
                inner = (part for part in (one.values, one.items) if part is not None)
                found += [*(one.properties or {}).values(), *inner, *(one.any_of or ())]


def kinds_of(place: ExpressionPlace) -> frozenset[str]:
    """The kinds whose names the expressions of a place can use."""
    found = _reached(place)
    return found[False] | found[True]


def own_kinds(place: ExpressionPlace) -> frozenset[str]:
    """Those of them whose names count where the expression stands, and do not depend on a name before them."""
    found = _reached(place)
    return found[False] - found[True]


def _reached(place: ExpressionPlace) -> dict[bool, frozenset[str]]:
    """The kinds that the contexts of a place lead to, by whether a name comes before theirs."""
    found: dict[bool, set[str]] = {False: set(), True: set()}
    named = dict(place.types)
    pending = [(context, False) for _, context in place.contexts]
    seen = set(pending)
    while pending:
        reference, after_name = pending.pop()
        one = resolved(reference, named)
        if isinstance(one, Names):
            found[after_name].add(one.kind)
        inner = {(part, after_name or isinstance(one, Names)) for part in parts_of(one)} - seen
        pending += inner
        seen |= inner
    return {after_name: frozenset(kinds) for after_name, kinds in found.items()}
