"""The engine, with the choices of real documents in place of its own."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

from schemalm.generation.engine import Engine, Request
from schemalm.generation.results import Generated
from schemalm.generation.run import Run
from schemalm.generation.sampling import Choice, Floats, Sampling

SEED = 0


class ReplayingEngine(Engine):
    """Makes each choice, then takes the token of the document with the number of the request, counted round."""

    documents: Sequence[Sequence[int]] = ()

    def _choose(self, row: Any, logits: Floats) -> Choice:
        choice = super()._choose(row, logits)
        document = self.documents[row.request.number % len(self.documents)]
        return choice._replace(token=document[len(row.document.tokens)])


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
    engine = (Engine if documents is None else ReplayingEngine)(run, batch_size, **options)
    if isinstance(engine, ReplayingEngine) and documents is not None:
        engine.documents = documents
    requests = [Request(number, SEED, max_tokens, sampling=sampling) for number in range(num_documents)]
    finished = {piece.number: piece.generated for piece in engine.write(requests) if piece.generated is not None}
    return [finished[number] for number in range(num_documents)]


def replay(
    run: Run,
    documents: Sequence[list[int]],
    sampling: Sampling,
    num_tokens: int,
    batch_size: int,
    max_tokens: int,
) -> int:
    """Writes the documents again and again until there are so many tokens; returns their number.

    So no row is empty, as none is in an engine whose rows never end. Tokens that close a document at its budget do not
    count. Raises RuntimeError if a document is not the replayed one.
    """
    engine = ReplayingEngine(run, batch_size)
    engine.documents = documents
    requests = (Request(number, SEED, max_tokens, sampling=sampling) for number in count())
    num_written = 0
    for piece in engine.write(requests):
        num_written += len(piece.tokens)
        if piece.generated is not None:
            document = documents[piece.number % len(documents)]
            if piece.generated.tokens[: len(document)] != document:
                raise RuntimeError("a document that was written is not the replayed one")
            num_written -= len(piece.generated.tokens) - len(document)
        if num_written >= num_tokens:
            break
    return num_written
