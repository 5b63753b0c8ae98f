"""Schemas are read from values, files and built-in names; an invalid schema is refused."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from schemalm.compilation import compile_schema
from schemalm.errors import SchemaError
from schemalm.limits import Limits
from schemalm.schema.sources import built_in_names, read_schema


def test_a_value_is_copied() -> None:
    schema = {"type": "string"}
    tree = read_schema(schema, Limits())
    assert tree == schema
    assert tree is not schema


@pytest.mark.parametrize("as_text", [True, False])
def test_a_file_is_read(tmp_path: Path, as_text: bool) -> None:
    path = tmp_path / "schema.json"
    path.write_text(json.dumps({"type": "string"}))
    assert read_schema(str(path) if as_text else path, Limits()) == {"type": "string"}


@pytest.mark.parametrize("name", ["github-workflow", "github-workflows", "github-action", "compose-spec"])
def test_built_in_names_are_known(name: str) -> None:
    assert name in built_in_names()
    assert isinstance(read_schema(name, Limits()), dict)


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ("no-such-schema", "neither a file nor a built-in schema"),
        ("x" * 5000, "cannot be read"),
        ("../etc/passwd\0", "neither a file"),
        ([], "an object or a boolean"),
        (1, "an object or a boolean"),
        ({"a": {1, 2}}, "not a JSON value"),
        ({"type": "strin"}, "not a JSON Schema"),
        ({"minLength": -1}, "not a JSON Schema"),
        ({"properties": {"a": 1}}, "not a JSON Schema"),
        ({"$schema": "http://example.org/unknown"}, "is not known"),
        ({"enum": ["\ud800"]}, "is not valid JSON"),
        ({"const": math.nan}, "is not valid JSON"),
        ({"minLength": math.inf}, "is not valid JSON"),
    ],
)
def test_an_invalid_schema_is_refused(schema: object, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        compile_schema(schema)  # type: ignore[arg-type]


def test_the_pointer_of_a_bad_keyword_is_escaped() -> None:
    with pytest.raises(SchemaError) as caught:
        compile_schema({"properties": {"a/b~c": {"type": "strin"}}})
    assert caught.value.pointer == "/properties/a~1b~0c/type"
    assert caught.value.keyword == "type"


def test_a_file_that_is_not_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    path.write_text("{")
    with pytest.raises(SchemaError, match="not valid JSON"):
        compile_schema(path)


def test_an_unknown_setting_of_formats_is_refused() -> None:
    with pytest.raises(SchemaError, match="formats"):
        compile_schema({}, formats="maybe")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "guess"),
    [("github-workflw", "github-workflow"), ("Compose_Spec", "compose-spec"), ("gitlab.json", "gitlab-ci")],
)
def test_a_misspelled_built_in_name_gets_a_guess_instead_of_the_whole_list(name: str, guess: str) -> None:
    with pytest.raises(
        SchemaError, match=f"{name}: neither a file nor a built-in schema; did you mean {guess}"
    ) as caught:
        compile_schema(name)
    assert "travis" not in str(caught.value)
    assert caught.value.source == name


def test_a_misspelled_file_name_names_the_similar_file(tmp_path: Path) -> None:
    (tmp_path / "service.schema.json").write_text("{}")
    with pytest.raises(SchemaError, match=r"did you mean .*service\.schema\.json\?"):
        compile_schema(tmp_path / "servce.schema.json")


def test_a_missing_file_does_not_list_other_names(tmp_path: Path) -> None:
    with pytest.raises(SchemaError) as caught:
        compile_schema(tmp_path / "x.json")
    assert str(caught.value) == f"{tmp_path / 'x.json'}: neither a file nor a built-in schema"


def test_a_folder_and_the_text_of_a_schema_are_distinguished_from_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="is a folder"):
        compile_schema(tmp_path)
    with pytest.raises(SchemaError, match=r"json\.loads"):
        compile_schema('{"type": "object"}')


def test_an_error_in_a_file_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    path.write_text('{"properties": {"a": {"pattern": "("}}}')
    with pytest.raises(SchemaError) as caught:
        compile_schema(path)
    assert str(caught.value).startswith(f"schema at /properties/a/pattern of {path}: ")
    path.write_text("false")
    with pytest.raises(SchemaError) as caught:
        compile_schema(path)
    assert str(caught.value) == f"{path}: no value satisfies this schema"


def test_a_schema_given_as_a_value_has_no_name() -> None:
    with pytest.raises(SchemaError) as caught:
        compile_schema(False)
    assert str(caught.value) == "no value satisfies this schema"


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"type": "strin"}, '/type: .*"strin" is not one of "array"'),
        ({"properties": {"a": {"type": ["string", "any"]}}}, '/properties/a/type/1: .*"any" is not one of'),
        ({"properties": {"a": {"required": True}}}, "/properties/a/required: .*`required` is a list of names beside"),
        (
            {"$schema": "https://json-schema.org/draft-07/schema#"},
            "did you mean http://json-schema.org/draft-07/schema",
        ),
        ({"$schema": "http://json-schema.org/draft/2019-09/schema"}, "did you mean https://json-schema.org/draft/2019"),
        (
            {"$schema": "draft-07"},
            "known are http://json-schema.org/draft-04/schema, .* without .schema, the last one applies",
        ),
        ({"properties": {"a": {"id": "#x"}, "b": {"$ref": "#x"}}}, r'write "\$schema": "http://.*/draft-04/schema#"'),
    ],
)
def test_a_common_error_says_what_was_expected(schema: Any, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        compile_schema(schema)


def test_an_unsatisfiable_schema_names_the_parts_that_cause_it() -> None:
    nothing = {"type": "object", "required": ["b"], "properties": {"b": {"type": "string", "pattern": "^a$b"}}}
    for schema in (nothing, {"type": "object", "required": ["a"], "properties": {"a": nothing}}):
        with pytest.raises(SchemaError, match=r"its parts that no value satisfies: \S*/properties/b(,|$)"):
            compile_schema(schema)


def test_a_similar_file_is_suggested_but_not_a_folder(tmp_path: Path) -> None:
    (tmp_path / "package.schema.json").write_text("{}")
    (tmp_path / "abcde").mkdir()
    with pytest.raises(SchemaError) as caught:
        compile_schema(tmp_path / "package.schema.jsn")
    assert str(caught.value).endswith(f"did you mean {tmp_path / 'package.schema.json'}?")
    with pytest.raises(SchemaError, match="built-in schema; known are"):
        compile_schema(str(tmp_path / "abcdf"))
