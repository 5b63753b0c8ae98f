"""From a corpus to a report, command by command, on a model of two steps."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from schemalm.cli.options import NumberFormat
from schemalm.documents import load_document
from schemalm.limits import Limits
from schemalm.model.quantization import FORMATS
from schemalm.schema.sources import read_schema


@pytest.fixture
def mixed(tmp_path: Path, pipeline) -> Path:
    """The corpus with one document that breaks the schema and one file that is not a document."""
    corpus = tmp_path / "mixed"
    shutil.copytree(pipeline.corpus, corpus)
    (corpus / "invalid.yml").write_text("kind: delta\n")
    (corpus / "broken.yml").write_text('kind: "alpha\n')
    return corpus


def tokenizer_command(pipeline, corpus: Path, out: Path) -> tuple[object, ...]:
    sizes = ("--vocab-size", 360, "--schema", pipeline.schema)
    return ("tokenizer", "train", "--corpus", corpus, "--out", out, *sizes)


def prepare_command(pipeline, corpus: Path, out: Path) -> tuple[object, ...]:
    sizes = ("--context-size", 16, "--stride", 4, "--train-split", 0.7)
    return ("prepare", "--input", corpus, "--output", out, "--tokenizer", pipeline.tokenizer, *sizes)


def assert_refused(result, *parts: object) -> None:
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    for part in parts:
        assert str(part) in result.stderr


def test_a_tokenizer_is_learned_from_what_is_valid(invoke, pipeline, mixed: Path, tmp_path: Path) -> None:
    out = tmp_path / "tokenizer.json"
    result = invoke(*tokenizer_command(pipeline, mixed, out))
    assert result.exit_code == 0
    assert out.read_bytes() == pipeline.tokenizer.read_bytes()
    assert "rejected invalid.yml: /kind: " in result.stdout
    assert "broken.yml:1:7: " in result.stdout
    assert f"next: schemalm prepare --input {mixed} --output data --tokenizer {out}" in result.stderr


def test_tokenizer_train_in_json(invoke, pipeline, mixed: Path, tmp_path: Path) -> None:
    result = invoke(*tokenizer_command(pipeline, mixed, tmp_path / "t.json"), "--max-files", 5, "--json")
    report = json.loads(result.stdout)
    assert report["vocab_size"] <= 360
    assert result.exit_code == 0
    assert sum(report["rejected_by_reason"].values()) == len(report["rejected"])
    names = {rejection["name"] for rejection in report["rejected"]}
    assert report["num_documents"] + len(names - {"broken.yml"}) == 5


def test_merges_reach_as_far_as_asked(invoke, pipeline, tmp_path: Path) -> None:
    out = tmp_path / "tokenizer.json"
    result = invoke(*tokenizer_command(pipeline, pipeline.corpus, out), "--merge-scope", "value")
    assert result.exit_code == 0
    assert json.loads(out.read_text())["merge_scope"] == "value"


def test_a_corpus_of_which_nothing_is_left_ends_the_training_of_a_tokenizer(invoke, pipeline, tmp_path: Path) -> None:
    (tmp_path / "only.yml").write_text("kind: delta\n")
    result = invoke(*tokenizer_command(pipeline, tmp_path, tmp_path / "t.json"))
    assert_refused(result, "no document is left")
    assert "rejected only.yml" in result.stdout
    assert not (tmp_path / "t.json").exists()


def test_an_empty_corpus_is_refused(invoke, pipeline, tmp_path: Path) -> None:
    assert_refused(invoke(*tokenizer_command(pipeline, tmp_path, tmp_path / "t.json")), "no documents found")


def test_a_vocabulary_smaller_than_the_symbols_is_refused(invoke, pipeline, tmp_path: Path) -> None:
    command = tokenizer_command(pipeline, tmp_path, tmp_path / "t.json")  # the corpus would be refused later
    assert_refused(invoke(*command, "--vocab-size", 10), "vocab_size is 10", "alone need ")


def test_prepare_reports_what_it_leaves_out(invoke, pipeline, mixed: Path, tmp_path: Path) -> None:
    result = invoke(*prepare_command(pipeline, mixed, tmp_path / "data"))
    assert result.exit_code == 0
    assert "rejected invalid.yml: /kind: " in result.stdout
    assert (tmp_path / "data" / "metadata.json").exists()
    assert f"next: schemalm train --data {tmp_path / 'data'} --model tiny --out run" in result.stderr


@pytest.mark.parametrize("command", [tokenizer_command, prepare_command])
def test_rejected_documents_fail_a_command_only_if_it_is_strict(
    invoke, pipeline, mixed: Path, tmp_path: Path, command
) -> None:
    out = tmp_path / "out"
    result = invoke(*command(pipeline, mixed, out), "--strict")
    assert result.exit_code == 1
    assert out.exists()  # the work is done
    assert "next: " in result.stderr
    assert invoke(*command(pipeline, pipeline.corpus, tmp_path / "clean"), "--strict").exit_code == 0


@pytest.mark.parametrize("command", [tokenizer_command, prepare_command])
def test_what_is_left_out_is_reported_and_listed(invoke, pipeline, mixed: Path, tmp_path: Path, command) -> None:
    shutil.copy(mixed / "0.yml", mixed / "same.yml")
    (mixed / "link.yml").symlink_to(mixed / "0.yml")
    (mixed / "notes.txt").touch()
    result = invoke(*command(pipeline, mixed, tmp_path / "a"))
    assert "1 exact duplicate left out, for example same.yml, which equals 0.yml" in result.stdout
    assert "links whose targets are read anyway (1): link.yml; .txt files (1): notes.txt" in result.stdout
    described = json.loads(invoke(*command(pipeline, mixed, tmp_path / "b"), "--json").stdout)
    assert {rejection["name"] for rejection in described["rejected"]} == {"broken.yml", "invalid.yml"}
    assert described["duplicates"] == [{"name": "same.yml", "original": "0.yml"}]
    assert {passed["kind"]: passed["names"] for passed in described["passed_over"]} == {
        "links whose targets are read anyway": ["link.yml"],
        ".txt files": ["notes.txt"],
    }


def test_rows_with_other_fields_are_reported_which_to_rename(invoke, pipeline, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps({"text": f"name: n{number}"}) + "\n" for number in range(6)))
    reason = "1: the row has none of `yaml`, `json` and `value`, but `text`: rename `text` to `yaml`"
    commands = (
        prepare_command(pipeline, rows, tmp_path / "data"),
        tokenizer_command(pipeline, rows, tmp_path / "t.json"),
    )
    for command in commands:
        result = invoke(*command)
        assert_refused(result, "no document is left", "6 rejected, for example", reason)
        assert "fewer than two" not in result.stderr
        assert "schema?" not in result.stderr
        assert "theirs" not in result.stderr


@pytest.mark.slow
@pytest.mark.parametrize("is_merging", [True, False])
def test_merge_keys_are_resolved_by_the_schema_or_the_option(
    invoke, pipeline, tmp_path: Path, is_merging: bool
) -> None:
    corpus, schema = tmp_path / "corpus", tmp_path / "schema.json"
    corpus.mkdir()
    for number, tag in enumerate(("red", "green", "blue", "red")):
        text = f"kind: alpha\nname: {'n' * (number + 1)}\ntags: [{tag}]\n"
        (corpus / f"{number}.yml").write_text(text)
    (corpus / "merged.yml").write_text("kind: alpha\n<<: {kind: beta, name: merged}\n")
    identity = {"$id": read_schema("gitlab-ci", Limits())["$id"]} if is_merging else {}
    schema.write_text(json.dumps({**json.loads(pipeline.schema.read_text()), **identity}))
    learn = ("tokenizer", "train", "--corpus", corpus, "--schema", schema, "--vocab-size", 400, "--json", "--out")
    sizes = ("--context-size", 16, "--stride", 4, "--json")
    cut = ("prepare", "--input", corpus, "--tokenizer", tmp_path / "t.json", *sizes, "--output")
    stats = ("tokenizer", "stats", "--corpus", corpus, "--json", "--tokenizer", tmp_path / "t.json")
    for number, command in enumerate(((*learn, tmp_path / "t.json"), (*cut, tmp_path / "data"), stats)):
        rejected = json.loads(invoke(*command).stdout)["rejected"]
        assert [rejection["name"] for rejection in rejected] == ([] if is_merging else ["merged.yml"])
        other = "--no-merge-keys" if is_merging else "--merge-keys"
        again = stats if command is stats else (*command[:-1], tmp_path / f"other-{number}")
        rejected = json.loads(invoke(*again, other).stdout)["rejected"]
        assert [rejection["name"] for rejection in rejected] == (["merged.yml"] if is_merging else [])


def test_the_next_command_has_the_same_merge_keys_option(invoke, pipeline, tmp_path: Path) -> None:
    command = tokenizer_command(pipeline, pipeline.corpus, tmp_path / "t.json")
    for options in ((), ("--merge-keys",), ("--no-merge-keys",)):
        assert invoke(*command, *options).stderr.rstrip().endswith(" ".join((str(tmp_path / "t.json"), *options)))


def test_duplicates_are_reported_if_too_few_documents_are_left(invoke, pipeline, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number in range(6):
        (corpus / f"{number}.yml").write_text("kind: alpha\n")
    result = invoke(*prepare_command(pipeline, corpus, tmp_path / "data"))
    assert_refused(result, "fewer than two sources", "found 1 document of 0.yml", "5 exact duplicates left out")
    demo = ("demo", "--corpus", corpus, "--schema", pipeline.schema, "--out", tmp_path / "demo")
    assert_refused(invoke(*demo), "only one document", "5 exact duplicates left out")


def test_a_tokenizer_of_another_schema_is_reported_with_the_reasons(invoke, pipeline, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number in range(6):
        (corpus / f"{number}.yml").write_text(f"on: push\njobs: {{j{number}: 1}}\n")
    result = invoke(*prepare_command(pipeline, corpus, tmp_path / "data"))
    assert_refused(
        result, "no document is left", "the tokenizer's schema is", "rejected: the schema's ", "for example "
    )


def test_much_padding_is_reported_with_a_context_size_that_fits(invoke, pipeline, tmp_path: Path) -> None:
    command = prepare_command(pipeline, pipeline.corpus, tmp_path / "data")
    result = invoke(*command, "--context-size", 2048, "--stride", 32)
    assert re.search(r"warning: 9\d\.\d % of the positions", result.stderr)
    assert "--context-size 16 --stride 8 instead of 2048" in result.stderr
    fitting = prepare_command(pipeline, pipeline.corpus, tmp_path / "fitting")
    assert json.loads(invoke(*fitting, "--context-size", 16, "--stride", 8, "--json").stdout)["warnings"] == []
    command = prepare_command(pipeline, pipeline.corpus, tmp_path / "again")
    described = json.loads(invoke(*command, "--context-size", 2048, "--stride", 32, "--json").stdout)
    assert len(described["warnings"]) == 1


def test_prepare_in_json(invoke, pipeline, tmp_path: Path) -> None:
    result = invoke(*prepare_command(pipeline, pipeline.corpus, tmp_path / "data"), "--json")
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    assert report["splits"]["train"]["num_documents"] + report["splits"]["val"]["num_documents"] == 12
    assert report["rejected"] == []


def test_prepare_refuses_a_data_set_that_is_there(invoke, pipeline) -> None:
    assert_refused(invoke(*prepare_command(pipeline, pipeline.corpus, pipeline.data)), "already contains")


def test_prepare_refuses_unusable_input(invoke, pipeline, tmp_path: Path) -> None:
    binary = tmp_path / "binary.json"
    binary.write_bytes(b"\x00\xff\xfe")
    broken = tmp_path / "broken.jsonl.zst"
    broken.write_bytes(b"\x00\xff\xfe")
    command = prepare_command(pipeline, pipeline.corpus, tmp_path / "data")
    assert_refused(invoke(*command, "--tokenizer", binary), "binary.json")
    assert_refused(invoke(*command, "--tokenizer", tmp_path / "none"), "does not exist")
    assert_refused(invoke(*command, "--input", broken), "broken.jsonl.zst")
    assert_refused(invoke(*command, "--output", binary), "binary.json")
    assert_refused(invoke(*command, "--train-split", 1.5), "train_split")
    assert_refused(invoke(*command, "--stride", 20), "stride")


@pytest.mark.slow
def test_a_training_is_resumed(invoke, pipeline, tmp_path: Path) -> None:
    run = tmp_path / "run"
    command = ("train", "--data", pipeline.data, "--out", run, "--steps", 2, "--batch-size", 2)
    first = invoke(*command, "--json")
    assert first.exit_code == 0
    assert_refused(invoke(*command), "--resume auto")
    again = invoke(*command, "--resume", "auto", "--json")
    assert again.exit_code == 0
    summaries = [json.loads(result.stdout) for result in (first, again)]
    assert summaries[0].pop("elapsed_seconds") > 0
    assert summaries[1].pop("elapsed_seconds") > 0
    assert summaries[0] == summaries[1]
    assert_refused(invoke(*command, "--resume", "tomorrow"), "tomorrow")
    assert_refused(invoke(*command, "--resume", "auto", "--learning-rate", 0.5), "learning_rate")


@pytest.mark.slow
def test_training_takes_its_settings_from_options(invoke, pipeline, tmp_path: Path) -> None:
    options = (
        "--steps",
        1,
        "--batch-size",
        3,
        "--learning-rate",
        0.01,
        "--seed",
        7,
        "--no-grammar-state",
        "--no-mask-loss",
    )
    result = invoke("train", "--data", pipeline.data, "--out", tmp_path / "run", *options)
    assert result.exit_code == 0
    training = json.loads((tmp_path / "run" / "config.json").read_text())["training"]
    assert (training["num_steps"], training["batch_size"], training["learning_rate"]) == (1, 3, 0.01)
    assert (training["seed"], training["grammar_state"], training["mask_loss"]) == (7, False, False)
    assert f"next: schemalm generate {tmp_path / 'run'} -n 3" in result.stderr


def test_training_refuses_a_folder_without_data(invoke, tmp_path: Path) -> None:
    assert_refused(invoke("train", "--data", tmp_path, "--out", tmp_path / "run"), "not a prepared data set")
    assert_refused(invoke("train", "--data", tmp_path / "none", "--out", tmp_path / "run"), "does not exist")


@pytest.mark.slow
def test_generated_documents_alone_are_on_stdout(execute, pipeline) -> None:
    result = execute("generate", pipeline.run, "-n", 2, "--max-tokens", 20, "--temperature", 1.0)
    assert result.returncode == 0
    for text in result.stdout.split("---\n"):
        assert load_document(text)["kind"] in ("alpha", "beta", "gamma")
    assert result.stderr.splitlines()[-1] == f"next: schemalm evaluate {pipeline.run}"


def test_a_stream_shows_the_documents_of_the_same_command(invoke, pipeline) -> None:
    command = ("generate", pipeline.run, "-n", 3, "--max-tokens", 20, "--min-p", 0.01)
    expected, result = invoke(*command), invoke(*command, "--stream")
    assert result.exit_code == 0
    assert result.stdout == expected.stdout
    described = json.loads(invoke(*command, "--stream", "--json").stdout)["documents"]
    assert "---\n".join(document["text"] for document in described) == expected.stdout


def test_generated_documents_go_to_files(invoke, pipeline, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ("generate", pipeline.run, "-n", 3, "--format", "json", "--max-tokens", 20, "--out", out)
    assert invoke(*command).exit_code == 0
    assert [path.name for path in sorted(out.iterdir())] == ["0001.json", "0002.json", "0003.json"]
    assert invoke("check", *out.iterdir(), "--schema", pipeline.schema).exit_code == 0
    assert_refused(invoke(*command), "is not empty")


def test_generate_writes_in_a_number_format(invoke, pipeline) -> None:
    assert [*NumberFormat] == [*FORMATS]
    result = invoke("generate", pipeline.run, "--max-tokens", 20, "--dtype", "int8", "--json")
    assert json.loads(result.stdout)["documents"][0]["value"]["kind"] in ("alpha", "beta", "gamma")
    assert_refused(invoke("generate", pipeline.run, "--dtype", "int4"), "int4")


def test_generate_keeps_the_prompt(invoke, pipeline, tmp_path: Path) -> None:
    prompt = tmp_path / "prompt.yml"
    prompt.write_text("kind: gamma\n")
    result = invoke("generate", pipeline.run, "--prompt", prompt, "--max-tokens", 20, "--json")
    (document,) = json.loads(result.stdout)["documents"]
    assert document["value"]["kind"] == "gamma"
    assert load_document(document["text"]) == document["value"]


def test_generate_resolves_merge_keys_of_the_prompt_by_the_option(invoke, pipeline, tmp_path: Path) -> None:
    prompt = tmp_path / "prompt.yml"
    prompt.write_text("<<: {kind: gamma}\n")
    command = ("generate", pipeline.run, "--prompt", prompt, "--max-tokens", 20, "--json")
    assert_refused(invoke(*command), "--merge-keys")
    (document,) = json.loads(invoke(*command, "--merge-keys").stdout)["documents"]
    assert document["value"]["kind"] == "gamma"


@pytest.mark.parametrize(
    ("content", "message"),
    [("kind: delta\n", "prompt at /kind"), ('kind: "\n', "prompt.yml:"), ("\x00", "prompt.yml:")],
)
def test_generate_refuses_an_impossible_prompt(invoke, pipeline, tmp_path: Path, content: str, message: str) -> None:
    prompt = tmp_path / "prompt.yml"
    prompt.write_text(content)
    assert_refused(invoke("generate", pipeline.run, "--prompt", prompt), message)


def test_generate_refuses_settings_out_of_range(invoke, pipeline) -> None:
    assert_refused(invoke("generate", pipeline.run, "--temperature", -1), "temperature")
    assert_refused(invoke("generate", pipeline.run, "--top-p", 2), "top_p")
    assert_refused(invoke("generate", pipeline.run, "--format", "toml"), "toml")


@pytest.mark.parametrize("command", ["generate", "evaluate"])
def test_an_unknown_run_is_refused(invoke, tmp_path: Path, command: str) -> None:
    assert_refused(invoke(command, tmp_path / "nosuch"), "not a run folder")
    assert_refused(invoke(command, tmp_path), "not a run folder")


def test_a_damaged_run_is_refused(invoke, pipeline, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(pipeline.run, run)
    (run / "tokenizer.json").write_text("{}")
    assert_refused(invoke("generate", run), "tokenizer")
    (run / "config.json").write_bytes(b"\xff\x00")
    assert_refused(invoke("generate", run), "config.json")


@pytest.mark.slow
def test_evaluate_writes_the_report(invoke, pipeline) -> None:
    result = invoke("evaluate", pipeline.run, "--samples", 3)
    assert result.exit_code == 0, result.output
    assert (pipeline.run / "report.html").exists()
    assert "Nobody can say: 3 samples are too few" in result.stdout
    assert ["schema", "100", "%"] in [line.split()[:3] for line in result.stdout.splitlines()]
    assert f"report: {pipeline.run / 'report.html'}" in result.stdout


@pytest.mark.slow
def test_evaluate_measures_the_price_of_number_formats(invoke, pipeline) -> None:
    command = ("evaluate", pipeline.run, "--samples", 1, "--dtype", "int8", "--dtype", "bfloat16")
    lines = invoke(*command).stdout.splitlines()
    prices = [line.split(":")[0] for line in lines if "to float32" in line]
    assert prices == ["float32", "int8", "bfloat16"]
    report = json.loads(invoke(*command, "--json").stdout)
    assert [*report["number_formats"]] == prices


@pytest.mark.slow
def test_evaluate_in_json(invoke, pipeline) -> None:
    result = invoke("evaluate", pipeline.run, "--samples", 2, "--json")
    report = json.loads(result.stdout)
    assert report["acceptance"][1]["samples"]["share"] == 1
    assert report["usefulness"]["answer"] == "unknown"
    assert len(report["samples"]) == 2
    assert report["warnings"] == []
    assert "sampling 2 documents" in result.stderr
    assert "next: " not in result.stderr
