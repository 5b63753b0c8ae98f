"""The assertions of JSON Schema: what the atoms of a shape can say about a value.

An assertion speaks of one kind of value and is true of every value of another kind, except `KindIs`,
`Is` and the references, which speak of all. Parts are plain tuples, so that assertions compare by value.
"""

from __future__ import annotations

import json
import re

from schemalm.grammar.formula import FALSE, TRUE, Atom, Formula, all_of, any_of

KINDS = ("null", "boolean", "number", "string", "array", "object")
KINDS_OF_TYPES = {
    type(None): "null",
    bool: "boolean",
    int: "number",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}


def kind_of(value: object) -> str:
    """The JSON kind of a value: null, boolean, number, string, array or object; the type's name for what is no JSON."""
    return KINDS_OF_TYPES.get(type(value)) or type(value).__name__


class Assertion(Atom):
    """One constraint; `keyword` is the JSON Schema keyword that a message names."""

    __slots__ = ()
    keyword = ""
    kind: str | None = None


class KindIs(Assertion):
    """parts: (sorted tuple of JSON Schema type names,)."""

    __slots__ = ()
    keyword = "type"

    @property
    def kinds(self) -> tuple[str, ...]:
        """The admitted type names; `integer` may stand beside or instead of `number`."""
        return self.parts[0]  # type: ignore[return-value]


class Is(Assertion):
    """parts: (name,): the value is the constant `true`, `false` or `null`."""

    __slots__ = ()
    keyword = "const"


class Reference(Assertion):
    """parts: (location,): the shape of the schema node there."""

    __slots__ = ()
    keyword = "$ref"

    @property
    def location(self) -> str:
        """The resolved place of the schema node."""
        return self.parts[0]  # type: ignore[return-value]


class StringIn(Assertion):
    """parts: (tuple of strings): the string is one of them."""

    __slots__ = ()
    keyword = "enum"
    kind = "string"


class Pattern(Assertion):
    """parts: (ECMA-262 source): the string has a match somewhere."""

    __slots__ = ()
    keyword = "pattern"
    kind = "string"


class MinLength(Assertion):
    """parts: (count,): the string has at least so many code points."""

    __slots__ = ()
    keyword = "minLength"
    kind = "string"


class IsInteger(Assertion):
    """The number has no fractional part."""

    __slots__ = ()
    keyword = "type"
    kind = "number"


class NumberIn(Assertion):
    """parts: (tuple of decimal texts): the number is written as one of them."""

    __slots__ = ()
    keyword = "enum"
    kind = "number"


class Has(Assertion):
    """parts: (name,): the object has this key."""

    __slots__ = ()
    keyword = "required"
    kind = "object"


class Members(Assertion):
    """parts: (named, patterned, rest): which shape the value under each key has.

    named: tuple of (name, Formula); patterned: tuple of (ECMA-262 source, Formula);
    rest: the Formula of keys that neither names nor patterns match.
    """

    __slots__ = ("_named",)
    keyword = "properties"
    kind = "object"

    def __init__(self, *parts: object) -> None:
        super().__init__(*parts)
        self._named: dict[str, Formula] = dict(parts[0])  # type: ignore[call-overload]

    @property
    def names(self) -> tuple[str, ...]:
        """The names that `properties` lists."""
        return tuple(self._named)

    @property
    def patterns(self) -> tuple[str, ...]:
        """The sources that `patternProperties` lists."""
        return tuple(source for source, _ in self.parts[1])  # type: ignore[attr-defined]

    def shape(self, name: str | None, matched: frozenset[str]) -> Formula:
        """The shape of the value under a key, given the patterns that the key matches."""
        shapes = [self._named[name]] if name in self._named else []
        shapes += [shape for source, shape in self.parts[1] if source in matched]  # type: ignore[attr-defined]
        return all_of(shapes) if shapes else self.parts[2]  # type: ignore[return-value]


class Prompt(Assertion):
    """parts: (JSON text,): the value states no less than this partial value; speaks of all kinds.

    What an object or array of the prompt leaves out may be added; numbers and strings stand as they are.
    """

    __slots__ = ()
    keyword = "prompt"

    def of_kind(self, kind: str) -> Formula:
        """What the prompt says of a value of `kind`."""
        value = json.loads(str(self.parts[0]))
        if kind_of(value) != kind:
            return FALSE
        if kind == "object":
            return stated_keys(tuple((name, Prompt(json.dumps(item))) for name, item in value.items()))
        if kind == "array":
            items = Items(tuple(Prompt(json.dumps(item)) for item in value), TRUE)
            return all_of([items, MinItems(len(value))]) if value else TRUE
        if kind == "string":
            return StringIs(value)
        return NumberIn((repr(value),)) if kind == "number" else Is(json.dumps(value))


class StringIs(Assertion):
    """parts: (string,): a prompt's string, written as text even where it is the only one left."""

    __slots__ = ()
    keyword = "prompt"
    kind = "string"


class StatedKeys(Assertion):
    """parts: (entries,): the keys of a prompt that are still to come, as (name, Prompt).

    Keys that the schema names come at their place; the others come first among the free keys, in the prompt's order.
    """

    __slots__ = ()
    keyword = "prompt"
    kind = "object"

    @property
    def entries(self) -> tuple[tuple[str, Formula], ...]:
        """The keys still to come."""
        return self.parts[0]  # type: ignore[return-value]

    @property
    def next_free_key(self) -> str:
        """A pattern that only the first key still to come matches."""
        return exact_pattern(self.entries[0][0])

    def after_key(self, name: str | None, matched: frozenset[str]) -> tuple[Formula, Formula]:
        """The shape under a key, and what remains stated afterwards; a free key has no name but patterns that it matches."""
        if name is None and self.next_free_key not in matched:
            return FALSE, self
        position = 0 if name is None else next((i for i, entry in enumerate(self.entries) if entry[0] == name), None)
        if position is None:
            return TRUE, self
        return self.entries[position][1], stated_keys(self.entries[:position] + self.entries[position + 1 :])


def stated_keys(entries: tuple[tuple[str, Formula], ...]) -> Formula:
    """The assertion that these keys are still to come."""
    return StatedKeys(entries) if entries else TRUE


def exact_pattern(text: str) -> str:
    """An ECMA-262 expression that matches exactly `text`."""
    return "^" + re.sub(r"([\\^$.*+?()\[\]{}|/])", r"\\\1", text) + "$"


class MinProperties(Assertion):
    """parts: (count,): the object still needs so many keys."""

    __slots__ = ()
    keyword = "minProperties"
    kind = "object"


class Items(Assertion):
    """parts: (prefix, rest): shapes of the next items by position, then of all others."""

    __slots__ = ()
    keyword = "items"
    kind = "array"

    @property
    def first(self) -> Formula:
        """The shape of the next item."""
        prefix, rest = self.parts
        return prefix[0] if prefix else rest  # type: ignore[index,return-value]

    @property
    def after(self) -> Items:
        """The assertion about the items after the next one."""
        prefix, rest = self.parts
        return Items(prefix[1:], rest) if prefix else self  # type: ignore[index]


class MinItems(Assertion):
    """parts: (count,): the array still needs so many items."""

    __slots__ = ()
    keyword = "minItems"
    kind = "array"


def equals(value: object) -> Formula:
    """The shape of one constant; JSON Schema counts 1 and 1.0 as equal."""
    if value is None or isinstance(value, bool):
        return Is(json.dumps(value))
    if isinstance(value, str):
        return all_of([KindIs(("string",)), StringIn((value,))])
    if isinstance(value, int | float):
        return all_of([KindIs(("number",)), NumberIn(number_texts(value))])
    if isinstance(value, list):
        items = Items(tuple(equals(item) for item in value), FALSE)
        return all_of([KindIs(("array",)), items, MinItems(len(value))] if value else [KindIs(("array",)), items])
    assert isinstance(value, dict)
    members = Members(tuple((name, equals(item)) for name, item in value.items()), (), FALSE)
    return all_of([KindIs(("object",)), members, *(Has(name) for name in value)])


def one_of_values(values: list[object]) -> Formula:
    """The shape of an `enum`; its strings and numbers are gathered into one assertion each."""
    strings = tuple(dict.fromkeys(value for value in values if isinstance(value, str)))
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    texts = tuple(dict.fromkeys(text for number in numbers for text in number_texts(number)))
    parts = [equals(value) for value in values if value is None or isinstance(value, bool | list | dict)]
    if strings:
        parts.append(all_of([KindIs(("string",)), StringIn(strings)]))
    if texts:
        parts.append(all_of([KindIs(("number",)), NumberIn(texts)]))
    return any_of(parts)


def number_texts(value: int | float) -> tuple[str, ...]:
    """Every decimal text of a number that JSON Schema counts as equal to `value`."""
    texts = []
    if value == int(value):
        texts.append(str(int(value)))
    as_float = float(value)
    if as_float == value:
        texts.append(repr(as_float))
    return tuple(texts)
