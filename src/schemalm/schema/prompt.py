"""What a prompt asserts: that a value states no less than a partial value does."""

from __future__ import annotations

import json

from schemalm.regular.numbers import text_of_number
from schemalm.schema.assertions import Assertion, Is, KeyJudge, kind_of
from schemalm.schema.formula import FALSE, TRUE, Formula, all_of, asked
from schemalm.schema.keywords.arrays import MinItems, items
from schemalm.schema.keywords.numbers import NumberIn
from schemalm.schema.keywords.objects import ObjectAssertion


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

    Keys that the schema names come in their turn; the others come first among the free keys, in the prompt's order.
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
