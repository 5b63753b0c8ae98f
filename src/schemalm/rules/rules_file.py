"""Reads a rules file: what a schema cannot say about its documents, for any schema.

In: a JSON or YAML file, a value, or the name of a built-in file. Out: a `RulesFile` with the structure of `structure`,
whose own names all exist (`consistency`), and which includes the rules that it extends. Rules may be untrusted: their
size and depth are bounded, nothing is fetched, and the only other file that is read is one beside the file itself.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from schemalm.documents.json_reader import parse_json
from schemalm.documents.limits import DocumentLimits
from schemalm.documents.reading import decode_text, is_json, parse_document
from schemalm.documents.values import find_fault
from schemalm.errors import DocumentError, RulesError
from schemalm.files.folders import read_inside
from schemalm.files.reading import read_bounded
from schemalm.files.typed_json import MisfitError, converted
from schemalm.json_pointer import pointer_to
from schemalm.limits import DEFAULT_LIMITS, Limits
from schemalm.messages.wording import reason_of
from schemalm.rules.built_in import built_in_text
from schemalm.rules.consistency import find_inconsistency
from schemalm.rules.extension import extended
from schemalm.rules.structure import ENUMERATIONS, PATTERNS, RulesFile

MAX_BYTES = 1 << 20
MAX_DEPTH = 64
MAX_EXTENSIONS = 8
FILE_SUFFIXES = (".json", ".yaml", ".yml")

AnyRules = dict[str, Any] | str | Path


@dataclass(frozen=True)
class _Source:
    """Where rules come from: the `name` in errors, and the `folder` of their file; None if they are not in a file."""

    name: str
    folder: Path | None = None

    def fail(self, problem: str, pointer: str = "") -> NoReturn:
        raise RulesError(problem, pointer=pointer, source=self.name) from None


def read_rules(rules: AnyRules, limits: Limits = DEFAULT_LIMITS) -> RulesFile:
    """The rules of a file, a value or a built-in name, with those that they extend.

    Raises RulesError, with pointer and source, if they cannot be read, have another structure, use a name that does not
    exist, or extend themselves.
    """
    content, source = _load(rules, limits)
    return _complete(content, source, (), limits)


def rules_of_value(value: Any, limits: Limits = DEFAULT_LIMITS) -> RulesFile:
    """The rules in data, such as a tokenizer file: complete ones, as `RulesFile.content` returns them.

    No string in the data is used as a path or a name. Raises RulesError as `read_rules` does.
    """
    source = _Source("")
    if isinstance(value, dict) and value.get("extends"):
        source.fail("rules in data cannot extend others", "/extends")
    return _complete(_copied(value, source, limits), source, (), limits)


def _complete(content: dict[str, Any], source: _Source, chain: tuple[str, ...], limits: Limits) -> RulesFile:
    """Includes the extended rules and checks the result; `chain` has the sources of the files that led here."""
    own = _structured(content, source)
    base = None
    if own.extends:
        if source.name in chain or len(chain) >= MAX_EXTENSIONS:
            why = "these rules extend themselves" if source.name in chain else f"more than {MAX_EXTENSIONS} rules files"
            source.fail(f"{why}: {' -> '.join([*chain, source.name])}", "/extends")
        beside, its_source = _load_extended(own.extends, source, limits)
        base = _complete(beside, its_source, (*chain, source.name), limits)
        own = _structured(extended(base.content(), content), source)
    num_inherited = len(base.expressions.places) if base is not None and base.expressions is not None else 0
    if fault := find_inconsistency(own, num_inherited):
        source.fail(fault.problem, fault.pointer)
    return own


def _structured(content: dict[str, Any], source: _Source) -> RulesFile:
    try:
        found = converted(content, RulesFile)
    except MisfitError as error:
        _, is_unknown, field = error.problem.partition("contains unknown field ")
        if is_unknown:
            source.fail("this version does not know this field", pointer_to([*error.path, field]))
        source.fail(_in_words(error), pointer_to(error.path))
    # Only the value of a change may be null.
    nulls = _nulls({part: content[part] for part in content if part != "amend"}, ())
    if (path := next(nulls, None)) is not None:
        source.fail('found null; leave this field out; the type "null" needs quotes', pointer_to(path))
    return found


def _nulls(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    """The paths of all nulls in a value."""
    if value is None:
        yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in members:
        yield from _nulls(inner, (*path, key))


def _in_words(error: MisfitError) -> str:
    """The problem, without the regular expressions and types of the library that found it."""
    for pattern, words in PATTERNS.items():
        if repr(pattern) in error.problem:
            return f"expected {words}{error.problem.rpartition(repr(pattern))[2]}"
    field = next((part for part in reversed(error.path) if part in ENUMERATIONS), None)
    if field is not None and error.problem.startswith("Invalid enum value"):
        return f"expected {ENUMERATIONS[field]}, {error.problem.rpartition(', ')[2]}"
    if error.problem.startswith("Invalid enum value"):
        return f"expected a type: {ENUMERATIONS['type']}, {error.problem.rpartition(', ')[2]}"
    problem = error.problem.replace("Object missing required field", "it lacks the field")
    return problem.replace("expected str", "expected a text", 1)


def _load(rules: AnyRules, limits: Limits) -> tuple[dict[str, Any], _Source]:
    if not isinstance(rules, str | Path):
        source = _Source("")
        return _copied(rules, source, limits), source
    path, source = Path(rules), _Source(str(rules))
    try:
        if os.path.lexists(path) and str(rules):
            content = read_bounded(path, min(MAX_BYTES, limits.schema_bytes))
            return _parsed(content, path, _Source(str(path), path.parent), limits), _Source(str(path), path.parent)
    except (OSError, ValueError) as error:
        source.fail(f"the rules cannot be read: {reason_of(error)}")
    return _built_in(str(rules), limits), source


def _load_extended(name: str, source: _Source, limits: Limits) -> tuple[dict[str, Any], _Source]:
    """The content of the rules that others extend: built-in ones, or a file in the same folder."""
    if not name.endswith(FILE_SUFFIXES):
        try:
            return _built_in(name, limits), _Source(name)
        except RulesError as error:
            source.fail(error.message, "/extends")
    if source.folder is None:
        source.fail(f"{name!r} is a file; only rules in a file can extend another file", "/extends")
    if Path(name).name != name:
        source.fail(f"{name!r} is not a file name; the file must be in the same folder", "/extends")
    path = source.folder / name
    try:
        content = read_inside(source.folder, name, max_bytes=min(MAX_BYTES, limits.schema_bytes))
    except (OSError, ValueError) as error:
        source.fail(f"{path} cannot be read: {reason_of(error)}", "/extends")
    beside = _Source(str(path), source.folder)
    return _parsed(content, path, beside, limits), beside


def _built_in(name: str, limits: Limits) -> dict[str, Any]:
    return _object(parse_json(built_in_text(name), _document_limits(limits), name), _Source(name))


def _parsed(content: bytes, path: Path, source: _Source, limits: Limits) -> dict[str, Any]:
    """The object in the text of a file; raises RulesError with the line and column if there is none."""
    try:
        text = decode_text(content, source.name)
        value = parse_document(text, limits=_document_limits(limits), json_only=is_json(path.name))
    except DocumentError as error:
        source.fail(f"line {error.line}, column {error.column}: {error.message}")
    return _object(value, source)


def _copied(value: Any, source: _Source, limits: Limits) -> dict[str, Any]:
    """A copy of a value; raises RulesError if it is not a JSON object within the limits."""
    allowed = _document_limits(limits)
    if fault := find_fault(value, allowed):
        source.fail(f"the rules are not a JSON value: {fault}")
    text = json.dumps(value)
    if len(text) > allowed.max_bytes:
        source.fail(f"the rules have more than {allowed.max_bytes:,} bytes, the limit")
    return _object(json.loads(text), source)


def _object(value: Any, source: _Source) -> dict[str, Any]:
    if not isinstance(value, dict):
        source.fail(f"rules are an object, found {type(value).__name__}")
    return value


def _document_limits(limits: Limits) -> DocumentLimits:
    return DocumentLimits(min(MAX_BYTES, limits.schema_bytes), MAX_DEPTH)
