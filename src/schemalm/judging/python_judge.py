"""The second judge, for schemas that the first one cannot read: the package `jsonschema`.

It walks values in Python and is slow, so it is the second choice. It does not evaluate keywords that it treats
inexactly or without limits: `jsonschema-rs` judges `pattern`, `format` and `multipleOf`, one keyword at a time, and the
given pattern reader matches patterns that `jsonschema-rs` cannot read; the judge's title says so. Nothing is matched
with `re`, and nothing is fetched. Not covered: schemas with both `patternProperties` and `unevaluatedProperties`, for
which the package matches keys itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any, NoReturn

from jsonschema.exceptions import ValidationError, best_match
from jsonschema.validators import extend, validator_for
from referencing import Registry
from referencing.exceptions import NoSuchResource, Unresolvable

from schemalm.documents import JSONValue
from schemalm.documents.values import levels
from schemalm.errors import SchemaError, SchemaLMError
from schemalm.judging.interface import Verdict
from schemalm.judging.schema_judge import ENGINE, SchemaJudge, ValueJudge, fault_of, not_judged, refused

Errors = Iterator[ValidationError]
# Returns whether a pattern has a match in a text.
Matcher = Callable[[str], bool]
KEY_PATTERNS = {"patternProperties", "unevaluatedProperties"}


class UndecidedError(Exception):
    """One keyword cannot be evaluated for one value."""


class PythonJudge(ValueJudge):
    """Judges by a JSON Schema with `jsonschema`, under the draft with the URI `draft`.

    read_pattern: returns the matcher of a pattern that `jsonschema-rs` cannot read.
    note: added to the judge's title.
    Raises `SchemaError` if the judge does not support the schema.
    """

    def __init__(
        self,
        schema: dict[str, Any] | bool,
        *,
        assert_formats: bool,
        draft: str,
        read_pattern: Callable[[str], Matcher],
        note: str = "",
    ) -> None:
        if _words(schema) >= KEY_PATTERNS:
            raise SchemaError("the second judge cannot read it: patternProperties with unevaluatedProperties")
        self._draft = draft
        self._assert_formats = assert_formats
        self._read_pattern = read_pattern
        self._helpers: dict[tuple[str, Any], Callable[[JSONValue], bool]] = {}
        base = validator_for({"$schema": draft})
        keywords = {
            "pattern": self._leaf("pattern"),
            "multipleOf": self._leaf("multipleOf"),
            "format": self._leaf("format"),
            "patternProperties": self._pattern_properties,
            "additionalProperties": self._additional_properties,
        }
        make_registry: Any = Registry
        self._validator = extend(base, keywords)(schema, registry=make_registry(retrieve=_refuse))
        helpers = f"pattern, format and multipleOf by {ENGINE}, patterns that it cannot read by SchemaLM"
        read_as = base.__name__.removesuffix("Validator")
        self.title = ", ".join(filter(None, (f"jsonschema {version('jsonschema')}", read_as, note, helpers)))

    def judge_value(self, value: JSONValue) -> Verdict:
        """Return the verdict on one value, with the most relevant fault."""
        if fault := fault_of(value):
            return not_judged(fault)
        try:
            error = best_match(self._validator.iter_errors(value))
        except RecursionError:
            return not_judged("the value or the schema is nested too deeply")
        except (
            UndecidedError,
            SchemaLMError,
            ArithmeticError,
            ValueError,
            Unresolvable,
        ) as failure:
            return not_judged(str(failure))
        if error is None:
            return Verdict()
        return refused(str(error.validator), error.message, error.absolute_path)

    def _leaf(self, keyword: str) -> Callable[..., Errors]:
        def judge(validator: Any, operand: Any, value: Any, schema: Any) -> Errors:
            if isinstance(value, str | int | float) and not self._helper(keyword, operand)(value):
                yield ValidationError(f"{value!r} breaks {operand!r}")

        return judge

    def _pattern_properties(self, validator: Any, patterns: dict[str, Any], value: Any, schema: Any) -> Errors:
        for pattern, inner in patterns.items():
            for key in value if isinstance(value, dict) else ():
                if self._helper("pattern", pattern)(key):
                    yield from validator.descend(value[key], inner, path=key, schema_path=pattern)

    def _additional_properties(self, validator: Any, inner: Any, value: Any, schema: dict[str, Any]) -> Errors:
        patterns = schema.get("patternProperties", {})
        for key in value if isinstance(value, dict) else ():
            if key in schema.get("properties", {}) or any(self._helper("pattern", each)(key) for each in patterns):
                continue
            yield from validator.descend(value[key], inner, path=key)

    def _helper(self, keyword: str, operand: Any) -> Callable[[JSONValue], bool]:
        key = (keyword, operand)
        if key not in self._helpers:
            self._helpers[key] = self._make_helper(keyword, operand)
        return self._helpers[key]

    def _make_helper(self, keyword: str, operand: Any) -> Callable[[JSONValue], bool]:
        try:
            helper = SchemaJudge({keyword: operand}, assert_formats=self._assert_formats, draft=self._draft)
        except SchemaError:
            if keyword != "pattern":
                raise
            matches = self._read_pattern(operand)
            return lambda value: not isinstance(value, str) or matches(value)

        def judge(value: JSONValue) -> bool:
            verdict = helper.judge_value(value)
            if verdict.accepted is None:
                raise UndecidedError(verdict.failure)
            return verdict.accepted

        return judge


def _words(schema: Any) -> set[str]:
    """Return all keys in a schema, whether they are keywords or not."""
    return {key for level in levels(schema) for node in level if isinstance(node, dict) for key in node}


def _refuse(uri: str) -> NoReturn:
    raise NoSuchResource(uri)
