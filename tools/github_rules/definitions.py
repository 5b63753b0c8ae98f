"""GitHub's definition of workflow files, as its npm package `@actions/workflow-parser` carries it.

A definition is one of: null, boolean, number, string, sequence, mapping, a choice of them (`one-of`), or a list of
texts (`allowed-values`). It may list the contexts and functions that expressions may use at its values and below.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Definition = dict[str, Any]

ROOT = "workflow-root-strict"
BASIC: dict[str, Definition] = {name: {name: {}} for name in ("null", "boolean", "number", "string", "any")}
BASIC |= {"sequence": {"sequence": {"item-type": "any"}}}
BASIC |= {"mapping": {"mapping": {"loose-key-type": "string", "loose-value-type": "any"}}}
FUNCTION = re.compile(r"(?P<name>[A-Za-z]+)\((?P<least>\d+),(?P<most>\d+|MAX)\)")


@dataclass(frozen=True)
class Property:
    """A known key of a mapping."""

    definition: str
    required: bool


class Definitions:
    """GitHub's definitions by name, without those that the reader refuses unless a flag is set.

    `left_out` names definitions, and properties as `definition.property`. Raises KeyError if one does not exist.
    """

    def __init__(self, nodes: dict[str, Definition], left_out: list[str]) -> None:
        self._nodes = BASIC | nodes
        self._left_out: frozenset[str] = frozenset()
        known = {f"{name}.{key}" for name in nodes if "mapping" in nodes[name] for key in self.properties(name)}
        if unknown := set(left_out) - known - set(nodes):
            raise KeyError(f"GitHub's definitions have no {', '.join(sorted(unknown))}")
        self._left_out = frozenset(left_out)

    def __getitem__(self, name: str) -> Definition:
        return self._nodes[name]

    def choices(self, name: str) -> list[str]:
        """The definitions that a value of a choice may have."""
        return [choice for choice in self[name]["one-of"] if choice not in self._left_out]

    def properties(self, name: str) -> dict[str, Property]:
        """The known keys of a mapping."""
        properties = self[name]["mapping"].get("properties", {})
        return {
            key: Property(value["type"], value.get("required", False))
            if isinstance(value, dict)
            else Property(value, False)
            for key, value in properties.items()
            if f"{name}.{key}" not in self._left_out
        }

    def loose(self, name: str) -> tuple[str, str] | None:
        """The definitions of the other keys and of their values, or None if there are no others."""
        mapping = self[name]["mapping"]
        return (mapping["loose-key-type"], mapping["loose-value-type"]) if "loose-key-type" in mapping else None

    def contexts(self, name: str) -> tuple[str, ...]:
        """The contexts that this definition adds to those of the definitions around it."""
        return tuple(entry for entry in self[name].get("context", ()) if not FUNCTION.fullmatch(entry))

    def functions(self, name: str) -> tuple[str, ...]:
        """The names of the functions that this definition adds to those of the definitions around it."""
        matches = (FUNCTION.fullmatch(entry) for entry in self[name].get("context", ()))
        return tuple(match["name"] for match in matches if match)


def read_definitions(file: Path, left_out: list[str]) -> Definitions:
    """Reads the definitions of a file in the npm package."""
    return Definitions(json.loads(file.read_bytes())["definitions"], left_out)
