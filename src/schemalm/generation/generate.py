"""Write documents with a run: all at once, or piece by piece.

In go a run, a prompt and settings; out come valid documents. Each depends on its own index, the seed, the prompt and
the settings alone, not on how many are written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from schemalm.generation.engine import Engine, Request
from schemalm.generation.prompts import prompt_tables
from schemalm.generation.results import Generated, Piece
from schemalm.generation.run import Run
from schemalm.generation.sampling import Sampling, check_request
from schemalm.machine import Tables

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
    max_seconds: float | None = None,
) -> list[Generated]:
    """Write `num_samples` documents; equal arguments give equal documents on one machine, but for `max_seconds`.

    prompt: a value that is stated in part, or None. What it states is kept exactly; `...` (Ellipsis) opens a part, and
    the outermost object or list is open. `documents/partial.py` has the details.
    top_p, top_k, min_p: which of the likeliest tokens to sample from, as `sampling.py` says.
    max_tokens: the budget of a document in tokens; near it, the document begins nothing that it has no room for.
    max_seconds: after so long, the documents in progress are closed; those that were not begun are left out.
    Raises PromptError if no document of the schema contains the prompt, ConfigurationError for settings out of range,
    and LimitError if no document of the prompt or the schema can be completed within the limits.
    """
    sampling = Sampling(temperature, top_p, top_k, min_p)
    check_request(num_samples, max_tokens, seed, max_seconds)
    tables = prompt_tables(run.tokenizer, prompt)
    return generate_all(run, _requests(tables, num_samples, max_tokens, seed, sampling), max_seconds)


def generate_all(run: Run, requests: Sequence[Request], max_seconds: float | None = None) -> list[Generated]:
    """Write the requested documents, in the order of their numbers; `max_seconds` as in `generate`."""
    engine = Engine(run, min(len(requests), MAX_BATCH_SIZE))
    pieces = engine.write(requests, max_seconds)
    finished = {piece.number: piece.generated for piece in pieces if piece.generated is not None}
    return [finished[number] for number in sorted(finished)]


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
    max_seconds: float | None = None,
) -> Iterator[Piece]:
    """Write the documents of `generate` one after another, and yield their tokens as they come.

    The last piece of each document holds it whole. Arguments and errors are those of `generate`; errors are raised
    before the first piece is asked for.
    """
    sampling = Sampling(temperature, top_p, top_k, min_p)
    check_request(num_samples, max_tokens, seed, max_seconds)
    requests = _requests(prompt_tables(run.tokenizer, prompt), num_samples, max_tokens, seed, sampling)
    return Engine(run, batch_size=1).write(requests, max_seconds)


def _requests(tables: Tables | None, num_samples: int, max_tokens: int, seed: int, sampling: Sampling) -> list[Request]:
    return [Request(number, int(seed), max_tokens, tables, sampling=sampling) for number in range(num_samples)]
