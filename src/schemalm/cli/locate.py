"""Where in a text a JSON pointer leads, for messages about values that break a schema.

In go a document's text, which was read before, and a pointer into its value; out come line and column, both from 1.
`ruamel.yaml` composes the text once more, slowly: for errors only. JSON is located as the YAML that it nearly is; where
the two differ (tabs for indentation) there is no place, never a wrong one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from schemalm.documents.pointer import parts_of

MAX_SHOWN_COLUMNS = 120
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
    try:
        node = YAML(typ="safe", pure=True).compose(text.removeprefix("\ufeff"))
    except Exception:  # a place is a courtesy: whatever the parser trips over, the message stands without it
        return None
    key: Any = None
    for part in parts_of(pointer):
        step = _step(node, part)
        if step is None:
            return None
        key, node = step
    is_named_by_key = key is not None and (keyword in _ABOUT_KEYS or not isinstance(node, ScalarNode))
    mark = (key if is_named_by_key else node).start_mark
    return Place(mark.line + 1, mark.column + 1)


def _step(node: Any, part: str) -> tuple[Any, Any] | None:
    """The node of the key and the node of the value that `part` leads to; items have no key."""
    if isinstance(node, MappingNode):
        return next(((key, value) for key, value in node.value if key.value == part), None)
    if isinstance(node, SequenceNode) and part.isdecimal() and int(part) < len(node.value):
        return None, node.value[int(part)]
    return None


def excerpt(text: str, place: Place) -> str:
    """The line at `place` with a caret under the column; nothing where the line is missing or empty."""
    line = next(iter(text.split("\n")[place.line - 1 : place.line]), "")
    line = "".join(character if character.isprintable() else " " for character in line).rstrip()
    if not line:
        return ""
    first = max(0, place.column - MAX_SHOWN_COLUMNS // 2) if len(line) > MAX_SHOWN_COLUMNS else 0
    shown = line[first : first + MAX_SHOWN_COLUMNS]
    gutter = f"{place.line:>5} | "
    return f"{gutter}{shown}\n{' ' * (len(gutter) - 2)}| {' ' * (place.column - 1 - first)}^"
