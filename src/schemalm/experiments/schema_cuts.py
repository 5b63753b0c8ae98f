"""Cut from a schema what another program refuses: the parts are found by trying.

In go a schema and a function that says why a program refuses a schema; out come a schema that the program accepts, and
the list of what was cut. Inner parts are fitted first, each tried as a schema of its own: so what remains to be tried
in a part are its own keywords, which are put back one after another. A `oneOf` that is refused is read as `anyOf` where
that is accepted. A reference into a part that is still being fitted is left out until that part is done.

Without `definitions` that refer outside the schema. Not covered: what a program accepts and then does not enforce.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from schemalm.json_pointer import parts_of, pointer_to
from schemalm.schema.dialects import LISTS, TABLES
from schemalm.schema.keyword_forms import CONSTRAINING, FORMS, SCHEMA

# The whole schema stands here while its parts are tried, and a reference leads to one of them.
_WHOLE = ("definitions", "whole")
_PARTS = frozenset(name for name, form in FORMS.items() if form is SCHEMA) | {"items"}
# These are put back last: what they require may need the other keywords.
_LAST = LISTS | {"not", "if", "then", "else"}
LEFT_OUT, AS_ANY_OF = "left out", "read as anyOf"

Path = tuple[str | int, ...]
Refusal = Callable[[Any], str]


@dataclass(frozen=True)
class Cut:
    """One keyword of a schema that a program does not get as it is: the pointer to it, what became of it, and why."""

    pointer: str
    change: str
    reason: str


def fit_schema(schema: Any, refusal: Refusal) -> tuple[Any, list[Cut]]:
    """Return the schema without what a program refuses, and what was cut; the given schema is unchanged.

    refusal: returns why the program refuses a schema, or "".
    """
    if not isinstance(schema, dict) or not refusal(schema):
        return schema, []
    return _Fitting(schema, refusal).fit()


class _Fitting:
    def __init__(self, schema: dict[str, Any], refusal: Refusal) -> None:
        self._schema, self._refusal = copy.deepcopy(schema), refusal
        self._cuts: list[Cut] = []
        self._is_done: dict[Path, bool] = {}
        self._postponed: list[tuple[Path, dict[str, Any], str]] = []

    def fit(self) -> tuple[Any, list[Cut]]:
        self._fit(())
        for path, node, target in self._postponed:
            node["$ref"] = target
            if reason := self._refusal(self._schema):
                del node["$ref"]
                self._cuts.append(Cut(pointer_to((*path, "$ref")), LEFT_OUT, reason))
        return self._schema, sorted(self._cuts, key=lambda cut: cut.pointer)

    def _fit(self, path: Path) -> None:
        """Fit the part at a path, and before it all parts in it or referred to by it."""
        node = _at(self._schema, path)
        if path in self._is_done or not isinstance(node, dict):
            return
        self._is_done[path] = False
        for inner in _inner_paths(node):
            self._fit((*path, *inner))
        self._follow_reference(path, node)
        if self._reason(path):
            constraints = {name: node.pop(name) for name in [*node] if name in CONSTRAINING}
            for name in sorted(constraints, key=_turn):
                self._try_to_add(path, name, constraints[name])
        self._is_done[path] = True

    def _follow_reference(self, path: Path, node: dict[str, Any]) -> None:
        """Fit what a part refers to; postpone the reference if that is still being fitted."""
        target = node.get("$ref")
        if not isinstance(target, str) or not target.startswith("#"):
            return
        target_path = _path_of(self._schema, target)
        if target_path is not None:
            self._fit(target_path)
            if self._is_done.get(target_path) is False:
                self._postponed.append((path, node, node.pop("$ref")))

    def _try_to_add(self, path: Path, name: str, value: Any) -> None:
        """Put a keyword back into a part, or record why it is cut."""
        node = _at(self._schema, path)
        node[name] = value
        reason = self._reason(path)
        if not reason:
            return
        del node[name]
        change = LEFT_OUT
        if name == "oneOf" and "anyOf" not in node:
            node["anyOf"], change = value, AS_ANY_OF
            if self._reason(path):
                del node["anyOf"]
                change = LEFT_OUT
        self._cuts.append(Cut(pointer_to((*path, name)), change, reason))

    def _reason(self, path: Path) -> str:
        """Return why the program refuses one part as a schema of its own."""
        whole = _with_references_below(self._schema, _reference_to(_WHOLE))
        tried = {_WHOLE[0]: {_WHOLE[1]: whole}, "$ref": _reference_to((*_WHOLE, *path))}
        return self._refusal(tried if path else self._schema)


def _turn(name: str) -> int:
    """Return when a keyword is put back: tables of parts first."""
    return 0 if name in TABLES else 2 if name in _LAST else 1


def _reference_to(path: Path) -> str:
    return "#" + quote(pointer_to(path))


def _inner_paths(node: dict[str, Any]) -> Iterator[Path]:
    """Yield the paths from a part to the parts directly in it."""
    for name, value in node.items():
        if name in TABLES and isinstance(value, dict):
            yield from ((name, key) for key in value)
        elif (name in LISTS or name == "items") and isinstance(value, list):
            yield from ((name, index) for index in range(len(value)))
        elif name in _PARTS:
            yield (name,)


def _at(schema: Any, path: Path) -> Any:
    for part in path:
        schema = schema[part]
    return schema


def _path_of(schema: Any, reference: str) -> Path | None:
    """Return the path that a reference inside the schema names; None if there is no such part."""
    path: list[str | int] = []
    for part in parts_of(unquote(reference[1:])):
        key: str | int = int(part) if isinstance(schema, list) and part.isdecimal() else part
        try:
            schema = schema[key]
        except (KeyError, IndexError, TypeError):
            return None
        path.append(key)
    return tuple(path)


def _with_references_below(node: Any, prefix: str) -> Any:
    """Return a schema whose references lead to the same parts after it has moved to `prefix`."""
    if isinstance(node, list):
        return [_with_references_below(part, prefix) for part in node]
    if not isinstance(node, dict):
        return node
    moved = {name: _with_references_below(part, prefix) for name, part in node.items() if name != "$id"}
    if isinstance(target := node.get("$ref"), str) and target.startswith("#"):
        moved["$ref"] = prefix + target[1:]
    return moved
