"""What the schema and the rules say about a place in a document, as Markdown.

In goes the path of a value; out come its title, its description, the types, constants and defaults that the schema
names, and the names that it declares or refers to.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from schemalm.documents.cut import read_cut
from schemalm.documents.cut.frames import Place, Reading
from schemalm.documents.partial import TextLike
from schemalm.documents.value_paths import Path
from schemalm.editor.open_text import OpenText
from schemalm.grammar.grammar import Grammar
from schemalm.rules.paths import Place as RulesPlace
from schemalm.schema.description import Description, description_at
from schemalm.schema.nodes import Nodes

# The most constants that are listed.
MAX_LISTED = 30


class Describer:
    """Describes the places in the documents of a grammar."""

    def __init__(self, grammar: Grammar) -> None:
        self._nodes = Nodes(grammar.schema, grammar.formats)
        self._rules = grammar.rules

    def description(self, path: Path) -> Description:
        """Return what the schema says about the values at a path."""
        return description_at(self._nodes, path)

    def markdown(self, path: Path) -> str:
        """Return what is known about a place; empty if nothing is."""
        return "\n\n".join([*_of_schema(self.description(path)), *self._of_rules(path)])

    def _of_rules(self, path: Path) -> Iterator[str]:
        places: list[RulesPlace | None] = [self._rules.names.tree.root if self._rules else None]
        for part in path:
            place = places[-1]
            places.append(None if place is None else place.child(part) if isinstance(part, str) else place.item)
        declared, referred = list[str](), list[str]()
        for place, is_key in ((places[-1], False), (places[-2] if path else None, True)):
            if place is not None and place.names is not None:
                names = place.names
                declared += [kind.name for kind in (names.declared_keys if is_key else names.declared_values)]
                referred += [each.kind.name for each in (names.referred_keys if is_key else names.referred_values)]
        if declared:
            yield f"Declares a name: {_listed(declared)}"
        if referred:
            yield f"Refers to a name: {_listed(referred)}"


def path_at(text: OpenText, offset: int, *, merge_keys: bool) -> Path | None:
    """Return the path of the value whose key or text is at an offset; None if there is none.

    What follows the word there may be unfinished or wrong. Raises `DocumentError` if what stands before it is wrong.
    """
    end = text.end_of_word(offset)
    is_key = text.is_before_colon(end)
    cut = read_cut(text.text[:end], is_json=text.is_json, merge_keys=merge_keys)
    readings = [reading for reading in cut.readings if cut.text.endswith(reading.text)]  # not in a comment
    return next((path for reading in readings if (path := _path(reading, is_key=is_key)) is not None), None)


def _path(reading: Reading, *, is_key: bool) -> Path | None:
    if reading.place is Place.BETWEEN or is_key != (reading.place is Place.KEY):
        return None
    if reading.place is not Place.KEY:
        return reading.path
    key = reading.choices[0].partial
    return (*reading.path, key.prefix) if isinstance(key, TextLike) else None


def _of_schema(found: Description) -> Iterator[str]:
    for title in found.titles:
        yield f"**{title}**"
    yield from found.descriptions
    facts = []
    if found.types:
        facts.append(f"- type: {' or '.join(found.types)}")
    if found.constants:
        facts.append(f"- one of: {_listed(found.constants)}" if len(found.constants) > 1 else _constant(found))
    if found.defaults:
        facts.append(f"- default: {_listed(found.defaults)}")
    if facts:
        yield "\n".join(facts)


def _constant(found: Description) -> str:
    return f"- always: {_listed(found.constants)}"


def _listed(values: Sequence[object]) -> str:
    shown = ", ".join(f"`{value if isinstance(value, str) else json.dumps(value)}`" for value in values[:MAX_LISTED])
    return shown if len(values) <= MAX_LISTED else f"{shown} and {len(values) - MAX_LISTED} more"
