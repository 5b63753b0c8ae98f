from __future__ import annotations

import json
from pathlib import Path

import pytest

VALID = "kind: alpha\nname: first\n"


@pytest.fixture
def write(tmp_path: Path):
    def write_file(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


def test_valid_documents_exit_0_and_name_the_next_command(invoke, write, schema: Path) -> None:
    result = invoke("check", write("a.yml", VALID), write("b.json", '{"kind": "beta"}'), "--schema", schema)
    assert result.exit_code == 0
    assert result.stdout == "2 files: 2 valid, 0 rejected\n"
    assert result.stderr.splitlines()[-1].startswith("next: schemalm tokenizer train --corpus ")


def test_a_rejected_document_has_line_pointer_reason_and_caret(invoke, write, schema: Path) -> None:
    bad = write("bad.yml", "kind: alpha\ntags:\n  - red\n  - pink\n")
    result = invoke("check", write("good.yml", VALID), bad, "--schema", schema)
    assert result.exit_code == 1
    first, line, caret, summary = result.stdout.splitlines()
    assert first.startswith(f'{bad}:4:5: /tags/1: "pink" is not one of ')
    assert first.endswith("(enum)")
    assert line == "    4 |   - pink"
    assert caret.index("^") == line.index("pink")
    assert summary == "2 files: 1 valid, 1 rejected"
    assert f"next: schemalm check {bad} --schema {schema}" in result.stderr


def test_json_is_one_object_beside_the_progress(invoke, write, schema: Path) -> None:
    bad = write("bad.yml", "kind: alpha\nother: 1\n")
    result = invoke("check", bad, write("broken.yml", 'kind: "a\n'), "--schema", schema, "--json")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"checking 2 files against the schema {schema}\n")
    report = json.loads(result.stdout)
    assert (report["num_files"], report["num_valid"]) == (2, 0)
    invalid, broken = report["rejected"]
    assert (invalid["file"], invalid["line"], invalid["column"]) == (str(bad), 2, 1)
    assert (invalid["pointer"], invalid["keyword"]) == ("/other", "additionalProperties")
    assert broken["pointer"] is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\x80\x81\xfe binary \x00", "not UTF-8"),
        (b"kind: alpha\nkind: beta\n", "repeated"),
        (b'kind: "alpha\n', "unexpected end"),
        (b"kind:\n\talpha: 1\n", "indent with spaces"),
        (b"", "empty"),
        (b"<<: {kind: alpha}\n", "merge key"),
        (b"- &a [*a]\n", ""),
    ],
)
def test_what_is_no_document_is_rejected_with_its_place(
    invoke, write, schema: Path, content: bytes, reason: str
) -> None:
    result = invoke("check", write("bad.yml", content), "--schema", schema)
    assert result.exit_code == 1
    assert "bad.yml:" in result.stdout
    assert reason in result.stdout
    assert "Traceback" not in result.output


def test_a_place_that_cannot_be_found_is_left_out(invoke, write, schema: Path) -> None:
    result = invoke("check", write("tabs.json", '{\n\t"kind": "no"\n}'), "--schema", schema)
    assert result.exit_code == 1
    assert "tabs.json" in result.stdout
    assert '/kind: "no" is not one of' in result.stdout


@pytest.mark.parametrize("content", ['kind: "\\e[31mred"\n', 'kind: alpha\n"\\e]0;x\\a": 1\n'])
def test_control_characters_of_documents_do_not_reach_the_terminal(invoke, write, schema: Path, content: str) -> None:
    result = invoke("check", write("bad.yml", content), "--schema", schema)
    assert result.exit_code == 1
    assert "\x1b" not in result.output
    assert "\x07" not in result.output


def test_missing_files_and_folders_are_wrong_usage(invoke, tmp_path: Path) -> None:
    for path in (tmp_path / "missing.yml", tmp_path):
        result = invoke("check", path)
        assert result.exit_code == 2
        assert str(path) in result.stderr


def test_a_schema_that_is_not_found_exits_2(execute, write) -> None:
    result = execute("check", write("a.yml", VALID), "--schema", "nosuch")
    assert result.returncode == 2
    assert result.stdout == ""
    assert "nosuch: neither a file nor a built-in schema" in result.stderr
    assert "Traceback" not in result.stderr
