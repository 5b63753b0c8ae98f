"""Judges of values: by a JSON Schema, and by nothing.

A judge shares no code with the grammar that wrote the document, so a bug in the grammar cannot hide itself. Nothing is
fetched: a schema that refers outside itself is rejected. `selection.py` chooses the judge for a grammar, and the form
in which the judge gets the schema. Not covered: what a schema cannot express, such as whether an action or a secret
exists.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any, NoReturn

import jsonschema_rs

from schemalm.checking.positions import Positions
from schemalm.documents import JSONValue
from schemalm.documents.values import levels, scalar_fault
from schemalm.errors import SchemaError
from schemalm.json_pointer import pointer_to
from schemalm.judging.interface import Document, Message, Verdict, shorten

# In deeper values an engine might overflow its stack, which ends the process.
MAX_DEPTH = 1000
# Kinds of errors that are about the engine, not about the value.
_ENGINE_FAILURES = ("BacktrackLimitExceeded", "RegexEngineFailure")
# The first regex engine takes linear time, but does not support look-around; the second limits its steps.
_PATTERN_ENGINES = (jsonschema_rs.RegexOptions, jsonschema_rs.FancyRegexOptions)


class ValueJudge(ABC):
    """A judge that needs only the values of documents; a text that is no document is refused with its fault.

    title: the program that judges, with its version and how it reads the schema.
    """

    name = "schema"
    title: str
    meaning = "the schema accepts the value"
    why_not = ""

    @abstractmethod
    def judge_value(self, value: JSONValue) -> Verdict:
        """Return the verdict on one value."""

    def judge(self, documents: Sequence[Document]) -> list[Verdict]:
        """Return the verdicts on documents; errors have the lines that their pointers lead to."""
        return [self._verdict(document) for document in documents]

    def _verdict(self, document: Document) -> Verdict:
        if document.fault:
            return Verdict((Message(document.fault, document.fault_line, kind="document"),))
        verdict = self.judge_value(document.value)
        return replace(verdict, errors=with_lines(verdict.errors, document.text))


class SchemaJudge(ValueJudge):
    """Judges by a JSON Schema with `jsonschema-rs`.

    draft: the URI of a draft; by default the draft that the schema names, else 2020-12.
    assert_formats: whether `format` is an assertion or an annotation, in every draft.
    note: added to the judge's title.
    Raises `SchemaError` if the schema cannot be read or refers to anything outside itself.
    """

    def __init__(
        self, schema: dict[str, Any] | bool, *, assert_formats: bool, draft: str | None = None, note: str = ""
    ) -> None:
        self._validator = _validator(schema, assert_formats, _DRAFTS[draft] if draft else jsonschema_rs.validator_for)
        read_as = type(self._validator).__name__.removesuffix("Validator")
        self.title = ", ".join(filter(None, (ENGINE, read_as, note)))

    def judge_value(self, value: JSONValue) -> Verdict:
        """Return the verdict on one value, with the first fault, from the branch that matched furthest."""
        if fault := fault_of(value):
            return not_judged(fault)
        try:
            error = next(iter(self._validator.iter_errors(value)), None)
        except ValueError as failure:
            return not_judged(str(failure))
        if error is None:
            return Verdict()
        error = _innermost(error)
        if type(error.kind).__name__ in _ENGINE_FAILURES:
            return not_judged(error.message)
        return refused(error.kind.name, error.message, error.instance_path)


class NoJudge(ValueJudge):
    """Replaces a judge if none can read the schema, because of `reason`; it judges no value."""

    title = "no judge"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        self.why_not = f"no program can read this schema: {reason}"

    def judge_value(self, value: JSONValue) -> Verdict:
        """Return the verdict "not judged"."""
        return not_judged(self.reason)


def refused(keyword: str, message: str, path: Iterable[str | int]) -> Verdict:
    """Return the verdict on a value that breaks a keyword of the schema at a path."""
    return Verdict((Message(shorten(message), pointer=pointer_to(path), kind=keyword),))


def not_judged(reason: str) -> Verdict:
    """Return the verdict on a value that cannot be judged."""
    return Verdict(failure=shorten(reason))


def with_lines(messages: tuple[Message, ...], text: str) -> tuple[Message, ...]:
    """Return messages with the lines of a text that their pointers lead to, where that is known."""
    if not messages or not text:
        return messages
    positions = Positions(text)
    found = [positions.locate(message.pointer, message.kind) for message in messages]
    return tuple(replace(message, line=at.line) if at else message for message, at in zip(messages, found, strict=True))


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
