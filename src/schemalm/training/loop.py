"""The training loop: one process, CPU or GPU, resumable at any moment.

In goes a prepared data folder, out comes a run folder. What a step does is a function of the configuration, the data
and the checkpoint before it, so a run that was killed and resumed logs the same losses as one that was not (bit for bit
on one CPU with one number of threads). At each step: update, log, save, then evaluate.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from schemalm.dataset.selection import evenly_spaced
from schemalm.dataset.store import TOKENIZER_FILE, Split, load_masks, read_metadata, verify_files
from schemalm.dataset.windows import Batch, SamplerState, Windows, WindowSampler
from schemalm.errors import DataError, TrainingError
from schemalm.model.gpt import GPT
from schemalm.training.checkpoint import (
    TrainingState,
    best_step,
    checkpoint_steps,
    prune_checkpoints,
    read_checkpoint,
    save_checkpoint,
)
from schemalm.training.configuration import DTYPES, TrainingConfiguration
from schemalm.training.metrics import Metrics, validation_losses
from schemalm.training.optimizer import make_optimizer, optimizer_tensors, restore_optimizer
from schemalm.training.progress import Progress
from schemalm.training.run import describe_run, open_run, run_lock
from schemalm.training.schedule import learning_rate
from schemalm.training.scoring import batch_loss, score_documents


@dataclass(frozen=True)
class RunSummary:
    """How a run ended; losses are in nats per token, `num_tokens` counts targets, `elapsed_seconds` all sittings."""

    run: Path
    num_steps: int
    num_tokens: int
    validation_loss: float
    bits_per_byte: float
    best_step: int
    elapsed_seconds: float


def train(
    data: Path,
    out: Path,
    configuration: TrainingConfiguration,
    *,
    resume: str | int | None = None,
    report: Progress | None = None,
) -> RunSummary:
    """Train on the prepared folder `data` into the run folder `out`, or go on with the run that is there.

    `resume` is None for a new run, "auto" for the newest undamaged checkpoint (or a start where there is none), or the
    step of a checkpoint. Raises `DataError` for damaged data, `CheckpointError` for a run that cannot be opened or does
    not fit, and `TrainingError` where the loss stops being a number.
    """
    progress = Progress() if report is None else report
    metadata = read_metadata(data)
    config = describe_run(data, metadata, configuration)
    verify_files(data, metadata)
    with run_lock(out):
        step = open_run(out, config, (data / TOKENIZER_FILE).read_bytes(), resume, progress)
        trainer = _Trainer(data, out, configuration, step, progress)
        try:
            return trainer.run()
        finally:
            trainer.close()


class _Trainer:
    """Everything that a run holds in memory."""

    def __init__(
        self, data: Path, run: Path, configuration: TrainingConfiguration, step: int | None, progress: Progress
    ) -> None:
        self._run, self._configuration, self._progress = run, configuration, progress
        self._device = torch.device(configuration.device)
        self._dtype = DTYPES[configuration.dtype]
        self._validation = Split(data, "val")
        metadata = self._validation.metadata
        if not self._validation.num_documents:
            raise DataError(f"{data} has no validation documents; prepare it with a smaller train split")
        self._windows = Windows(Split(data, "train", metadata), metadata.context_size, metadata.stride, metadata.pad_id)
        masks = load_masks(data, metadata) if configuration.mask_loss else None
        self._masks = None if masks is None else torch.from_numpy(masks).to(self._device)
        self._model = GPT(configuration.model_configuration(metadata))
        self._state = TrainingState()
        if step is None:
            self._model.initialize(configuration.seed)
        else:
            self._state, weights, optimizer_state = read_checkpoint(run, step)
            self._model.load_state_dict(weights)
        self._model.to(self._device)
        self._optimizer = make_optimizer(self._model, configuration)
        if step is not None:
            restore_optimizer(self._model, self._optimizer, optimizer_state)
        place = SamplerState(self._state.epoch, self._state.position)
        self._sampler = WindowSampler(len(self._windows), configuration.batch_size, configuration.seed, place)
        self._metrics = Metrics(run, self._state.step)

    def close(self) -> None:
        self._metrics.close()
        self._progress.end()

    def run(self) -> RunSummary:
        configuration, num_steps = self._configuration, self._configuration.num_steps
        self._progress.begin(self._state.step, num_steps)
        if self._is_due(configuration.evaluate_every) and self._state.step not in validation_losses(
            self._metrics.lines
        ):
            self._evaluate()  # the run was killed between saving and evaluating
        while self._state.step < num_steps:
            self._update()
            if self._is_due(configuration.log_every):
                self._log()
            if self._is_due(configuration.checkpoint_every):
                self._save()
            if self._is_due(configuration.evaluate_every):
                self._evaluate()
        return self._summary()

    def _is_due(self, every: int) -> bool:
        step = self._state.step
        return step > 0 and (step % every == 0 or step == self._configuration.num_steps)

    def _update(self) -> None:
        started = time.monotonic()
        step = self._state.step + 1
        batch = self._windows.rows(self._sampler.next_batch())
        loss, num_targets = batch_loss(self._model, batch, self._masks, self._dtype)
        self._optimizer.zero_grad()
        (loss / num_targets).backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self._model.parameters(), self._configuration.gradient_clip)
        loss_sum = float(loss.detach())
        if not math.isfinite(loss_sum) or not math.isfinite(float(norm)):
            raise TrainingError(self._diverged(step, loss_sum / num_targets, float(norm), batch))
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate(step, self._configuration)
        self._optimizer.step()
        seconds = time.monotonic() - started
        self._state = TrainingState(
            step=step,
            epoch=self._sampler.state.epoch,
            position=self._sampler.state.position,
            num_tokens=self._state.num_tokens + num_targets,
            interval_loss=self._state.interval_loss + loss_sum,
            interval_tokens=self._state.interval_tokens + num_targets,
            elapsed_seconds=self._state.elapsed_seconds + seconds,
        )
        self._gradient_norm, self._tokens_per_second = float(norm), num_targets / seconds
        self._progress.advance(step, loss_sum / num_targets, self._tokens_per_second)

    def _diverged(self, step: int, loss: float, norm: float, batch: Batch) -> str:
        saved = [saved for saved in checkpoint_steps(self._run) if saved < step]
        how = f"resuming from step {saved[-1]}" if saved else "starting again with this configuration"
        return (
            f"training diverged at step {step}: loss {loss}, gradient norm {norm}, on the train documents "
            f"{batch.documents_B.tolist()}; {how} reproduces it. Use a lower learning rate or a longer warm-up"
        )

    def _log(self) -> None:
        state = self._state
        self._metrics.append(
            {
                "kind": "train",
                "step": state.step,
                "loss": state.interval_loss / state.interval_tokens,
                "learning_rate": learning_rate(state.step, self._configuration),
                "gradient_norm": self._gradient_norm,
                "num_tokens": state.num_tokens,
                "epoch": state.epoch,
                "elapsed_seconds": state.elapsed_seconds,
                "tokens_per_second": self._tokens_per_second,
            }
        )
        self._state = replace(state, interval_loss=0.0, interval_tokens=0)

    def _save(self) -> None:
        self._metrics.sync()
        tensors = optimizer_tensors(self._model, self._optimizer)
        save_checkpoint(self._run, self._state, self._model.state_dict(), tensors)
        losses = validation_losses(self._metrics.lines)
        prune_checkpoints(self._run, self._configuration.keep_checkpoints, losses)

    def _evaluate(self) -> None:
        started = time.monotonic()
        configuration, split = self._configuration, self._validation
        documents = evenly_spaced(split.num_documents, configuration.num_evaluation_documents)
        score = score_documents(
            self._model, split, documents, self._masks, batch_size=configuration.batch_size, dtype=self._dtype
        )
        elapsed_seconds = self._state.elapsed_seconds + time.monotonic() - started
        self._state = replace(self._state, elapsed_seconds=elapsed_seconds)
        self._metrics.append(
            {
                "kind": "validation",
                "step": self._state.step,
                "loss": score.loss,
                "bits_per_byte": score.bits_per_byte,
                "num_tokens": score.num_tokens,
                "num_bytes": score.num_bytes,
                "elapsed_seconds": elapsed_seconds,
            }
        )
        self._progress.message(
            f"step {self._state.step}: validation loss {score.loss:.4f}, {score.bits_per_byte:.4f} bits per byte"
        )

    def _summary(self) -> RunSummary:
        last = next(line for line in reversed(self._metrics.lines) if line["kind"] == "validation")
        best = best_step(checkpoint_steps(self._run), validation_losses(self._metrics.lines))
        return RunSummary(
            run=self._run,
            num_steps=self._state.step,
            num_tokens=self._state.num_tokens,
            validation_loss=last["loss"],
            bits_per_byte=last["bits_per_byte"],
            best_step=self._state.step if best is None else best,
            elapsed_seconds=self._state.elapsed_seconds,
        )
