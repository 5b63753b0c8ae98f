"""`schemalm reference` trains, samples, ablates and verifies, and reports invalid input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from schemalm.reference import parity
from schemalm.reference.array import layers

from .conftest import Invoke

SMALL = ("--steps", 3, "--n-embd", 8, "--n-head", 2, "--context-size", 6, "--batch-size", 2)
ABLATION = ("--steps", 2, "--seeds", 1, "--grid", "n_embd=8", "n_head=2", "context_size=6", "num_evaluation_windows=2")


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("text") / "text.txt"
    path.write_text("a cat sat on a mat and ate a rat; " * 6)
    return path


@pytest.fixture(scope="module")
def run(text: Path, invoke: Invoke) -> Path:
    result = invoke("reference", "train", "--input", text, *SMALL, "--out", text.parent / "run", "--seed", 1)
    assert result.exit_code == 0, result.output
    assert f"next: schemalm reference sample {text.parent / 'run'}" in result.stderr
    return text.parent / "run"


def described(invoke: Invoke, *arguments: object) -> dict[str, Any]:
    result = invoke("reference", *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["bigram", "mini-gpt"])
@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_engines_train_to_the_same_losses_and_write_the_same_text(
    model: str, optimizer: str, text: Path, invoke: Invoke, tmp_path: Path
) -> None:
    losses, texts = {}, set()
    for engine in ("scalar", "array", "torch"):
        options = (
            "--engine",
            engine,
            "--model",
            model,
            "--optimizer",
            optimizer,
            "--seed",
            7,
            "--out",
            tmp_path / engine,
        )
        losses[engine] = described(invoke, "train", "--input", text, *SMALL, *options)["losses"]
        texts.add(described(invoke, "sample", tmp_path / engine, "--max-new-tokens", 8, "--seed", 3)["text"])
    assert losses["scalar"] == pytest.approx(losses["array"], abs=1e-9)
    assert losses["torch"] == pytest.approx(losses["array"], abs=1e-5)
    assert len(texts) == 1


def test_a_bigram_is_compared_with_its_closed_form(text: Path, invoke: Invoke, tmp_path: Path) -> None:
    result = invoke("reference", "train", "--input", text, *SMALL, "--model", "bigram", "--out", tmp_path / "run")
    assert "the count table with Laplace smoothing: " in result.stdout


def test_a_run_goes_into_a_free_folder(
    text: Path, invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    runs = [described(invoke, "train", "--input", text, *SMALL)["run"] for _ in range(2)]
    assert runs == ["runs/reference", "runs/reference-2"]


def test_documents_are_trained_on_in_characters_and_in_typed_tokens(pipeline, invoke, tmp_path: Path) -> None:
    for number, tokenizer in enumerate(("character", "typed", pipeline.tokenizer)):
        options = ("--tokenizer", tokenizer, "--schema", pipeline.schema, "--out", tmp_path / str(number))
        found = described(invoke, "train", "--input", pipeline.corpus, *SMALL, *options)
        assert found["bits_per_byte"] > 0 and found["rejected"] == []
        assert described(invoke, "sample", tmp_path / str(number))["num_new_tokens"] >= 0


def test_documents_that_the_schema_refuses_are_left_out(pipeline, invoke, tmp_path: Path) -> None:
    for number, kind in enumerate(("alpha", "beta", "wrong", "gamma")):
        (tmp_path / f"{number}.json").write_text(json.dumps({"kind": kind, "tags": ["red", "green"]}))
    options = ("--tokenizer", "typed", "--schema", pipeline.schema, "--out", tmp_path / "run")
    result = invoke("reference", "train", "--input", tmp_path, *SMALL, *options)
    assert result.exit_code == 0
    assert "rejected 2.json" in result.stdout
    assert (tmp_path / "run" / "evaluation.json").exists()
    again = ("--tokenizer", "typed", "--schema", pipeline.schema, "--out", tmp_path / "again", "--strict")
    assert invoke("reference", "train", "--input", tmp_path, *SMALL, *again).exit_code == 1


def test_a_sweep_lists_what_any_tokenizer_leaves_out(pipeline, invoke, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number, kind in enumerate(("alpha", "beta", "wrong", "gamma")):
        (corpus / f"{number}.json").write_text(json.dumps({"kind": kind, "tags": ["red", "green"]}))
    swept = ("--input", corpus, "--schema", pipeline.schema, "--out", tmp_path / "swept")
    command = ("reference", "ablate", *swept, *ABLATION, "tokenizer=character,typed")
    found = json.loads(invoke(*command, "--json").stdout)
    assert [rejection["name"] for rejection in found["rejected"]] == ["2.json"]
    assert (invoke(*command).exit_code, invoke(*command, "--strict").exit_code) == (0, 1)


def test_a_prompt_begins_the_text(run: Path, invoke: Invoke) -> None:
    found = described(invoke, "sample", run, "--prompt", "a cat", "--max-new-tokens", 4, "--temperature", 0)
    assert found["text"].startswith("a cat")
    assert found["num_new_tokens"] <= 4


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        ("", "has 0 tokens; expected 1 to 5"),
        ("a cat sat", "has 9 tokens; expected 1 to 5"),
        ("É", "'É' (U+00C9) at offset 0"),
    ],
)
def test_prompts_that_cannot_be_read_exit_2(prompt: str, message: str, run: Path, invoke: Invoke) -> None:
    result = invoke("reference", "sample", run, "--prompt", prompt)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].startswith("error: prompt: ")
    assert message in result.stderr


def test_ablate_sweeps_tied_head_and_input_norm_by_default(text: Path, invoke: Invoke, tmp_path: Path) -> None:
    found = described(invoke, "ablate", "--input", text, "--steps", 2, "--seeds", 2, "--out", tmp_path / "out")
    assert [(row["tie_head"], row["input_norm"], row["seed"]) for row in found["rows"]] == [
        (tied, normed, seed) for tied in (True, False) for normed in (True, False) for seed in (0, 1)
    ]
    again = described(invoke, "ablate", "--input", text, "--steps", 2, "--seeds", 2, "--out", tmp_path / "out")
    assert (again["num_made"], again["rows"]) == (0, found["rows"])


def test_ablate_takes_any_grid_as_one_option_and_more_words(pipeline, invoke: Invoke, tmp_path: Path) -> None:
    options = ("--input", pipeline.corpus, "--schema", pipeline.schema, "--out", tmp_path / "out")
    grid = ("tie_head=true,false", "n_layer=1,2", "tokenizer=character,typed")
    found = described(invoke, "ablate", *options, *ABLATION, *grid)
    assert len({(row["tie_head"], row["n_layer"], row["tokenizer"]) for row in found["rows"]}) == 8
    result = invoke("reference", "ablate", *options, *ABLATION, *grid)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0].split()[:7] == [
        *("n_embd", "n_head", "context_size", "num_evaluation_windows"),
        *("tie_head", "n_layer", "tokenizer"),
    ]


def test_an_interrupted_ablation_says_how_to_resume(text, invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("schemalm.experiments.ablation.run_ablation", interrupt)
    result = invoke("reference", "ablate", "--input", text)
    assert result.exit_code == 130
    assert f"finished work is kept, continue with: schemalm reference ablate --input {text}" in result.stderr


@pytest.mark.slow
def test_parity_exits_1_if_an_engine_is_wrong(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    case = list(parity.all_cases(0))[2]
    monkeypatch.setattr(parity, "all_cases", lambda seed: [(case[0], parity.replace(case[1], steps=2), case[2])])
    result = invoke("reference", "parity")
    assert result.exit_code == 0, result.output
    assert "all 16 comparisons are within their limits" in result.stdout
    monkeypatch.setattr(layers, "soft_cap", lambda x, cap: (x, lambda dy: dy))
    result = invoke("reference", "parity", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["agree"] is False


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (b"\xff\xfe", (), "byte 0 is not UTF-8"),
        (b"", (), "2 training tokens are fewer than a window of 17"),
        (b"text", ("--tokenizer", "typed"), "typed tokens need documents"),
        (b"text", ("--tokenizer", "none.json"), "cannot read the tokenizer none.json"),
        (b"text", ("--n-head", "3"), "n_embd 16 must be a multiple of 2 * n_head = 6"),
        (b"text", ("--learning-rate", "0"), "learning_rate must be a number above 0, got 0.0"),
    ],
)
def test_mistakes_exit_2_with_one_line(
    content: bytes, options: tuple[str, ...], message: str, invoke: Invoke, tmp_path: Path
) -> None:
    (tmp_path / "text.txt").write_bytes(content)
    result = invoke("reference", "train", "--input", tmp_path / "text.txt", "--out", tmp_path / "run", *options)
    assert result.exit_code == 2
    assert message in result.stderr.splitlines()[-1]


def test_other_mistakes_exit_2(run: Path, text: Path, invoke: Invoke, tmp_path: Path) -> None:
    assert invoke("reference", "train", "--input", tmp_path / "none.txt").exit_code == 2
    assert invoke("reference", "train", "--input", text, "--out", run).exit_code == 2
    assert invoke("reference", "train", "--input", text, "--engine", "jax").exit_code == 2
    assert invoke("reference", "sample", tmp_path).exit_code == 2
    for temperature in ("-1", "101", "nan"):
        result = invoke("reference", "sample", run, "--temperature", temperature)
        assert result.exit_code == 2
        assert "temperature must be a number from 0 to 100, got" in result.stderr
    assert invoke("reference", "ablate", "--input", text, "--grid", "depth=1").exit_code == 2
    assert invoke("reference", "ablate", "--input", text, "--engine", "jax").exit_code == 2


@pytest.mark.parametrize("tokenizer", ["character", "typed"])
def test_merge_keys_are_resolved_by_the_schema_or_the_option(tokenizer: str, invoke: Invoke, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number in range(4):
        text = f"x-c: &c {{restart: always}}\nservices:\n  web:\n    <<: *c\n    image: nginx:{number}\n"
        (corpus / f"{number}.yml").write_text(text)
    command = ("train", "--input", corpus, *SMALL, "--tokenizer", tokenizer, "--schema", "compose-spec")
    assert described(invoke, *command, "--out", tmp_path / "resolved")["rejected"] == []
    refused = invoke("reference", *command, "--no-merge-keys", "--out", tmp_path / "refused")
    assert refused.exit_code == 2
    assert "--merge-keys" in refused.stderr
    ablation = ("ablate", "--input", corpus, *ABLATION, "--merge-keys", "--out", tmp_path / "sweep")
    assert described(invoke, *ablation)["rejected"] == []
