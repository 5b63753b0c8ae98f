"""The program check-jsonschema, on which SchemaLM depends, judges by the published schema."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given
from jsonschema.exceptions import ValidationError

from schemalm.compilation import compile_schema
from schemalm.json_pointer import pointer_to
from schemalm.judging.check_jsonschema import CheckJsonschema, pointer_of
from schemalm.judging.interface import Document, Message, Verdict

SCHEMA = {
    "type": "object",
    "properties": {
        "a.b": {"type": "array", "items": {"type": "integer"}},
        "it's": {"type": "string", "format": "date"},
    },
}


def judged(*texts: str, formats: Any = "assert") -> list[Verdict]:
    judge = CheckJsonschema.of(compile_schema(SCHEMA, formats))
    return judge.judge([Document.of_text(text) for text in texts])


@pytest.mark.slow
def test_documents_are_accepted_and_refused_with_pointer_and_line() -> None:
    accepted, refused, quoted, broken, commented = judged(
        "a.b: [1]\n", "# why\na.b:\n  - 1\n  - x\n", "it's: 3\n", "a: [\n", '{"a.b": [1] /* , */}'
    )
    assert accepted == Verdict()
    assert refused == Verdict((Message("'x' is not of type 'integer'", 4, "/a.b/1"),))
    assert (quoted.pointer, quoted.errors[0].line) == ("/it's", 1)
    assert broken.accepted is False
    assert commented.accepted is False  # as YAML, it is a flow mapping with an odd key


@given(st.lists(st.text() | st.integers(0, 99)))
def test_a_path_of_jsonschema_is_read_back(path: list[str | int]) -> None:
    assert pointer_of(ValidationError("", path=path).json_path) == pointer_to(path)


@pytest.mark.slow
def test_formats_bind_as_in_the_grammar() -> None:
    assert [judged("it's: x\n", formats=formats)[0].accepted for formats in ("assert", "annotate")] == [False, True]


@pytest.mark.slow
def test_the_schema_is_the_published_one() -> None:
    judge = CheckJsonschema.of(compile_schema("github-workflow"))
    permission = "on: push\npermissions: {drives: read}\njobs: {a: {runs-on: b, steps: [{run: c}]}}\n"
    assert judge.judge([Document.of_text(permission)])[0].accepted is False  # rules add it to the schema
    assert judge.title.startswith("check-jsonschema ")


@pytest.mark.parametrize(
    ("schema", "is_asked"),
    [
        (True, True),
        ({"multipleOf": 2}, True),
        ({"multipleOf": 2.0}, True),
        ({"properties": {"multipleOf": {"type": "number"}}}, True),
        ({"properties": {"price": {"anyOf": [{"multipleOf": 0.05}]}}}, False),
    ],
)
def test_it_is_not_asked_where_it_divides_in_binary(schema: Any, is_asked: bool) -> None:
    why_not = CheckJsonschema(schema, assert_formats=False).why_not
    assert (not why_not) is is_asked
    assert is_asked or "multipleOf with a fraction" in why_not
