from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from schemalm.checking.findings import DocumentFindings, Finding
from schemalm.cli import application
from schemalm.cli.check_text import is_colourful, lines_of

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


def test_json_is_one_object_besides_the_progress(invoke, write, schema: Path) -> None:
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
        (b'kind: "alpha\n', "quote that opens here is not closed"),
        (b"kind:\n\talpha: 1\n", "indent with spaces"),
        (b"", "empty"),
        (b"<<: {kind: alpha}\n", "merge key"),
        (b"- &a [*a]\n", ""),
    ],
)
def test_text_that_is_not_a_document_is_rejected_with_its_position(
    invoke, write, schema: Path, content: bytes, reason: str
) -> None:
    result = invoke("check", write("bad.yml", content), "--schema", schema)
    assert result.exit_code == 1
    assert "bad.yml:" in result.stdout
    assert reason in result.stdout
    assert "Traceback" not in result.output


def test_json_that_is_indented_by_tabs_has_positions(invoke, write, schema: Path) -> None:
    result = invoke("check", write("tabs.json", '{\n\t"kind": "no"\n}'), "--schema", schema)
    assert result.exit_code == 1
    assert 'tabs.json:2:10: /kind: "no" is not one of' in result.stdout


def test_every_document_of_a_file_is_checked(invoke, write, schema: Path) -> None:
    text = "kind: alpha\n---\n# none\n---\nkind: no\n---\nkind: [\n---\nkind: beta\nother: 1\n"
    path = write("all.yml", text)
    result = invoke("check", path, "--schema", schema)
    assert result.exit_code == 1
    assert f'{path}#2:5:7: /kind: "no" is not one of' in result.stdout
    assert "    5 | kind: no" in result.stdout
    assert f"{path}#3:7:7: " in result.stdout
    assert f"{path}#4:10:1: /other: " in result.stdout
    assert "1 file, 4 documents: 1 valid, 3 rejected" in result.stdout
    assert f"next: schemalm check {path} --schema {schema}" in result.stderr
    report = json.loads(invoke("check", path, "--schema", schema, "--json").stdout)
    assert (report["num_files"], report["num_documents"], report["num_valid"]) == (1, 4, 1)
    assert [finding["file"] for finding in report["rejected"]] == [f"{path}#{number}" for number in (2, 3, 4)]


def test_comments_in_json_are_ignored_and_reported_once(invoke, write, schema: Path) -> None:
    path = write("a.jsonc", '{\n  // c\n  "kind": "alpha", /* d */ "name": 3,\n}')
    result = invoke("check", path, "--schema", schema)
    assert f"{path}:3:36: /name: " in result.stdout
    assert result.stderr.count("comments and trailing commas") == 1
    assert json.loads(invoke("check", path, "--schema", schema, "--json").stdout)["with_comments"] == [str(path)]


def test_merge_keys_are_resolved_if_the_schema_or_the_option_says_so(invoke, write, schema: Path) -> None:
    text = "- &d {kind: alpha}\n---\nname: first\n<<: {kind: no}\n"
    path = write("merged.yml", text)
    assert "--merge-keys" in invoke("check", path, "--schema", schema).stdout
    found = invoke("check", path, "--schema", schema, "--merge-keys").stdout
    assert f'{path}#2:4:12: /kind: "no" is not one of' in found
    compose = write("compose.yml", "x-a: &a {image: a}\nservices:\n  b: {<<: *a}\n")
    assert invoke("check", compose, "--schema", "compose-spec").exit_code == 0
    assert invoke("check", compose, "--schema", "compose-spec", "--no-merge-keys").exit_code == 1


def test_line_separators_are_content_of_checked_documents(invoke, write, schema: Path) -> None:
    path = write("separators.yml", "kind: alpha # \u2028\n'a\x85b': 1\nname: x\u2028y\n")
    result = invoke("check", path, "--schema", schema)
    assert f"{path}:2:1: /a" in result.stdout


@pytest.mark.parametrize("content", ['kind: "\\e[31mred"\n', 'kind: alpha\n"\\e]0;x\\a": 1\n'])
def test_control_characters_of_documents_do_not_reach_the_terminal(invoke, write, schema: Path, content: str) -> None:
    result = invoke("check", write("bad.yml", content), "--schema", schema)
    assert result.exit_code == 1
    assert "\x1b" not in result.output
    assert "\x07" not in result.output


@pytest.mark.slow
def test_a_path_that_is_not_a_file_is_reported_and_other_files_are_checked(
    execute, write, schema: Path, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe.yml")
    (tmp_path / "zero.yml").symlink_to("/dev/zero")
    with (tmp_path / "sparse.yml").open("wb") as file:
        file.truncate(3 << 30)
    hostile = [tmp_path / name for name in ("pipe.yml", "zero.yml", "sparse.yml")]
    result = execute("check", *hostile, write("good.yml", VALID), "--schema", schema)
    assert result.returncode == 2
    pipe, zero, sparse = hostile
    errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert errors == [
        f"error: {pipe}: cannot be read: a pipe into which nothing is written",
        f"error: {zero}: cannot be read: a device, not a file",
        f"error: {sparse}: larger than 1,048,576 bytes, the limit (max_bytes)",
    ]
    assert result.stdout == "1 file: 1 valid, 0 rejected; 3 cannot be read\n"


@pytest.mark.slow
def test_documents_and_schemas_may_come_through_pipes(write, schema: Path) -> None:
    program = "from schemalm.cli import main; main()"
    script = 'exec "$0" -c "$1" check <(printf "kind: no") --schema <(cat "$2")'
    command = ["bash", "-c", script, sys.executable, program, str(schema)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1, result.stderr
    assert "    1 | kind: no" in result.stdout


@pytest.mark.parametrize("name", ["pipe", "zero", "loop"])
def test_a_schema_that_is_not_a_file_is_reported(invoke, write, tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "loop").symlink_to("loop")
    result = invoke("check", write("a.yml", VALID), "--schema", tmp_path / name)
    assert result.exit_code == 2
    assert f"{tmp_path / name}: the schema cannot be read: " in result.stderr


def test_a_key_without_a_value_is_shown_itself(invoke, write, schema: Path) -> None:
    result = invoke("check", write("empty.yml", "kind:\nname: first\n"), "--schema", schema)
    assert "empty.yml:1:1: /kind: " in result.stdout
    assert "    1 | kind:" in result.stdout


def test_every_error_of_a_document_is_reported_in_the_order_of_the_text(invoke, write, schema: Path) -> None:
    bad = write("bad.yml", "tags: [red, pink, 3]\nname: NO\nknid: alpha\n")
    result = invoke("check", bad, "--schema", schema)
    assert (
        result.stdout
        == f"""\
{bad}:1:13: /tags/1: "pink" is not one of "red", "green", "blue" (enum)
    1 | tags: [red, pink, 3]
      |             ^
{bad}:1:19: /tags/2: expected string, found number 3 (type)
    1 | tags: [red, pink, 3]
      |                   ^
{bad}:2:7: /name: "NO" does not match the pattern ^[a-z]{{1,8}}$ (pattern)
    2 | name: NO
      |       ^
{bad}:3:1: /knid: the key 'knid' is not allowed here; did you mean 'kind'? (additionalProperties)
    3 | knid: alpha
      | ^
1 file: 0 valid, 1 rejected (4 errors)
"""
    )


def test_the_errors_of_two_documents_are_separated_by_an_empty_line(invoke, write, schema: Path) -> None:
    result = invoke("check", write("a.yml", "kind: 1\n"), write("b.yml", "kind: 1\n"), "--schema", schema)
    assert [bool(line) for line in result.stdout.splitlines()] == [True] * 3 + [False] + [True] * 4


def test_a_document_with_very_many_errors_shows_the_first_hundred(invoke, write, schema: Path) -> None:
    bad = write("bad.yml", "kind: alpha\ntags:\n" + "  - pink\n" * 500)
    result = invoke("check", bad, "--schema", schema)
    assert result.stdout.count("bad.yml:") == 101
    assert f"{bad}: more than 100 errors; the first 100 are shown\n" in result.stdout
    assert json.loads(invoke("check", bad, "--schema", schema, "--json").stdout)["more_errors"] == [str(bad)]


def test_a_json_format_is_the_same_as_the_option_json(invoke, write, schema: Path) -> None:
    bad = write("bad.yml", "kind: no\n")
    by_format = invoke("check", bad, "--schema", schema, "--format", "json")
    assert by_format.stdout == invoke("check", bad, "--schema", schema, "--json").stdout
    assert by_format.exit_code == 1


def test_wrong_usage_is_an_object_if_json_is_the_format(invoke) -> None:
    result = invoke("check", "nosuch.yml", "--format", "json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"]["message"].endswith("'nosuch.yml': no such file or folder")


def test_json_and_another_format_are_wrong_usage(invoke, write, schema: Path) -> None:
    result = invoke("check", write("a.yml", VALID), "--schema", schema, "--json", "--format", "sarif")
    assert result.exit_code == 2
    assert "'sarif' and --json are two formats; choose one" in result.stderr


def test_an_unreadable_file_among_others_is_named_and_exits_2(invoke, write, schema: Path, tmp_path: Path) -> None:
    (tmp_path / "nowhere.yml").symlink_to("missing")
    result = invoke("check", tmp_path / "nowhere.yml", write("bad.yml", "kind: no\n"), "--schema", schema, "--json")
    assert result.exit_code == 2
    report = json.loads(result.stdout)
    assert report["unreadable"] == [
        {"file": str(tmp_path / "nowhere.yml"), "reason": "cannot be read: No such file or directory"}
    ]
    assert len(report["rejected"]) == 1


def test_standard_input_is_a_file_named_stdin(schema: Path) -> None:
    runner = CliRunner()
    result = runner.invoke(application.app, ["check", "-", "--schema", str(schema)], input="kind: no\n")
    assert result.exit_code == 1
    assert result.stdout.startswith('<stdin>:1:7: /kind: "no" is not one of "alpha", "beta", "gamma" (enum)\n')
    assert "next: schemalm check - --schema" in result.stderr


def test_colours_are_for_terminals_without_no_color(
    invoke, write, schema: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not is_colourful()
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert is_colourful()
    monkeypatch.setenv("NO_COLOR", "1")
    assert not is_colourful()


def test_coloured_text_differs_by_its_colours_alone() -> None:
    finding = Finding("a\x1b.yml", 1, 7, "/kind", "enum", "not \x1b", "    1 | kind: no\n      |       ^")
    documents = [DocumentFindings("a\x1b.yml", "a\x1b.yml", (finding,), is_cut=True)]
    plain, coloured = ("\n".join(lines_of(documents, in_colour)) for in_colour in (False, True))
    assert "\x1b[1m" in coloured
    assert re.sub("\x1b\\[[0-9]*m", "", coloured) == plain
    assert "\x1b" not in plain


@pytest.mark.slow
def test_a_schema_that_is_not_found_exits_2(execute, write) -> None:
    result = execute("check", write("a.yml", VALID), "--schema", "nosuch")
    assert result.returncode == 2
    assert result.stdout == ""
    assert "nosuch: neither a file nor a built-in schema" in result.stderr
    assert "Traceback" not in result.stderr
