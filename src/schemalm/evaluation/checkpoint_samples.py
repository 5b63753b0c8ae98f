"""Samples of each checkpoint with their verdicts, written while a run trains.

    RUN/samples/000500/
        0001.yaml ...      documents that the checkpoint of step 500 wrote
        verdicts.json      what an independent judge says of each, and how they were drawn; written last

In goes a checkpoint that is on disk already, so a sampling that fails loses nothing: it is told of, and training goes
on. The same checkpoint, settings and version give the same files on one machine. Training does not notice: nothing is
drawn from its generators, and a copy of the model is read from the disk. Not covered: checkpoints of data without a
grammar, whose models write no documents.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from schemalm.dataset.store import TOKENIZER_FILE
from schemalm.evaluation.evaluate import judge_of, to_text
from schemalm.evaluation.judges import Verdict
from schemalm.files import write_atomically
from schemalm.generation import Generated, generate
from schemalm.generation.run import Run
from schemalm.tokenizer import Tokenizer
from schemalm.training.progress import Progress
from schemalm.training.run import load_checkpoint, read_config

SAMPLES_FOLDER, VERDICTS_FILE = "samples", "verdicts.json"
TEMPERATURE = 0.8
# Enough to see structure and habits, and little beside the time between two checkpoints.
MAX_TOKENS = 256


class CheckpointSamples(Progress):
    """A listener that lets each checkpoint write `num_samples` documents; `tell` is called with a line for each.

    `warn` is called instead where there are no samples, or invalid ones.
    """

    def __init__(
        self, num_samples: int, tell: Callable[[str], None], warn: Callable[[str], None] | None = None
    ) -> None:
        self._num_samples = num_samples
        self._tell = tell
        self._warn = warn or tell
        self._tokenizer: Tokenizer | None = None
        self._problem = ""

    def saved(self, run: Path, step: int) -> None:
        """Sample from the checkpoint; where that fails say why, unless it is what was said last."""
        started = time.monotonic()
        try:
            verdicts = write_samples(self._load(run, step), self._num_samples)
        except Exception as error:  # hours of training are worth more than any sample
            problem = f"{type(error).__name__}: {error}"
            if problem != self._problem:
                self._warn(f"step {step}: no samples of this checkpoint, training goes on: {problem}")
            self._problem = problem
            return
        num_valid, seconds = sum(verdict.valid for verdict in verdicts), time.monotonic() - started
        folder = samples_folder(run, step)
        tell = self._tell if num_valid == len(verdicts) else self._warn
        tell(f"step {step}: {num_valid} of {len(verdicts)} samples valid: {folder} ({seconds:.1f} s)")

    def _load(self, run: Path, step: int) -> Run:
        """The checkpoint on the device of the run; the tokenizer is read once, for its tables take time to fill."""
        self._tokenizer = self._tokenizer or Tokenizer.load(run / TOKENIZER_FILE)
        device = torch.device(read_config(run)["training"]["device"])
        model, configuration = load_checkpoint(run, step, device)
        return Run(run, model, self._tokenizer, configuration, step, device)


def samples_folder(run: Path, step: int) -> Path:
    """The folder of the samples of `step`."""
    return run / SAMPLES_FOLDER / f"{step:06d}"


def write_samples(run: Run, num_samples: int) -> list[Verdict]:
    """Let a loaded checkpoint write documents, judge them, and keep both in its run's folder; the run's seed is theirs.

    Raises what generating and writing raise.
    """
    seed = run.configuration["training"]["seed"]
    documents = generate(run, num_samples=num_samples, temperature=TEMPERATURE, max_tokens=MAX_TOKENS, seed=seed)
    judge = judge_of(run.tokenizer.grammar)
    verdicts = [judge.judge(document.value) for document in documents]
    files = [f"{number:04}.yaml" for number in range(1, num_samples + 1)]
    folder = samples_folder(run.folder, run.step)
    for old in folder.glob("*.yaml"):
        old.unlink()
    for file, document in zip(files, documents, strict=True):
        write_atomically(folder / file, to_text(document.value).encode())
    content = {
        "step": run.step,
        "judge": judge.name,
        "temperature": TEMPERATURE,
        "max_tokens": MAX_TOKENS,
        "seed": seed,
        "samples": [_describe(*found) for found in zip(files, documents, verdicts, strict=True)],
    }
    write_atomically(folder / VERDICTS_FILE, json.dumps(content, indent=2).encode() + b"\n")
    return verdicts


def _describe(file: str, document: Generated, verdict: Verdict) -> dict[str, Any]:
    return {
        "file": file,
        "valid": verdict.valid,
        "reason": verdict.reason,
        "pointer": verdict.pointer,
        "finish": document.finish,
        "num_tokens": len(document.tokens),
        "bits_per_token": -document.logprob / math.log(2) / max(len(document.tokens), 1),
    }
