"""Trains the model of a nanochat checkout and scores it, in a process of its own; a killed training goes on.

Model, optimizer and data loader are those of the checkout. The schedule follows its training script: rates rise over 40
steps and fall linearly over the last 65 % to 5 %; the momentum of Muon rises to 0.97 over 400 steps and falls to 0.90;
weight decay falls along a cosine. The batch is that of the other contenders. The script itself would choose 131,072
tokens, 32 times as many, and make 306 steps. It also scales its rates by the square root of the batch, here to 9 %;
that was much worse (decision 52), so the rates are not scaled.
"""

from __future__ import annotations

import dataclasses
import json
import math
import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import torch
from torch import Tensor

from peer import load_nanochat
from quality.configuration import CONTEXT_SIZE, TRAINING
from quality.cpu_notes import CPUNotes
from quality.documents import TRAIN, VALIDATION
from quality.scoring import scored_windows
from rows import read_rows
from schemalm.baselines import ByteBPETokenizer
from schemalm.documents import canonical_json
from schemalm.files.writing import write_atomically
from schemalm.model.configuration import GPTConfiguration

CHECKPOINT, CHECKPOINT_EVERY = "checkpoint.pt", 250
BATCH_SIZE: int = TRAINING["batch_size"]  # type: ignore[assignment]
IGNORED = -1
# Of the training script; reference: the batch in tokens and the model for which its rates and weight decay were tuned.
EMBEDDING_RATE, UNEMBEDDING_RATE, MATRIX_RATE, SCALAR_RATE, WEIGHT_DECAY = 0.3, 0.008, 0.02, 0.5, 0.28
REFERENCE_BATCH_TOKENS, REFERENCE_LAYERS, REFERENCE_WIDTH, TOKENS_PER_PARAMETER = 1 << 19, 12, 768, 12
WARMUP_STEPS, WARMDOWN_SHARE, LAST_SHARE, MOMENTUM_STEPS = 40, 0.65, 0.05, 400


@dataclasses.dataclass(frozen=True)
class Settings:
    """One run: paths of what it reads and writes, its seed and its length."""

    checkout: Path
    tokenizer: Path
    documents: Path
    run: Path
    notes: Path
    seed: int
    num_steps: int

    @classmethod
    def parse(cls, text: str) -> Settings:
        """Return the settings in a JSON object."""
        found = json.loads(text)
        paths = {name: Path(found[name]) for name in ("checkout", "tokenizer", "documents", "run", "notes")}
        return cls(**{**found, **paths})


class TextTokens:
    """What nanochat's data loader asks of a tokenizer."""

    def __init__(self, tokenizer: ByteBPETokenizer) -> None:
        self._tokenizer = tokenizer

    def get_bos_token_id(self) -> int:
        """Return the token before every document."""
        return self._tokenizer.bos_id

    def encode(self, texts: Sequence[str], *, prepend: int, num_threads: int) -> list[list[int]]:
        """Return the tokens of each text, after the token `prepend`."""
        return [[prepend, *self._tokenizer.encode_text(text)] for text in texts]


def texts_of(path: Path) -> list[str]:
    """Return the documents of a file as compact JSON."""
    return [canonical_json(row["value"]).decode() for row in read_rows(path)]


def batches(settings: Settings, tokenizer: ByteBPETokenizer) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield inputs and targets [B, T] from nanochat's loader, in an order of documents drawn with the seed."""
    from nanochat import dataloader  # noqa: PLC0415 (the checkout is known only now)

    texts = texts_of(settings.documents / TRAIN)
    random.Random(settings.seed).shuffle(texts)
    file = settings.run / "texts.parquet"
    pq.write_table(pa.table({"text": texts}), file, row_group_size=1024)
    # It trains on all files but the last.
    dataloader.list_parquet_files = lambda **_: [str(file), str(file)]
    load = dataloader.tokenizing_distributed_data_loader_bos_bestfit
    yield from load(TextTokens(tokenizer), BATCH_SIZE, CONTEXT_SIZE, "train", device="cpu")


def weight_decay(model: Any) -> float:
    """Return the peak weight decay: the reference's, scaled by the sizes of batch and model."""
    config = dataclasses.replace(
        model.config,
        n_layer=REFERENCE_LAYERS,
        n_embd=REFERENCE_WIDTH,
        n_head=model.config.n_head * REFERENCE_WIDTH // model.config.n_embd,
        n_kv_head=model.config.n_kv_head * REFERENCE_WIDTH // model.config.n_embd,
    )
    with torch.device("meta"):
        reference = type(model)(config)
    tokens, reference_tokens = (TOKENS_PER_PARAMETER * _scaling_parameters(one) for one in (model, reference))
    batch_share = BATCH_SIZE * CONTEXT_SIZE / REFERENCE_BATCH_TOKENS
    return WEIGHT_DECAY * math.sqrt(batch_share) * reference_tokens / tokens


def _scaling_parameters(model: Any) -> int:
    counts = model.num_scaling_params()
    return int(counts["transformer_matrices"] + counts["lm_head"])


def make_optimizer(model: Any) -> Any:
    """Return nanochat's optimizer with the rates of its training script."""
    return model.setup_optimizer(
        embedding_lr=EMBEDDING_RATE,
        unembedding_lr=UNEMBEDDING_RATE,
        matrix_lr=MATRIX_RATE,
        scalar_lr=SCALAR_RATE,
        weight_decay=weight_decay(model),
    )


@dataclasses.dataclass(frozen=True)
class Schedule:
    """What changes from step to step (from 0) of `num_steps`."""

    num_steps: int
    weight_decay: float

    def share_of_rate(self, step: int) -> float:
        """Return the share of the peak rates."""
        if step < WARMUP_STEPS:
            return (step + 1) / WARMUP_STEPS
        left = self._share_left(step)
        return left + (1 - left) * LAST_SHARE

    def momentum(self, step: int) -> float:
        """Return the momentum of Muon."""
        if step < MOMENTUM_STEPS:
            return 0.85 + 0.12 * step / MOMENTUM_STEPS
        return 0.90 + 0.07 * self._share_left(step)

    def decay(self, step: int) -> float:
        """Return the weight decay of Muon."""
        return self.weight_decay * 0.5 * (1 + math.cos(math.pi * step / self.num_steps))

    def _share_left(self, step: int) -> float:
        """Return 1 until the warm-down begins, and then how much of it is left."""
        warmdown = max(1, round(WARMDOWN_SHARE * self.num_steps))
        return min(1.0, (self.num_steps - step) / warmdown)

    def apply(self, optimizer: Any, step: int) -> None:
        """Set up the optimizer for a step."""
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"] * self.share_of_rate(step)
            if group["kind"] == "muon":
                group["momentum"], group["weight_decay"] = self.momentum(step), self.decay(step)


def train(settings: Settings, model: Any, tokenizer: ByteBPETokenizer) -> None:
    """Train to the last step, from the checkpoint if there is one."""
    optimizer = make_optimizer(model)
    schedule = Schedule(settings.num_steps, weight_decay(model))
    step = _restore(settings.run, model, optimizer)
    rows = batches(settings, tokenizer)
    for _ in range(step):
        next(rows)
    compiled = torch.compile(model, dynamic=False)
    inputs_BT, targets_BT = next(rows)
    notes = CPUNotes(settings.notes)
    for number in range(step, settings.num_steps):
        compiled(inputs_BT, targets_BT).backward()
        schedule.apply(optimizer, number)
        optimizer.step()
        model.zero_grad(set_to_none=True)
        inputs_BT, targets_BT = next(rows)
        notes.step_done(number + 1)
        if (number + 1) % CHECKPOINT_EVERY == 0 or number + 1 == settings.num_steps:
            _save(settings.run, number + 1, model, optimizer)


def _save(run: Path, step: int, model: Any, optimizer: Any) -> None:
    partial = run / f".{CHECKPOINT}"
    torch.save({"step": step, "model": model.state_dict(), "optimizer": optimizer.state_dict()}, partial)
    partial.replace(run / CHECKPOINT)


def _restore(run: Path, model: Any, optimizer: Any) -> int:
    """Load the checkpoint and return its step, 0 if there is none."""
    if not (run / CHECKPOINT).exists():
        return 0
    saved = torch.load(run / CHECKPOINT, weights_only=True)
    model.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    return int(saved["step"])


@torch.no_grad()
def score(model: Any, tokenizer: ByteBPETokenizer, texts: Sequence[str]) -> dict[str, Any]:
    """Return the bits per byte of documents, and how many tokens and bytes were scored."""
    rows = [row for text in texts for row in _rows(tokenizer.encode_text(text), tokenizer.bos_id)]
    loss_sum, num_tokens = 0.0, 0
    for begin in range(0, len(rows), BATCH_SIZE):
        inputs_BT, targets_BT = (torch.tensor(part) for part in zip(*rows[begin : begin + BATCH_SIZE], strict=True))
        loss_sum += float(model(inputs_BT, targets_BT, loss_reduction="none").double().sum())
        num_tokens += int((targets_BT != IGNORED).sum())
    num_bytes = sum(len(text.encode()) for text in texts)
    bits_per_byte = loss_sum / math.log(2) / num_bytes
    return {"bits_per_byte": bits_per_byte, "num_tokens": num_tokens, "num_bytes": num_bytes}


def _rows(tokens: list[int], bos_id: int) -> Iterator[tuple[list[int], list[int]]]:
    """Yield inputs and targets of each scored window: a window is read from the token before it on."""
    before = [bos_id, *tokens]
    for begin, first, end in scored_windows(len(tokens), CONTEXT_SIZE):
        padding = CONTEXT_SIZE - (end - begin)
        targets = [IGNORED] * (first - begin) + tokens[first:end] + [IGNORED] * padding
        yield before[begin:end] + [bos_id] * padding, targets


def main(text: str) -> None:
    """Train and score a run; its score is a line of metrics.jsonl, as of other contenders."""
    settings = Settings.parse(text)
    settings.run.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.manual_seed(settings.seed)
    tokenizer = ByteBPETokenizer.load(settings.tokenizer)
    size: str = TRAINING["model"]  # type: ignore[assignment]
    shape = GPTConfiguration.named(size, vocab_size=tokenizer.vocab_size, context_size=CONTEXT_SIZE)
    model = load_nanochat(settings.checkout, shape)
    train(settings, model, tokenizer)
    found = score(model, tokenizer, texts_of(settings.documents / VALIDATION))
    line = {"kind": "validation", "step": settings.num_steps, **found}
    write_atomically(settings.run / "metrics.jsonl", json.dumps(line).encode() + b"\n")


if __name__ == "__main__":
    main(sys.argv[1])
