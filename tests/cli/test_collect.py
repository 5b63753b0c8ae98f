"""`schemalm collect`: its output, its exit codes, and that the other commands accept its folder."""

from __future__ import annotations

import json
import random
import string
from pathlib import Path

import pytest

TOKEN = "gh" + "p_" + "".join(random.Random(0).choices(string.ascii_letters, k=36))


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """Documents of five owners: one breaks the schema, one is not a document, and one occurs twice."""
    folder = tmp_path / "in"
    folder.mkdir()
    kinds, tags = ("alpha", "beta", "gamma"), ("red", "green", "blue")
    chooser = random.Random(0)
    names = ["".join(chooser.choices(string.ascii_lowercase, k=8)) for _ in range(30)]
    rows = [
        {
            "repo": f"owner{number % 5}/name",
            "path": f"{number}.yml",
            "value": {"kind": kinds[number % 3], "name": name, "tags": chooser.choices(tags, k=5)},
        }
        for number, name in enumerate(names)
    ]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in [*rows, rows[0]]))
    (folder / "invalid.yml").write_text("kind: delta\n")
    (folder / "broken.yml").write_text('kind: "alpha\n')
    (folder / "notes.txt").touch()
    return folder


def assert_refused(result, *parts: object) -> None:
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    for part in parts:
        assert str(part) in result.stderr


def test_the_outcome_of_every_document_is_reported(invoke, pipeline, inputs: Path, tmp_path: Path) -> None:
    out = tmp_path / "corpus"
    result = invoke("collect", inputs, "--schema", pipeline.schema, "--out", out)
    assert result.exit_code == 0, result.output
    for part in ("rejected invalid.yml: /kind: ", "broken.yml:1:7: ", ".txt files (1): notes.txt", "1 exact duplicate"):
        assert part in result.stdout
    table = dict(
        line.rsplit(maxsplit=1) for line in result.stdout.splitlines() if line.startswith(("kept", "left out", "all"))
    )
    assert table["left out: rejected"] == "2"
    assert table["left out: duplicate"] == "1"
    assert table["all"] == "33"
    assert "examining documents: 33 of 33" in result.stderr
    following = f"schemalm tokenizer train --corpus {out} --schema {pipeline.schema} --out tokenizer.json"
    assert result.stderr.rstrip().endswith(f"next: {following}")
    assert sorted(path.name for path in out.iterdir()) == [
        "README.md",
        "manifest.json",
        "rejected.jsonl",
        "train",
        "val",
    ]


def test_one_object_is_printed_if_json_is_requested(invoke, pipeline, inputs: Path, tmp_path: Path) -> None:
    result = invoke("collect", inputs, "--schema", pipeline.schema, "--out", tmp_path / "corpus", "--json")
    described = json.loads(result.stdout)
    counts = described["counts"]
    assert counts["documents"] == 33 == sum(count for name, count in counts.items() if name != "documents")
    assert described["splits"]["train"]["num_documents"] + described["splits"]["val"]["num_documents"] == counts["kept"]
    assert {one["name"] for one in described["rejected"]} == {"invalid.yml", "broken.yml"}
    assert described["warnings"] == ["2 documents left out"]
    assert described["files"].keys() >= {"train/000000.parquet", "val/000000.parquet", "rejected.jsonl", "README.md"}


def test_only_strictness_makes_a_rejected_document_a_failure(invoke, pipeline, inputs: Path, tmp_path: Path) -> None:
    command = ("collect", inputs, "--schema", pipeline.schema, "--strict", "--out")
    assert invoke(*command, tmp_path / "strict").exit_code == 1
    assert (tmp_path / "strict" / "manifest.json").exists()
    for name in ("invalid.yml", "broken.yml"):
        (inputs / name).unlink()
    assert invoke(*command, tmp_path / "clean").exit_code == 0


def test_secrets_are_counted_and_never_shown(invoke, pipeline, inputs: Path, tmp_path: Path) -> None:
    (inputs / "secret.yml").write_text(f"kind: alpha\nname: {TOKEN}\n")
    for policy in ("drop", "mask"):
        out = tmp_path / policy
        result = invoke("collect", inputs, "--schema", pipeline.schema, "--out", out, "--secrets", policy)
        assert "warning: secrets were found: GitHub token (1)" in result.stderr
        assert TOKEN not in result.output + (out / "rejected.jsonl").read_text() + (out / "README.md").read_text()


def test_the_other_commands_continue_from_a_corpus(invoke, pipeline, inputs: Path, tmp_path: Path) -> None:
    corpus, tokenizer = tmp_path / "corpus", tmp_path / "tokenizer.json"
    options = ("--schema", pipeline.schema, "--json")
    collected = json.loads(invoke("collect", inputs, "--out", corpus, "--similarity", 1, *options).stdout)
    learned = invoke("tokenizer", "train", "--corpus", corpus, "--vocab-size", 360, "--out", tokenizer, *options)
    assert learned.exit_code == 0, learned.output
    assert json.loads(learned.stdout)["rejected"] == []
    sizes = ("--context-size", 16, "--stride", 4, "--json")
    prepared = invoke("prepare", "--input", corpus, "--tokenizer", tokenizer, "--output", tmp_path / "data", *sizes)
    assert prepared.exit_code == 0, prepared.output
    report = json.loads(prepared.stdout)
    assert report["rejected"] == []
    for name, split in report["splits"].items():
        assert split["num_documents"] == collected["splits"][name]["num_documents"]


def test_an_existing_corpus_is_refused_and_with_resume_recognized_as_finished(
    invoke, pipeline, inputs: Path, tmp_path: Path
) -> None:
    command = ("collect", inputs, "--schema", pipeline.schema, "--out", tmp_path / "corpus")
    first = invoke(*command, "--json")
    assert_refused(invoke(*command), "already contains a collected corpus")
    assert_refused(invoke(*command, "--resume", "--seed", 5), "already contains a collected corpus")
    again = invoke(*command, "--resume", "--json")
    assert again.exit_code == 0, again.output
    for name in ("counts", "splits", "files", "rejected_by_reason"):
        assert json.loads(again.stdout)[name] == json.loads(first.stdout)[name]


def test_unusable_settings_and_inputs_are_named(invoke, pipeline, inputs: Path, tmp_path: Path) -> None:
    command = ("collect", inputs, "--schema", pipeline.schema, "--out", tmp_path / "corpus")
    assert_refused(invoke(*command, "--similarity", 0.2), "similarity must be a number from 0.5 to 1, got 0.2")
    assert_refused(invoke(*command, "--train-split", 1), "train_split must")
    assert_refused(invoke(*command, "--address", "auto"), "engine")
    assert_refused(invoke(*command, "--workers", 0), "--workers")
    assert_refused(invoke("collect", inputs / "notes.txt", "--out", tmp_path / "corpus"), "notes.txt", "not a corpus")
    assert_refused(invoke("collect", tmp_path / "none", "--out", tmp_path / "corpus"), "does not exist")
    (tmp_path / "cut.jsonl.zst").write_bytes(b"\x28\xb5\x2f\xfd\x04\x58")
    assert_refused(invoke("collect", tmp_path / "cut.jsonl.zst", "--out", tmp_path / "corpus"), "cut.jsonl.zst")
    assert not (tmp_path / "corpus").exists()


@pytest.mark.parametrize("is_merging", [True, False])
def test_merge_keys_are_resolved_if_requested(invoke, pipeline, inputs: Path, tmp_path: Path, is_merging: bool) -> None:
    (inputs / "merged.yml").write_text("kind: alpha\n<<: {name: merged}\n")
    option = "--merge-keys" if is_merging else "--no-merge-keys"
    command = ("collect", inputs, "--schema", pipeline.schema, "--out", tmp_path / "corpus", option)
    result = invoke(*command)
    assert ("merged.yml" in result.stdout) != is_merging
    assert result.stderr.rstrip().endswith(f"tokenizer.json {option}")
