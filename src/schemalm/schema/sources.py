"""Reads a schema from a value, a file, or the name of a schema in the package `check-jsonschema`.

Out: a plain JSON tree that is valid under the meta-schema of its draft. Nothing is fetched.
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
from collections.abc import Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import jsonschema_rs
from jsonschema_specifications import REGISTRY as SPECIFICATIONS

from schemalm.documents.values import levels
from schemalm.errors import LimitError, SchemaError
from schemalm.files.reading import read_bounded
from schemalm.json_pointer import pointer_to
from schemalm.limits import Limits
from schemalm.messages.suggestions import close_names, did_you_mean
from schemalm.messages.wording import reason_of
from schemalm.schema.dialects import DIALECTS, DRAFT4, Drafts, dialect, named_draft

Schema = dict[str, Any] | bool

# Names of the public contract that the package has in the plural.
ALIASES = {"github-workflow": "github-workflows", "github-action": "github-actions"}
PACKAGE = "check_jsonschema"
VENDOR = "vendor"
CUSTOM = "custom"
# Advice for errors of older schemas and other tools, by keyword and error.
HINTS = {
    ("required", f'{value} is not of type "array"'): "; `required` is a list of names beside `properties`"
    for value in ("true", "false")
}
# The beginning of a surrogate escape in JSON, lone or not.
ESCAPED_SURROGATE = b"\\ud"
# Files in the folder of a missing file that are compared with its name.
MAX_NEIGHBOURS = 1000


@cache
def built_in_names() -> tuple[str, ...]:
    """The names of the built-in schemas."""
    names = {file.stem for part in (VENDOR, CUSTOM) for file in built_in_folder(part).glob("*.json")}
    return tuple(sorted(names | set(ALIASES)))


@cache
def built_in_folder(part: str) -> Path:
    """The folder of a part of the package's schemas.

    It is found without importing the package, which would load an HTTP client: most of the time of a first compilation.
    """
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(f"No module named {PACKAGE!r}", name=PACKAGE)
    return Path(found.submodule_search_locations[0], "builtin_schemas", part)


def read_schema(schema: Schema | str | Path, limits: Limits) -> Schema:
    """The schema as a new JSON tree; raises SchemaError if it is not valid or exceeds a limit."""
    tree = _fresh_tree(schema, limits)
    check_schema(tree, limits)
    return tree


def check_schema(tree: Schema, limits: Limits) -> None:
    """Raises SchemaError if a JSON tree is not a valid schema, or is nested too deeply."""
    _check_depth(tree, limits.schema_depth)
    _check_form(tree)


def built_in_name(schema: Schema | str | Path) -> str | None:
    """The name of the built-in schema that `read_schema` would read; None if it would read a value or a file."""
    if not isinstance(schema, str | Path):
        return None
    try:
        is_file = os.path.lexists(schema) and not Path(schema).is_dir()
    except (OSError, ValueError):
        return None
    return str(schema) if not is_file and str(schema) in built_in_names() else None


def schema_of_value(value: Any, limits: Limits) -> Schema:
    """The schema in data as a new JSON tree; a string is not read as a file name.

    Raises SchemaError as `read_schema` does.
    """
    if not isinstance(value, dict | bool):
        raise SchemaError(f"a schema is an object or a boolean, found {type(value).__name__}")
    return read_schema(value, limits)


def _check_form(tree: Schema) -> None:
    """Raises SchemaError if a tree is not a valid schema of its draft."""
    declared = dialect(tree)
    if declared and declared not in DIALECTS:
        _, _, address = declared.partition("://")
        meant = [known for known in DIALECTS if known.partition("://")[2] == address]  # http in place of https
        advice = did_you_mean(meant, DIALECTS) + ("" if meant else "; without $schema, the last one applies")
        raise SchemaError(f"the draft {declared!r} is not known; {advice}", pointer="/$schema", keyword="$schema")
    # A schema without a draft may use the spellings of several drafts.
    fault = _fault(tree, [declared] if declared else [DIALECTS[-1], DIALECTS[2], DIALECTS[0]])
    if fault is not None:
        path, error = fault
        keyword = str(path[-1]) if path else ""
        hint = HINTS.get((keyword, error.message), "")
        message = f"this is not a JSON Schema: {error.message}{hint}"
        raise SchemaError(message, pointer=pointer_to(path), keyword=keyword)


# The path of an invalid part, and the error.
Fault = tuple[list[str | int], jsonschema_rs.ValidationError]


def _fault(tree: Schema, candidates: Sequence[str]) -> Fault | None:
    """The reason why a tree is not valid, neither under one of the drafts nor with each part under its own draft."""
    error = _error(tree, candidates)
    if error is None:
        return None
    first = list(error.instance_path), error
    hollowed, parts = _without_other_drafts(tree)
    if not parts:
        return first
    if error := _error(hollowed, candidates):
        return list(error.instance_path), error
    for path, part in parts:
        own = DIALECTS[(named_draft(part) or DRAFT4) - DRAFT4]
        # Common validators also check a part under the draft of the part around it; some check only that.
        if (fault := _fault(part, [own])) and _error(part, candidates):
            return [*path, *fault[0]], fault[1]
    return None


def _without_other_drafts(tree: Schema) -> tuple[Schema, list[tuple[list[str | int], dict[str, Any]]]]:
    """The tree with `{}` for each outermost part that names another draft, and these parts with their paths."""
    drafts = Drafts(tree, is_mixed=True)
    others: dict[int, dict[str, Any]] = {}
    pending = [tree]
    for node in pending:
        inner = [part for part in drafts.parts(node) if isinstance(part, dict)]
        others.update((id(part), part) for part in inner if drafts.of(part) != drafts.root)
        pending += [part for part in inner if drafts.of(part) == drafts.root]
    parts = []

    def copied(node: Any, path: list[str | int]) -> Any:
        if id(node) in others:
            parts.append((path, node))
            return {}
        if isinstance(node, dict):
            return {name: copied(part, [*path, name]) for name, part in node.items()}
        return [copied(part, [*path, index]) for index, part in enumerate(node)] if isinstance(node, list) else node

    return copied(tree, []), parts


def _error(tree: Schema, candidates: Sequence[str]) -> jsonschema_rs.ValidationError | None:
    """The reason why a tree is not valid under any of several drafts, by the first of them."""
    first: jsonschema_rs.ValidationError | None = None
    for candidate in candidates:
        validator = _meta_validator(candidate)
        if validator.is_valid(tree):
            return None
        # Duplicates in a list are harmless and occur in real schemas.
        errors = (error for error in validator.iter_errors(tree) if error.schema_path[-1] != "uniqueItems")
        error = next(errors, None)
        if error is None:
            return None
        first = first or error
    return first and _most_specific(first)


def _most_specific(error: jsonschema_rs.ValidationError) -> jsonschema_rs.ValidationError:
    """The most specific error: of several failed branches the deepest, and errors of type last."""
    branches = [inner for branch in getattr(error.kind, "context", ()) for inner in branch]
    if not branches:
        return error
    return _most_specific(max(branches, key=lambda inner: (len(inner.instance_path), inner.kind.name != "type")))


@cache
def _meta_validator(named: str) -> jsonschema_rs.Validator:
    """A validator of schemas of one draft; patterns are checked later, when they are read."""
    meta_schema = SPECIFICATIONS.contents(named)
    return jsonschema_rs.validator_for(meta_schema, validate_formats=False, retriever=_refuse)


def _refuse(uri: str) -> Any:
    raise ValueError(f"{uri} is not fetched")


def _fresh_tree(schema: Schema | str | Path, limits: Limits) -> Schema:
    text = _read(schema, limits) if isinstance(schema, str | Path) else _serialize(schema)
    if len(text) > limits.schema_bytes:
        message = f"the schema has {len(text):,} bytes, more than the limit of {limits.schema_bytes:,}"
        raise LimitError(message, limit="schema_bytes", maximum=limits.schema_bytes)
    try:
        tree = json.loads(text, parse_float=_finite, parse_constant=_finite)
        # Only escapes or non-ASCII bytes can contain a lone surrogate.
        if not text.isascii() or b"\0" in text or ESCAPED_SURROGATE in text.lower():
            json.dumps(tree, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise SchemaError(f"the schema is not valid JSON: {error}") from None
    if not isinstance(tree, dict | bool):
        raise SchemaError(f"a schema is an object or a boolean, found {type(tree).__name__}")
    return tree


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not a JSON number")
    return number


def _serialize(schema: Schema) -> bytes:
    try:
        return json.dumps(schema).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise SchemaError(f"the schema is not a JSON value: {error}") from None


def _read(schema: str | Path, limits: Limits) -> bytes:
    path = Path(schema)
    try:
        is_folder = path.is_dir() and bool(str(schema))
        if os.path.lexists(path) and not path.is_dir():
            return read_bounded(path, limits.schema_bytes)
    except (OSError, ValueError) as error:
        raise SchemaError(f"the schema cannot be read: {reason_of(error)}") from None
    name = ALIASES.get(str(schema), str(schema))
    if name in built_in_names():
        for part in (VENDOR, CUSTOM):
            file = built_in_folder(part) / f"{name}.json"
            if file.is_file():
                return file.read_bytes()
    if is_folder:
        raise SchemaError("is a folder; expected a file with a JSON Schema, or the name of a built-in schema")
    raise SchemaError(f"neither a file nor a built-in schema{_guess(str(schema))}")


def _guess(schema: str) -> str:
    """A suffix for the message about an unknown name: what may have been meant."""
    if schema.lstrip()[:1] == "{":
        return ", but the text of a schema; pass its value (json.loads) or a file"
    path = Path(schema)
    built_in = built_in_names()
    guesses = close_names(path.stem, built_in) + _similar_files(path)
    return "" if path.suffix and not guesses else f"; {did_you_mean(guesses, built_in)}"


def _similar_files(path: Path) -> list[str]:
    """Files of the same suffix, or JSON, with a similar name in the folder of a missing file."""
    suffixes = {path.suffix, ".json"}
    try:
        beside = [other for other in islice(path.parent.iterdir(), MAX_NEIGHBOURS) if other.suffix in suffixes]
        files = {other.stem: other for other in beside if other.is_file()}
    except (OSError, ValueError):
        return []
    return [str(files[stem]) for stem in close_names(path.stem, files)]


def _check_depth(tree: Schema, limit: int) -> None:
    for depth, _ in enumerate(levels(tree), start=1):
        if depth > limit:
            message = f"the schema is nested more than {limit} levels deep"
            raise LimitError(message, limit="schema_depth", maximum=limit)
