"""The first program that can read a schema judges; the schema it gets has the same meaning as the grammar's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.judging.misread import MISREAD

from schemalm.compilation import compile_schema
from schemalm.errors import SchemaError
from schemalm.judging import selection
from schemalm.judging.interface import Message, Verdict
from schemalm.judging.python_judge import PythonJudge
from schemalm.judging.schema_judge import NoJudge, SchemaJudge, ValueJudge
from schemalm.judging.selection import announcement, judge_for

DRAFT_4 = "http://json-schema.org/draft-04/schema#"
DRAFT_7 = "http://json-schema.org/draft-07/schema#"


def refuse(*_: object, **__: object) -> Any:
    raise SchemaError("the judge cannot read it: out of order")


@pytest.fixture
def second_judge(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], ValueJudge]:
    """Return the judge for a schema, with `jsonschema-rs` disabled for whole schemas."""
    monkeypatch.setattr(selection, "SchemaJudge", refuse)
    return lambda schema: judge_for(compile_schema(schema))


def test_a_schema_that_all_programs_read_the_same_is_not_changed() -> None:
    judge = judge_for(compile_schema({"type": "string", "pattern": "^[a-z]+$"}))
    assert judge.title.startswith("jsonschema-rs ")
    assert judge.title.endswith(", Draft202012")
    assert announcement(judge) == f"documents are judged by {judge.title}"


@pytest.mark.parametrize("name", MISREAD)
def test_schemas_that_the_judge_cannot_read_as_written_are_respelled(name: str) -> None:
    schema, valid, invalid = MISREAD[name]
    with pytest.raises(SchemaError):
        SchemaJudge(schema, assert_formats=True)
    judge = judge_for(compile_schema(schema))
    assert judge.title.startswith("jsonschema-rs ")
    assert judge.title.endswith(("patterns respelled: 1", "simplified schema"))
    assert [judge.judge_value(value).word for value in (*valid, *invalid)] == ["valid"] * len(valid) + [
        "invalid"
    ] * len(invalid)


@pytest.mark.parametrize("name", MISREAD)
def test_the_second_judge_says_the_same(name: str, second_judge: Callable[[Any], ValueJudge]) -> None:
    schema, valid, invalid = MISREAD[name]
    judge = second_judge(schema)
    assert judge.title.startswith("jsonschema 4")
    assert [judge.judge_value(value).word for value in (*valid, *invalid)] == ["valid"] * len(valid) + [
        "invalid"
    ] * len(invalid)


def test_a_pattern_that_the_first_judge_misreads_is_respelled_for_it() -> None:
    judge = judge_for(compile_schema({"type": "string", "pattern": r"^\Aa.$"}))
    assert judge.judge_value("Aab").accepted
    assert judge.judge_value("ab").accepted is False
    assert judge.judge_value("Aa\r").accepted is False


@pytest.mark.parametrize("target", ["#/definitions/a", "#/properties/b/patternProperties/%5Ea.$"])
def test_the_rest_of_a_schema_is_not_changed_if_possible(target: str) -> None:
    schema = {
        "$id": "http://a.example/s",
        "properties": {"a": {"$ref": target}, "b": {"patternProperties": {"^a.$": {"pattern": r"^\A$"}, "^A": {}}}},
        "definitions": {"a": {"pattern": r"^\A$"}},
    }
    judge = judge_for(compile_schema(schema))
    kept = "patterns respelled: 3" if target.endswith("a") else "simplified schema"
    assert judge.title.endswith(kept)
    assert judge.judge_value({"a": "A", "b": {"ab": "A", "a\r": "b"}}).accepted
    assert judge.judge_value({"a": "B"}).pointer == "/a"
    assert judge.judge_value({"b": {"ab": "B"}}).pointer == "/b/ab"


def test_a_plus_twice_around_something_optional_needs_two() -> None:
    judge = judge_for(compile_schema({"type": "string", "pattern": r"^\d+\.?\d+$"}))
    assert judge.judge_value("12").accepted
    assert judge.judge_value("1").accepted is False


@pytest.mark.parametrize(
    ("schema", "value", "is_valid"),
    [
        ({"$schema": DRAFT_4, "type": "integer"}, 1.0, False),
        ({"type": "integer"}, 1.0, True),
        ({"$schema": DRAFT_7, "$ref": "#/definitions/a", "type": "string", "definitions": {"a": {}}}, 1, True),
        ({"$ref": "#/definitions/a", "type": "string", "definitions": {"a": {}}}, 1, False),
        ({"$schema": "http://json-schema.org/schema#", "prefixItems": [{"type": "null"}]}, [1], False),
        ({"minimum": 1, "exclusiveMinimum": True}, 1, False),
        ({"minimum": 1, "exclusiveMinimum": True, "const": 2}, 3, False),
    ],
)
def test_the_draft_is_the_one_that_the_grammar_reads(schema: Any, value: Any, is_valid: bool) -> None:
    assert judge_for(compile_schema(schema)).judge_value(value).accepted is is_valid


@pytest.mark.parametrize("formats", ["assert", "annotate"])
def test_formats_are_judged_as_the_grammar_keeps_them(formats: Any, second_judge: Callable[[Any], ValueJudge]) -> None:
    grammar = compile_schema({"type": "string", "format": "date", "pattern": "."}, formats)
    assert judge_for(grammar).judge_value("no date").accepted is (formats == "annotate")


def test_if_no_program_can_read_the_schema_nothing_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "SchemaJudge", refuse)
    monkeypatch.setattr(selection, "PythonJudge", refuse)
    judge = judge_for(compile_schema({"type": "null"}))
    assert isinstance(judge, NoJudge)
    assert judge.why_not == "no program can read this schema: the judge cannot read it: out of order"
    assert judge.judge_value(None) == Verdict(failure="the judge cannot read it: out of order")
    assert announcement(judge) == (
        "no judge can read this schema, so documents will not be judged: the judge cannot read it: out of order"
    )


def test_patterns_that_no_other_engine_reads_are_read_by_our_own() -> None:
    """Nested counts, which other engines expand."""
    pattern = "^(x{1,1000}){1,1000}$"
    judge = judge_for(compile_schema({"type": "object", "patternProperties": {pattern: {"type": "null"}}}))
    assert isinstance(judge, PythonJudge)
    assert "patterns that it cannot read by SchemaLM" in judge.title
    assert judge.judge_value({"xx": None, "y": 1}).accepted
    assert judge.judge_value({"xxx": 1}) == Verdict((Message("1 is not of type 'null'", pointer="/xxx", kind="type"),))


@pytest.mark.parametrize(
    ("schema", "valid", "invalid"),
    [
        (
            {"patternProperties": {"^a": {}}, "properties": {"b": {}}, "additionalProperties": False},
            {"ax": 1, "b": 2},
            {"c": 1},
        ),
        ({"multipleOf": 0.1}, 0.3, 0.35),
        ({"format": "ipv4", "type": "string"}, "127.0.0.1", "127.0.0.256"),
        ({"unevaluatedProperties": False, "allOf": [{"properties": {"a": True}}]}, {"a": 1}, {"b": 1}),
        ({"type": "array", "uniqueItems": True}, [1, True], [1, 1.0]),
        ({"enum": [1, "a"]}, 1.0, True),
        (
            {"$defs": {"a": {"properties": {"a": {"$ref": "#/$defs/a"}}, "maxProperties": 1}}, "$ref": "#/$defs/a"},
            {"a": {}},
            {"a": {"b": 1, "c": 2}},
        ),
    ],
)
def test_the_second_judge_is_exact(
    schema: Any, valid: Any, invalid: Any, second_judge: Callable[[Any], ValueJudge]
) -> None:
    judge = second_judge(schema)
    assert judge.judge_value(valid) == Verdict()
    assert judge.judge_value(invalid).accepted is False


def test_the_second_judge_takes_linear_time_for_a_pattern(second_judge: Callable[[Any], ValueJudge]) -> None:
    judge = second_judge(
        {"type": "object", "patternProperties": {"^(a+)+$": {"type": "null"}}, "additionalProperties": False}
    )
    assert judge.judge_value({"a" * 20_000 + "b": None}).accepted is False


def deep(num_levels: int) -> Any:
    value: Any = 1
    for _ in range(num_levels):
        value = [value]
    return value


UNJUDGEABLE = [deep(100_000), {1: 2}, {1}, "\ud800", float("nan"), 10**5000]


@pytest.mark.parametrize("value", UNJUDGEABLE, ids=["deep", "key", "set", "surrogate", "nan", "integer"])
def test_something_that_is_not_a_json_value_cannot_be_judged(
    value: Any, second_judge: Callable[[Any], ValueJudge]
) -> None:
    for judge in (SchemaJudge(True, assert_formats=True), second_judge({})):
        verdict = judge.judge_value(value)
        assert (verdict.accepted, verdict.word) == (None, "not judged")
        assert verdict.reason.startswith("cannot be judged: ")


def test_large_and_deep_values_are_judged(second_judge: Callable[[Any], ValueJudge]) -> None:
    schema = {"items": {"$ref": "#"}, "maximum": 2**70}
    for judge in (SchemaJudge(schema, assert_formats=True), second_judge(schema)):
        assert judge.judge_value(2**70).accepted
        assert judge.judge_value(2**70 + 1).accepted is False
        assert judge.judge_value(deep(60)).accepted
    assert SchemaJudge(schema, assert_formats=True).judge_value(deep(900)).accepted
    assert second_judge(schema).judge_value(deep(900)).accepted is None


@pytest.mark.parametrize(
    "schema", [{"$ref": "#"}, {"allOf": [{"$ref": "#"}]}, {"anyOf": [{"$ref": "#"}, {"type": "null"}]}]
)
def test_a_reference_to_itself_ends(schema: Any) -> None:
    judge = PythonJudge(
        schema, assert_formats=True, draft="https://json-schema.org/draft/2020-12/schema", read_pattern=refuse
    )
    assert judge.judge_value("text").accepted is None
    assert SchemaJudge(schema, assert_formats=True).judge_value("text").word


def test_a_pattern_that_takes_too_many_steps_gives_no_verdict() -> None:
    judge = SchemaJudge({"pattern": r"^(?=(a*)*b)(a*)*\1c"}, assert_formats=True)
    assert judge.judge_value("a" * 5_000).accepted in (None, False)


def test_both_kinds_of_key_patterns_are_refused_by_the_second_judge() -> None:
    schema = {"patternProperties": {"^a": {}}, "unevaluatedProperties": False}
    with pytest.raises(SchemaError, match="patternProperties with unevaluatedProperties"):
        PythonJudge(schema, assert_formats=True, draft=DRAFT_7.rstrip("#"), read_pattern=refuse)
