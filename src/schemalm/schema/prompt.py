"""The assertions of a prompt: that a value contains what a partial value states."""

from __future__ import annotations

import json

from schemalm.regular.numbers import text_of_number
from schemalm.schema.assertions import Assertion, Is, KeyTest, kind_of
from schemalm.schema.formula import FALSE, TRUE, Formula, all_of, child_has
from schemalm.schema.keywords.arrays import MinItems, items
from schemalm.schema.keywords.numbers import NumberIn
from schemalm.schema.keywords.objects import ObjectAssertion


class Prompt(Assertion):
    """parts: (JSON text,): the value contains this partial value; applies to all kinds.

    Objects and arrays may have more keys and items than the prompt; numbers and strings must be equal.
    """

    __slots__ = ()
    keyword = "prompt"

    def of_kind(self, kind: str) -> Formula:
        """The prompt as a formula for values of `kind`."""
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


class StatedKeys(ObjectAssertion):
    """parts: (entries,): the keys of a prompt that are still missing, as (name, Prompt).

    Keys that the schema names keep their order. The others precede all other free keys, in the prompt's order.
    """

    __slots__ = ()
    keyword = "prompt"
    holds_at_end = False

    @property
    def entries(self) -> tuple[tuple[str, Formula], ...]:
        """The missing keys with their prompts."""
        entries: tuple[tuple[str, Formula], ...] = self.parts[0]
        return entries

    @property
    def needed_keys(self) -> tuple[str, ...]:
        """The names of all missing keys."""
        return tuple(name for name, _ in self.entries)

    def key_formulas(self) -> tuple[Formula, ...]:
        """Whether the key is the first missing one."""
        return (StringIs(self.entries[0][0]),)

    def at_key(self, name: str | None, test: KeyTest) -> Formula:
        """Requires the prompt's value under the key; a free key must be the next missing one."""
        if name is None and not test(self.key_formulas()[0]):
            return FALSE
        position = 0 if name is None else next((i for i, entry in enumerate(self.entries) if entry[0] == name), None)
        if position is None:
            return self
        after = stated_keys(self.entries[:position] + self.entries[position + 1 :])
        return all_of([child_has(self.entries[position][1]), after])


def stated_keys(entries: tuple[tuple[str, Formula], ...]) -> Formula:
    """The assertion that these keys are still missing."""
    return StatedKeys(entries) if entries else TRUE
