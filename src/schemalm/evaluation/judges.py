"""Judges: independent programs that say whether a document is acceptable.

In goes a value, out comes a verdict. A judge shares no code with the grammar that wrote the document, so that a fault
of the grammar cannot hide itself. Nothing is fetched: a schema that refers outside itself is refused.
Not covered: what a schema cannot say, such as whether an action or a secret exists.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, NoReturn, Protocol

import jsonschema_rs

from schemalm.documents import JSONValue
from schemalm.documents.pointer import pointer_to
from schemalm.errors import SchemaError

MAX_REASON_CHARACTERS = 300


@dataclass(frozen=True)
class Verdict:
    """What a judge says of a value: where it is refused, why, and the JSON pointer of the place at fault."""

    valid: bool
    reason: str = ""
    pointer: str = ""


class Judge(Protocol):
    """Anything with a name that tells acceptable values from others."""

    @property
    def name(self) -> str:
        """What the judge is called in reports, version included."""

    def judge(self, value: JSONValue) -> Verdict:
        """The verdict on one value."""


class SchemaJudge:
    """Judges by a JSON Schema with `jsonschema-rs`, under the draft that the schema names, 2020-12 where it names none.

    `assert_formats` makes `format` an assertion in every draft, else it is an annotation in every draft. Raises
    `SchemaError` where the schema cannot be read or refers to anything outside itself.
    """

    def __init__(self, schema: dict[str, Any] | bool, *, assert_formats: bool) -> None:
        try:
            self._validator = jsonschema_rs.validator_for(schema, validate_formats=assert_formats, retriever=_refuse)
        except ValueError as error:
            raise SchemaError(f"the judge cannot read it: {str(error).splitlines()[0]}") from None
        draft = type(self._validator).__name__.removesuffix("Validator")
        self.name = f"jsonschema-rs {version('jsonschema-rs')}, {draft}"

    def judge(self, value: JSONValue) -> Verdict:
        """The verdict on one value; of several faults the first, of several branches the one that got furthest."""
        try:
            error = next(iter(self._validator.iter_errors(value)), None)
        except ValueError as fault:
            return Verdict(False, _shorten(f"cannot be judged: {fault}"))
        if error is None:
            return Verdict(True)
        error = _innermost(error)
        return Verdict(False, _shorten(f"{error.kind.name}: {error.message}"), pointer_to(error.instance_path))


def _refuse(uri: str) -> NoReturn:
    raise ValueError(f"{uri} lies outside the schema, and nothing is fetched")


def _innermost(error: jsonschema_rs.ValidationError) -> jsonschema_rs.ValidationError:
    """Follow the failed branches of `anyOf` and `oneOf` to the error deepest in the value."""
    branches: Iterable[list[jsonschema_rs.ValidationError]] = getattr(error.kind, "context", ())
    inner = [_innermost(candidate) for branch in branches for candidate in branch]
    deepest = max(inner, key=lambda candidate: len(candidate.instance_path), default=error)
    return deepest if len(deepest.instance_path) > len(error.instance_path) else error


def _shorten(text: str) -> str:
    return textwrap.shorten(text, MAX_REASON_CHARACTERS, placeholder=" …")
