"""The file results.jsonl: one line per finished run, appended durably, in the order in which runs finish."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Literal

from schemalm.errors import DataError
from schemalm.experiments.writing import WrittenSet
from schemalm.files.locks import acquire_lock
from schemalm.files.typed_json import CheckedFile
from schemalm.files.writing import named_errors

RESULTS_FILE = "results.jsonl"
# Equal compute: every arm trains on as many tokens as the budget says. Equal documents: every arm trains on the
# documents that its baseline sees within the budget. Equal time: every arm trains for as many CPU seconds.
Measure = Literal["compute", "documents", "time"]
_MAX_BYTES = 1 << 28
MEASURES: tuple[Measure, ...] = ("compute", "documents", "time")


@dataclass(frozen=True)
class Result:
    """The result of one run; `key` is a hash of everything that determined it.

    num_tokens: the number of targets trained on.
    num_documents: the number of documents seen, each `num_epochs` times.
    bits_per_byte: over all validation documents.
    seconds: the time of training, including its validations.
    cpu_seconds: the CPU time of the training steps; None for results of versions that did not measure it.
    renormalized: the scores under another engine's masks, if the arm requests them.
    written: the documents that the model wrote under each of its masks.
    """

    key: str
    arm: str
    baseline: str
    model: str
    measure: Measure
    budget: int
    seed: int
    num_steps: int
    num_tokens: int
    num_documents: int
    num_epochs: float
    bits_per_byte: float
    nats_per_token: float
    under_mask: bool
    num_validation_documents: int
    num_validation_bytes: int
    tokens_per_document: float
    tokens_per_train_document: float
    vocab_size: int
    num_parameters: int
    seconds: float
    tokenizer: dict[str, Any]
    training: dict[str, Any]
    context_size: int
    tokenizer_sha256: str
    data_sha256: str
    versions: dict[str, str]
    environment: dict[str, Any]
    renormalized: dict[str, Any] | None = None
    cpu_seconds: float | None = None
    written: list[WrittenSet] | None = None


def append_result(out: Path, result: Result) -> None:
    """Append a line durably; several processes may append to the same file."""
    path = out / RESULTS_FILE
    with named_errors(path), path.open("a+b") as file:
        acquire_lock(file.fileno(), wait=True)
        _remove_torn_line(file)
        file.write(json.dumps(asdict(result)).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _remove_torn_line(file: BinaryIO) -> None:
    """Remove an incomplete last line, which a process that was killed while writing leaves."""
    file.seek(0)
    content = file.read()
    file.truncate(content.rfind(b"\n") + 1)


def read_results(out: Path) -> list[Result]:
    """Return all results of an experiment, or an empty list; raises `DataError` for a damaged file."""
    advice = "it is damaged or of another version: repair it, or choose another folder"
    file = CheckedFile(out, RESULTS_FILE, DataError, advice, max_bytes=_MAX_BYTES)
    lines = file.content().split(b"\n")[:-1] if os.path.lexists(out / RESULTS_FILE) else []
    return [replace(file, line=number).parse(line, Result) for number, line in enumerate(lines, start=1)]
