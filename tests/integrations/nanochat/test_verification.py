"""`python -m schemalm.integrations.nanochat`: its output for good data and for settings that do not match."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from schemalm import Tokenizer
from schemalm.integrations.nanochat import __main__ as checking
from schemalm.integrations.nanochat import verification
from schemalm.integrations.nanochat.packaged import packaged_tokenizer

Outcome = tuple[int, list[str]]


@pytest.fixture
def outcome(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    """Return the exit code and the output for arguments; one other test covers the commands and a longer training."""
    monkeypatch.setattr(checking, "run_commands", lambda folder: iter(()))
    monkeypatch.setattr(verification, "NUM_STEPS", 3)

    def run(*arguments: object) -> Outcome:
        code = 0
        try:
            checking.main([*map(str, arguments)])
        except SystemExit as ended:
            code = int(ended.code or 0)
        return code, capsys.readouterr().out.splitlines()

    return run


@pytest.mark.slow
def test_all_checks_pass_on_embedded_workflows(capsys: pytest.CaptureFixture[str]) -> None:
    checking.main([])
    lines = capsys.readouterr().out.splitlines()
    assert all(line.startswith("ok      ") for line in lines)
    names = "\n".join(lines)
    for name in ("prepare_training_data", "train", "generate_workflow", *verification.CHECKS):
        assert f"ok      {name}: " in names


@pytest.mark.slow
@pytest.mark.parametrize("place", [".", "prepared"])
def test_given_data_is_checked(data: Path, place: str, outcome: Callable[..., Outcome]) -> None:
    code, lines = outcome("--data_dir", data / place, "--context_size", 64, "--vocab_size", 8192)
    assert code == 0
    assert len(lines) == len(verification.CHECKS)
    assert "x and y are (4, 64)" in "\n".join(lines)


def test_settings_that_do_not_match_are_reported_in_one_sentence(
    data: Path, tmp_path: Path, outcome: Callable[..., Outcome]
) -> None:
    Tokenizer.from_grammar(packaged_tokenizer().grammar).save(tmp_path / "symbols.json")
    for arguments, message in [
        (("--data_dir", data, "--context_size", 512), "--context_size is 512, but .* windows of 64: set it to 64"),
        (("--data_dir", data, "--vocab_size", 50257), "--vocab_size is 50257, but .* has 8192 ids: set it to 8192"),
        (
            ("--data_dir", data, "--tokenizer", tmp_path / "symbols.json"),
            "--tokenizer .* has 445 ids, but .* 8,192: ",
        ),
        (("--data_dir", tmp_path / "none"), "none does not exist: name a .pt file or a folder"),
        (
            ("--data_dir", data, "--tokenizer", tmp_path / "none"),
            "cannot read the tokenizer .*none: there is no such file",
        ),
    ]:
        code, lines = outcome(*arguments)
        assert code == 1
        (line,) = lines
        assert line.startswith("FAILED  ")
        assert re.search(message, line), line


def test_one_file_is_data_too(data: Path, tmp_path: Path, outcome: Callable[..., Outcome]) -> None:
    shutil.copy(data / "train.pt", tmp_path)
    shutil.copy(data / "val.pt", tmp_path)
    assert outcome("--data_dir", tmp_path)[0] == 0


@pytest.mark.slow
def test_wrong_data_fails_a_check_and_the_others_continue(
    data: Path, tmp_path: Path, outcome: Callable[..., Outcome]
) -> None:
    shutil.copytree(data, tmp_path / "data")
    torch.save(torch.zeros(4, 33, dtype=torch.int64), tmp_path / "data" / "val.pt")
    code, lines = outcome("--data_dir", tmp_path / "data")
    assert code == 1
    assert len(lines) == len(verification.CHECKS)
    assert [line.split(":")[0] for line in lines if line.startswith("FAILED")] == [
        "FAILED  create_dataloader, create_train_val_loaders",
        "FAILED  tokenizing_distributed_data_loader",
    ]


def test_rows_may_have_any_order(data: Path, tmp_path: Path, outcome: Callable[..., Outcome]) -> None:
    for name in ("train.pt", "val.pt"):
        torch.save(torch.load(data / name, weights_only=True).flip(0), tmp_path / name)
    assert outcome("--data_dir", tmp_path)[0] == 0


@pytest.mark.parametrize(
    ("rows_BT", "message"),
    [
        (torch.full((4, 33), 8191), "no start of a document in its first 1,000 rows: name the .*, by --data_dir"),
        (torch.zeros(0, 33, dtype=torch.int64), "no start of a document"),
        (torch.arange(33).expand(4, 33).clone(), "no documents of this tokenizer .*: name the .*, by --tokenizer"),
    ],
)
def test_rows_of_something_else_are_reported_in_one_sentence(
    rows_BT: torch.Tensor, message: str, tmp_path: Path, outcome: Callable[..., Outcome]
) -> None:
    torch.save(rows_BT, tmp_path / "train.pt")
    code, lines = outcome("--data_dir", tmp_path)
    assert code == 1
    (line,) = lines
    assert re.search(message, line), line
