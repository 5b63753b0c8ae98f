"""Judges: independent programs that say whether a document is acceptable.

In goes a value, out comes a verdict. A judge shares no code with the grammar that wrote the document, so that a fault
of the grammar cannot hide itself. Nothing is fetched: a schema that refers outside itself is refused. Which judge a
grammar gets, and in which spelling it is given the schema, `judging.py` says.
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
from schemalm.documents.values import levels, scalar_fault
from schemalm.errors import SchemaError
from schemalm.json_pointer import pointer_to

MAX_REASON_CHARACTERS = 300
# Beyond this an engine might exhaust its stack, which ends the process.
MAX_DEPTH = 1000
# What an engine tells of itself, not of the value.
_ENGINE_FAILURES = ("BacktrackLimitExceeded", "RegexEngineFailure")
# The first engine of patterns takes linear time, but knows no look-around; the second bounds its steps.
_PATTERN_ENGINES = (jsonschema_rs.RegexOptions, jsonschema_rs.FancyRegexOptions)


@dataclass(frozen=True)
class Verdict:
    """What a judge says of a value: where it is refused, why, and the JSON pointer of the place at fault.

    `valid` is None where the value could not be judged, which `reason` then tells.
    """

    valid: bool | None
    reason: str = ""
    pointer: str = ""

    @property
    def word(self) -> str:
        """The verdict in short: valid, invalid or not judged."""
        return "not judged" if self.valid is None else "valid" if self.valid else "invalid"


class Judge(Protocol):
    """Anything with a name that tells acceptable values from others."""

    @property
    def name(self) -> str:
        """What the judge is called in reports, version included."""

    def judge(self, value: JSONValue) -> Verdict:
        """The verdict on one value."""


class SchemaJudge:
    """Judges by a JSON Schema with `jsonschema-rs`, under `draft`, or the draft that the schema names, else 2020-12.

    `draft` is the address of one. `assert_formats` makes `format` an assertion in every draft, else it is an annotation
    in every draft. `note` is added to the judge's name. Raises `SchemaError` where the schema cannot be read or refers
    to anything outside itself.
    """

    def __init__(
        self, schema: dict[str, Any] | bool, *, assert_formats: bool, draft: str | None = None, note: str = ""
    ) -> None:
        self._validator = _validator(schema, assert_formats, _DRAFTS[draft] if draft else jsonschema_rs.validator_for)
        read_as = type(self._validator).__name__.removesuffix("Validator")
        self.name = ", ".join(filter(None, (ENGINE, read_as, note)))

    def judge(self, value: JSONValue) -> Verdict:
        """The verdict on one value; of several faults the first, of several branches the one that got furthest."""
        if fault := fault_of(value):
            return not_judged(fault)
        try:
            error = next(iter(self._validator.iter_errors(value)), None)
        except ValueError as failure:
            return not_judged(str(failure))
        if error is None:
            return Verdict(True)
        error = _innermost(error)
        if type(error.kind).__name__ in _ENGINE_FAILURES:
            return not_judged(error.message)
        return Verdict(False, shorten(f"{error.kind.name}: {error.message}"), pointer_to(error.instance_path))


class NoJudge:
    """Stands where no judge can read the schema, for `reason`: nothing that it sees is judged."""

    name = "no judge"

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def judge(self, value: JSONValue) -> Verdict:
        """The verdict that there is none."""
        return not_judged(self.reason)


def not_judged(reason: str) -> Verdict:
    """The verdict on a value that cannot be judged."""
    return Verdict(None, shorten(f"cannot be judged: {reason}"))


def fault_of(value: JSONValue) -> str:
    """Why a value is none that engines can judge; empty where it is one."""
    for depth, level in enumerate(levels(value), start=1):
        if depth > MAX_DEPTH:
            return f"nested deeper than {MAX_DEPTH} levels"
        for node in level:
            if isinstance(node, dict):
                key = next((key for key in node if not isinstance(key, str)), None)
                fault = None if key is None else f"the key {key!r} is no string"
            else:
                fault = None if isinstance(node, list) else scalar_fault(node)
            if fault:
                return fault
    return ""


def shorten(text: str) -> str:
    """A reason on one line, of a length that people read."""
    return textwrap.shorten(text, MAX_REASON_CHARACTERS, placeholder=" …")


ENGINE = f"jsonschema-rs {version('jsonschema-rs')}"
_DRAFTS: dict[str, Any] = {
    "http://json-schema.org/draft-04/schema": jsonschema_rs.Draft4Validator,
    "http://json-schema.org/draft-06/schema": jsonschema_rs.Draft6Validator,
    "http://json-schema.org/draft-07/schema": jsonschema_rs.Draft7Validator,
    "https://json-schema.org/draft/2019-09/schema": jsonschema_rs.Draft201909Validator,
    "https://json-schema.org/draft/2020-12/schema": jsonschema_rs.Draft202012Validator,
}


def _validator(schema: dict[str, Any] | bool, assert_formats: bool, make: Any) -> jsonschema_rs.Validator:
    fault = ""
    for options in _PATTERN_ENGINES:
        try:
            made: jsonschema_rs.Validator = make(
                schema, validate_formats=assert_formats, retriever=_refuse, pattern_options=options()
            )
        except ValueError as error:
            fault = shorten(str(error).splitlines()[0])
        else:
            return made
    raise SchemaError(f"the judge cannot read it: {fault}") from None


def _refuse(uri: str) -> NoReturn:
    raise ValueError(f"{uri} lies outside the schema, and nothing is fetched")


def _innermost(error: jsonschema_rs.ValidationError) -> jsonschema_rs.ValidationError:
    """Follow the failed branches of `anyOf` and `oneOf` to the error deepest in the value."""
    branches: Iterable[list[jsonschema_rs.ValidationError]] = getattr(error.kind, "context", ())
    inner = [_innermost(candidate) for branch in branches for candidate in branch]
    deepest = max(inner, key=lambda candidate: len(candidate.instance_path), default=error)
    return deepest if len(deepest.instance_path) > len(error.instance_path) else error
