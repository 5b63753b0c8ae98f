"""Amendments: the changes of a schema that rules make, each at a JSON pointer.

    add       new members of an object, or new items of an array
    replace   another value in place of one that exists
    merge     an object over one that exists (RFC 7396): members are replaced, null removes them
    remove    a member or an item

They apply in the order of the file. A change that does not fit the schema is an error, since the schema may have
changed since the rules were written.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, NoReturn

from schemalm.documents.values import json_equal
from schemalm.errors import RulesError
from schemalm.json_pointer import parts_of, pointer_to
from schemalm.messages.suggestions import close_names, did_you_mean
from schemalm.messages.visible import visible_name
from schemalm.messages.wording import counted
from schemalm.rules.structure import Amendment
from schemalm.schema.references import INDEX
from schemalm.schema.sources import Schema

_ADVICE = "if the schema has changed, correct this change or delete it"
# Keys of an object that a message names.
MAX_KEYS_NAMED = 12


def amended(schema: Schema, amendments: Mapping[str, Amendment]) -> Schema:
    """The schema with all changes, as a new tree.

    Raises RulesError, whose pointer is that of the change, if one does not fit the schema.
    """
    holder: dict[str, Any] = {"schema": copy.deepcopy(schema)}
    for name, amendment in amendments.items():
        _Change(name, amendment).apply(holder)
    found: Schema = holder["schema"]
    return found


class _Change:
    """One change of the tree at `schema` in a holder, so that the whole schema can be replaced like a part."""

    def __init__(self, name: str, amendment: Amendment) -> None:
        self._name = name
        self._amendment = amendment
        self._path = ["schema", *parts_of(amendment.pointer)]

    def apply(self, holder: dict[str, Any]) -> None:
        """Changes the tree; raises RulesError if the change does not fit."""
        parent = self._at(holder, self._path[:-1])
        key = self._key(parent, len(self._path) - 1)
        value = copy.deepcopy(self._amendment.value)
        match self._amendment.operation:
            case "remove":
                del parent[key]
            case "replace":
                parent[key] = value
            case "merge":
                parent[key] = self._merged(parent[key], value)
            case "add":
                self._add(parent[key], value)

    def _at(self, node: Any, path: list[str]) -> Any:
        for depth in range(len(path)):
            node = node[self._key(node, depth)]
        return node

    def _key(self, node: Any, depth: int) -> Any:
        """The key or index of the part of the path at a depth; raises RulesError if the schema has no such part."""
        part = self._path[depth]
        if isinstance(node, list) and INDEX.fullmatch(part) and int(part) < len(node):
            return int(part)
        if not isinstance(node, dict) or part not in node:
            here = visible_name(pointer_to(self._path[1:depth])) or "the schema"
            self._fail(f"the schema has no {visible_name(self._amendment.pointer)}: {_absent(node, here, part)}")
        return part

    def _merged(self, target: Any, patch: Any) -> Any:
        for shown, value in ((self._shown, target), ("the value", patch)):
            if not isinstance(value, dict):
                self._fail(f"merge needs two objects; {shown} is {_kind(value)}")
        return _patched(target, patch)

    def _add(self, target: Any, value: Any) -> None:
        if isinstance(target, dict) and isinstance(value, dict):
            for key in value:
                if key in target:
                    self._fail(f"{self._shown} already has {visible_name(key)!r}")
            target.update(value)
        elif isinstance(target, list) and isinstance(value, list):
            for item in value:
                if any(json_equal(item, other) for other in target):
                    self._fail(f"{self._shown} already has the item {visible_name(repr(item))}")
                target.append(item)
        else:
            self._fail(
                f"add needs an object for an object, or a list for a list; {self._shown} is {_kind(target)}, "
                f"and the value is {_kind(value)}"
            )

    @property
    def _shown(self) -> str:
        return visible_name(self._amendment.pointer) or "the schema"

    def _fail(self, problem: str) -> NoReturn:
        message = f"this change does not fit the schema: {problem}; {_ADVICE}"
        raise RulesError(message, pointer=pointer_to(["amend", self._name]))


def _patched(target: Any, patch: Any) -> Any:
    """A value with a patch merged into it, by section 2 of RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    found = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = _patched(found.get(key), value)
    return found


def _absent(node: Any, here: str, part: str) -> str:
    """Says what a node has in place of a missing part."""
    if isinstance(node, dict):
        guesses, known = close_names(part, node), sorted(node)[:MAX_KEYS_NAMED]
        return f"{here} has no {visible_name(part)!r}; {visible_name(did_you_mean(guesses, known))}"
    return f"{here} has {counted(len(node), 'item')}" if isinstance(node, list) else f"{here} is {_kind(node)}"


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "an object"
    return "a list" if isinstance(value, list) else f"the value {visible_name(repr(value), 60)}"
