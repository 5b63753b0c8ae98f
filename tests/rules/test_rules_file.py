"""Rules files are read from files, values and built-in names; what is wrong is named with its place."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from schemalm.errors import RulesError, SchemaError
from schemalm.limits import Limits
from schemalm.rules import read_rules
from schemalm.rules.built_in import built_in_rules, default_rules
from schemalm.rules.rules_file import rules_of_value
from schemalm.schema.sources import ALIASES, built_in_names

Published = jsonschema_rs.Draft202012Validator
EXPRESSIONS = {"delimiters": ["<", ">"]}


# Files of another structure: the part that is wrong, and what the message says.
def _referring(**reference: str) -> dict[str, Any]:
    """Rules with one reference."""
    return {"names": {"a": {"declared": [{"keys": ""}], "referred": [reference]}}}


MISFITS: list[tuple[dict[str, Any], str, str]] = [
    ({"rules": 2}, "/rules", "expected 1, the version of the format, found 2"),
    ({"title": 3}, "/title", "expected a text"),
    ({"titel": "x"}, "/titel", "does not know this field"),
    ({"amend": {"a": {"operation": "remove", "reason": "r"}}}, "/amend/a", "lacks the field pointer"),
    ({"amend": {"a": {"pointer": "/a", "operation": "remove"}}}, "/amend/a", "lacks the field reason"),
    ({"amend": {"a": {"pointer": "/a", "operation": "drop", "reason": "r"}}}, "/amend/a/operation", "merge or remove"),
    ({"amend": {"a": {"pointer": "a", "operation": "remove", "reason": "r"}}}, "/amend/a/pointer", "a JSON pointer"),
    ({"amend": {"a": {"pointer": "/a~2", "operation": "remove", "reason": "r"}}}, "/amend/a/pointer", "a JSON pointer"),
    ({"amend": {"a": {"pointer": "/a", "operation": "remove", "reason": ""}}}, "/amend/a/reason", "length"),
    ({"amend": {"a": {"pointer": "/a", "operation": "add", "reason": "r"}}}, "/amend/a", "add needs a value"),
    ({"amend": {"a": {"pointer": "/a", "operation": "remove", "reason": "r", "value": 1}}}, "/amend/a", "no value"),
    ({"amend": {"a": {"pointer": "", "operation": "remove", "reason": "r"}}}, "/amend/a", "whole schema"),
    ({"amend": {"A b": {"pointer": "/a", "operation": "remove", "reason": "r"}}}, "/amend/A b", "lower-case words"),
    ({"expressions": {}}, "/expressions", "lacks the field delimiters"),
    ({"expressions": {"delimiters": ["<"]}}, "/expressions/delimiters", "length 2"),
    ({"expressions": {"delimiters": ["<", ""]}}, "/expressions/delimiters/1", "length"),
    ({"expressions": {**EXPRESSIONS, "depth": 0}}, "/expressions/depth", ">= 1"),
    ({"expressions": {**EXPRESSIONS, "depth": 65}}, "/expressions/depth", "<= 64"),
    ({"expressions": {**EXPRESSIONS, "syntax": {"binary": ["+"]}}}, "/expressions/syntax/binary/0", "an operator"),
    ({"expressions": {**EXPRESSIONS, "syntax": {"literals": ["nil"]}}}, "/expressions/syntax/literals/0", "a word"),
    ({"expressions": {**EXPRESSIONS, "contexts": {"a": "text"}}}, "/expressions/contexts/a", "expected a type"),
    ({"expressions": {**EXPRESSIONS, "contexts": {"a": {}}}}, "/expressions/contexts/a", "a type has"),
    ({"expressions": {**EXPRESSIONS, "contexts": {"a": None}}}, "/expressions/contexts/a", "found null"),
    ({"expressions": {**EXPRESSIONS, "contexts": {"a b": "any"}}}, "/expressions/contexts/a b", "cannot be a name"),
    (
        {"expressions": {**EXPRESSIONS, "contexts": {"a": {"items": "any", "values": "any"}}}},
        "/expressions/contexts/a",
        "a type has",
    ),
    (
        {"expressions": {**EXPRESSIONS, "contexts": {"a": {"properties": {"b": "any"}, "plain": True}}}},
        "/expressions/contexts/a",
        "with values and without properties",
    ),
    (
        {"expressions": {**EXPRESSIONS, "contexts": {"a": {"values": "any", "reserved": ["_"]}}}},
        "/expressions/contexts/a/reserved/0",
        "two characters or more",
    ),
    ({"expressions": {**EXPRESSIONS, "functions": {"f": {}}}}, "/expressions/functions/f", "lacks the field returns"),
    (
        {"expressions": {**EXPRESSIONS, "functions": {"f": {"returns": "any", "odd": True}}}},
        "/expressions/functions/f",
        "need more",
    ),
    (
        {"expressions": {**EXPRESSIONS, "functions": {"f": {"returns": "any", "placeholders": True}}}},
        "/expressions/functions/f",
        "needs a first parameter",
    ),
    (
        {"expressions": {**EXPRESSIONS, "functions": {"f": {"returns": "any", "json": True}}}},
        "/expressions/functions/f",
        "exactly one parameter",
    ),
    (
        {
            "expressions": {
                **EXPRESSIONS,
                "functions": {
                    "f": {"parameters": ["string"], "returns": "any", "json": True, "placeholders": True},
                },
            }
        },
        "/expressions/functions/f",
        "and no placeholders",
    ),
    ({"expressions": {**EXPRESSIONS, "places": [{"at": [], "form": "text"}]}}, "/expressions/places/0/at", "length"),
    (
        {"expressions": {**EXPRESSIONS, "places": [{"at": ["a"], "form": "text"}]}},
        "/expressions/places/0/at/0",
        "a value path",
    ),
    (
        {"expressions": {**EXPRESSIONS, "places": [{"at": ["/a"], "form": "free"}]}},
        "/expressions/places/0/form",
        "condition",
    ),
    (
        {"expressions": {**EXPRESSIONS, "places": [{"at": ["/a"], "form": "none", "accepts": "any"}]}},
        "/expressions/places/0",
        "the form none",
    ),
    (
        {"expressions": {**EXPRESSIONS, "places": [{"at": ["/a"], "form": "text", "accepts": None}]}},
        "/expressions/places/0/accepts",
        'found null; leave this field out; the type "null" needs quotes',
    ),
    ({"extends": "github-workflow", "expressions": None}, "/expressions", "found null"),
    ({"names": {"a": {"declared": [{"keys": ""}], "unique": None}}}, "/names/a/unique", "found null"),
    ({"names": {"a": {"declared": []}}}, "/names/a/declared", "length"),
    ({"names": {"a": {"declared": [{}]}}}, "/names/a/declared/0", "either keys or values"),
    ({"names": {"a": {"declared": [{"keys": "", "values": ""}]}}}, "/names/a/declared/0", "either keys or values"),
    ({"names": {"a": {"declared": [{"keys": ""}], "order": "later"}}}, "/names/a/order", "earlier or any"),
    ({"names": {"a": {"declared": [{"keys": ""}], "unique": "yes"}}}, "/names/a/unique", "exact or ignore-case"),
    ({"names": {"a": {"declared": [{"keys": ""}], "starts": "list"}}}, "/names/a/starts", "expected item"),
    ({"names": {"A": {"declared": [{"keys": ""}]}}}, "/names/A", "lower-case words"),
    ({"names": {"a": {"declared": [{"values": "", "except": ["b"]}]}}}, "/names/a/declared/0", "it needs keys"),
    (_referring(keys="/a", prefix="#"), "/names/a/referred/0", "they need values"),
    (_referring(values="/a", until="é"), "/names/a/referred/0/until", "at most 16 ASCII characters"),
    (_referring(values="/a", pattern=""), "/names/a/referred/0/pattern", "length >= 1"),
    ({"alike": {"/a": []}}, "/alike/~1a", "length >= 1"),
    ({"alike": {"/a": ["b"]}}, "/alike/~1a/0", "expected a value path"),
]


def test_every_part_is_read_and_written_again(rules: dict[str, Any]) -> None:
    found = read_rules(rules)
    assert read_rules(found.content()) == rules_of_value(found.content()) == found
    assert found.expressions is not None
    assert found.expressions.depth == 8
    assert found.expressions.syntax.words == ("true", "null")
    assert found.names["job"].referred[0].path == "/jobs/*/needs/[]"
    assert found.names["job"].scope == ""


def test_a_field_may_have_its_default(rules: dict[str, Any], published: Published) -> None:
    spelled = copy.deepcopy(rules)
    spelled.update(schema="", extends="")
    spelled["names"]["job"].update(order="earlier", ignore_case=False, scope="")
    published.validate(spelled)
    assert read_rules(spelled) == read_rules(rules)


def test_the_published_schema_accepts_what_is_read(rules: dict[str, Any], published: Published) -> None:
    published.validate(rules)
    published.validate(read_rules(rules).content())


@pytest.mark.parametrize(("part", "pointer", "message"), MISFITS, ids=[f"{row[1]}: {row[2]}" for row in MISFITS])
def test_another_structure_is_refused_here_and_by_the_published_schema(
    part: dict[str, Any], pointer: str, message: str, published: Published
) -> None:
    with pytest.raises(RulesError) as caught:
        read_rules({"rules": 1, **part})
    assert caught.value.pointer == pointer
    assert message in caught.value.message
    assert not published.is_valid({"rules": 1, **part})


@pytest.mark.parametrize(
    ("change", "pointer", "message"),
    [
        (lambda rules: rules.update(schema="github-workflo"), "/schema", "did you mean github-workflow"),
        (
            lambda rules: rules["expressions"]["places"][0]["contexts"].append("job"),
            "/expressions/places/0/contexts/2",
            "there is no context 'job'; did you mean jobs?",
        ),
        (
            lambda rules: rules["expressions"]["places"][0]["functions"].append("fromat"),
            "/expressions/places/0/functions/1",
            "there is no function 'fromat'; did you mean format?",
        ),
        (
            lambda rules: rules["expressions"]["places"][1]["at"].append("/title"),
            "/expressions/places/2/at/0",
            "the value path /title is in two places",
        ),
        (
            lambda rules: rules["names"]["job"]["declared"].append({"values": "/jobs/*/run"}),
            "/names/job/declared/1",
            "the text at /jobs/*/run may hold expressions; expected the form `none` there",
        ),
        (
            lambda rules: rules["expressions"]["contexts"].update(x={"properties": {"y": {"names": "jop"}}}),
            "/expressions/contexts/x/properties/y/names",
            "there is no kind of names 'jop'; known are job",
        ),
        (
            lambda rules: rules["expressions"]["functions"]["contains"].update(returns={"items": {"type": "job"}}),
            "/expressions/functions/contains/returns/items/type",
            "there is no type 'job'; known are job-members",
        ),
        (
            lambda rules: rules["expressions"]["functions"]["format"].update(more={"type": "x"}),
            "/expressions/functions/format/more/type",
            "there is no type 'x'; known are job-members",
        ),
        (
            lambda rules: rules["expressions"]["types"].update(a={"type": "b"}, b={"type": "a"}),
            "/expressions/types/a",
            "only another name of itself: a -> b -> a",
        ),
        (
            lambda rules: rules["names"]["job"].update(members={"names": "step"}),
            "/names/job/members/names",
            "there is no kind of names 'step'; known are job",
        ),
        (
            lambda rules: rules["names"]["job"].update(scope="/jobs/*"),
            "/names/job/declared/0/keys",
            "inside the scope /jobs/*, found /jobs",
        ),
        (
            lambda rules: rules["names"].update(output={"scope": "/jobs/*", "declared": [{"keys": "/jobs/a/outputs"}]}),
            "/names/output/declared/0/keys",
            "inside the scope /jobs/*, found /jobs/a/outputs; it must begin with this path",
        ),
        (
            lambda rules: rules["names"]["job"].update(unknown=["/other"], scope="/jobs"),
            "/names/job/unknown/0",
            "inside the scope /jobs, found /other",
        ),
        (
            lambda rules: rules["names"]["job"]["referred"].append({"values": "/jobs/*/needs/[]", "prefix": "#"}),
            "/names/job/referred/1",
            "another rule says what the whole text at /jobs/*/needs/[] is",
        ),
        (
            lambda rules: rules["names"]["job"]["referred"].append({"values": "/title", "pattern": "("}),
            "/names/job/referred/1/pattern",
            "the pattern of names cannot be used",
        ),
        (
            lambda rules: rules.update(alike={"/jobs/*": ["/first"]}),
            "/names/job/referred/0",
            "the values at /jobs/* are like others, so there can be no acyclic reference inside",
        ),
        (
            lambda rules: rules.update(alike={"/jobs": ["/first"]}),
            "/names/job/declared/0",
            "there can be no key that declares a name inside",
        ),
    ],
)  # fmt: skip
def test_a_name_that_does_not_exist_is_refused_with_a_suggestion(
    rules: dict[str, Any], change: Callable[[dict[str, Any]], None], pointer: str, message: str
) -> None:
    changed = copy.deepcopy(rules)
    change(changed)
    with pytest.raises(RulesError) as caught:
        read_rules(changed)
    assert caught.value.pointer == pointer
    assert message in caught.value.message


@pytest.mark.parametrize("name", ["rules.json", "rules.yaml", "rules.yml"])
def test_a_file_is_read_as_json_or_yaml(rules: dict[str, Any], tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(json.dumps(rules) if name.endswith("json") else "# rules\n" + json.dumps(rules))
    assert read_rules(path) == read_rules(str(path)) == read_rules(rules)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.json", "rules: 1", "line 1, column 1: not JSON"),
        ("a.yaml", "rules: 1\nrules: 1", "line 2, column"),
        ("a.yaml", "- 1", "rules are an object, found list"),
        ("a.yaml", "rules: 1\nnames: [", "line "),
        ("a.yaml", "rules: 1\nx: &a [*a]", "line 2"),
        ("a.json", '{"rules": 1, "title": ' + "[" * 70 + "]" * 70 + "}", "nested deeper than 64 levels"),
    ],
)
def test_a_file_that_is_no_rules_file_is_refused(tmp_path: Path, name: str, text: str, message: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(RulesError) as caught:
        read_rules(path)
    assert caught.value.source == str(path)
    assert message in caught.value.message


def test_large_rules_are_refused(tmp_path: Path) -> None:
    rules = {"rules": 1, "title": "x" * (1 << 20)}
    (tmp_path / "a.json").write_text(json.dumps(rules))
    for large in (rules, tmp_path / "a.json"):
        with pytest.raises(RulesError, match="1,048,576 bytes"):
            read_rules(large)
    with pytest.raises(RulesError, match="more than 20 bytes"):
        read_rules({"rules": 1, "title": "x" * 10}, Limits(schema_bytes=20))


@pytest.mark.parametrize("value", [[], {"rules": {1, 2}}, {"rules": 1, "title": float("nan")}, {1: 2}])
def test_a_value_that_is_no_json_object_is_refused(value: Any) -> None:
    with pytest.raises(RulesError):
        read_rules(value)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(SchemaError, match="neither a file nor the name of built-in rules"):
        read_rules("no-such-rules")
    with pytest.raises(RulesError, match="a folder"):
        read_rules(Path())


def write(folder: Path, name: str, **parts: Any) -> Path:
    path = folder / name
    path.write_text(json.dumps({"rules": 1, **parts}))
    return path


def test_rules_that_extend_others_replace_parts_of_the_same_name(rules: dict[str, Any], tmp_path: Path) -> None:
    write(tmp_path, "base.json", **{**rules, "title": "Base"})
    place = {"at": ["/jobs/*/run", "/jobs/*/name"], "form": "whole", "contexts": ["jobs", "extra"]}
    strict = write(
        tmp_path,
        "strict.json",
        extends="base.json",
        amend={"short-titles": {"pointer": "/title", "operation": "replace", "value": 1, "reason": "shorter"}},
        expressions={"delimiters": ["${{", "}}"], "contexts": {"extra": "any"}, "places": [place]},
        names={"step": {"declared": [{"values": "/jobs/*/steps/[]/id"}]}},
    )
    found = read_rules(strict)
    assert (found.title, found.extends) == ("Base", "")
    assert list(found.amend) == ["needs-may-repeat", "short-titles"]
    assert found.amend["short-titles"].reason == "shorter"
    assert list(found.names) == ["job", "step"]
    assert found.expressions is not None
    assert found.expressions.depth == 8
    assert list(found.expressions.contexts)[-1] == "extra"
    assert [place.at for place in found.expressions.places] == [
        ("/jobs/*/if",), ("/title",), ("/jobs/*/run", "/jobs/*/name")
    ]  # fmt: skip
    assert "extends" not in found.content()


def test_pointers_into_rules_that_extend_others_count_their_own_places(rules: dict[str, Any], tmp_path: Path) -> None:
    write(tmp_path, "base.json", **rules)
    place = {"at": ["/jobs/*/name"], "form": "text", "contexts": ["job"]}
    path = write(tmp_path, "b.json", extends="base.json", expressions={"delimiters": ["<", ">"], "places": [place]})
    with pytest.raises(RulesError) as caught:
        read_rules(path)
    assert (caught.value.source, caught.value.pointer) == (str(path), "/expressions/places/0/contexts/0")


def test_an_error_in_extended_rules_names_their_file(tmp_path: Path) -> None:
    write(tmp_path, "base.json", title=3)
    with pytest.raises(RulesError) as caught:
        read_rules(write(tmp_path, "a.json", extends="base.json"))
    assert (caught.value.source, caught.value.pointer) == (str(tmp_path / "base.json"), "/title")


@pytest.mark.parametrize(
    ("extends", "message"),
    [
        ("a.json", "extend themselves"),
        ("../a.json", "not a file name"),
        ("/etc/a.json", "not a file name"),
        ("b.json", "cannot be read"),
        ("link.json", "it is a link"),
        ("https://example.org/a.json", "not a file name"),
        ("unknown", "neither a file nor the name of built-in rules"),
    ],
)
def test_rules_extend_only_built_in_ones_and_files_beside_them(tmp_path: Path, extends: str, message: str) -> None:
    (tmp_path / "link.json").symlink_to(tmp_path / "a.json")
    path = write(tmp_path, "a.json", extends=extends)
    with pytest.raises(RulesError, match=message) as caught:
        read_rules(path)
    assert caught.value.pointer == "/extends"


def test_a_long_chain_of_files_is_refused(tmp_path: Path) -> None:
    for number in range(12):
        write(tmp_path, f"{number}.json", extends=f"{number + 1}.json")
    with pytest.raises(RulesError, match="more than 8 rules files"):
        read_rules(tmp_path / "0.json")


def test_rules_in_data_name_no_file() -> None:
    with pytest.raises(RulesError, match="only rules in a file"):
        read_rules({"rules": 1, "extends": "a.json"})
    with pytest.raises(RulesError, match="cannot extend"):
        rules_of_value({"rules": 1, "extends": "github-workflow"})
    with pytest.raises(RulesError, match="found str"):
        rules_of_value("github-workflow")


def test_built_in_rules_are_valid_and_belong_to_built_in_schemas(published: Published) -> None:
    for name in built_in_rules():
        content = json.loads((files("schemalm.rules") / "built_in" / f"{name}.json").read_text(encoding="utf-8"))
        published.validate(content)
        found = read_rules(name)
        published.validate(found.content())
        assert found.schema in built_in_names() or name == "openapi-3.1"  # People bring the schema of this one.
        if found.schema and not content.get("extends"):
            assert default_rules(found.schema) == default_rules(ALIASES.get(found.schema, found.schema)) == name


def test_schemas_without_rules_have_no_default() -> None:
    assert default_rules("dependabot") is None
