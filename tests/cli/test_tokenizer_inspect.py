from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Literal

import pytest
from rich.console import Console

from schemalm.baselines import ByteBPETokenizer
from schemalm.cli.tokenizer_inspect import paint
from schemalm.inspection import TextRun

TEXT = "kind: alpha\nname: first\n\ntags:\n  - red\n"


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "a.yml"
    path.write_text(TEXT)
    return path


@pytest.fixture(scope="module")
def byte_bpe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("compare") / "bpe.json"
    ByteBPETokenizer.train([{"kind": "alpha"}], vocab_size=270).save(path)
    return path


def test_a_document_is_shown_with_borders_if_there_are_no_colours(invoke, pipeline, document: Path) -> None:
    result = invoke("tokenizer", "inspect", document, "--tokenizer", pipeline.tokenizer)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("kind: alpha\n")
    assert "│" in result.stdout
    assert "\x1b" not in result.stdout
    counts = result.stdout.split("bytes each\n")[1].splitlines()
    assert counts[0].startswith(str(pipeline.tokenizer))
    assert counts[1].split()[:3] == ["compact", "JSON", "characters"]
    assert f"next: schemalm tokenizer stats --tokenizer {pipeline.tokenizer}" in result.stderr


@pytest.mark.parametrize("colours", ["standard", "256", "truecolor"])
def test_neighbouring_tokens_differ_in_colour_on_a_terminal(colours: Literal["standard", "256", "truecolor"]) -> None:
    console = Console(force_terminal=True, color_system=colours, no_color=False)
    runs = [TextRun("  ", None), *map(TextRun, "abcdefgh", range(8)), TextRun("}", 8, True)]
    line = paint(runs, console)
    assert line.plain == "  abcdefgh}"
    with console.capture() as capture:
        console.print(line)
    styles = re.findall(r"\x1b\[(30;[0-9;]+)m", capture.get())
    assert len(styles) == 9
    assert all(first != second for first, second in pairwise(styles))


def test_tokens_are_compared_with_those_of_other_files(invoke, pipeline, document: Path, byte_bpe: Path) -> None:
    result = invoke(
        "tokenizer", "inspect", document, "--tokenizer", pipeline.tokenizer, "--compare", byte_bpe, "--json"
    )
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    names = [(count["name"], count["unit"]) for count in report["counts"]]
    assert names == [
        (str(pipeline.tokenizer), "typed tokens"),
        (str(byte_bpe), "byte-bpe tokens of JSON"),
        ("compact JSON", "characters"),
        ("compact JSON", "bytes"),
    ]
    assert report["counts"][0]["count"] == report["num_tokens"] == len(report["tokens"])
    assert report["text"] == TEXT
    first = report["tokens"][0]
    assert set(first) == {"id", "symbols", "path", "nonterminal", "num_admitted", "places"}
    assert TEXT[slice(*first["places"][0])] == "kind:"


def test_text_tokenizers_show_the_text_that_they_encode(invoke, document: Path, byte_bpe: Path) -> None:
    result = invoke("tokenizer", "inspect", document, "--tokenizer", byte_bpe)
    assert result.exit_code == 0, result.output
    shown = result.stdout.splitlines()[0].replace("│", "")
    assert json.loads(shown) == {"kind": "alpha", "name": "first", "tags": ["red"]}
    assert "forced" not in result.stdout


def test_the_page_is_written(invoke, pipeline, document: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "page.html"
    result = invoke("tokenizer", "inspect", document, "--tokenizer", pipeline.tokenizer, "--html", out)
    assert result.exit_code == 0, result.output
    assert out.read_text().startswith("<!doctype html>")
    assert str(out) in result.stdout


def test_an_invalid_document_is_reported_as_check_does(invoke, pipeline, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yml"
    bad.write_text("kind: alpha\ntags:\n  - pink\n")
    checked = invoke("check", bad, "--schema", pipeline.schema)
    result = invoke("tokenizer", "inspect", bad, "--tokenizer", pipeline.tokenizer)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == checked.stdout.splitlines()[:-1]
    report = json.loads(invoke("tokenizer", "inspect", bad, "--tokenizer", pipeline.tokenizer, "--json").stdout)
    assert report["rejected"]["pointer"] == "/tags/0"


@pytest.mark.parametrize("content", [b'kind: "a\n', b"\xff\xfe", b"", b"kind: a\nkind: b\n"])
def test_text_that_is_not_a_document_is_reported_with_its_position(
    invoke, pipeline, tmp_path: Path, content: bytes
) -> None:
    bad = tmp_path / "bad.yml"
    bad.write_bytes(content)
    result = invoke("tokenizer", "inspect", bad, "--tokenizer", pipeline.tokenizer)
    assert result.exit_code == 1
    assert result.stdout.startswith(f"{bad}:")
    assert "Traceback" not in result.output


def test_merge_keys_are_resolved_by_the_option(invoke, pipeline, document: Path) -> None:
    document.write_text("<<: {kind: alpha, name: no}\nname: first\n")
    command = ("tokenizer", "inspect", document, "--tokenizer", pipeline.tokenizer)
    assert "--merge-keys" in invoke(*command).stdout
    assert invoke(*command, "--merge-keys", "--json").exit_code == 0
    assert invoke(*command, "--merge-keys").stderr.rstrip().endswith("--merge-keys")
    assert invoke(*command, "--no-merge-keys").stderr.rstrip().endswith(f"{pipeline.tokenizer} --no-merge-keys")


def test_what_cannot_be_read_exits_2(invoke, pipeline, document: Path, tmp_path: Path) -> None:
    assert invoke("tokenizer", "inspect", tmp_path / "no.yml", "--tokenizer", pipeline.tokenizer).exit_code == 2
    result = invoke("tokenizer", "inspect", document, "--tokenizer", document)
    assert result.exit_code == 2
    assert "is damaged: it is not JSON" in result.stderr


@pytest.mark.slow
@pytest.mark.parametrize("attack", ["\x1b[31mred\x07", "pay \u202euser", "a\u200bb\u2028c", "tab\there\nx"])
def test_control_characters_of_documents_do_not_reach_the_terminal(
    invoke, byte_bpe: Path, tmp_path: Path, attack: str
) -> None:
    path = tmp_path / "attack.json"
    path.write_text(json.dumps({attack: [attack]}))
    for arguments in ((), ("--json",)):
        result = invoke("tokenizer", "inspect", path, "--tokenizer", byte_bpe, *arguments)
        assert result.exit_code == 0, result.output
        assert all(character.isprintable() or character == "\n" for character in result.output)
