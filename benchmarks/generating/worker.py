"""Lets one contender write documents, round after round, in a process of its own.

    python -m generating.worker SETTINGS

SETTINGS is a JSON object, the fields of `Settings`. The process builds the contender, then reads one mode a line, a
JSON object with the fields of `Mode`, and answers each with a line: the tokens and documents written and the CPU
seconds, or whatever the mode's `question` asks for. So contenders take turns, and what they prepared stays prepared.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

CONTENDERS = {
    "ours": "generating.ours:Ours",
    "before": "generating.ours:Ours",
    "nanochat": "generating.nanochat_engine:NanochatEngine",
    "transformers": "generating.masked_transformers:MaskedTransformers",
}


@dataclass(frozen=True)
class Settings:
    """What the contenders share: prepared data, a named size of models, and the sampling."""

    contender: str
    data: str
    model: str
    run: str = ""
    nanochat: str = ""
    temperature: float = 0.8
    max_tokens: int = 512

    def num_documents(self, batch_size: int) -> int:
        """How many documents a round writes."""
        return max(6, 2 * batch_size)


@dataclass(frozen=True)
class Mode:
    """One way to write: the number format, the batch size, and what is asked about it."""

    dtype: str = "float32"
    batch_size: int = 1
    question: str = "speed"


class Contender(Protocol):
    """Writes documents."""

    def write(self, mode: Mode) -> tuple[int, float]:
        """Writes the documents of a round; returns the numbers of tokens and of documents."""


def measure(contender: Contender, mode: Mode) -> dict[str, Any]:
    """Returns what a mode asks for."""
    if mode.question != "speed":
        answer: dict[str, Any] = getattr(contender, mode.question)(mode)
        return answer
    started = time.process_time()
    num_tokens, num_documents = contender.write(mode)
    return {"tokens": num_tokens, "documents": num_documents, "seconds": time.process_time() - started}


def main() -> None:
    """Answers modes until the input ends."""
    import torch  # noqa: PLC0415

    torch.set_num_threads(1)
    settings = Settings(**json.loads(sys.argv[1]))
    module, _, name = CONTENDERS[settings.contender].partition(":")
    answers, sys.stdout = sys.stdout, sys.stderr  # what a contender prints is no answer
    contender = getattr(import_module(module), name)(settings)
    for line in sys.stdin:
        print(json.dumps(measure(contender, Mode(**json.loads(line)))), file=answers, flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    main()
