"""Training the model of a nanochat checkout, with small stand-ins for its modules."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow.parquet as pq
import pytest
import torch
from torch import Tensor, nn

from quality import nanochat_training
from quality.cpu_notes import noted_seconds
from quality.documents import write_documents
from quality.nanochat import commit_of_checkout
from quality.nanochat_training import Schedule, Settings, TextTokens, batches
from schemalm.baselines import ByteBPETokenizer
from schemalm.dataset.embedded import embedded_workflows
from schemalm.errors import DataError

WIDTH = 4


class Model(nn.Module):
    def __init__(self, vocab_size: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, WIDTH)
        self.head = nn.Linear(WIDTH, vocab_size)

    def forward(self, inputs_BT: Tensor, targets_BT: Tensor, loss_reduction: str = "mean") -> Tensor:
        logits = self.head(self.embedding(inputs_BT)).flatten(0, 1)
        return nn.functional.cross_entropy(logits, targets_BT.flatten(), ignore_index=-1, reduction=loss_reduction)

    def setup_optimizer(self, **_rates: float) -> torch.optim.Optimizer:
        groups = [
            {"params": self.embedding.parameters(), "kind": "adamw", "initial_lr": 0.1},
            {"params": self.head.parameters(), "kind": "muon", "initial_lr": 0.1},
        ]
        return torch.optim.SGD(groups, lr=0.1, momentum=0.9)


def load(tokenizer: TextTokens, rows: int, width: int, split: str, device: str) -> Iterator[tuple[Tensor, Tensor]]:
    """Like nanochat's loader in what it is given; it reads the documents one after another."""
    assert (split, device) == ("train", "cpu")
    tokens: list[int] = []
    while True:
        for text in pq.read_table(sys.modules["nanochat.dataloader"].list_parquet_files(warn_on_legacy=True)[0])[
            "text"
        ]:
            (encoded,) = tokenizer.encode([text.as_py()], prepend=tokenizer.get_bos_token_id(), num_threads=4)
            tokens += encoded
            while len(tokens) > rows * width:
                batch = torch.tensor(tokens[: rows * width + 1])
                tokens = tokens[rows * width :]
                yield batch[:-1].view(rows, width), batch[1:].view(rows, width)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    package, loader = ModuleType("nanochat"), ModuleType("nanochat.dataloader")
    loader.tokenizing_distributed_data_loader_bos_bestfit = load  # type: ignore[attr-defined]
    package.dataloader = loader  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "nanochat", package)
    monkeypatch.setitem(sys.modules, "nanochat.dataloader", loader)
    monkeypatch.setattr(nanochat_training, "CHECKPOINT_EVERY", 2)
    monkeypatch.setattr(nanochat_training, "weight_decay", lambda model: 0.1)
    monkeypatch.setattr(torch, "compile", lambda model, dynamic: model)
    rows = [{"repo": "a/a", "path": f"{n}.yml", "json": each.value} for n, each in enumerate(embedded_workflows(30))]
    documents = write_documents(rows[:25], [{**row, "repo": "b/b"} for row in rows[25:]], tmp_path / "documents")
    ByteBPETokenizer.train(documents.train_values(), 300).save(tmp_path / "tokenizer.json")
    paths = [tmp_path / name for name in ("tokenizer.json", "documents", "run", "cpu.jsonl")]
    paths[2].mkdir()
    return Settings(tmp_path, *paths, seed=0, num_steps=5)


def train(settings: Settings) -> dict[str, Tensor]:
    torch.manual_seed(settings.seed)
    tokenizer = ByteBPETokenizer.load(settings.tokenizer)
    model = Model(tokenizer.vocab_size)
    nanochat_training.train(settings, model, tokenizer)
    return model.state_dict()


def test_a_killed_training_goes_on_to_the_same_weights(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = train(settings)
    assert noted_seconds(settings.notes, 5) > 0
    for path in settings.run.iterdir():
        path.unlink()
    settings.notes.unlink()

    class KilledError(Exception):
        pass

    apply = Schedule.apply

    def kill(schedule: Schedule, optimizer: Any, step: int) -> None:
        if step == 3:
            raise KilledError
        apply(schedule, optimizer, step)

    with monkeypatch.context() as patch, pytest.raises(KilledError):
        patch.setattr(Schedule, "apply", kill)
        train(settings)
    found = train(settings)
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    assert noted_seconds(settings.notes, 5) > 0


def test_the_seed_determines_the_order_of_documents(settings: Settings) -> None:
    tokenizer = ByteBPETokenizer.load(settings.tokenizer)

    def first(seed: int) -> Tensor:
        return next(batches(Settings(**{**vars(settings), "seed": seed}), tokenizer))[0].clone()

    assert torch.equal(first(0), first(0))
    assert not torch.equal(first(0), first(1))


def test_rates_rise_stay_and_fall() -> None:
    schedule = Schedule(1000, 0.1)
    shares = [schedule.share_of_rate(step) for step in (0, 39, 40, 349, 350, 675, 999)]
    assert shares == pytest.approx([1 / 40, 1, 1, 1, 1, 0.525, 0.05], abs=0.002)
    assert [schedule.momentum(step) for step in (0, 400, 999)] == pytest.approx([0.85, 0.964, 0.90], abs=0.001)
    assert [schedule.decay(step) for step in (0, 500)] == pytest.approx([0.1, 0.05])


def test_a_folder_that_is_no_checkout_of_nanochat_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is no checkout of karpathy/nanochat"):
        commit_of_checkout(tmp_path)
