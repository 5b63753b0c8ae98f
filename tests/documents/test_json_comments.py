"""JSON with comments and trailing commas."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemalm.documents import JSONValue, load_document, load_documents, parse_document, parse_documents
from schemalm.documents.json_comments import blank_comments
from schemalm.errors import DocumentError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1, // c\n "b": [1, 2,],\n}', {"a": 1, "b": [1, 2]}),
        ('/* head\n * of the file */ {"a": /* in */ 1} // end', {"a": 1}),
        ('["//", "/* */", ",]", "\\"//",]', ["//", "/* */", ",]", '"//']),
        ("[1 /**/ , /* ] */ // }\n]", [1]),
        ('{"a": {"b": [],},}', {"a": {"b": []}}),
        ("// c\r\n[1,\r\n]\r\n", [1]),
        ('[true, null, -1.5e3, "x" ,\t]', [True, None, -1500.0, "x"]),
        ("[1 // a, b]\n]", [1]),
        ("\ufeff// c\n{}", {}),
    ],
)
def test_comments_and_trailing_commas_are_ignored(text: str, value: JSONValue) -> None:
    found = parse_documents(text, json_only=True)
    assert found.is_jsonc
    assert found.documents[0].value == value
    assert parse_document(text, json_only=True) == value


@pytest.mark.parametrize(
    ("text", "line", "column", "part"),
    [
        ("[,]", 1, 2, "Expecting value"),
        ("[1,,]", 1, 4, "Expecting value"),
        ('{"a":,}', 1, 6, "Expecting value"),
        ('{"a": 1, // c\n "a": 2,}', 2, 2, "repeated"),
        ("/* c */ [NaN,]", 1, 10, "not a JSON number"),
        ("// c\n{'a': 1,}", 2, 2, "double quotes"),
        ("// c\n{a: 1}", 2, 2, "double quotes"),
        ("# c\n[1,]", 1, 1, "Expecting value"),
        ("[1, /* c", 1, 5, "Expecting value"),
        ("[1] /* c */ 2", 1, 13, "Extra data"),
        ("1,", 1, 2, "Extra data"),
        ("// c\r\r[1 2]", 3, 4, "delimiter"),
        ("[1, /", 1, 5, "Expecting value"),
        ("// nothing", 1, 11, "Expecting value"),
    ],
)
def test_everything_else_is_refused_with_its_position(text: str, line: int, column: int, part: str) -> None:
    with pytest.raises(DocumentError, match=part) as caught:
        parse_document(text, json_only=True)
    assert (caught.value.line, caught.value.column) == (line, column)


def test_files_of_json_say_whether_they_had_any(tmp_path: Path) -> None:
    for name, text, is_jsonc in (
        ("a.json", '{"a": 1,}', True),
        ("b.jsonc", "[1] // c", True),
        ("c.jsonc", "[1]", False),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
        found = load_documents(tmp_path / name)
        assert found.is_jsonc is is_jsonc
        assert load_document(tmp_path / name) == found.documents[0].value


def test_yaml_stays_yaml() -> None:
    assert parse_document('{"a": 1, // c\n "b": 2}') == {"a": 1, '// c "b"': 2}
    assert parse_document("{a: [1, 2,], # c\n}") == {"a": [1, 2]}
    assert not parse_documents("[1,]").is_jsonc


@pytest.mark.parametrize("text", ["/*" * 50_000, "/* " * 50_000, '"' * 50_000, "[1," * 50_000, "/" * 50_000])
def test_blanking_keeps_every_offset_in_linear_time(text: str) -> None:
    assert len(blank_comments(text)) == len(text)
