"""`schemalm judge` and `schemalm judges`; a small script stands for an independent judge."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import zstandard

GOOD, BAD = "kind: alpha\n", "# a comment\nkind: alpha\nname: FIRST\n"
SCRIPT = """
import pathlib, sys
path = sys.argv[1]
for number, line in enumerate(pathlib.Path(path).read_text().splitlines(), start=1):
    if "FIRST" in line:
        print(f"{path}:{number}: names are in lower case")
        sys.exit(1)
    if "leave" in line:
        sys.exit(3)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two documents, one of which is refused."""
    inside = tmp_path / "documents"
    inside.mkdir()
    (inside / "bad.yml").write_text(BAD)
    (inside / "good.yml").write_text(GOOD)
    return inside


@pytest.fixture
def ask(invoke, schema: Path, tmp_path: Path):
    """Return a function that asks the schema judge and the script about files."""
    script = tmp_path / "lower.py"
    script.write_text(SCRIPT)
    judges = ("--judge", "schema", "--judge", f"lower={sys.executable} {script} {{}}")
    return lambda *arguments: invoke("judge", *arguments, "--schema", schema, *judges)


def table(output: str) -> dict[str, list[str]]:
    """The rows of the table by judge."""
    lines = output.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("judge "))
    return {line.partition("  ")[0]: line.partition("  ")[2].split() for line in lines[start + 1 :]}


def test_shares_reasons_and_places_are_shown(ask, folder: Path) -> None:
    result = ask(folder)
    assert result.exit_code == 1, result.output
    first, second, empty, *_ = result.stdout.splitlines()
    assert first.startswith(f"{folder}/bad.yml:3: schema: pattern: ")
    assert second == f"{folder}/bad.yml:3: lower: names are in lower case"
    assert empty == ""
    assert "lower refuses, by number of documents:\n     1  names are in lower case\n" in result.stdout
    rows = table(result.stdout)
    assert [*rows] == ["schema", "lower", "all judges"]
    assert rows["lower"] == ["1", "of", "2", "50.0%", "9.5%", "to", "90.5%", "1", "0", "0"]
    assert result.stderr.splitlines()[-1].startswith(f"next: schemalm judge {folder}/bad.yml --schema ")


def test_accepted_documents_exit_0(ask, folder: Path) -> None:
    result = ask(folder / "good.yml")
    assert result.exit_code == 0
    assert table(result.stdout)["all judges"][:4] == ["1", "of", "1", "100.0%"]
    assert "next: schemalm collect" in result.stderr


def test_json_is_one_object_with_every_document_that_is_not_accepted(ask, folder: Path) -> None:
    (folder / "crash.yml").write_text("kind: beta\nname: leave\n")
    report = json.loads(ask(folder, "--json").stdout)
    assert report["num_documents"] == 3
    everybody = report["all_judges"]
    assert (everybody["num_accepted"], everybody["num_refused"], everybody["num_not_judged"]) == (1, 1, 1)
    schema, lower = report["judges"]
    assert (schema["name"], schema["num_accepted"], schema["share"]) == ("schema", 2, pytest.approx(2 / 3))
    assert lower["share"] == 0.5
    assert lower["failures"][0]["text"].startswith("lower ended with N")
    bad, crash = report["not_accepted"]
    assert (bad["document"], bad["first_line"]) == (f"{folder}/bad.yml", 1)
    assert bad["verdicts"]["schema"]["errors"][0]["pointer"] == "/name"
    assert bad["verdicts"]["lower"]["errors"][0]["line"] == 3
    assert [*crash["verdicts"]] == ["lower"]


def test_a_document_without_a_verdict_is_not_accepted(ask, folder: Path) -> None:
    (folder / "good.yml").write_text("kind: beta\nname: leave\n")
    result = ask(folder / "good.yml")
    assert result.exit_code == 1
    assert f"{folder}/good.yml: lower: not judged: lower ended with 3" in result.stdout


@pytest.mark.parametrize("packed", ["", ".gz", ".zst"])
def test_rows_are_judged_as_they_were_written(ask, tmp_path: Path, packed: str) -> None:
    value = {"kind": "alpha", "name": "FIRST"}
    rows: list[Any] = [{"yaml": BAD, "json": value}, {"value": value}, {"json": '{"kind": "alpha"}'}, {"yaml": "a: ["}]
    content = "".join(f"{json.dumps(row)}\n" for row in rows).encode()
    pack = {"": bytes, ".gz": gzip.compress, ".zst": zstandard.compress}[packed]
    path = tmp_path / f"rows.jsonl{packed}"
    path.write_bytes(pack(content))
    result = ask(path)
    assert f"{path}:1: line 3: lower: names are in lower case" in result.stdout
    assert f"{path}:2: line 2: lower: names are in lower case" in result.stdout
    assert f"{path}:4: line 1: schema: document: " in result.stdout
    assert table(result.stdout)["all judges"][:3] == ["1", "of", "4"]


def test_a_limit_takes_evenly_spaced_files_and_rows(ask, folder: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(f'{{"value": {{"kind": "alpha", "name": "a{"FIRST"}{n}"}}}}\n' for n in range(9)))
    report = json.loads(ask(rows, folder, "--limit", 3, "--json").stdout)
    assert report["num_documents"] == 3
    assert [each["document"] for each in report["not_accepted"]] == [f"{rows}:1", f"{rows}:6"]


def test_standard_input_and_several_documents_of_a_file(ask, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    several = folder / "several.yml"
    several.write_text(f"{GOOD}---\n{BAD}")
    result = ask(several)
    assert f"{several}:5: lower: names are in lower case" in result.stdout
    assert table(result.stdout)["lower"][:3] == ["1", "of", "2"]


def test_what_cannot_be_read_exits_2_and_the_rest_is_judged(ask, folder: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yml"
    broken.write_bytes(b"\xff\xfe")
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"other": 1}\n')
    result = ask(folder / "good.yml", broken, rows)
    assert result.exit_code == 2
    assert f"error: {broken}: " in result.stderr
    assert f"error: {rows}:1: the row has none of" in result.stderr
    assert table(result.stdout)["all judges"][:3] == ["1", "of", "1"]


def test_a_damaged_file_of_rows_exits_2(ask, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.zst"
    path.write_bytes(b"no zstd")
    result = ask(path)
    assert result.exit_code == 2
    assert "rows.jsonl.zst" in result.stderr


@pytest.mark.parametrize("name", ["nobody", "=", "mine=no-such-program"])
def test_a_judge_that_cannot_be_asked_exits_2(invoke, schema: Path, folder: Path, name: str) -> None:
    result = invoke("judge", folder, "--schema", schema, "--judge", name)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].startswith("error: ")


def test_reasons_do_not_reach_the_terminal_unescaped(invoke, schema: Path, folder: Path, tmp_path: Path) -> None:
    script = tmp_path / "shows.py"
    script.write_text("import sys; print('bad: \\x1b[31m\\u202e'); sys.exit(1)")
    result = invoke("judge", folder, "--schema", schema, "--judge", f"shows={sys.executable} {script}")
    assert "\\u001b[31m\\u202e" in result.stdout
    assert "\x1b" not in result.stdout


@pytest.mark.slow
def test_without_a_choice_all_installed_judges_are_asked_and_the_others_named(
    invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCHEMALM_JUDGES", str(tmp_path / "none"))
    path = tmp_path / "a.yml"
    path.write_text("on: push\njobs: {a: {runs-on: b, steps: [{run: c}]}}\n")
    result = invoke("judge", path)
    assert result.exit_code == 0, result.output
    assert [*table(result.stdout)] == ["schema", "check-jsonschema", "all judges"]
    assert "warning: not asked: github-parser: " in result.stderr
    assert "next: schemalm judges install" in result.stderr
    listed = invoke("judges")
    assert listed.exit_code == 0
    assert "zizmor 1" in listed.stdout
    assert "missing: zizmor 1.32.0 is not installed; run: schemalm judges install" in listed.stdout
    described = json.loads(invoke("judges", "--json").stdout)["judges"]
    assert [bool(judge["why_not"]) for judge in described] == [False, False, *[True] * 5]


def test_judges_of_another_schema_are_listed(invoke, schema: Path) -> None:
    described = json.loads(invoke("judges", "--schema", schema, "--json").stdout)["judges"]
    assert [judge["name"] for judge in described] == ["schema", "check-jsonschema"]


def test_an_installation_that_fails_in_part_exits_1(invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCHEMALM_JUDGES", str(tmp_path / "judges"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    result = invoke("judges", "install", "--json")
    assert result.exit_code == 1
    parts = json.loads(result.stdout)["parts"]
    assert "cannot be run" in parts[0]["failure"]
    assert "Node.js 20 or newer" in parts[1]["failure"]
    assert "error: npm packages: Node.js 20 or newer" in result.stderr
