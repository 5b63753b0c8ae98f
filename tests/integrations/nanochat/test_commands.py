"""The commands: SchemaLM's own with a script's options."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch

from schemalm.dataset.embedded import embedded_workflows
from schemalm.integrations.nanochat import TCTTokenizer, generate_workflow, prepare_training_data, train
from schemalm.tokenizer import Tokenizer
from schemalm.training.metrics import read_metrics
from schemalm.training.run import read_config

Command = Callable[[Sequence[str]], None]


def run(command: Command, *arguments: object) -> int:
    """Return a command's exit code."""
    with pytest.raises(SystemExit) as ended:
        command([*map(str, arguments)])
    return int(ended.value.code or 0)


@pytest.fixture(scope="module")
def workflows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of workflow files of several repositories."""
    folder = tmp_path_factory.mktemp("workflows")
    for number, workflow in enumerate(embedded_workflows(30)):
        (folder / f"repository-{number % 10}").mkdir(exist_ok=True)
        (folder / f"repository-{number % 10}" / f"{number}.json").write_text(json.dumps(workflow.value))
    return folder


@pytest.fixture(scope="module")
def prepared(workflows: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of prepare_training_data."""
    output = tmp_path_factory.mktemp("output") / "data"
    sizes = ("--context-size", 64, "--stride", 32, "--train-split", 0.7)
    assert run(prepare_training_data.main, "--input", workflows, "--output", output, *sizes) == 0
    return output


def begin(data: Path, out: Path, *arguments: object) -> int:
    options = ("--num_iterations", 4, "--device_batch_size", 2, "--eval_every", 2, "--samples", 0, "--device", "cpu")
    return run(train.main, "--model_size", "tiny", "--data_dir", data, "--checkpoint_dir", out, *options, *arguments)


@pytest.fixture(scope="module")
def trained(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of four steps."""
    out = tmp_path_factory.mktemp("runs") / "run"
    assert begin(prepared, out, "--learning_rate", "1e-3", "--warmup_iters", 2, "--grad_clip", "0.5") == 0
    return out


def test_preparing_writes_pt_files_and_the_data_of_the_loop(prepared: Path) -> None:
    assert json.loads((prepared / "metadata.json").read_bytes()) == {
        "context_size": 64,
        "stride": 32,
        "total_workflows": 30,
        "vocab_size": 8192,
        "pad_id": 0,
    }
    rows = torch.load(prepared / "train.pt", weights_only=True)
    assert rows.shape[1] == 65
    text = TCTTokenizer(prepared).decode_prefix(rows[0, 1:])
    assert set(json.loads(text)) >= {"on", "jobs"}


def test_preparing_takes_another_tokenizer_and_fewer_files(workflows: Path, tmp_path: Path) -> None:
    grammar = TCTTokenizer().tokenizer.grammar
    Tokenizer.from_grammar(grammar).save(tmp_path / "symbols.json")
    options = ("--tokenizer", tmp_path / "symbols.json", "--max-files", 6, "--context-size", 64)
    assert run(prepare_training_data.main, "--input", workflows, "--output", tmp_path / "data", *options) == 0
    metadata = json.loads((tmp_path / "data" / "metadata.json").read_bytes())
    assert (metadata["total_workflows"], metadata["vocab_size"]) == (6, 2 + len(grammar.symbols))


def test_data_is_never_overwritten(prepared: Path, workflows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(prepare_training_data.main, "--input", workflows, "--output", prepared) == 2
    assert "already contains a prepared data set" in capsys.readouterr().err


def test_an_interrupted_preparation_continues(prepared: Path, workflows: Path, tmp_path: Path) -> None:
    shutil.copytree(prepared, tmp_path / "data")
    for name in ("val.pt", "metadata.json"):
        (tmp_path / "data" / name).unlink()
    sizes = ("--context-size", 64, "--stride", 32, "--train-split", 0.7)
    options = ("--input", workflows, "--output", tmp_path / "data", *sizes, "--resume")
    assert run(prepare_training_data.main, *options) == 0
    for name in ("train.pt", "val.pt", "metadata.json"):
        assert (tmp_path / "data" / name).read_bytes() == (prepared / name).read_bytes()


def test_an_existing_tokenizer_is_not_mistaken_for_the_packaged_one(
    workflows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    assert run(prepare_training_data.main, "--input", workflows, "--output", tmp_path) == 2
    assert "name it with --tokenizer, or choose another --output" in capsys.readouterr().err


def test_training_takes_a_scripts_settings(trained: Path) -> None:
    training = read_config(trained)["training"]
    expected = {
        "model": "tiny",
        "num_steps": 4,
        "batch_size": 2,
        "micro_batch_size": 2,
        "optimizer": "adamw",
        "learning_rate": 1e-3,
        "warmup_steps": 2,
        "gradient_clip": 0.5,
        "evaluate_every": 2,
        "checkpoint_every": 5000,
    }
    assert {name: training[name] for name in expected} == expected
    validated = [line["step"] for line in read_metrics(trained) if line["kind"] == "validation"]
    assert validated == [2, 4]


def test_settings_that_are_not_given_are_a_scripts_usual_ones(
    prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[list[str]] = []
    monkeypatch.setattr("schemalm.integrations.nanochat.commands.main", found.append)
    monkeypatch.setenv("WORLD_SIZE", "4")
    train.main(["--data_dir", str(prepared), "--checkpoint_dir", str(tmp_path)])
    command, *options = found[0]
    given = dict(zip(options[::2], options[1::2], strict=True))
    assert command == "train"
    assert given["--data"] == str(prepared / "prepared")
    assert (given["--model"], given["--steps"], given["--learning-rate"]) == ("small", "10000", "0.0003")
    assert (given["--batch-size"], given["--micro-batch-size"]) == ("128", "32")
    assert (given["--warmup-steps"], given["--gradient-clip"]) == ("2000", "1.0")
    assert (given["--evaluate-every"], given["--checkpoint-every"]) == ("500", "5000")


def test_a_short_run_warms_up_in_a_fifth_of_it(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[list[str]] = []
    monkeypatch.setattr("schemalm.integrations.nanochat.commands.main", found.append)
    train.main(["--data_dir", str(prepared), "--checkpoint_dir", str(tmp_path), "--num_iterations", "100"])
    assert found[0][found[0].index("--warmup-steps") + 1] == "20"


@pytest.mark.slow
def test_a_run_continues_from_an_iteration_with_its_own_settings(
    prepared: Path, trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--data_dir", prepared, "--checkpoint_dir", trained, "--num_iterations", 6, "--samples", 0)
    assert run(train.main, *options, "--resume_from_iteration", 4) == 0
    assert read_metrics(trained)[-1]["step"] == 6
    assert run(train.main, *options, "--resume_from_iteration", 5) == 2
    assert "5" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.slow
def test_a_prepared_folder_alone_is_enough_to_train_on(prepared: Path, tmp_path: Path) -> None:
    assert begin(prepared / "prepared", tmp_path / "run", "--num_iterations", 1) == 0


@pytest.mark.slow
def test_a_run_writes_workflows(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--num_samples", 3, "--max-tokens", 30, "--json")
    assert run(generate_workflow.main, "--checkpoint", trained, *options) == 0
    documents = json.loads(capsys.readouterr().out)["documents"]
    assert len(documents) == 3
    assert all(TCTTokenizer().encode(document["value"]) for document in documents)


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [
        (
            prepare_training_data.main,
            ("--input", "none", "--output", "out"),
            "error: --input none does not exist: ",
        ),
        (
            train.main,
            ("--data_dir", "none", "--checkpoint_dir", "r"),
            "error: --data_dir none is not a folder: ",
        ),
        (train.main, ("--data_dir", ".", "--checkpoint_dir", "r"), "error: --data_dir . has no folder 'prepared'"),
        (generate_workflow.main, ("--checkpoint", "none"), "error: --checkpoint none does not exist: name the folder"),
        (prepare_training_data.main, ("--input", "."), "error: the following arguments are required: --output"),
        (
            prepare_training_data.main,
            ("--input", ".", "--output", "out", "--stride", "0"),
            "error: argument --stride: must be a whole number of at least 1, got '0'",
        ),
        (
            train.main,
            ("--data_dir", ".", "--checkpoint_dir", "r", "--resume_from_iteration", "-1"),
            "error: argument --resume_from_iteration: must be a whole number of at least 1, got '-1'",
        ),
        (
            generate_workflow.main,
            ("--checkpoint", ".", "--num_samples", "many"),
            "error: argument --num_samples: must be a whole number of at least 1, got 'many'",
        ),
    ],
)
def test_missing_files_are_reported_in_one_sentence(
    command: Command,
    arguments: tuple[str, ...],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(command, *arguments) == 2
    told = capsys.readouterr().err
    assert told.startswith(message)
    assert told.count("\n") == 1
    assert not [*tmp_path.iterdir()]


def test_a_file_is_refused_as_the_folder_to_write(
    prepared: Path, workflows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_text("kept")
    assert run(prepare_training_data.main, "--input", workflows, "--output", file) == 2
    assert capsys.readouterr().err.startswith(f"error: {file} cannot be written: ")
    assert run(train.main, "--data_dir", prepared, "--checkpoint_dir", file) == 2
    assert capsys.readouterr().err.startswith(f"error: --checkpoint_dir {file} is a file: ")
    assert file.read_text() == "kept"


def test_only_the_first_of_several_processes_reports_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RANK", "1")
    assert run(train.main, "--data_dir", "none", "--checkpoint_dir", "r") == 2
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("command", [prepare_training_data.main, train.main, generate_workflow.main])
def test_help_names_the_options_and_the_command_of_schemalm(
    command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(command, "--help") == 0
    told = capsys.readouterr().out
    assert "All options of `schemalm " in told
    assert "None" not in told


def test_unknown_options_are_refused(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(generate_workflow.main, "--checkpoint", trained, "--bogus") == 2
    assert "No such option: --bogus" in capsys.readouterr().err
