"""The training loop, resumable at any moment, in one process or under torchrun.

Input: a prepared data folder. Output: a run folder. A step is a function of the configuration, the data and the
checkpoint before it, so a run that was killed and resumed logs the same losses as one that was not (bit for bit on one
CPU with the same number of threads). Each step updates, logs, saves, then evaluates. All processes go through the same
steps; the first one writes. SIGINT and SIGTERM end the run after the current step, whose checkpoint is then written
whatever the schedule.
"""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from schemalm.dataset.loader import Loader, LoaderState
from schemalm.dataset.padding import padding_warning
from schemalm.dataset.selection import evenly_spaced
from schemalm.dataset.store import Split, load_masks, read_metadata, verify_files
from schemalm.dataset.windows import training_windows
from schemalm.errors import DataError, TrainingError
from schemalm.model.gpt import GPT, shapes_of
from schemalm.training.checkpoint import (
    NO_STEP,
    TrainingState,
    best_step,
    checkpoint_steps,
    prune_checkpoints,
    read_checkpoint,
    save_checkpoint,
)
from schemalm.training.compilation import compile_model
from schemalm.training.configuration import DTYPES, TrainingConfiguration
from schemalm.training.initial_weights import describe_initial_weights, read_initial_weights
from schemalm.training.interruption import Interruption
from schemalm.training.launch import is_first_process
from schemalm.training.memory import check_memory, peak_memory
from schemalm.training.metrics import Metrics
from schemalm.training.optimizer import Optimizers
from schemalm.training.peak import matmul_peak
from schemalm.training.processes import Processes, joined_processes
from schemalm.training.progress import Progress, StepReport
from schemalm.training.run import describe_run, open_run, run_lock
from schemalm.training.run_file import CONFIG_FILE
from schemalm.training.schedule import share_of_peak
from schemalm.training.scoring import Score, score_documents
from schemalm.training.stability import instability, smoothed
from schemalm.training.step import GradientAccumulator


@dataclass(frozen=True)
class RunSummary:
    """The result of a run; losses are in nats per token, and `num_tokens` counts targets.

    `elapsed_seconds` includes the time before the run was resumed.
    """

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
    parent: Path | None = None,
    start_from: Path | None = None,
    report: Progress | None = None,
) -> RunSummary:
    """Train on the prepared folder `data` into the run folder `out`, or resume the run that is there.

    `resume` is None for a new run, "auto" for the newest undamaged checkpoint (or a start if there is none), or the
    step of a checkpoint. A resumed run continues to `configuration.num_steps`, which may differ from before.
    `start_from` is a run whose weights a new run starts with; it is also recorded as its parent. Another `parent` is
    only recorded, as the run that this one is a variation of. `report` receives every step, line of metrics and
    checkpoint, in the first process.

    In the main thread, SIGINT and SIGTERM end the run after the current step: its checkpoint is written, and
    `TrainingInterrupted`, a `KeyboardInterrupt`, describes the state of the run. A second signal ends it at once. The
    previous handlers are restored when this returns or raises. Raises `DataError` for damaged data, `CheckpointError`
    for a run that cannot be opened or does not match, and `TrainingError` if the loss diverges, memory does not suffice
    or another process ends.
    """
    progress = report if report is not None and is_first_process() else Progress()
    is_new = resume is None and not (out / CONFIG_FILE).exists()
    interruption = Interruption(progress, "auto" if is_new else resume)
    with interruption.handling_signals(out):
        metadata = read_metadata(data)
        config = describe_run(data, metadata, configuration, out, parent or start_from)
        if start_from is not None:
            config["from"] = describe_initial_weights(start_from, out, config)
        verify_files(data, metadata)
        with (
            joined_processes(configuration.device, interruption) as processes,
            run_lock(out) if processes.is_first else nullcontext(),
        ):
            step = processes.decided_by_first(lambda: open_run(out, config, data, resume, progress))
            interruption.resume = "auto"
            summary = _train_from(step, data, out, configuration, processes, progress)
    if summary is None or interruption.number is not None:
        raise interruption.error(out)
    return summary


def _train_from(
    step: int, data: Path, out: Path, configuration: TrainingConfiguration, processes: Processes, progress: Progress
) -> RunSummary | None:
    trainer = _Trainer(data, out, configuration, step, processes, progress)
    try:
        return trainer.run()
    finally:
        trainer.close()


class _Trainer:
    """The state of a run in memory."""

    def __init__(
        self,
        data: Path,
        run: Path,
        configuration: TrainingConfiguration,
        step: int,
        processes: Processes,
        progress: Progress,
    ) -> None:
        self._run, self._configuration = run, configuration
        self._processes, self._progress = processes, progress
        self._validation = Split(data, "val")
        metadata = self._validation.metadata
        if not self._validation.num_documents:
            raise DataError(f"{data} has no validation documents; prepare it with a smaller train split")
        train_split = Split(data, "train", metadata)
        warning = padding_warning(train_split, configuration.packing)
        if warning is not None:
            progress.warning(warning)
        masks = load_masks(data, metadata) if configuration.mask_loss else None
        self._masks = None if masks is None else torch.from_numpy(masks).to(processes.device)
        model = configuration.model_configuration(metadata)
        with torch.device("meta"):  # allocates nothing before memory is checked
            check_memory(GPT(model), configuration, processes.device, processes.size)
        self._model = GPT(model)
        self._state = TrainingState()
        if step == NO_STEP:
            self._model.initialize(configuration.seed)
            weights = read_initial_weights(run)
        else:
            self._state, weights, optimizer_state = read_checkpoint(run, step, shapes_of(model))
        if weights is not None:
            self._model.load_state_dict(weights)
        self._saved_step = self._state.step
        self._model.to(processes.device)
        self._model.recomputes = configuration.activation_checkpointing
        if configuration.compile:
            compile_model(self._model, DTYPES[configuration.dtype])
        self._optimizers = Optimizers(self._model, configuration, processes)
        if step != NO_STEP:
            self._optimizers.restore(optimizer_state)
        self._accumulator = GradientAccumulator(self._model, self._masks, configuration, processes)
        self._loader = Loader(
            training_windows(train_split),
            configuration.batch_size,
            seed=configuration.seed,
            packing=configuration.packing,
            state=LoaderState(self._state.epoch, self._state.position),
            rank=processes.rank,
            num_processes=processes.size,
            micro_batch_size=configuration.micro_batch_size,
            device=processes.device,
        )
        peak = matmul_peak(processes.device, DTYPES[configuration.dtype]) * processes.size
        self._peak_tokens_per_second = peak / self._model.flops_per_token()
        self._metrics = Metrics(run, self._state.step, writes=processes.is_first)

    def close(self) -> None:
        self._loader.close()
        self._metrics.close()
        self._progress.end()

    def run(self) -> RunSummary | None:
        """Train to the end, or until a signal; then save the current step and return None."""
        configuration, processes = self._configuration, self._processes
        self._progress.begin(self._state.step, configuration.num_steps)
        processes.interruption.defer_first_signal()
        if self._is_due(configuration.evaluate_every) and self._state.step not in self._metrics.validation_losses:
            self._evaluate()  # the run ended between saving and evaluating
        while self._state.step < configuration.num_steps and not processes.are_interrupted:
            self._update()
            if self._is_due(configuration.log_every):
                self._log()
            if self._is_due(configuration.checkpoint_every):
                self._save()
                self._progress.saved(self._run, self._state.step)
                processes.wait()
            if self._is_due(configuration.evaluate_every) and not processes.are_interrupted:
                self._evaluate()
        if self._state.step != self._saved_step:
            self._save()
            processes.wait()
        processes.interruption.mark_saved()
        return None if processes.are_interrupted else self._summary()

    def _is_due(self, every: int) -> bool:
        step = self._state.step
        return step > 0 and (step % every == 0 or step == self._configuration.num_steps)

    def _update(self) -> None:
        started = time.monotonic()
        state, step = self._state, self._state.step + 1
        result = self._accumulator.gradients(next(self._loader), step)
        loss = result.loss_sum / result.num_targets
        smoothed_loss = smoothed(state.smoothed_loss, loss)
        lowest = smoothed_loss if state.lowest_loss is None else min(state.lowest_loss, smoothed_loss)
        fault = instability(loss, result.gradient_norm, smoothed_loss, lowest, self._configuration.max_loss_rise)
        if fault is not None:
            raise TrainingError(self._divergence(step, fault, self._loader.documents()))
        self._optimizers.step(step)
        seconds = time.monotonic() - started
        self._state = TrainingState(
            step=step,
            epoch=self._loader.state.epoch,
            position=self._loader.state.position,
            num_tokens=state.num_tokens + result.num_targets,
            interval_loss=state.interval_loss + result.loss_sum,
            interval_tokens=state.interval_tokens + result.num_targets,
            smoothed_loss=smoothed_loss,
            lowest_loss=lowest,
            elapsed_seconds=state.elapsed_seconds + seconds,
        )
        tokens_per_second = result.num_targets / seconds
        self._report = StepReport(
            step=step,
            loss=loss,
            gradient_norm=result.gradient_norm,
            learning_rate=self._configuration.learning_rate * share_of_peak(step, self._configuration),
            tokens_per_second=tokens_per_second,
            share_of_peak=tokens_per_second / self._peak_tokens_per_second,
            memory_bytes=peak_memory(self._processes.device),
        )
        self._progress.advance(self._report)

    def _divergence(self, step: int, fault: str, documents: list[int]) -> str:
        saved = [saved for saved in checkpoint_steps(self._run) if saved < step]
        how = f"--resume {saved[-1]}" if saved else "starting again with this configuration"
        return (
            f"training diverged at step {step}, on the training documents {documents}: {fault}; {how} reproduces it. "
            "Use a lower learning rate or a longer warm-up"
        )

    def _log(self) -> None:
        state = self._state
        line = {
            "kind": "train",
            **asdict(self._report),
            "loss": state.interval_loss / state.interval_tokens,
            "num_tokens": state.num_tokens,
            "epoch": state.epoch,
            "elapsed_seconds": state.elapsed_seconds,
        }
        self._append(line)
        self._state = replace(state, interval_loss=0.0, interval_tokens=0)

    def _append(self, line: dict[str, Any]) -> None:
        self._metrics.append(line)
        self._progress.log(line)

    def _save(self) -> None:
        self._metrics.sync()
        tensors = self._optimizers.tensors()
        if self._processes.is_first:
            save_checkpoint(self._run, self._state, self._model.state_dict(), tensors)
            prune_checkpoints(self._run, self._configuration.keep_checkpoints, self._metrics.validation_losses)
        self._saved_step = self._state.step

    def _evaluate(self) -> None:
        """Score validation documents; if interrupted, the resumed run does so first."""
        started = time.monotonic()
        score = self._processes.interruption.abandon_on_signal(self._score, Score(0.0, 0, 0))
        sums = self._processes.sums(score.loss_sum, score.num_tokens, score.num_bytes)
        if self._processes.are_interrupted:
            return
        score = Score(sums[0], int(sums[1]), int(sums[2]))
        elapsed_seconds = self._state.elapsed_seconds + time.monotonic() - started
        self._state = replace(self._state, elapsed_seconds=elapsed_seconds)
        self._append(
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

    def _score(self) -> Score:
        """Return the score of this process's share of the validation documents."""
        configuration, split, processes = self._configuration, self._validation, self._processes
        documents = evenly_spaced(split.num_documents, configuration.num_evaluation_documents)
        return score_documents(
            self._model,
            split,
            documents[processes.rank :: processes.size],
            self._masks,
            batch_size=configuration.micro_batch_size or configuration.batch_size,
            dtype=DTYPES[configuration.dtype],
            packing=configuration.packing,
        )

    def _summary(self) -> RunSummary:
        last = next(line for line in reversed(self._metrics.lines) if line["kind"] == "validation")
        best = best_step(checkpoint_steps(self._run), self._metrics.validation_losses)
        return RunSummary(
            run=self._run,
            num_steps=self._state.step,
            num_tokens=self._state.num_tokens,
            validation_loss=last["loss"],
            bits_per_byte=last["bits_per_byte"],
            best_step=self._state.step if best is None else best,
            elapsed_seconds=self._state.elapsed_seconds,
        )
