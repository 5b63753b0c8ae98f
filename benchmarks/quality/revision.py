"""A contender: a revision of this project with a configuration, through its own command line alone."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quality.configuration import CONTEXT_SIZE, Configuration, command_options
from quality.documents import BOTH, SPLIT_SEED, TRAIN, Documents
from quality.tracker.wandb import NOTES
from quality.turns import Command
from schemalm.errors import DataError
from schemalm.files.writing import write_atomically
from turns import REPOSITORY, environment_of

TRACKER = Path(__file__).parent / "tracker"
PREPARED = "prepared.json"


def commit_of(revision: str) -> str:
    """Return the commit of a revision; raises `DataError` if there is none."""
    found = _git("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    if found.returncode:
        raise DataError(f"there is no revision {revision!r} here: {found.stderr.decode().strip()}")
    return found.stdout.decode().strip()


def is_changed() -> bool:
    """Return whether the package in this checkout differs from its commit."""
    return bool(_git("status", "--porcelain", "src").stdout.strip())


def check_out(commit: str, folder: Path) -> Path:
    """Return a folder with the package of a commit, so that nothing changes it during the measurement."""
    checkout = folder / commit[:12]
    if not checkout.exists():
        partial = checkout.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        archive = _git("archive", "--format=tar", commit, "src").stdout
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.extractall(partial, filter="data")
        partial.rename(checkout)
    return checkout


def _git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", "-C", REPOSITORY, *arguments], check=False, capture_output=True)


@dataclass(frozen=True)
class RevisionContender:
    """The package in `checkout` with a configuration; `folder` is where its tokenizer, data and runs are."""

    name: str
    commit: str
    checkout: Path
    configuration: Configuration
    documents: Documents
    folder: Path

    @property
    def description(self) -> dict[str, Any]:
        """What determines the runs, for the record."""
        return {"commit": self.commit, "recipe": self.configuration.recipe(), **vars(self.configuration)}

    def prepare(self) -> None:
        """Train the tokenizer and prepare the data, unless it is done.

        Raises `DataError` that names the documents if some cannot be represented.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        write_atomically(self.folder / "recipe.toml", self.configuration.recipe().encode())
        if (self.folder / PREPARED).exists():
            return
        tokenizer, data = self.folder / "tokenizer.json", self.folder / "data"
        if not tokenizer.exists():
            options = command_options(self.configuration.tokenizer)
            corpus = self.documents.folder / TRAIN
            self._run("tokenizer", "train", "--corpus", corpus, "--out", tokenizer, *options)
        shutil.rmtree(data, ignore_errors=True)
        size = {"context-size": CONTEXT_SIZE, "stride": CONTEXT_SIZE, **self.configuration.prepare}
        split = ("--train-split", self.documents.train_split, "--seed", SPLIT_SEED)
        paths = ("--input", self.documents.folder / BOTH, "--tokenizer", tokenizer, "--output", data)
        result = self._run("prepare", *paths, *split, *command_options(size))
        self._check(result)
        write_atomically(self.folder / PREPARED, json.dumps(result).encode())

    def _run(self, *arguments: object) -> dict[str, Any]:
        """Run a command of the package and return its result; raises `RuntimeError` if it fails."""
        command = [sys.executable, "-m", "schemalm", *map(str, arguments), "--json"]
        ended = subprocess.run(command, check=False, capture_output=True, env=environment_of(self.checkout))
        # Of a revision that had no --strict, 1 means that documents were left out.
        if ended.returncode not in (0, 1) or not ended.stdout or "error" in (result := json.loads(ended.stdout)):
            raise RuntimeError(f"{' '.join(command)} ended with {ended.returncode}: {ended.stderr.decode()[-2000:]}")
        return dict(result)

    def _check(self, result: dict[str, Any]) -> None:
        wanted = {"train": self.documents.num_train, "val": self.documents.num_validation}
        found = {name: split["num_documents"] for name, split in result["splits"].items()}
        if found != wanted:
            refused = "; ".join(f"{rejected['name']}: {rejected['reason']}" for rejected in result["rejected"][:20])
            raise DataError(
                f"{self.name} has the documents {found}, but {wanted} are to be trained on and scored. It cannot "
                f"represent {refused or 'some, and does not say which'}. Use a configuration that can"
            )

    def command(self, seed: int, steps: int, run: Path) -> Command:
        """Return the command that trains a run, or goes on with it."""
        environment = environment_of(self.checkout)
        paths = [environment["PYTHONPATH"], str(TRACKER)]
        environment |= {"PYTHONPATH": os.pathsep.join(paths), NOTES: str(run.parent / "cpu.jsonl")}
        options = ("--data", self.folder / "data", "--recipe", self.folder / "recipe.toml", "--out", run)
        counts = ("--steps", steps, "--seed", seed, "--samples", 0)
        arguments = ("-m", "schemalm", "train", *options, *counts, "--resume", "auto", "--track", "wandb")
        return Command(arguments, environment, run.parent / "log.txt")
