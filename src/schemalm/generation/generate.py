"""Write documents with a run: all at once, or piece by piece.

In go a run, a prompt and settings; out come valid documents. Each depends on its own index, the seed, the prompt and
the settings alone, not on how many are written.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from schemalm.generation.engine import Engine, Request
from schemalm.generation.prompts import prompt_tables
from schemalm.generation.results import Generated, Piece
from schemalm.generation.run import Run
from schemalm.generation.sampling import Sampling, check_request

MAX_BATCH_SIZE = 64


def generate(
    run: Run,
    prompt: Any = None,
    num_samples: int = 1,
    temperature: float = 0.8,
    top_p: float | None = None,
    top_k: int | None = None,
    max_tokens: int = 512,
    seed: int = 0,
    min_p: float | None = None,
) -> list[Generated]:
    """Write `num_samples` documents; equal arguments give equal documents on one machine.

    prompt: a partial value. Its content is kept unchanged; keys and items may be added around it.
    top_p, top_k, min_p: which of the likeliest tokens to sample from, as `sampling.py` says.
    max_tokens: the budget of a document in tokens, before its completion.
    Raises PromptError if no document of the schema contains the prompt, ConfigurationError for settings out of range,
    and LimitError if no document of the prompt or the schema can be completed within the limits.
    """
    sampling = Sampling(temperature, top_p, top_k, min_p)
    requests = _requests(run, prompt, num_samples, max_tokens, seed)
    engine = Engine(run, sampling, min(num_samples, MAX_BATCH_SIZE))
    finished = {piece.number: piece.generated for piece in engine.write(requests) if piece.generated is not None}
    return [finished[number] for number in range(num_samples)]


def stream(
    run: Run,
    prompt: Any = None,
    num_samples: int = 1,
    temperature: float = 0.8,
    top_p: float | None = None,
    top_k: int | None = None,
    max_tokens: int = 512,
    seed: int = 0,
    min_p: float | None = None,
) -> Iterator[Piece]:
    """Write the documents of `generate` one after another, and yield their tokens as they come.

    The last piece of each document holds it whole. Arguments and errors are those of `generate`; errors are raised
    before the first piece is asked for.
    """
    sampling = Sampling(temperature, top_p, top_k, min_p)
    requests = _requests(run, prompt, num_samples, max_tokens, seed)
    return Engine(run, sampling, batch_size=1).write(requests)


def _requests(run: Run, prompt: Any, num_samples: int, max_tokens: int, seed: int) -> list[Request]:
    check_request(num_samples, max_tokens, seed)
    tables = prompt_tables(run, prompt)
    return [Request(number, int(seed), max_tokens, tables) for number in range(num_samples)]
