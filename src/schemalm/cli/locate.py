"""Where in a text a JSON pointer leads, for messages about values that break a schema.

In go a document's text, which was read before, and a pointer into its value; out come line and column, both from 1.
`ruamel.yaml` composes the text once more, slowly: for errors only. JSON is located as the YAML that it nearly is; where
the two differ there is no place, never a wrong one. What the merge key `<<` brought in is found where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from schemalm.documents.pointer import parts_of
from schemalm.documents.separators import StandIns
from schemalm.documents.yaml_scanner import ExactYAML

MAX_SHOWN_COLUMNS = 120
_LINE_BREAK = re.compile(r"\r\n?|\n")
# These keywords are about the key at the pointer, not about the value under it.
_ABOUT_KEYS = frozenset({"additionalProperties", "patternProperties", "propertyNames", "unevaluatedProperties", "not"})


@dataclass(frozen=True)
class Place:
    """A place in a text; both numbers count from 1."""

    line: int
    column: int


def locate(text: str, pointer: str, keyword: str = "") -> Place | None:
    """The place that `pointer` leads to: a scalar itself, a list or mapping by the key that holds it.

    `keyword` is the broken one: some are about a key. None where the text or the pointer cannot be followed.
    """
    text = text.removeprefix("\ufeff")
    try:
        stand_ins = StandIns.of(text)
        node = ExactYAML().compose(stand_ins.hide(text))
    except Exception:  # a place is a courtesy: whatever the parser trips over, the message stands without it
        return None
    key: Any = None
    for part in parts_of(pointer):
        step = _step(node, part, stand_ins)
        if step is None:
            return None
        key, node = step
    is_named_by_key = key is not None and (keyword in _ABOUT_KEYS or not isinstance(node, ScalarNode))
    mark = (key if is_named_by_key else node).start_mark
    return Place(mark.line + 1, mark.column + 1)


def _step(node: Any, part: str, stand_ins: StandIns) -> tuple[Any, Any] | None:
    """The node of the key and the node of the value that `part` leads to; items have no key."""
    if isinstance(node, MappingNode):
        return next(((key, value) for key, value in _entries(node) if stand_ins.show(key.value) == part), None)
    if isinstance(node, SequenceNode) and part.isdecimal() and int(part) < len(node.value):
        return None, node.value[int(part)]
    return None


def _entries(node: Any) -> Iterator[tuple[Any, Any]]:
    """The keys and values of a mapping, those that it takes from others last."""
    merged: list[Any] = []
    for key, value in node.value:
        if key.value == "<<" and not key.style:
            merged = value.value if isinstance(value, SequenceNode) else [value]
        else:
            yield key, value
    for mapping in merged:
        yield from _entries(mapping)


def excerpt(text: str, place: Place) -> str:
    """The line at `place` with a caret under the column; nothing where the line is missing or empty.

    Columns do not count a byte order mark, so it is not shown.
    """
    line = next(iter(_LINE_BREAK.split(text)[place.line - 1 : place.line]), "").removeprefix("\ufeff")
    line = "".join(character if character.isprintable() else " " for character in line).rstrip()
    if not line:
        return ""
    first = max(0, place.column - MAX_SHOWN_COLUMNS // 2) if len(line) > MAX_SHOWN_COLUMNS else 0
    shown = line[first : first + MAX_SHOWN_COLUMNS]
    gutter = f"{place.line:>5} | "
    return f"{gutter}{shown}\n{' ' * (len(gutter) - 2)}| {' ' * (place.column - 1 - first)}^"
