"""Loaders of `x, y`: rows, targets, orders, parts of processes, and error messages."""

from __future__ import annotations

import shutil
import subprocess
import sys
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from schemalm.dataset.store import Split
from schemalm.dataset.windows import training_windows
from schemalm.errors import ConfigurationError, DataError, SchemaLMError
from schemalm.integrations.nanochat import (
    create_dataloader,
    create_train_val_loaders,
    tokenizing_distributed_data_loader,
)

CONTEXT_SIZE = 64


def windows_of(data: Path, split: str) -> list[tuple[list[int], list[int]]]:
    """Return the inputs and targets of each window, from the prepared data."""
    windows = training_windows(Split(data / "prepared", split))
    batch = windows.rows(np.arange(len(windows)))
    return list(zip(batch.tokens_BT[:, :-1].tolist(), batch.targets_BT.tolist(), strict=True))


def pairs(x_BT: Tensor, y_BT: Tensor) -> list[tuple[list[int], list[int]]]:
    return list(zip(x_BT.tolist(), y_BT.tolist(), strict=True))


@pytest.mark.parametrize("place", ["train.pt", ".", "prepared"])
def test_each_kind_of_data_gives_every_window_once(data: Path, place: str) -> None:
    loader = create_dataloader(data / place, batch_size=8)
    found = [pair for x_BT, y_BT in loader for pair in pairs(x_BT, y_BT)]
    assert found != windows_of(data, "train")
    assert sorted(found) == sorted(windows_of(data, "train"))
    assert len(loader) == -(-len(found) // 8)


def test_batches_are_what_cross_entropy_takes(data: Path) -> None:
    train, val = create_train_val_loaders(train_path=data / "train.pt", val_path=data / "val.pt", batch_size=4)
    for x_BT, y_BT in (next(iter(train)), next(iter(val))):
        assert x_BT.shape == y_BT.shape == (4, CONTEXT_SIZE)
        assert x_BT.dtype == y_BT.dtype == torch.int64
        logits_BTV = torch.zeros(4, CONTEXT_SIZE, 8192)
        loss = torch.nn.functional.cross_entropy(logits_BTV.view(-1, 8192), y_BT.view(-1))
        assert x_BT.view(-1).shape == y_BT.view(-1).shape
        assert loss.item() == pytest.approx(np.log(8192), rel=1e-4)


def test_one_folder_serves_both_and_validation_keeps_its_order(data: Path) -> None:
    _, val = create_train_val_loaders(data, data, 4)
    assert [pair for batch in val for pair in pairs(*batch)] == windows_of(data, "val")


def test_equal_seeds_give_equal_orders_and_each_pass_another_one(data: Path) -> None:
    def passes(seed: int) -> list[list[Tensor]]:
        loader = create_dataloader(data, 8, seed=seed)
        return [[x_BT for x_BT, _ in loader] for _ in range(2)]

    first, second = passes(1)
    assert all(map(torch.equal, [*first, *second], [one for some in passes(1) for one in some]))
    assert not torch.equal(torch.cat(first), torch.cat(second))
    assert not torch.equal(torch.cat(first), torch.cat(passes(2)[0]))


def test_files_without_their_metadata_are_enough(data: Path, tmp_path: Path) -> None:
    shutil.copy(data / "val.pt", tmp_path)
    loader = create_dataloader(tmp_path / "val.pt", 4, shuffle=False)
    assert [pair for batch in loader for pair in pairs(*batch)] == windows_of(data, "val")


def test_rows_one_by_one_are_those_of_batches(data: Path) -> None:
    rows = create_dataloader(data, 4).dataset
    for number, window in enumerate(windows_of(data, "train")):
        x_T, y_T = rows[number]
        assert (x_T.tolist(), y_T.tolist()) == window


def test_the_endless_loader_continues_with_the_next_pass(data: Path) -> None:
    windows = windows_of(data, "val")
    loader = tokenizing_distributed_data_loader(
        device_batch_size=len(windows), context_size=CONTEXT_SIZE, split="val", data_dir=data
    )
    for x_BT, y_BT in islice(loader, 3):
        assert sorted(pairs(x_BT, y_BT)) == sorted(windows)


@pytest.mark.parametrize("num_processes", [1, 2, 4])
def test_any_number_of_processes_reads_the_same_batches(
    data: Path, num_processes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def batches() -> list[Tensor]:
        loader = tokenizing_distributed_data_loader(8 // num_processes, CONTEXT_SIZE, "train", data)
        return [x_BT for x_BT, _ in islice(loader, 40)]

    monkeypatch.setenv("WORLD_SIZE", str(num_processes))
    shares = []
    for rank in range(num_processes):
        monkeypatch.setenv("RANK", str(rank))
        shares.append(batches())
    monkeypatch.setenv("WORLD_SIZE", "1")
    monkeypatch.setenv("RANK", "0")
    alone = list(islice(tokenizing_distributed_data_loader(8, CONTEXT_SIZE, "train", data), 40))
    for number, (x_BT, _) in enumerate(alone):
        together = torch.stack([share[number] for share in shares], dim=1).flatten(0, 1)
        assert torch.equal(together, x_BT)


PROGRAM = """
import sys
from itertools import islice
from schemalm.integrations.nanochat import tokenizing_distributed_data_loader
loader = tokenizing_distributed_data_loader(2, 64, "val", sys.argv[1])
rows = ",".join(str(row) for x, _ in islice(loader, 3) for row in x.sum(dim=1).tolist())
sys.stdout.write(f" {rows} ")  # both processes write to one pipe, so all at once
"""


@pytest.mark.slow
def test_torchrun_gives_each_process_its_share(data: Path, tmp_path: Path) -> None:
    (tmp_path / "read.py").write_text(PROGRAM)
    command = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(tmp_path / "read.py")]
    run = subprocess.run([sys.executable, *command, str(data)], capture_output=True, text=True, check=True)
    shares = sorted(run.stdout.split())
    alone = tokenizing_distributed_data_loader(4, CONTEXT_SIZE, "val", data)
    sums = [x_BT.sum(dim=1) for x_BT, _ in islice(alone, 3)]
    expected = [",".join(str(number) for all_B in sums for number in all_B[rank::2].tolist()) for rank in (0, 1)]
    assert shares == sorted(expected)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        (
            {"context_size": 512},
            ConfigurationError,
            "context_size is 512, but .* windows of 64: pass context_size=64",
        ),
        ({"split": "test"}, ConfigurationError, "split must be one of train, val, got 'test'"),
        ({"device_batch_size": 0}, ConfigurationError, "device_batch_size must be"),
        ({"data_dir": "nowhere"}, DataError, "nowhere does not exist: name a .pt file or a folder"),
    ],
)
def test_wrong_settings_are_named_at_once(
    data: Path, settings: dict[str, object], error: type[SchemaLMError], message: str
) -> None:
    right = {"device_batch_size": 2, "context_size": CONTEXT_SIZE, "split": "train", "data_dir": data}
    with pytest.raises(error, match=message):
        tokenizing_distributed_data_loader(**{**right, **settings})  # type: ignore[arg-type]


def test_a_folder_without_data_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not a prepared data set"):
        create_dataloader(tmp_path, 4)


def test_files_without_rows_are_refused(tmp_path: Path) -> None:
    torch.save(torch.zeros(0, 9, dtype=torch.int64), tmp_path / "train.pt")
    with pytest.raises(DataError, match="has no rows"):
        create_dataloader(tmp_path / "train.pt", 4)


@pytest.mark.parametrize(("rank", "size"), [("2", "2"), ("x", "1"), ("0", "")])
def test_variables_that_torchrun_would_not_set_are_refused(
    data: Path, rank: str, size: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", rank)
    monkeypatch.setenv("WORLD_SIZE", size)
    with pytest.raises(ConfigurationError, match="must be those that torchrun sets"):
        tokenizing_distributed_data_loader(2, CONTEXT_SIZE, "train", data)
