"""The assertions about objects and arrays, and how they move on from child to child.

`at_key` and `at_item` say what an assertion becomes once the next child is there: a formula over what it asks of that
child (`asked`) and what it says of those after it. Has, and the counts, are true only of what is still to come.
"""

from __future__ import annotations

import json

from schemalm.regular.numbers import text_of_number, texts_of_equals
from schemalm.schema.assertions import Assertion, Is, KeyJudge, NumberIn, StringIn, kind_of, of_kind
from schemalm.schema.formula import FALSE, TRUE, Formula, all_of, any_of, asked, negate


class ObjectAssertion(Assertion):
    """An assertion about an object's members."""

    __slots__ = ()
    kind = "object"

    def at_key(self, name: str | None, judge: KeyJudge) -> Formula:
        """What remains once a key is there, and what is asked of the value under it; a free key has no name here."""
        raise NotImplementedError

    def key_formulas(self) -> tuple[Formula, ...]:
        """What the assertion has to know about a key, as formulas over string assertions."""
        return ()


class ArrayAssertion(Assertion):
    """An assertion about an array's items."""

    __slots__ = ()
    kind = "array"

    def at_item(self) -> Formula:
        """What remains once the next item is there, and what is asked of that item."""
        raise NotImplementedError


class Has(ObjectAssertion):
    """parts: (name,): this key is still to come."""

    __slots__ = ()
    keyword = "required"
    holds_at_end = False

    @property
    def name(self) -> str:
        """The key."""
        name: str = self.parts[0]
        return name

    @property
    def wanted_names(self) -> tuple[str, ...]:
        """The key."""
        return self.parts

    def at_key(self, name: str | None, judge: KeyJudge) -> Formula:
        """Fulfilled by the key of this name."""
        return TRUE if name == self.name else self


class Members(ObjectAssertion):
    """parts: (named, patterned, rest): which shape the value under each key has.

    named: tuple of (name, Formula); patterned: tuple of (formula about the key, Formula of the value);
    rest: the Formula of the values whose keys neither names nor patterns match.
    """

    __slots__ = ("_named",)
    keyword = "properties"

    def __init__(self, *parts: object) -> None:
        super().__init__(*parts)
        self._named: dict[str, Formula] = dict(self.parts[0])

    @property
    def names(self) -> tuple[str, ...]:
        """The names that `properties` lists."""
        return tuple(self._named)

    def key_formulas(self) -> tuple[Formula, ...]:
        """The patterns."""
        return tuple(key for key, _ in self.parts[1])

    def shape(self, name: str | None, judge: KeyJudge) -> Formula:
        """The shape of the value under a key."""
        shapes = [self._named[name]] if name in self._named else []
        shapes += [shape for key, shape in self.parts[1] if judge(key)]
        rest: Formula = self.parts[2]
        return all_of(shapes) if shapes else rest

    def at_key(self, name: str | None, judge: KeyJudge) -> Formula:
        """Asks for the shape under the key."""
        return all_of([asked(self.shape(name, judge)), self])


class PropertyNames(ObjectAssertion):
    """parts: (formula over string assertions,): every key satisfies it."""

    __slots__ = ()
    keyword = "propertyNames"

    def key_formulas(self) -> tuple[Formula, ...]:
        """The one formula."""
        return self.parts

    def at_key(self, name: str | None, judge: KeyJudge) -> Formula:
        """Broken by a key that does not satisfy the formula."""
        return self if judge(self.parts[0]) else FALSE


class MinProperties(ObjectAssertion):
    """parts: (count,): the object still needs so many keys."""

    __slots__ = ()
    keyword = "minProperties"
    holds_at_end = False

    def at_key(self, name: str | None, judge: KeyJudge) -> Formula:
        """One key fewer."""
        return MinProperties(self.parts[0] - 1) if self.parts[0] > 1 else TRUE


class MaxProperties(ObjectAssertion):
    """parts: (count,): the object has room for so many more keys."""

    __slots__ = ()
    keyword = "maxProperties"

    def at_key(self, name: str | None, judge: KeyJudge) -> Formula:
        """One key fewer."""
        return MaxProperties(self.parts[0] - 1) if self.parts[0] > 0 else FALSE


class Items(ArrayAssertion):
    """parts: (prefix, rest): shapes of the next items by position, then of all others."""

    __slots__ = ()
    keyword = "items"

    @property
    def first(self) -> Formula:
        """The shape of the next item."""
        shape: Formula = self.parts[0][0] if self.parts[0] else self.parts[1]
        return shape

    @property
    def after(self) -> Formula:
        """The assertion about the items after the next one."""
        prefix, rest = self.parts
        return items(prefix[1:], rest)

    def at_item(self) -> Formula:
        """Asks for the shape of the next item."""
        return all_of([asked(self.first), self.after])


class MinItems(ArrayAssertion):
    """parts: (count,): the array still needs so many items."""

    __slots__ = ()
    keyword = "minItems"
    holds_at_end = False

    def at_item(self) -> Formula:
        """One item fewer."""
        return MinItems(self.parts[0] - 1) if self.parts[0] > 1 else TRUE


class MaxItems(ArrayAssertion):
    """parts: (count,): the array has room for so many more items."""

    __slots__ = ()
    keyword = "maxItems"

    def at_item(self) -> Formula:
        """One item fewer."""
        return MaxItems(self.parts[0] - 1) if self.parts[0] > 0 else FALSE


class Contains(ArrayAssertion):
    """parts: (shape, minimum, maximum or None): how many of the items still to come have the shape."""

    __slots__ = ()
    keyword = "contains"

    @property
    def holds_at_end(self) -> bool:  # type: ignore[override]
        """Whether enough items had the shape."""
        return bool(self.parts[1] == 0)

    def at_item(self) -> Formula:
        """Asks whether the next item has the shape, and counts."""
        shape, minimum, maximum = self.parts
        fewer = contains(shape, minimum - 1, None if maximum is None else maximum - 1)
        return any_of([all_of([asked(shape), fewer]), all_of([negate(asked(shape)), self])])


class Unique(ArrayAssertion):
    """parts: (how many items there are, counted up to 2): no item repeats an earlier one.

    Whether one does is told from outside: no finite state knows.
    """

    __slots__ = ()
    keyword = "uniqueItems"

    @property
    def has_no_item(self) -> bool:
        """Whether the array has no item yet."""
        return bool(self.parts[0] == 0)

    @property
    def may_be_broken(self) -> bool:
        """Whether the newest item can repeat an earlier one."""
        return bool(self.parts[0] > 1)

    def at_item(self) -> Formula:
        """Stays, unless the item is told to be a repetition."""
        return Unique(min(self.parts[0] + 1, 2))


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
            stated = items(tuple(Prompt(json.dumps(item)) for item in value), TRUE)
            return all_of([stated, MinItems(len(value))]) if value else TRUE
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


class StatedKeys(ObjectAssertion):
    """parts: (entries,): the keys of a prompt that are still to come, as (name, Prompt).

    Keys that the schema names come at their place; the others come first among the free keys, in the prompt's order.
    """

    __slots__ = ()
    keyword = "prompt"
    holds_at_end = False

    @property
    def entries(self) -> tuple[tuple[str, Formula], ...]:
        """The keys still to come."""
        entries: tuple[tuple[str, Formula], ...] = self.parts[0]
        return entries

    @property
    def wanted_names(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(name for name, _ in self.entries)

    def key_formulas(self) -> tuple[Formula, ...]:
        """Whether it is the first key still to come."""
        return (StringIs(self.entries[0][0]),)

    def at_key(self, name: str | None, judge: KeyJudge) -> Formula:
        """Asks for what is stated under the key; a free key has to be the next one stated."""
        if name is None and not judge(self.key_formulas()[0]):
            return FALSE
        position = 0 if name is None else next((i for i, entry in enumerate(self.entries) if entry[0] == name), None)
        if position is None:
            return self
        after = stated_keys(self.entries[:position] + self.entries[position + 1 :])
        return all_of([asked(self.entries[position][1]), after])


def stated_keys(entries: tuple[tuple[str, Formula], ...]) -> Formula:
    """The assertion that these keys are still to come."""
    return StatedKeys(entries) if entries else TRUE


def items(prefix: tuple[Formula, ...], rest: Formula) -> Formula:
    """The assertion that items have these shapes by position, then the shape `rest`."""
    while prefix and prefix[-1] == rest:
        prefix = prefix[:-1]
    return Items(prefix, rest) if prefix or rest != TRUE else TRUE


def contains(shape: Formula, minimum: int, maximum: int | None) -> Formula:
    """The assertion that between `minimum` and `maximum` of the items still to come have a shape."""
    if maximum is not None and maximum < max(minimum, 0):
        return FALSE
    if minimum <= 0 and maximum is None:
        return TRUE
    return Contains(shape, max(minimum, 0), maximum)


def equals(value: object) -> Formula:
    """The shape of one constant; JSON Schema counts 1 and 1.0 as equal."""
    if value is None or isinstance(value, bool):
        return Is(json.dumps(value))
    if isinstance(value, str):
        return all_of([of_kind("string"), StringIn((value,))])
    if isinstance(value, int | float):
        return all_of([of_kind("number"), NumberIn(texts_of_equals(value))])
    if isinstance(value, list):
        listed = Items(tuple(equals(item) for item in value), FALSE)
        return all_of([of_kind("array"), listed, MinItems(len(value)) if value else TRUE])
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
