"""The engine: it writes many documents at once, each as if it were alone.

In goes a stream of requests; out come the pieces of their documents. The documents are rows of one batch; a row whose
document is finished takes the next request. A server drives it step by step, so that requests join and leave a running
batch. The model proposes tokens and the machine admits them, so every document is
valid. Forced tokens cost no call of the model. Near its token budget a document is steered to its end (`steering.py`).
The machine's cheapest completion ends what still needs it, or whose next step exceeds the grammar's limits on work; the
other documents continue.

The tokens of a document depend on its request and the run alone. Its noise comes from its own
generator, one draw for each choice. Its windows depend on its tokens. And where rounding could decide a choice
(`sampling.py`), the choice is made again with logits that no other document has touched: of the whole window, read by
itself in one pass. The shape of this pass, and so its rounding, depends on the document's tokens alone.
"""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

import torch

from schemalm.generation.drafts import NO_DRAFT, ProposalRates, draft, least_probability
from schemalm.generation.in_progress import DocumentInProgress, ModelInput, WindowShape
from schemalm.generation.results import Finish, Generated, Piece
from schemalm.generation.run import Run
from schemalm.generation.sampling import MARGIN, Choice, Floats, Noise, Sampling, choose
from schemalm.generation.stated_tokens import stated_tokens
from schemalm.machine import Machine, Tables
from schemalm.model.head_input import HeadInput
from schemalm.model.inference import Segment

# How often a document is begun anew that cannot go on; then its beginning is ended in the cheapest way.
MAX_RESTARTS = 8


@dataclass(frozen=True, eq=False)
class Request:
    """One document to write: its index, the seed of its noise together with the index, and its budget in tokens.

    tables: of the machine that admits its tokens; None for any document of the schema. num_stated: how many tokens of
    `max_tokens` are for what the prompt states. Two requests are never equal, so each can be told apart.
    """

    number: int
    seed: int
    max_tokens: int
    tables: Tables | None = None
    num_stated: int = 0
    sampling: Sampling = field(default_factory=Sampling)


class _Row:
    """A row of the batch, with the document that it writes now."""

    def __init__(self, request: Request, document: DocumentInProgress) -> None:
        self.request, self.document = request, document
        self.noise = Noise(request.seed, request.number)
        self.draft = NO_DRAFT
        self.num_given = 0  # tokens that pieces have given out
        self.num_restarts = 0


class Engine:
    """Writes documents of a run, `batch_size` at once.

    drafts: whether echoes are tried as drafts. margin: see `sampling.py`. Neither changes the tokens.
    """

    def __init__(self, run: Run, batch_size: int, *, drafts: bool = True, margin: float = MARGIN) -> None:
        self._run, self._model = run, run.decoder
        self._margin, self._drafts = margin, drafts
        self._shape = WindowShape(self._model.configuration.context_size, run.configuration["data"]["stride"])
        self._side_features = run.side_features
        self._rows: list[_Row | None] = [None] * batch_size
        self._cache = self._model.make_cache(batch_size)
        self._cache_alone = self._model.make_cache(1)
        self._rates = ProposalRates()

    def write(self, requests: Iterable[Request], max_seconds: float | None = None) -> Iterator[Piece]:
        """Yield the pieces of all requested documents, as they come.

        max_seconds: after so long, what was begun is closed, and nothing else is begun.
        """
        waiting = iter(requests)
        deadline = math.inf if max_seconds is None else time.monotonic() + max_seconds
        while True:
            active = self.active
            if active and time.monotonic() >= deadline:
                self.close(active)
                waiting = iter(())
            for _, piece in self.step(waiting):
                yield piece
            if not self.active:
                return

    @property
    def active(self) -> list[Request]:
        """The requests whose documents are being written."""
        return [row.request for row in self._rows if row is not None]

    def close(self, requests: Collection[Request]) -> None:
        """End the documents of these requests in the next step, because their time is over."""
        for row in self._rows:
            if row is not None and row.request in requests:
                row.document.close()

    def drop(self, requests: Collection[Request]) -> None:
        """Leave the documents of these requests unfinished; their rows are free."""
        self._rows = [None if row is None or row.request in requests else row for row in self._rows]

    def step(self, waiting: Iterator[Request]) -> Iterator[tuple[Request, Piece]]:
        """Yield the new tokens of all documents; begin waiting ones in free rows; let the model make the next choices.

        An error about one document leaves its row free and the others as they are, so that the next step goes on.
        """
        for index in range(len(self._rows)):
            try:
                yield from self._refill(index, waiting)
            except Exception:
                self._rows[index] = None
                raise
        active = {index: row for index, row in enumerate(self._rows) if row is not None}
        if active:
            self._step(active)

    def _refill(self, index: int, waiting: Iterator[Request]) -> Iterator[tuple[Request, Piece]]:
        """Yield the new tokens of a row; replace finished documents by waiting ones until the model has a choice."""
        while True:
            row = self._rows[index]
            if row is None:
                request = next(waiting, None)
                if request is None:
                    return
                row = self._rows[index] = _Row(request, self._open(request))
                row.document.take_forced()
            if row.document.is_stuck and row.num_restarts < MAX_RESTARTS:
                self._restart(row)
                continue
            if row.document.admitted is not None:
                if row.num_given < len(row.document.tokens):
                    yield row.request, self._piece(row, row.document.tokens)
                return
            generated = self._finish(row.document)
            yield row.request, self._piece(row, generated.tokens, generated)
            self._rows[index] = None

    def _restart(self, row: _Row) -> None:
        """Write the document of a row anew, with further noise of its own."""
        row.num_restarts += 1
        row.num_given = 0
        row.document = self._open(row.request)
        row.document.take_forced()

    def _open(self, request: Request) -> DocumentInProgress:
        machines, stated = [self._run.tokenizer.machine()], None
        if request.tables is not None:
            machines.append(Machine(request.tables))
            stated = partial(stated_tokens, self._run.tokenizer)
        return DocumentInProgress(
            machines, self._side_features, self._shape, request.max_tokens, stated, request.num_stated
        )

    def _finish(self, document: DocumentInProgress) -> Generated:
        is_complete, ending = document.machine.is_complete, document.ending()
        closed_by = document.closed_by or (None if is_complete else "tokens")
        finish: Finish = "closed" if closed_by else "steered" if document.is_steered else "complete"
        tokens, logprobs = [*document.tokens, *ending], document.logprobs
        value = self._run.tokenizer.decode(tokens)
        return Generated(value, tokens, sum(logprobs), finish, document.num_forced, logprobs, closed_by)

    def _piece(self, row: _Row, tokens: list[int], generated: Generated | None = None) -> Piece:
        begin, row.num_given = row.num_given, len(tokens)
        return Piece(row.request.number, tokens[begin:], generated, len(tokens), self._run.tokenizer, tokens)

    def _step(self, active: dict[int, _Row]) -> None:
        """Let the model read what each document has not read, with a draft of what may follow; make the choices."""
        inputs = {index: self._next_input(index, row.document) for index, row in active.items()}
        num_rows = sum(len(unread.tokens) for unread in inputs.values())
        least = least_probability(num_rows, len(active))
        tokens: list[int] = []
        side_features: list[tuple[int, ...]] = []
        segments, wanted = [], []
        for index, row in active.items():
            unread = inputs[index]
            row.draft = draft(row.document, self._rates, least) if self._drafts else NO_DRAFT
            wanted += [len(tokens) + len(unread.tokens) - 1 + choice for choice in row.draft.choices]
            segments.append(Segment(index, len(unread.tokens) + len(row.draft.tokens)))
            tokens += unread.tokens + row.draft.tokens
            side_features += unread.side_features + row.draft.side_features
        logits = iter(self._logits(ModelInput(tokens, side_features), segments, wanted))
        for index, row in active.items():
            row.document.num_read += len(inputs[index].tokens)
            row.document.num_read += self._choose_all(row, [next(logits) for _ in row.draft.choices])
            self._cache.lengths[index] = row.document.num_read

    def _next_input(self, index: int, document: DocumentInProgress) -> ModelInput:
        if document.begin_window():
            self._cache.lengths[index] = 0
        return document.unread()

    def _logits(self, given: ModelInput, segments: list[Segment], wanted: list[int]) -> Floats:
        """Run one forward pass; return the logits after the tokens with the indices `wanted` [len(wanted), V]."""
        device = self._model.device
        tokens_N = torch.tensor(given.tokens, device=device)
        side_features_NF = torch.tensor(given.side_features, device=device)
        hidden = self._model.hidden(tokens_N, side_features_NF, segments, self._cache)
        return self._to_host(hidden.at(torch.tensor(wanted, device=device)))

    def _to_host(self, hidden: HeadInput) -> Floats:
        logits: Floats = self._model.logits(hidden).float().cpu().numpy()
        return logits

    def _choose_all(self, row: _Row, logits: list[Floats]) -> int:
        """Make the choices of a draft until one differs from it; return how many drafted tokens stand."""
        document, drafted = row.document, row.draft.tokens
        begin, num_accepted = len(document.tokens), 0
        for logits_V, num_before in zip(logits, row.draft.choices, strict=True):
            is_at_choice = num_accepted == len(document.tokens) - begin == num_before
            if not is_at_choice or document.admitted is None:
                break
            told = document.side_features[-1]
            choice = self._choose(row, logits_V)
            self._rates.observe(told, choice.token)
            document.take(choice.token, choice.logprob)
            document.take_forced()
            num_accepted = _common(document.tokens[begin:], drafted)
        return num_accepted

    def _choose(self, row: _Row, logits_V: Floats) -> Choice:
        """Make one choice, with logits of the document alone if rounding could decide it."""
        admitted_A, sampling = row.document.admitted, row.request.sampling
        assert admitted_A is not None
        times_A = row.noise.times(len(admitted_A)) if sampling.temperature else None
        choice = choose(logits_V, admitted_A, times_A, sampling, self._margin, row.document.preferred)
        if choice.is_clear:
            return choice
        logits_V = self._logits_alone(row.document)
        return choose(logits_V, admitted_A, times_A, sampling, self._margin, row.document.preferred)

    def _logits_alone(self, document: DocumentInProgress) -> Floats:
        """Return the next token's logits from one pass over the document's window [V]."""
        window, device = document.window(), self._model.device
        self._cache_alone.lengths[0] = 0
        tokens_T = torch.tensor(window.tokens, device=device)
        side_features_TF = torch.tensor(window.side_features, device=device)
        segments = [Segment(0, len(window.tokens))]
        hidden = self._model.hidden(tokens_T, side_features_TF, segments, self._cache_alone)
        logits_V: Floats = self._to_host(hidden.at(slice(-1, None)))[0]
        return logits_V


def _common(first: list[int], second: list[int]) -> int:
    """Return the length of the common beginning."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((index for index, (one, other) in pairs if one != other), min(len(first), len(second)))
