"""Files and texts of several documents."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemalm.documents import JSONValue, load_document, load_documents, parse_document, parse_documents
from schemalm.errors import DocumentError


@pytest.mark.parametrize(
    ("text", "values", "lines"),
    [
        ("a: 1", [{"a": 1}], [1]),
        ("---\na: 1\n", [{"a": 1}], [1]),
        ("a: 1\n---\nb: 2\n", [{"a": 1}, {"b": 2}], [1, 2]),
        ("--- {a: 1}\n--- 'x'\n--- |\n y\n", [{"a": 1}, "x", "y\n"], [1, 2, 3]),
        ("---\n---\na: 1\n---\n# nothing\n---\n", [{"a": 1}], [2]),
        ("--- null\n--- ~\n---\n", [None, None], [1, 2]),
        ("a: 1\n...\nb: 2\n...\n", [{"a": 1}, {"b": 2}], [1, 3]),
        ("%YAML 1.2\n---\na: 1\n...\n# c\n%YAML 1.2\n---\nb: 2\n", [{"a": 1}, {"b": 2}], [1, 5]),
        ("a: |\n  x\n  ---\n---\nb: '---'\n", [{"a": "x\n---\n"}, {"b": "---"}], [1, 4]),
        ("a: 1\r\n---\r\nb: 2\r---\rc: 3", [{"a": 1}, {"b": 2}, {"c": 3}], [1, 2, 4]),
        ("---a\n--- b", ["---a", "b"], [1, 2]),
        ("a\n----\nb\n ---\nc", ["a ---- b --- c"], [1]),
        ("a: x\u2028---\n---\nb", [{"a": "x\u2028---"}, "b"], [1, 2]),
        ('{"a": 1}\n---\n{"b": 2}\n', [{"a": 1}, {"b": 2}], [1, 2]),
        ("|\n...\n>\n---\nx\n", ["", "", "x"], [1, 3, 4]),
        ("\ufeffa: 1\n---\nb: 2", [{"a": 1}, {"b": 2}], [1, 2]),
        ("a: &x 1\n---\nb: &x 2\nc: *x", [{"a": 1}, {"b": 2, "c": 2}], [1, 2]),
        ("...\na: 1\n", [{"a": 1}], [2]),
        ("...\r\n---\r\na: 1\r\n", [{"a": 1}], [2]),
        ("a: 1\n\ufeff---\nb: 2\n", [{"a": 1}, {"b": 2}], [1, 2]),
        ("a: 1\r\n---\r\n# c\r\n\ufeff---\r\nb: 2\r\n", [{"a": 1}, {"b": 2}], [1, 4]),
        ("a: 1\n...\n\ufeff%YAML 1.2\n--- {b: 2}\n", [{"a": 1}, {"b": 2}], [1, 3]),
        ("a: 1\n...\n\ufeff", [{"a": 1}], [1]),
        ("a: 1\n---\n\ufeff# c", [{"a": 1}], [1]),
        ("a: x\ufeff---\n", [{"a": "x\ufeff---"}], [1]),
    ],
)
def test_every_document_of_a_text_is_read(text: str, values: list[JSONValue], lines: list[int]) -> None:
    found = parse_documents(text).documents
    assert [document.error for document in found] == [None] * len(values)
    assert [document.value for document in found] == values
    assert [document.line for document in found] == lines


def test_a_broken_document_does_not_hide_the_others() -> None:
    found = parse_documents("a: 'x\n---\nb: [1\n---\nc: 1\nc: 2\n---\nd: 1\n---\n*x\n", source="f.yml").documents
    assert [document.value for document in found] == [None, None, None, {"d": 1}, None]
    errors = [document.error for document in found if document.error]
    assert [(error.line, error.source) for error in errors] == [(1, "f.yml"), (3, "f.yml"), (6, "f.yml"), (10, "f.yml")]


def test_aliases_do_not_reach_other_documents() -> None:
    first, second = parse_documents("a: &x 1\n---\nb: *x").documents
    assert first.value == {"a": 1}
    assert second.error is not None
    assert (second.error.line, second.error.column) == (3, 4)


@pytest.mark.parametrize("text", ["", "# c\n", "---\n", "---\n---\n# c\n", "...\n", "%YAML 1.2\n---\n"])
def test_a_text_without_documents_is_one_error(text: str) -> None:
    (only,) = parse_documents(text).documents
    assert only.error is not None
    assert "empty" in only.error.message


@pytest.mark.parametrize(("text", "line"), [("a: 1\n---\nb: 2", 2), ("a: 1\n...\n\nb: 2\n", 3), ("--- a\r--- b", 2)])
def test_a_second_document_is_refused_with_advice(text: str, line: int) -> None:
    with pytest.raises(
        DocumentError, match=r"only one document is read here \(`check` and corpora read each"
    ) as caught:
        parse_document(text)
    assert (caught.value.line, caught.value.column) == (line, 1)


def test_empty_documents_next_to_another_are_skipped() -> None:
    assert parse_document("---\n# head\n---\na: 1\n---\n") == {"a": 1}


def test_files_are_read_with_all_their_documents(tmp_path: Path) -> None:
    file = tmp_path / "a.yml"
    file.write_text("a: 1\n---\nb: [\n", encoding="utf-8")
    first, second = load_documents(file).documents
    assert first.value == {"a": 1}
    assert second.error is not None
    assert (second.error.source, second.error.line) == (str(file), 3)
    (missing,) = load_documents(tmp_path / "none.yml").documents
    assert missing.error is not None
    assert missing.error.source == str(tmp_path / "none.yml")
    with pytest.raises(DocumentError, match="only one document"):
        load_document(file)


@pytest.mark.slow
def test_aliases_of_all_documents_together_are_bounded() -> None:
    lines = ["a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 5)]
    found = parse_documents("---\n".join(["\n".join(lines) + "\n"] * 200)).documents
    assert found[0].error is None
    assert found[-1].error is not None
    assert "limits" in found[-1].error.message
