"""Write samples of each checkpoint, with verdicts, while a run trains.

    RUN/samples/000500/
        0001.yaml ...      documents that the checkpoint of step 500 wrote
        verdicts.json      an independent judge's verdict on each, and the sampling settings; written last

Sampling reads a checkpoint that is already on disk, so a failure loses nothing: it is reported, and training continues.
The same checkpoint, settings and version give the same files on one machine. Sampling does not affect training: it uses
its own random generator, and a copy of the model from disk. Not covered: checkpoints of data without a grammar, whose
models write no documents.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from schemalm.dataset.store import TOKENIZER_FILE
from schemalm.files.folders import path_inside
from schemalm.files.writing import write_atomically
from schemalm.generation import Generated, generate
from schemalm.generation.run import Run, recall_of
from schemalm.judging.interface import Document, Judge, Verdict
from schemalm.judging.schema_judge import NoJudge
from schemalm.judging.selection import announcement, judge_for
from schemalm.tokenizer import Tokenizer
from schemalm.training.progress import Progress
from schemalm.training.run import load_checkpoint
from schemalm.training.run_file import read_config

SAMPLES_FOLDER, VERDICTS_FILE = "samples", "verdicts.json"
TEMPERATURE = 0.8
# Enough to see the structure of documents, and quick compared with the time between two checkpoints.
MAX_TOKENS = 256


class CheckpointSamples(Progress):
    """A listener that samples `num_samples` documents at each checkpoint and calls `log` with a line about them.

    warn: called instead of `log` if there is no judge, if sampling fails or if samples are invalid.
    run: the run folder; if it is given, the listener announces the judge before training begins.
    """

    def __init__(
        self,
        num_samples: int,
        log: Callable[[str], None],
        run: Path | None = None,
        warn: Callable[[str], None] | None = None,
    ) -> None:
        self._num_samples = num_samples
        self._log = log
        self._warn = warn or log
        self._run = run
        self._tokenizer: Tokenizer | None = None
        self._judge: Judge | None = None
        self._problem = ""

    def begin(self, step: int, num_steps: int) -> None:
        """Find and announce the judge before training begins; report the reason if that fails."""
        if self._run is None:
            return
        try:
            judge = self._judge_for(self._run)
            (self._warn if isinstance(judge, NoJudge) else self._log)(announcement(judge))
        except Exception as error:  # training continues without samples
            self._complain("no checkpoint will write samples", error)

    def saved(self, run: Path, step: int) -> None:
        """Sample from the checkpoint; report the reason if that fails, unless it was the last one reported."""
        started = time.monotonic()
        try:
            verdicts = write_samples(self._load(run, step), self._num_samples, self._judge_for(run))
        except Exception as error:  # hours of training are worth more than any sample
            self._complain(f"step {step}: no samples of this checkpoint", error)
            return
        folder, seconds = samples_folder(run, step), time.monotonic() - started
        log = self._log if all(verdict.accepted is not False for verdict in verdicts) else self._warn
        log(f"step {step}: {_tally(verdicts)}: {folder} ({seconds:.1f} s)")

    def _complain(self, what: str, error: Exception) -> None:
        problem = f"{type(error).__name__}: {error}"
        if problem != self._problem:
            self._warn(f"{what}, training continues: {problem}")
        self._problem = problem

    def _judge_for(self, run: Path) -> Judge:
        self._judge = self._judge or judge_for(self._tokenizer_of(run).grammar)
        return self._judge

    def _tokenizer_of(self, run: Path) -> Tokenizer:
        """Return the tokenizer of the run; it is read once, because its tables take time to fill."""
        self._tokenizer = self._tokenizer or Tokenizer.load(run / TOKENIZER_FILE)
        return self._tokenizer

    def _load(self, run: Path, step: int) -> Run:
        """Load the checkpoint onto the device of the run."""
        device = torch.device(read_config(run)["training"]["device"])
        model, configuration = load_checkpoint(run, step, device)
        recall = recall_of(run, configuration, model.configuration)
        return Run(run, model, self._tokenizer_of(run), configuration, step, device, recall=recall)


def samples_folder(run: Path, step: int) -> Path:
    """Return the folder of the samples of `step`; raises `OSError` if its path contains a symbolic link."""
    return path_inside(run, SAMPLES_FOLDER, f"{step:06d}")


def write_samples(run: Run, num_samples: int, judge: Judge | None = None) -> list[Verdict]:
    """Sample documents from a loaded checkpoint with the run's seed, judge them, and write both into the run folder.

    judge: by default the judge for the run's schema.
    Returns the verdicts.
    Raises the errors of generation and of writing files.
    """
    seed = run.configuration["training"]["seed"]
    documents = generate(run, num_samples=num_samples, temperature=TEMPERATURE, max_tokens=MAX_TOKENS, seed=seed)
    judge = judge or judge_for(run.tokenizer.grammar)
    written = [Document.of_value(document.value) for document in documents]
    verdicts = judge.judge(written)
    files = [f"{number:04}.yaml" for number in range(1, num_samples + 1)]
    folder = samples_folder(run.folder, run.step)
    for old in folder.glob("*.yaml"):
        old.unlink()
    for file, document in zip(files, written, strict=True):
        write_atomically(folder / file, document.text.encode())
    content = {
        "step": run.step,
        "judge": judge.title,
        "temperature": TEMPERATURE,
        "max_tokens": MAX_TOKENS,
        "seed": seed,
        "samples": [_describe(*found) for found in zip(files, documents, verdicts, strict=True)],
    }
    write_atomically(folder / VERDICTS_FILE, json.dumps(content, indent=2).encode() + b"\n")
    return verdicts


def _tally(verdicts: Sequence[Verdict]) -> str:
    """Return a text with the number of valid samples, and of those that could not be judged."""
    num_valid = sum(verdict.accepted is True for verdict in verdicts)
    num_unjudged = sum(verdict.accepted is None for verdict in verdicts)
    unjudged = f", {num_unjudged} not judged" if num_unjudged else ""
    return f"{num_valid} of {len(verdicts)} samples valid{unjudged}"


def _describe(file: str, document: Generated, verdict: Verdict) -> dict[str, Any]:
    return {
        "file": file,
        "valid": verdict.accepted,
        "reason": verdict.reason,
        "pointer": verdict.pointer,
        "finish": document.finish,
        "num_tokens": len(document.tokens),
        "bits_per_token": -document.logprob / math.log(2) / max(len(document.tokens), 1),
    }
