"""`schemalm generate`: prompts from files, settings and standard input; parts that are written anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from schemalm.cli.application import app
from schemalm.documents import load_document

from .conftest import Invoke, Pipeline

GIVEN = """\
# Mine.
kind: beta   # the kind

tags: # colours
- red
- green  # not blue
"""


@pytest.fixture
def generate(invoke: Invoke, pipeline: Pipeline) -> Any:
    """Return a function that generates small documents."""
    return lambda *options: invoke("generate", pipeline.run, "--max-tokens", 20, "--temperature", 1.0, *options)


@pytest.fixture
def prompt(tmp_path: Path) -> Any:
    """Return a function that writes a prompt."""

    def write(text: str, name: str = "prompt.yml") -> Path:
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return write


def values_of(result: Any) -> list[Any]:
    """Return the values of the documents of `--json`."""
    assert result.exit_code == 0, result.output
    return [document["value"] for document in json.loads(result.stdout)["documents"]]


def test_settings_are_stated(generate: Any) -> None:
    for value in values_of(generate("--set", "kind=gamma", "--set", "tags[0]=blue", "-n", 4, "--json")):
        assert value["kind"] == "gamma"
        assert value["tags"][0] == "blue"


def test_settings_are_added_to_a_prompt(generate: Any, prompt: Any) -> None:
    options = ("--prompt", prompt("tags: [red]\n"), "--set", "/kind=alpha", "-n", 3, "--json")
    for value in values_of(generate(*options)):
        assert (value["kind"], value["tags"]) == ("alpha", ["red"])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (("kind=alpha", "kind=beta"), "stated twice"),
        (("kind",), "PATH=VALUE"),
        (("=alpha",), "PATH=VALUE"),
        (("kind[0]=x",), "expected"),
        (("tags[2]=red",), "item 2 is set"),
        (("colour=red",), "/colour"),
    ],
)
def test_a_setting_that_is_wrong_is_refused(generate: Any, settings: tuple[str, ...], message: str) -> None:
    result = generate(*(part for setting in settings for part in ("--set", setting)))
    assert result.exit_code == 2
    assert message in result.stderr


def test_lists_are_closed_unless_all_is_opened(generate: Any, prompt: Any) -> None:
    file = prompt("kind: beta\ntags: [red]\n")
    assert all(value["tags"] == ["red"] for value in values_of(generate("--prompt", file, "-n", 8, "--json")))
    opened = values_of(generate("--prompt", file, "--open", "-n", 8, "--json"))
    assert all("red" in value["tags"] for value in opened)
    assert any(len(value["tags"]) > 1 for value in opened)


def test_a_closed_top_level_gets_no_more_keys(generate: Any, prompt: Any) -> None:
    file = prompt("kind: beta\n...: false\n")
    assert values_of(generate("--prompt", file, "-n", 3, "--json")) == [{"kind": "beta"}] * 3


def test_several_documents_are_several_prompts(generate: Any, prompt: Any) -> None:
    file = prompt("kind: alpha\n---\nkind: beta\n")
    values = values_of(generate("--prompt", file, "-n", 2, "--json"))
    assert [value["kind"] for value in values] == ["alpha", "alpha", "beta", "beta"]
    texts = generate("--prompt", file).stdout.split("---\n")
    assert [load_document(text)["kind"] for text in texts] == ["alpha", "beta"]
    assert generate("--prompt", file, "--stream").stdout == generate("--prompt", file).stdout


def test_a_prompt_is_read_from_standard_input(pipeline: Pipeline) -> None:
    arguments = ["generate", str(pipeline.run), "--prompt", "-", "--max-tokens", "20", "--json"]
    (value,) = values_of(CliRunner().invoke(app, arguments, input="kind: gamma\ntags: [red]\n"))
    assert (value["kind"], value["tags"]) == ("gamma", ["red"])


def test_a_json_prompt_takes_dots_in_quotes(generate: Any, prompt: Any) -> None:
    file = prompt('{"kind": "...", "tags": ["red", "..."]}', "prompt.json")
    for value in values_of(generate("--prompt", file, "-n", 3, "--json")):
        assert value["tags"][0] == "red"


def test_a_part_is_written_anew_in_the_text(generate: Any, prompt: Any) -> None:
    result = generate("--prompt", prompt(GIVEN), "--regenerate", "tags[1]", "--tries", 2, "-n", 3)
    assert result.exit_code == 0, result.output
    before, _, after = GIVEN.partition("green")
    for text in result.stdout.split("---\n"):
        assert text.startswith(before)
        assert text.endswith(after)


@pytest.mark.parametrize(
    "parts", [("tags[0]", "tags[1]"), ("tags[0]", "tags"), ("tags", "tags[1]"), ("/kind", "tags"), ("",), ("", "kind")]
)
def test_several_parts_are_written_anew(generate: Any, prompt: Any, parts: tuple[str, ...]) -> None:
    options = [option for part in parts for option in ("--regenerate", part)]
    result = generate("--prompt", prompt(GIVEN), *options, "--tries", 1, "-n", 3, "--json")
    for document in json.loads(result.stdout)["documents"]:
        assert load_document(document["text"]) == document["value"]
        assert "" in parts or document["text"].startswith("# Mine.\nkind: ")


def test_a_part_of_json_is_written_anew_in_json(generate: Any, prompt: Any) -> None:
    file = prompt('{"kind":"beta", "tags": ["red"]}', "given.json")
    result = generate("--prompt", file, "--regenerate", "tags[0]")
    assert result.stdout.startswith('{"kind":"beta", "tags": ["')
    yaml = generate("--prompt", file, "--regenerate", "tags[0]", "--format", "yaml").stdout
    assert yaml.startswith("kind: beta\n\ntags:\n")


def test_files_have_the_format_of_the_document(generate: Any, prompt: Any, tmp_path: Path) -> None:
    out = tmp_path / "out"
    file = prompt('{"kind": "beta"}', "given.json")
    assert generate("--prompt", file, "--regenerate", "kind", "--out", out).exit_code == 0
    assert [path.name for path in out.iterdir()] == ["0001.json"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--regenerate", "kind"), "--prompt"),
        (("--prompt", "FILE", "--regenerate", "kind", "--open"), "--open"),
        (("--prompt", "FILE", "--regenerate", "kind", "--set", "kind=beta"), "--set"),
        (("--prompt", "FILE", "--regenerate", "name"), "/name"),
        (("--prompt", "FILE", "--regenerate", "tags[5]"), "2 items, counted from 0"),
        (("--prompt", "FILE", "--regenerate", "a..b"), "is no path"),
        (("--prompt", "FILE", "--regenerate", "kind", "--tries", "0"), "0"),
        (("--prompt", "NONE", "--regenerate", "kind"), "none.yml"),
    ],
)
def test_a_part_that_cannot_be_written_is_refused(
    generate: Any, prompt: Any, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    files = {"FILE": prompt(GIVEN), "NONE": tmp_path / "none.yml"}
    result = generate(*(files.get(option, option) for option in options))
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.output


def test_the_best_documents_are_kept_in_order(generate: Any) -> None:
    documents = json.loads(generate("-n", 8, "--format", "jsonl", "--json").stdout)["documents"]
    kept = json.loads(generate("-n", 8, "--keep", 3, "--json").stdout)["documents"]
    assert len(kept) == 3
    assert all(document in documents for document in kept)


def test_lines_of_json_have_tokens_and_probabilities(generate: Any, pipeline: Pipeline) -> None:
    result = generate("-n", 3, "--format", "jsonl")
    rows = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    assert len(rows) == 3
    for row in rows:
        assert load_document(row["text"]) == row["value"]
        assert sum(row["logprobs"]) == pytest.approx(row["logprob"])
        assert len(row["logprobs"]) <= len(row["tokens"]) == row["num_tokens"]


def test_lines_of_json_are_one_file(generate: Any, tmp_path: Path) -> None:
    assert generate("-n", 2, "--format", "jsonl", "--out", tmp_path / "out").exit_code == 0
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["documents.jsonl"]
    assert len((tmp_path / "out" / "documents.jsonl").read_text().splitlines()) == 2


def test_files_are_replaced_only_if_forced(generate: Any, tmp_path: Path) -> None:
    (tmp_path / "0001.yaml").write_text("mine")
    (tmp_path / "other.txt").write_text("stays")
    refused = generate("--out", tmp_path)
    assert refused.exit_code == 2
    assert "is not empty" in refused.output
    assert "--force" in refused.output
    assert (tmp_path / "0001.yaml").read_text() == "mine"
    assert generate("--out", tmp_path, "--force").exit_code == 0
    assert load_document((tmp_path / "0001.yaml").read_text())["kind"]
    assert (tmp_path / "other.txt").read_text() == "stays"


@pytest.mark.parametrize("option", [("--keep", 1), ("--format", "jsonl")])
def test_what_a_stream_cannot_show_is_refused(generate: Any, option: tuple[Any, ...]) -> None:
    refused = generate("--stream", *option)
    assert refused.exit_code == 2
    assert "--stream" in refused.output


def test_a_time_that_is_no_time_is_refused(generate: Any) -> None:
    refused = generate("--max-seconds", 0)
    assert refused.exit_code == 2
    assert "max_seconds must be a number above 0" in refused.output


def test_a_document_is_closed_when_the_time_is_over(generate: Any) -> None:
    (document,) = json.loads(generate("--max-seconds", 1e-9, "--json").stdout)["documents"]
    assert (document["finish"], document["closed_by"]) == ("closed", "time")
