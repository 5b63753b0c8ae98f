"""The keywords about values of every kind: `type`, `enum`, `const`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from schemalm.regular.numbers import equal_number_texts
from schemalm.schema.assertions import Is, KindIs, of_kind
from schemalm.schema.dialects import DRAFT6
from schemalm.schema.formula import FALSE, TRUE, Formula, all_of, any_of
from schemalm.schema.keywords.arrays import Items, MinItems
from schemalm.schema.keywords.numbers import NumberIn
from schemalm.schema.keywords.objects import Has, Members
from schemalm.schema.keywords.strings import MAX_CONSTANTS, StringIn
from schemalm.schema.nodes import Node
from schemalm.schema.translator import Keyword, Mention, Translator


def _type(translator: Translator, node: Node) -> Formula:
    names = [node["type"]] if isinstance(node["type"], str) else node["type"]
    return KindIs(tuple(sorted(names)), node.draft >= DRAFT6)


def _enum(translator: Translator, node: Node) -> Formula:
    """The shape of a list of constants; too many strings for symbols are written as texts."""
    values = node["enum"]
    num_strings = len({value for value in values if isinstance(value, str)})
    has_symbols = num_strings <= MAX_CONSTANTS
    listed = (value for value in values if has_symbols or not isinstance(value, str))
    translator.mention(node, "enum", _mentions(listed))
    return one_of_values(values)


def _const(translator: Translator, node: Node) -> Formula:
    translator.mention(node, "const", _mentions([node["const"]]))
    return equals(node["const"])


def _mentions(values: Iterable[Any]) -> Iterator[Mention]:
    """Yield the strings and the names of keys inside constants."""
    pending = list(values)
    for value in pending:
        if isinstance(value, str):
            yield "constant", value
        elif isinstance(value, dict):
            yield from (("key", name) for name in value)
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)


def equals(value: object) -> Formula:
    """The shape of one constant; in JSON Schema, 1 and 1.0 are equal."""
    if value is None or isinstance(value, bool):
        return Is(json.dumps(value))
    if isinstance(value, str):
        return all_of([of_kind("string"), StringIn((value,))])
    if isinstance(value, int | float):
        return all_of([of_kind("number"), NumberIn(equal_number_texts(value))])
    if isinstance(value, list):
        listed = Items(tuple(equals(item) for item in value), FALSE)
        return all_of([of_kind("array"), listed, MinItems(len(value)) if value else TRUE])
    assert isinstance(value, dict)
    members = Members(tuple((name, equals(item)) for name, item in value.items()), (), FALSE)
    return all_of([of_kind("object"), members, *(Has(name) for name in value)])


def one_of_values(values: list[object]) -> Formula:
    """The shape of an `enum`; its strings and its numbers are collected into one assertion each."""
    strings = tuple(dict.fromkeys(value for value in values if isinstance(value, str)))
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    texts = tuple(dict.fromkeys(text for number in numbers for text in equal_number_texts(number)))
    parts = [equals(value) for value in values if value is None or isinstance(value, bool | list | dict)]
    if strings:
        parts.append(all_of([of_kind("string"), StringIn(strings)]))
    if texts:
        parts.append(all_of([of_kind("number"), NumberIn(texts)]))
    return any_of(parts)


KEYWORDS: dict[str, Keyword] = {"type": _type, "enum": _enum, "const": _const}
