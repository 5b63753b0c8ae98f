"""Where documents of a schema stand in a repository, for formats that have a known place.

Of the built-in schemas the package `check-jsonschema` says which paths its checks are for, as expressions. Names of
files are hostile input, so these are matched by automata, in time that grows with the name alone.
"""

from __future__ import annotations

import importlib.resources
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from schemalm.limits import Limits
from schemalm.regular.matching import PatternMatcher
from schemalm.schema.naming import identity_of
from schemalm.schema.sources import CUSTOM, VENDOR, Schema

# By the types of files that a check is for, in any case.
_SUFFIXES = {"yaml": r"[yY][aA]?[mM][lL]", "json": r"[jJ][sS][oO][nN][cC5]?"}


def path_matcher(schema: Schema) -> PatternMatcher | None:
    """What tells the paths of a repository where documents of a schema stand; None where no place is known.

    A schema is known by its `$id`, else by its title, as by `merge_keys`, else by its content.
    """
    name = _names().get(_identity(schema))
    check = _checks().get(name or "", {})
    return _matcher(_path_pattern(check)) if check.get("files") else None


@cache
def _matcher(pattern: str) -> PatternMatcher:
    return PatternMatcher(pattern, Limits())


def _path_pattern(check: dict[str, Any]) -> str:
    """One expression for the paths of a check: several of them each stand for a whole path, one is searched for."""
    files = check["files"]
    pattern = "|".join(f"^(?:{file})$" for file in files) if isinstance(files, list) else files
    types = check.get("types_or") or [check.get("types", check.get("type"))]
    suffixes = "|".join(_SUFFIXES[kind] for kind in types if kind in _SUFFIXES)
    return rf"(?=^.*\.(?:{suffixes})$)(?:{pattern})" if suffixes else pattern


@cache
def _checks() -> dict[str, dict[str, Any]]:
    """What is checked by each built-in schema."""
    from check_jsonschema.catalog import CUSTOM_SCHEMA_CATALOG, SCHEMA_CATALOG  # noqa: PLC0415

    catalog: dict[str, dict[str, Any]] = {**SCHEMA_CATALOG, **CUSTOM_SCHEMA_CATALOG}
    return {name: entry.get("hook_config", {}) for name, entry in catalog.items()}


@cache
def _names() -> dict[tuple[str, str], str]:
    """The built-in schemas by what they are known by."""
    return {_identity(schema): name for name in _checks() for schema in _schemas(name)}


def _identity(schema: Schema) -> tuple[str, str]:
    return identity_of(schema) or ("content", json.dumps(schema, sort_keys=True))


def _schemas(name: str) -> Iterator[Schema]:
    for package in (VENDOR, CUSTOM):
        file = importlib.resources.files(package) / f"{name}.json"
        if file.is_file():
            yield json.loads(file.read_bytes())
