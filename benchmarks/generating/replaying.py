"""The engine, with the choices of real documents in place of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from schemalm.generation.engine import Engine, Request
from schemalm.generation.results import Generated
from schemalm.generation.run import Run
from schemalm.generation.sampling import Choice, Floats, Sampling

SEED = 0


class ReplayingEngine(Engine):
    """Makes each choice, then takes the token of the document with the number of the request."""

    documents: Sequence[Sequence[int]] = ()

    def _choose(self, row: Any, logits: Floats) -> Choice:
        choice = super()._choose(row, logits)
        return choice._replace(token=self.documents[row.request.number][len(row.document.tokens)])


def write(
    run: Run,
    documents: Sequence[Sequence[int]] | None,
    sampling: Sampling,
    num_documents: int,
    batch_size: int,
    max_tokens: int,
    **options: Any,
) -> list[Generated]:
    """Writes the first of the documents again, or samples so many if there are none."""
    engine = (Engine if documents is None else ReplayingEngine)(run, sampling, batch_size, **options)
    if isinstance(engine, ReplayingEngine) and documents is not None:
        engine.documents = documents
    requests = [Request(number, SEED, max_tokens) for number in range(num_documents)]
    finished = {piece.number: piece.generated for piece in engine.write(requests) if piece.generated is not None}
    return [finished[number] for number in range(num_documents)]
