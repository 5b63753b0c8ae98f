"""Rules change what a schema compiles to, everywhere that a grammar goes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from schemalm.compilation import compile_schema
from schemalm.documents.partial import ANYTHING
from schemalm.errors import DataError, InvalidDocument, LimitError, RulesError, SchemaError
from schemalm.judging.selection import judge_for
from schemalm.limits import Limits
from schemalm.rules import built_in
from schemalm.tokenizer import Tokenizer

# Valid with the changes only: needs that repeat, and a short title.
LOOSE = {"title": "a", "jobs": {"b": {"run": "x", "needs": ["a", "a"]}}}


@pytest.fixture
def amending(rules: dict[str, Any]) -> dict[str, Any]:
    """The rules without expressions and names."""
    return {name: part for name, part in rules.items() if name not in ("expressions", "names")}


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two built-in rules files: one for compose files, and a stricter one that extends it."""
    change = {"pointer": "", "operation": "merge", "value": {"required": ["name"]}, "reason": "names are good"}
    content = {
        "named": {"schema": "compose-spec", "amend": {"name": change}},
        "named-strict": {"schema": "compose-spec", "extends": "named"},
    }
    folder = tmp_path / "built_in"
    folder.mkdir()
    for name, rules in content.items():
        (folder / f"{name}.json").write_text(json.dumps({"rules": 1, **rules}))
    monkeypatch.setattr(built_in, "files", lambda _: tmp_path)
    caches = (built_in.built_in_rules, built_in._defaults)
    for cached in caches:
        cached.cache_clear()
    monkeypatch.setattr(built_in, "built_in_rules", built_in.built_in_rules.__wrapped__)
    monkeypatch.setattr(built_in, "_defaults", built_in._defaults.__wrapped__)


def accepts(grammar: Any, value: Any) -> bool:
    try:
        Tokenizer.from_grammar(grammar).encode(value)
    except InvalidDocument:
        return False
    return True


def test_a_grammar_enforces_the_amended_schema_and_keeps_the_original(
    schema: dict[str, Any], amending: dict[str, Any]
) -> None:
    plain, grammar = compile_schema(schema), compile_schema(schema, rules=amending)
    assert plain.rules is None
    assert not accepts(plain, LOOSE)
    assert accepts(grammar, LOOSE)
    assert grammar.schema == plain.schema == plain.enforced_schema == schema
    assert isinstance(grammar.enforced_schema, dict)
    assert grammar.enforced_schema["properties"]["title"] == {"type": "string", "maxLength": 40}
    assert grammar.rules is not None
    assert grammar.rules.file.title == "Jobs"


def test_rules_stay_with_other_key_orders_and_prompts(schema: dict[str, Any], amending: dict[str, Any]) -> None:
    grammar = compile_schema(schema, rules=amending)
    assert grammar.with_key_orders({}).rules is grammar.with_prompt(ANYTHING).rules is grammar.rules


def test_judges_read_the_amended_schema(schema: dict[str, Any], amending: dict[str, Any]) -> None:
    assert judge_for(compile_schema(schema, rules=amending)).judge_value(LOOSE).accepted
    assert judge_for(compile_schema(schema)).judge_value(LOOSE).accepted is False


def test_coverage_lists_every_part_of_the_rules(schema: dict[str, Any], rules: dict[str, Any]) -> None:
    uses = [use for use in compile_schema(schema, rules=rules).coverage() if use.pointer.startswith("rules#")]
    assert [(use.keyword, use.pointer) for use in uses] == [
        ("amend", "rules#/amend/needs-may-repeat"),
        ("amend", "rules#/amend/short-titles"),
        ("expressions", "rules#/expressions/places/0/at/0"),
        ("expressions", "rules#/expressions/places/1/at/0"),
        ("expressions", "rules#/expressions/places/2/at/0"),
        ("names", "rules#/names/job"),
    ]
    assert {use.status for use in uses} == {"construction"}


def test_a_saved_tokenizer_has_its_rules(schema: dict[str, Any], amending: dict[str, Any], tmp_path: Path) -> None:
    tokenizer = Tokenizer.train(compile_schema(schema, rules=amending), [LOOSE], vocab_size=320)
    tokenizer.save(tmp_path / "t.json")
    stored = json.loads((tmp_path / "t.json").read_text())
    assert stored["schema"] == schema
    assert stored["rules"] == amending
    loaded = Tokenizer.load(tmp_path / "t.json")
    assert loaded.to_json() == tokenizer.to_json()
    assert loaded.decode(loaded.encode(LOOSE)) == LOOSE
    assert loaded.encode_batch([LOOSE] * 2, workers=2) == [tokenizer.encode(LOOSE)] * 2


def test_a_tokenizer_without_rules_has_no_such_field(schema: dict[str, Any]) -> None:
    assert "rules" not in json.loads(Tokenizer.from_grammar(compile_schema(schema)).to_json())


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"rules": 2}, "rules at /rules"),
        ({"rules": 1, "extends": "github-workflow"}, "rules in data cannot extend others"),
        ("github-workflow", "expected object"),
        (
            {"rules": 1, "amend": {"a": {"pointer": "/x", "operation": "remove", "reason": "r"}}},
            "this change does not fit",
        ),
        ({"rules": 1, "names": {"x": {"declared": [{"values": "/b/c"}]}}, "alike": {"/a": ["/b"]}}, "of their own"),
    ],
)
def test_rules_in_a_tokenizer_file_are_untrusted(schema: dict[str, Any], rules: Any, message: str) -> None:
    stored = json.loads(Tokenizer.from_grammar(compile_schema(schema)).to_json())
    with pytest.raises(DataError, match=message):
        Tokenizer.from_json(json.dumps({**stored, "rules": rules}).encode())


def test_a_change_that_does_not_fit_names_the_file_of_the_rules(schema: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("rules: 1\namend:\n  gone: {pointer: /x, operation: remove, reason: r}\n")
    with pytest.raises(RulesError, match="the schema has no /x") as caught:
        compile_schema(schema, rules=path)
    assert (caught.value.source, caught.value.pointer) == (str(path), "/amend/gone")


def test_a_place_that_cannot_be_like_another_names_the_file_of_the_rules(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("rules: 1\nnames: {x: {declared: [{values: /b/c}]}}\nalike: {/a: [/b]}\n")
    with pytest.raises(RulesError, match="the values at '/b' have rules of their own") as caught:
        compile_schema({}, rules=path)
    assert (caught.value.source, caught.value.pointer) == (str(path), "/alike/~1a/0")


def test_places_that_lead_back_to_themselves_may_hold_arrays_of_different_items() -> None:
    note = {"properties": {"notes": {"type": "array", "uniqueItems": True, "items": {"$ref": "#/$defs/note"}}}}
    place = {"at": ["/note/text"], "form": "text", "contexts": ["user"]}
    rules = {
        "rules": 1,
        "expressions": {"delimiters": ["{{", "}}"], "contexts": {"user": "any"}, "places": [place]},
        "alike": {"/note": ["/note/notes/[]"]},
    }
    grammar = compile_schema({"properties": {"note": {"$ref": "#/$defs/note"}}, "$defs": {"note": note}}, rules=rules)
    assert accepts(grammar, {"note": {"notes": [{"text": "{{ user }}"}]}})
    assert not accepts(grammar, {"note": {"notes": [{"text": "{{ uses }}"}]}})


def test_changes_that_make_an_invalid_schema_are_refused() -> None:
    change = {"pointer": "", "operation": "merge", "value": {"properties": {"a": 1}}, "reason": "r"}
    with pytest.raises(RulesError, match="with these changes, the schema is invalid at /properties/a"):
        compile_schema({}, rules={"rules": 1, "amend": {"a": change}})
    inner = {"pointer": "/not/not", "operation": "replace", "value": {"not": {"not": {}}}, "reason": "r"}
    with pytest.raises(LimitError, match="schema_depth"):
        compile_schema({"not": {"not": {}}}, rules={"rules": 1, "amend": {"a": inner}}, limits=Limits(schema_depth=4))


def test_rules_under_which_no_value_is_valid_are_refused() -> None:
    change = {"pointer": "", "operation": "replace", "value": False, "reason": "r"}
    with pytest.raises(SchemaError, match="no value satisfies"):
        compile_schema({}, rules={"rules": 1, "amend": {"a": change}})


@pytest.mark.usefixtures("offered")
def test_built_in_rules_are_the_default_of_their_schema() -> None:
    assert built_in.default_rules("compose-spec") == "named"
    assert built_in.default_rules({"type": "object"}) is None
    assert built_in.chosen("none", "compose-spec") is None
    assert built_in.chosen("other.json", "compose-spec") == "other.json"
    assert accepts(compile_schema("compose-spec", rules=None), {})
    for rules in ("default", "named", "named-strict"):
        grammar = compile_schema("compose-spec", rules=rules)
        assert not accepts(grammar, {})
        assert accepts(grammar, {"name": "a"})
    assert compile_schema({"type": "object"}).rules is None


@pytest.mark.usefixtures("offered")
def test_a_file_with_the_name_of_a_built_in_schema_has_no_default_rules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("compose-spec").write_text("{}")
    assert built_in.default_rules("compose-spec") is None
