"""The paths of a schema's documents in a repository, for formats with known paths.

The package `check-jsonschema` lists the paths of each built-in schema as regular expressions. File names are hostile
input, so automata match them, in time linear in the length of the name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from schemalm.limits import Limits
from schemalm.regular.matching import PatternMatcher
from schemalm.schema.naming import identity_of
from schemalm.schema.sources import CUSTOM, VENDOR, Schema, built_in_folder

# Suffixes by the file types of a check, in upper and lower case.
_SUFFIXES = {"yaml": r"[yY][aA]?[mM][lL]", "json": r"[jJ][sS][oO][nN][cC5]?"}


def path_matcher(schema: Schema) -> PatternMatcher | None:
    """A matcher for the paths of a schema's documents in a repository; None if no paths are known.

    A schema is recognized by its `$id`, else its title, as in `merge_keys`, else its content.
    """
    name = _names().get(_identity(schema))
    check = _checks().get(name or "", {})
    return _matcher(_path_pattern(check)) if check.get("files") else None


@cache
def _matcher(pattern: str) -> PatternMatcher:
    return PatternMatcher(pattern, Limits())


def _path_pattern(check: dict[str, Any]) -> str:
    """One expression for the paths of a check: each of a list has to match a whole path, a single one is searched."""
    files = check["files"]
    pattern = "|".join(f"^(?:{file})$" for file in files) if isinstance(files, list) else files
    types = check.get("types_or") or [check.get("types", check.get("type"))]
    suffixes = "|".join(_SUFFIXES[kind] for kind in types if kind in _SUFFIXES)
    return rf"(?=^.*\.(?:{suffixes})$)(?:{pattern})" if suffixes else pattern


@cache
def _checks() -> dict[str, dict[str, Any]]:
    """The checks by built-in schema."""
    from check_jsonschema.catalog import CUSTOM_SCHEMA_CATALOG, SCHEMA_CATALOG  # noqa: PLC0415

    catalog: dict[str, dict[str, Any]] = {**SCHEMA_CATALOG, **CUSTOM_SCHEMA_CATALOG}
    return {name: entry.get("hook_config", {}) for name, entry in catalog.items()}


@cache
def _names() -> dict[tuple[str, str], str]:
    """The names of the built-in schemas by identity."""
    return {_identity(schema): name for name in _checks() for schema in _schemas(name)}


def _identity(schema: Schema) -> tuple[str, str]:
    return identity_of(schema) or ("content", json.dumps(schema, sort_keys=True))


def _schemas(name: str) -> Iterator[Schema]:
    for part in (VENDOR, CUSTOM):
        file = built_in_folder(part) / f"{name}.json"
        if file.is_file():
            yield json.loads(file.read_bytes())
