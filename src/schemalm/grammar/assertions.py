"""The assertions of JSON Schema: what the atoms of a shape can say about a value.

An assertion speaks of one kind of value and is true of every value of another kind, except `KindIs`,
`Is` and the references, which speak of all. Parts are plain tuples, so that assertions compare by value.
"""

from __future__ import annotations

import json
import re

from schemalm.grammar.formula import FALSE, TRUE, Atom, Formula, all_of, any_of
from schemalm.grammar.numbers import text_of_number, texts_of_equals

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
    """parts: (sorted tuple of JSON Schema type names, whether 1.0 is an integer).

    `integer` may stand beside or instead of `number`.
    """

    __slots__ = ()
    keyword = "type"

    @property
    def kinds(self) -> tuple[str, ...]:
        """The admitted type names."""
        kinds: tuple[str, ...] = self.parts[0]
        return kinds

    @property
    def integer(self) -> IsInteger:
        """What the type name `integer` says of a number."""
        return IsInteger(self.parts[1])


class Is(Assertion):
    """parts: (name,): the value is the constant `true`, `false` or `null`."""

    __slots__ = ()
    keyword = "const"

    @property
    def name(self) -> str:
        """The constant as JSON text."""
        name: str = self.parts[0]
        return name


class Reference(Assertion):
    """parts: (location,): the shape of the schema node there."""

    __slots__ = ()
    keyword = "$ref"

    @property
    def location(self) -> str:
        """The resolved place of the schema node."""
        location: str = self.parts[0]
        return location


class StringIn(Assertion):
    """parts: (tuple of strings,): the string is one of them."""

    __slots__ = ()
    keyword = "enum"
    kind = "string"

    @property
    def texts(self) -> tuple[str, ...]:
        """The strings."""
        texts: tuple[str, ...] = self.parts[0]
        return texts


class Pattern(Assertion):
    """parts: (ECMA-262 source,): the string has a match somewhere."""

    __slots__ = ()
    keyword = "pattern"
    kind = "string"

    @property
    def source(self) -> str:
        """The expression."""
        source: str = self.parts[0]
        return source


class MinLength(Assertion):
    """parts: (count,): the string has at least so many code points."""

    __slots__ = ()
    keyword = "minLength"
    kind = "string"

    @property
    def count(self) -> int:
        """Code points."""
        count: int = self.parts[0]
        return count


class IsInteger(Assertion):
    """parts: (whether 1.0 counts,): the number has no fractional part."""

    __slots__ = ()
    keyword = "type"
    kind = "number"

    @property
    def fractions(self) -> bool:
        """Whether 1.0 counts, as it does since draft 6."""
        fractions: bool = self.parts[0]
        return fractions


class NumberIn(Assertion):
    """parts: (tuple of decimal texts,): the number is written as one of them."""

    __slots__ = ()
    keyword = "enum"
    kind = "number"

    @property
    def texts(self) -> tuple[str, ...]:
        """The decimal texts."""
        texts: tuple[str, ...] = self.parts[0]
        return texts


class Has(Assertion):
    """parts: (name,): the object has this key."""

    __slots__ = ()
    keyword = "required"
    kind = "object"

    @property
    def name(self) -> str:
        """The key."""
        name: str = self.parts[0]
        return name


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
        self._named: dict[str, Formula] = dict(self.parts[0])

    @property
    def names(self) -> tuple[str, ...]:
        """The names that `properties` lists."""
        return tuple(self._named)

    @property
    def patterns(self) -> tuple[str, ...]:
        """The sources that `patternProperties` lists."""
        return tuple(source for source, _ in self.parts[1])

    def shape(self, name: str | None, matched: frozenset[str]) -> Formula:
        """The shape of the value under a key, given the patterns that the key matches."""
        shapes = [self._named[name]] if name in self._named else []
        shapes += [shape for source, shape in self.parts[1] if source in matched]
        rest: Formula = self.parts[2]
        return all_of(shapes) if shapes else rest


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
        return NumberIn((text_of_number(value),)) if kind == "number" else Is(json.dumps(value))


class StringIs(Assertion):
    """parts: (string,): a prompt's string, written as text even where it is the only one left."""

    __slots__ = ()
    keyword = "prompt"
    kind = "string"

    @property
    def text(self) -> str:
        """The string."""
        text: str = self.parts[0]
        return text


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
        entries: tuple[tuple[str, Formula], ...] = self.parts[0]
        return entries

    @property
    def next_free_key(self) -> str:
        """A pattern that only the first key still to come matches."""
        return exact_pattern(self.entries[0][0])

    def after_key(self, name: str | None, matched: frozenset[str]) -> tuple[Formula, Formula]:
        """The shape under a key, and what remains stated afterwards; a free key has no name but `matched` patterns."""
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

    @property
    def count(self) -> int:
        """Keys."""
        count: int = self.parts[0]
        return count


class Items(Assertion):
    """parts: (prefix, rest): shapes of the next items by position, then of all others."""

    __slots__ = ()
    keyword = "items"
    kind = "array"

    @property
    def first(self) -> Formula:
        """The shape of the next item."""
        shape: Formula = self.parts[0][0] if self.parts[0] else self.parts[1]
        return shape

    @property
    def after(self) -> Items:
        """The assertion about the items after the next one."""
        prefix, rest = self.parts
        return Items(prefix[1:], rest) if prefix else self


class MinItems(Assertion):
    """parts: (count,): the array still needs so many items."""

    __slots__ = ()
    keyword = "minItems"
    kind = "array"

    @property
    def count(self) -> int:
        """Items."""
        count: int = self.parts[0]
        return count


def of_kind(kind: str) -> KindIs:
    """The assertion that a value is of one kind."""
    return KindIs((kind,), True)


def equals(value: object) -> Formula:
    """The shape of one constant; JSON Schema counts 1 and 1.0 as equal."""
    if value is None or isinstance(value, bool):
        return Is(json.dumps(value))
    if isinstance(value, str):
        return all_of([of_kind("string"), StringIn((value,))])
    if isinstance(value, int | float):
        return all_of([of_kind("number"), NumberIn(texts_of_equals(value))])
    if isinstance(value, list):
        items = Items(tuple(equals(item) for item in value), FALSE)
        return all_of([of_kind("array"), items, MinItems(len(value)) if value else TRUE])
    assert isinstance(value, dict)
    members = Members(tuple((name, equals(item)) for name, item in value.items()), (), FALSE)
    return all_of([of_kind("object"), members, *(Has(name) for name in value)])


def one_of_values(values: list[object]) -> Formula:
    """The shape of an `enum`; its strings and numbers are gathered into one assertion each."""
    strings = tuple(dict.fromkeys(value for value in values if isinstance(value, str)))
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    texts = tuple(dict.fromkeys(text for number in numbers for text in texts_of_equals(number)))
    parts = [equals(value) for value in values if value is None or isinstance(value, bool | list | dict)]
    if strings:
        parts.append(all_of([of_kind("string"), StringIn(strings)]))
    if texts:
        parts.append(all_of([of_kind("number"), NumberIn(texts)]))
    return any_of(parts)
