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
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from schemalm.dataset.store import TOKENIZER_FILE
from schemalm.evaluation.evaluate import to_text
from schemalm.evaluation.judges import Judge, NoJudge, Verdict
from schemalm.evaluation.judging import announcement, judge_of
from schemalm.files.folders import path_inside
from schemalm.files.writing import write_atomically
from schemalm.generation import Generated, generate
from schemalm.generation.run import Run
from schemalm.tokenizer import Tokenizer
from schemalm.training.progress import Progress
from schemalm.training.run import load_checkpoint
from schemalm.training.run_file import read_config

SAMPLES_FOLDER, VERDICTS_FILE = "samples", "verdicts.json"
TEMPERATURE = 0.8
# Enough to see structure and habits, and little beside the time between two checkpoints.
MAX_TOKENS = 256


class CheckpointSamples(Progress):
    """A listener that lets each checkpoint write `num_samples` documents; `tell` is called with a line for each.

    `warn` is called instead where something is amiss: no judge, no samples, or invalid ones. Where the folder of the
    `run` is told beforehand, the listener says who will judge before training begins.
    """

    def __init__(
        self,
        num_samples: int,
        tell: Callable[[str], None],
        run: Path | None = None,
        warn: Callable[[str], None] | None = None,
    ) -> None:
        self._num_samples = num_samples
        self._tell = tell
        self._warn = warn or tell
        self._run = run
        self._tokenizer: Tokenizer | None = None
        self._judge: Judge | None = None
        self._problem = ""

    def begin(self, step: int, num_steps: int) -> None:
        """Find the judge, before the work that it is to judge; where that fails say why."""
        if self._run is None:
            return
        try:
            judge = self._judge_of(self._run)
            (self._warn if isinstance(judge, NoJudge) else self._tell)(announcement(judge))
        except Exception as error:  # training goes on without samples
            self._complain("no checkpoint will write samples", error)

    def saved(self, run: Path, step: int) -> None:
        """Sample from the checkpoint; where that fails say why, unless it is what was said last."""
        started = time.monotonic()
        try:
            verdicts = write_samples(self._load(run, step), self._num_samples, self._judge_of(run))
        except Exception as error:  # hours of training are worth more than any sample
            self._complain(f"step {step}: no samples of this checkpoint", error)
            return
        folder, seconds = samples_folder(run, step), time.monotonic() - started
        tell = self._tell if all(verdict.valid is not False for verdict in verdicts) else self._warn
        tell(f"step {step}: {_tally(verdicts)}: {folder} ({seconds:.1f} s)")

    def _complain(self, what: str, error: Exception) -> None:
        problem = f"{type(error).__name__}: {error}"
        if problem != self._problem:
            self._warn(f"{what}, training goes on: {problem}")
        self._problem = problem

    def _judge_of(self, run: Path) -> Judge:
        self._judge = self._judge or judge_of(self._tokenizer_of(run).grammar)
        return self._judge

    def _tokenizer_of(self, run: Path) -> Tokenizer:
        """The tokenizer of the run, read once, for its tables take time to fill."""
        self._tokenizer = self._tokenizer or Tokenizer.load(run / TOKENIZER_FILE)
        return self._tokenizer

    def _load(self, run: Path, step: int) -> Run:
        """The checkpoint on the device of the run."""
        device = torch.device(read_config(run)["training"]["device"])
        model, configuration = load_checkpoint(run, step, device)
        return Run(run, model, self._tokenizer_of(run), configuration, step, device)


def samples_folder(run: Path, step: int) -> Path:
    """The folder of the samples of `step`; raises `OSError` where a link is on the way."""
    return path_inside(run, SAMPLES_FOLDER, f"{step:06d}")


def write_samples(run: Run, num_samples: int, judge: Judge | None = None) -> list[Verdict]:
    """Let a loaded checkpoint write documents, judge them, and keep both in its run's folder; the run's seed is theirs.

    `judge`: by default the one of the run's schema.

    Raises what generating and writing raise.
    """
    seed = run.configuration["training"]["seed"]
    documents = generate(run, num_samples=num_samples, temperature=TEMPERATURE, max_tokens=MAX_TOKENS, seed=seed)
    judge = judge or judge_of(run.tokenizer.grammar)
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


def _tally(verdicts: Sequence[Verdict]) -> str:
    """How many samples are valid, and how many could not be judged."""
    num_valid = sum(verdict.valid is True for verdict in verdicts)
    num_unjudged = sum(verdict.valid is None for verdict in verdicts)
    unjudged = f", {num_unjudged} not judged" if num_unjudged else ""
    return f"{num_valid} of {len(verdicts)} samples valid{unjudged}"


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
