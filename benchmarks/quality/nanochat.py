"""A contender: the model, optimizer and data loader of a karpathy/nanochat checkout, with byte BPE on compact JSON."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quality.configuration import TRAINING
from quality.documents import Documents
from quality.turns import Command
from schemalm.baselines import ByteBPETokenizer
from schemalm.errors import DataError
from turns import REPOSITORY, environment_of

VOCAB_SIZE = 8192
WORKER = Path(__file__).with_name("nanochat_training.py")


def commit_of_checkout(checkout: Path) -> str:
    """Return the commit of a checkout; raises `DataError` if it is none of nanochat."""
    found = subprocess.run(["git", "-C", checkout, "rev-parse", "HEAD"], check=False, capture_output=True, text=True)
    if found.returncode or not (checkout / "nanochat" / "gpt.py").exists():
        raise DataError(
            f"{checkout} is no checkout of karpathy/nanochat: {found.stderr.strip() or 'no nanochat/gpt.py'}"
        )
    return found.stdout.strip()


@dataclass(frozen=True)
class NanochatContender:
    """The model of `checkout`; `folder` is where its tokenizer and runs are."""

    name: str
    commit: str
    checkout: Path
    documents: Documents
    folder: Path

    @property
    def description(self) -> dict[str, Any]:
        """What determines the runs, for the record."""
        return {"commit": self.commit, "training": {name: TRAINING[name] for name in ("model", "batch_size", "dtype")}}

    def prepare(self) -> None:
        """Train the tokenizer, unless it is done."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / "tokenizer.json"
        if not path.exists():
            ByteBPETokenizer.train(self.documents.train_values(), VOCAB_SIZE).save(path)

    def command(self, seed: int, steps: int, run: Path) -> Command:
        """Return the command that trains a run, or goes on with it."""
        arguments = {
            "checkout": str(self.checkout),
            "tokenizer": str(self.folder / "tokenizer.json"),
            "documents": str(self.documents.folder),
            "run": str(run),
            "notes": str(run.parent / "cpu.jsonl"),
            "seed": seed,
            "num_steps": steps,
        }
        # nanochat reads these when it is imported; it computes in float32 on a CPU unless told otherwise.
        settings = {"NANOCHAT_DTYPE": str(TRAINING["dtype"]), "NANOCHAT_BASE_DIR": str(run.parent / "nanochat")}
        environment = environment_of(REPOSITORY) | settings
        return Command((WORKER, json.dumps(arguments)), environment, run.parent / "log.txt")
