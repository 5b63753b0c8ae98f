"""Judges: independent programs that decide whether a document is acceptable.

A judge takes a value and returns a verdict. It shares no code with the grammar that wrote the document, so a bug in the
grammar cannot hide itself. Nothing is fetched: a schema that refers outside itself is rejected. `judge_selection.py`
chooses the judge for a grammar, and the form in which the judge gets the schema.
Not covered: what a schema cannot express, such as whether an action or a secret exists.
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
# In deeper values an engine might overflow its stack, which ends the process.
MAX_DEPTH = 1000
# Kinds of errors that are about the engine, not about the value.
_ENGINE_FAILURES = ("BacktrackLimitExceeded", "RegexEngineFailure")
# The first regex engine takes linear time, but does not support look-around; the second limits its steps.
_PATTERN_ENGINES = (jsonschema_rs.RegexOptions, jsonschema_rs.FancyRegexOptions)


@dataclass(frozen=True)
class Verdict:
    """A judge's verdict on a value; if it is rejected, with the reason and the JSON pointer of the fault.

    `valid` is None if the value could not be judged; `reason` then says why.
    """

    valid: bool | None
    reason: str = ""
    pointer: str = ""

    @property
    def word(self) -> str:
        """The verdict in one or two words: valid, invalid or not judged."""
        return "not judged" if self.valid is None else "valid" if self.valid else "invalid"


class Judge(Protocol):
    """The interface of judges: a name, and verdicts on values."""

    @property
    def name(self) -> str:
        """The name of the judge in reports, with its version."""

    def judge(self, value: JSONValue) -> Verdict:
        """Return the verdict on one value."""


class SchemaJudge:
    """Judges by a JSON Schema with `jsonschema-rs`.

    draft: the URI of a draft; by default the draft that the schema names, else 2020-12.
    assert_formats: whether `format` is an assertion or an annotation, in every draft.
    note: added to the judge's name.
    Raises `SchemaError` if the schema cannot be read or refers to anything outside itself.
    """

    def __init__(
        self, schema: dict[str, Any] | bool, *, assert_formats: bool, draft: str | None = None, note: str = ""
    ) -> None:
        self._validator = _validator(schema, assert_formats, _DRAFTS[draft] if draft else jsonschema_rs.validator_for)
        read_as = type(self._validator).__name__.removesuffix("Validator")
        self.name = ", ".join(filter(None, (ENGINE, read_as, note)))

    def judge(self, value: JSONValue) -> Verdict:
        """Return the verdict on one value, with the first fault, from the branch that matched furthest."""
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
    """Replaces a judge if none can read the schema, because of `reason`; it judges no value."""

    name = "no judge"

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def judge(self, value: JSONValue) -> Verdict:
        """Return the verdict "not judged"."""
        return not_judged(self.reason)


def not_judged(reason: str) -> Verdict:
    """Return the verdict on a value that cannot be judged."""
    return Verdict(None, shorten(f"cannot be judged: {reason}"))


def fault_of(value: JSONValue) -> str:
    """Return the reason why engines cannot judge a value, or "" if they can."""
    for depth, level in enumerate(levels(value), start=1):
        if depth > MAX_DEPTH:
            return f"nested deeper than {MAX_DEPTH} levels"
        for node in level:
            if isinstance(node, dict):
                key = next((key for key in node if not isinstance(key, str)), None)
                fault = None if key is None else f"the key {key!r} is not a string"
            else:
                fault = None if isinstance(node, list) else scalar_fault(node)
            if fault:
                return fault
    return ""


def shorten(text: str) -> str:
    """Return a reason on one line, shortened to a readable length."""
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
    raise SchemaError(f"the judge cannot read the schema: {fault}") from None


def _refuse(uri: str) -> NoReturn:
    raise ValueError(f"{uri} is outside the schema, and nothing is fetched")


def _innermost(error: jsonschema_rs.ValidationError) -> jsonschema_rs.ValidationError:
    """Return the error deepest in the value, among those of the failed branches of `anyOf` and `oneOf`."""
    branches: Iterable[list[jsonschema_rs.ValidationError]] = getattr(error.kind, "context", ())
    inner = [_innermost(candidate) for branch in branches for candidate in branch]
    deepest = max(inner, key=lambda candidate: len(candidate.instance_path), default=error)
    return deepest if len(deepest.instance_path) > len(error.instance_path) else error
