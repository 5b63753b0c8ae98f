"""Where GitHub's reader finds texts, and which contexts and functions an expression may use there.

In: GitHub's definitions. Out: places of a rules file, by value paths. A definition's contexts hold below it, too.
Texts that are constants are no places.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from github_rules.definitions import Definitions

# How deep lists and mappings are nested in a value of any type whose texts are listed as places.
ANY_DEPTH = 3


# The types of values that an expression may have in the place of a value of a kind. A text can hold every scalar.
TYPES: dict[str, Any] = {
    "boolean": "boolean",
    "number": "number",
    "sequence": {"items": "any"},
    "mapping": {"values": "any"},
    "texts": {"values": "string"},
}
# Before the keys of a mapping that has no others, in a kind.
KEYS = "keys "


@dataclass(frozen=True)
class Form:
    """What a place allows. `kind` is the kind of value that an expression must have there, if there is only one."""

    form: str
    contexts: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    kind: str = ""

    @property
    def accepts(self) -> Any:
        """The type of an expression there; None for any."""
        if self.kind.startswith(KEYS):
            return {"properties": dict.fromkeys(self.kind.removeprefix(KEYS).split(), "any")}
        return TYPES.get(self.kind)

    def place(self, paths: list[str], *, typed: bool) -> dict[str, Any]:
        """The place of a rules file at these value paths. `typed`: with the type of the expression."""
        if self.form == "none":
            return {"at": paths, "form": "none"}
        accepts = {"accepts": self.accepts} if typed and self.accepts else {}
        found = {"at": paths, "form": self.form, "contexts": list(self.contexts), "functions": list(self.functions)}
        return found | accepts


@dataclass(frozen=True)
class Reach:
    """What the definitions around a value allow."""

    contexts: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()

    def within(self, contexts: tuple[str, ...], functions: tuple[str, ...]) -> Reach:
        return Reach(_joined(self.contexts, contexts), _joined(self.functions, functions))


@dataclass(frozen=True)
class PlaceFinder:
    """Finds the places below a definition.

    `conditions` names definitions of conditions, `never_expressions` those that are never one expression, and
    `patterns` definitions of texts whose schema leaves no room for an expression.
    """

    definitions: Definitions
    functions: tuple[str, ...]
    conditions: frozenset[str]
    never_expressions: frozenset[str]
    patterns: frozenset[str]

    def places(self, root: str) -> dict[Form, list[str]]:
        """The value paths of all texts, by form."""
        found: dict[str, dict[str, Reach]] = {}
        for path, kind, reach in self._walk(root, "", Reach(), ()):
            found.setdefault(path, {}).setdefault(kind, reach)
        forms: dict[Form, list[str]] = {}
        for path, kinds in found.items():
            form = self._form(kinds)
            if form is not None:
                forms.setdefault(form, []).append(path)
        return forms

    def _walk(self, name: str, path: str, around: Reach, above: tuple[str, ...]) -> Iterator[tuple[str, str, Reach]]:
        if above.count(name) > 1:
            return  # steps in steps, which the reader refuses
        definition = self.definitions[name]
        reach = around.within(self.definitions.contexts(name), self.definitions.functions(name))
        kind = self._kind(name, definition)
        if kind:
            yield path, kind, reach
        for below, step in self._below(name, definition):
            yield from self._walk(below, path + step, reach, (*above, name))
        if "any" in definition:
            yield from ((path + below, "text", reach) for below in _any_paths(ANY_DEPTH))

    def _below(self, name: str, definition: dict[str, Any]) -> Iterator[tuple[str, str]]:
        if "one-of" in definition:
            yield from ((choice, "") for choice in self.definitions.choices(name))
        elif "sequence" in definition:
            yield definition["sequence"]["item-type"], "/[]"
        elif "mapping" in definition:
            yield from ((each.definition, f"/{key}") for key, each in self.definitions.properties(name).items())
            loose = self.definitions.loose(name)
            if loose is not None:
                yield loose[1], "/*"

    def _kind(self, name: str, definition: dict[str, Any]) -> str | None:
        if name in self.conditions:
            return "condition"
        if "string" in definition:
            return None if "constant" in definition["string"] or name in self.patterns else "text"
        kinds = set(definition) & {"boolean", "number", "sequence", "mapping"}
        if not kinds or name in self.never_expressions:
            return None
        return self._kind_of_mapping(name) if "mapping" in kinds else kinds.pop()

    def _kind_of_mapping(self, name: str) -> str:
        loose = self.definitions.loose(name)
        if loose is None:
            return KEYS + " ".join(self.definitions.properties(name))
        return "texts" if "string" in self.definitions[loose[1]] else "mapping"

    def _form(self, kinds: dict[str, Reach]) -> Form | None:
        """The form of a place where values of these kinds may stand."""
        kind = next((each for each in ("condition", "text") if each in kinds), min(kinds))
        reach = kinds[kind]
        if not reach.contexts:
            return Form("none") if kind == "text" else None
        functions = _joined(self.functions, reach.functions)
        if kind == "condition":
            return Form("condition", reach.contexts, functions)
        only = kind if kind == "text" or len(kinds) == 1 else ""
        return Form("text" if kind == "text" else "whole", reach.contexts, functions, only)


def _any_paths(depth: int) -> list[str]:
    paths = level = [""]
    for _ in range(depth):
        level = [path + step for path in level for step in ("/*", "/[]")]
        paths = paths + level
    return paths


def _joined(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({*first, *second}))
