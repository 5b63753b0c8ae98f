"""The same for checkouts without an engine: their choices are replaced where documents take them."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any
from unittest import mock

from schemalm.generation import Generated, Run
from schemalm.generation.sampling import Sampling


def write_before(
    run: Run,
    documents: Sequence[Sequence[int]] | None,
    sampling: Sampling,
    num_documents: int,
    batch_size: int,
    max_tokens: int,
) -> list[Generated]:
    """Writes the first of the documents again, or samples so many if there are none."""
    module = import_module("schemalm.generation.generate")
    take = module.DocumentInProgress.take

    def take_real(document: Any, token: int, logprob: float, *, is_forced: bool = False) -> None:
        real = token if documents is None else documents[document.number][len(document.tokens)]
        take(document, real, logprob, is_forced=is_forced)

    with (
        mock.patch.object(module.DocumentInProgress, "take", take_real),
        mock.patch.object(module, "MAX_BATCH_SIZE", batch_size),
    ):
        written: list[Generated] = module.generate(
            run, num_samples=num_documents, temperature=sampling.temperature, max_tokens=max_tokens
        )
    return written
