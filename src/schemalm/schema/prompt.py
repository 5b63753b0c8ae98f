"""The assertions of a prompt: that a value is what a partial value states (`documents/partial.py`).

`formula_of` makes the formula of a whole prompt. Choices become "or", so branches run side by side as everywhere else:
where an item after `...` may be the next stated one or one before it, both are followed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Literal

from schemalm.documents.partial import (
    Anything,
    Exactly,
    More,
    NumberLike,
    OneOf,
    Partial,
    PartialArray,
    PartialObject,
    TextLike,
)
from schemalm.regular.numbers import text_of_number
from schemalm.schema.assertions import Assertion, Is, KeyTest, kind_of
from schemalm.schema.formula import FALSE, TRUE, Formula, all_of, any_of, child_has, negate
from schemalm.schema.keywords.arrays import ArrayAssertion
from schemalm.schema.keywords.numbers import NumberIn
from schemalm.schema.keywords.objects import ObjectAssertion

# The keys of an object that a prompt does not state.
Others = Literal["none", "any", "last"]


class Prompt(Assertion):
    """parts: (kind, formula, is_exact): the value is of this kind and satisfies the formula; applies to all kinds.

    is_exact: whether one value alone does.
    """

    __slots__ = ()
    keyword = "prompt"

    @property
    def is_exact(self) -> bool:
        """Whether one value alone satisfies it."""
        return bool(self.parts[2])

    def of_kind(self, kind: str) -> Formula:
        """The formula for values of the stated kind."""
        formula: Formula = self.parts[1]
        return formula if kind == self.parts[0] else FALSE

    def unrestricted(self) -> Formula:
        """No demand."""
        return TRUE


class StringIs(Assertion):
    """parts: (string,): a prompt's string; it is written as text even if no other is possible."""

    __slots__ = ()
    keyword = "prompt"
    kind = "string"

    @property
    def text(self) -> str:
        """The string."""
        text: str = self.parts[0]
        return text


class StringLike(Assertion):
    """parts: (prefix, rest, excluded): a string that begins with a prefix, as in `TextLike`."""

    __slots__ = ()
    keyword = "prompt"
    kind = "string"

    @property
    def prefix(self) -> str:
        """The beginning of the string."""
        prefix: str = self.parts[0]
        return prefix

    @property
    def rest(self) -> str:
        """A pattern that the whole text after the prefix matches."""
        return _whole(self.parts[1])

    @property
    def excluded(self) -> str | None:
        """A pattern that the whole string does not match; None excludes nothing."""
        return None if self.parts[2] is None else _whole(self.parts[2])


class NumberBegins(Assertion):
    """parts: (prefix,): the text of the number begins with a prefix."""

    __slots__ = ()
    keyword = "prompt"
    kind = "number"


class StatedKeys(ObjectAssertion):
    """parts: (entries, others): the stated keys that are missing, as (name, formula), and which others may come.

    others: none, any, or only "last": named ones after all that are stated. Keys that the schema names keep their
    order. The stated ones among the rest precede all other free keys, in the prompt's order.
    """

    __slots__ = ()
    keyword = "prompt"

    @property
    def entries(self) -> tuple[tuple[str, Formula], ...]:
        """The missing keys with what is stated of their values."""
        entries: tuple[tuple[str, Formula], ...] = self.parts[0]
        return entries

    @property
    def num_needed(self) -> int:
        """The number of missing keys."""
        return len(self.entries)

    @property
    def others(self) -> Others:
        """Which keys may come that are not stated."""
        others: Others = self.parts[1]
        return others

    @property
    def holds_at_end(self) -> bool:  # type: ignore[override]
        """Whether no key is missing."""
        return not self.entries

    @property
    def needed_keys(self) -> tuple[str, ...]:
        """The names of all missing keys."""
        return tuple(name for name, _ in self.entries)

    def key_formulas(self) -> tuple[Formula, ...]:
        """Whether the key is the first missing one."""
        return (StringIs(self.entries[0][0]),) if self.entries else ()

    def at_key(self, name: str | None, test: KeyTest) -> Formula:
        """Requires what is stated under the key; a free key must be the next missing one."""
        if name is None and (not self.entries or not test(self.key_formulas()[0])):
            return FALSE
        position = 0 if name is None else next((i for i, entry in enumerate(self.entries) if entry[0] == name), None)
        if position is None:
            return self if self.others == "any" or (self.others == "last" and not self.entries) else FALSE
        after = stated_keys(self.entries[:position] + self.entries[position + 1 :], self.others)
        return all_of([child_has(self.entries[position][1]), after])


class HasKeyLike(ObjectAssertion):
    """parts: (formula,): the object needs one more key that satisfies a formula over strings."""

    __slots__ = ()
    keyword = "prompt"
    holds_at_end = False

    def key_formulas(self) -> tuple[Formula, ...]:
        """The formula."""
        return self.parts

    def at_key(self, name: str | None, test: KeyTest) -> Formula:
        """Nothing more is needed after such a key."""
        return TRUE if test(self.parts[0]) else self


class StatedItems(ArrayAssertion):
    """parts: (items,): what is stated of the remaining items, in order; None stands for any number of items."""

    __slots__ = ()
    keyword = "prompt"

    @property
    def num_needed(self) -> int:
        """The number of stated items that are still missing."""
        return sum(item is not None for item in self.parts[0])

    @property
    def holds_at_end(self) -> bool:  # type: ignore[override]
        """Whether no stated item is missing."""
        return not self.num_needed

    def at_item(self) -> Formula:
        """The next item is the next stated one; or, if others may come before that, one of these."""
        items: tuple[Formula | None, ...] = self.parts[0]
        if not items:
            return FALSE
        if items[0] is None:
            return any_of([self, stated_items(items[1:]).at_item()]) if len(items) > 1 else self
        return all_of([child_has(items[0]), stated_items(items[1:])])


def stated_keys(entries: tuple[tuple[str, Formula], ...], others: Others = "any") -> Formula:
    """The assertion that these keys are still missing."""
    return StatedKeys(entries, others) if entries or others == "none" else TRUE


def stated_items(items: tuple[Formula | None, ...]) -> StatedItems:
    """The assertion about the remaining items; None after None adds nothing."""
    return StatedItems(tuple(item for at, item in enumerate(items) if item is not None or not at or items[at - 1]))


def formula_of(partial: Partial) -> Formula:
    """The formula of the values that a partial value states."""
    match partial:
        case Anything():
            formula: Formula = TRUE
        case OneOf():
            formula = any_of([formula_of(choice) for choice in partial.choices])
        case PartialObject():
            formula = _object_prompt(partial)
        case PartialArray():
            items = tuple(None if isinstance(item, More) else formula_of(item) for item in partial.items)
            formula = Prompt("array", stated_items(items), _are_exact(items))
        case TextLike():
            formula = Prompt("string", _string_like(partial), False)
        case NumberLike():
            formula = Prompt("number", NumberBegins(partial.prefix), False)
        case Exactly():
            formula = Prompt(kind_of(partial.value), _scalar_formula(partial), True)
    return formula


def _object_prompt(partial: PartialObject) -> Prompt:
    entries = tuple((name, formula_of(child)) for name, child in partial.entries)
    others: Others = "none" if not partial.is_open else "last" if partial.others_last else "any"
    stated = stated_keys(entries, others)
    if partial.next_key is None:
        return Prompt("object", stated, not partial.is_open and _are_exact([held for _, held in entries]))
    not_stated = [negate(StringIs(name)) for name, _ in entries if name.startswith(partial.next_key.prefix)]
    has_key = HasKeyLike(all_of([_string_like(partial.next_key), *not_stated]))
    return Prompt("object", all_of([stated, has_key]), False)


def _are_exact(formulas: Iterable[Formula | None]) -> bool:
    return all(isinstance(formula, Prompt) and formula.is_exact for formula in formulas)


def _string_like(partial: TextLike) -> StringLike:
    return StringLike(partial.prefix, partial.rest, partial.excluded)


def _scalar_formula(partial: Exactly) -> Formula:
    value = partial.value
    if isinstance(value, str):
        return StringIs(value)
    if value is None or isinstance(value, bool):
        return Is(json.dumps(value))
    return NumberIn((text_of_number(value),))


def _whole(pattern: str) -> str:
    return f"^(?:{pattern})$"
