"""Batched generation: a model proposes, the machine admits, and every document that comes back is valid.

Documents of a batch are decoded together with a key-value cache. Tokens that are forced cost no call of the model.
A document that reaches its budget is ended by the machine's cheapest completion, so no budget breaks a document; so is
one whose next step takes more work than the limits of the grammar admit, while the others go on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Literal

import numpy as np
import torch

from schemalm.dataset.echo import ORDERS
from schemalm.dataset.grammar_state import GrammarStateReader
from schemalm.documents import dump_document
from schemalm.errors import InvalidDocument, LimitError, PromptError, SchemaError
from schemalm.generation.in_progress import NO_INPUT, DocumentInProgress, ModelInput, WindowShape
from schemalm.generation.run import Run
from schemalm.generation.sampling import Sampling, check_request, sample_tokens
from schemalm.json_pointer import pointer_to
from schemalm.machine import Machine, Tables
from schemalm.machine.batch import BatchMasks
from schemalm.model.cache import KeyValueCache

MAX_BATCH_SIZE = 64
# What a prompt that breaks these can still be given.
_ABOUT_ABSENCE = frozenset({"required", "minProperties", "minItems", "contains", "minContains"})
# Rows of the grammar state: the nonterminal and the path.
NUM_STATES = 2


@dataclass(frozen=True)
class Generated:
    """A document that a model wrote.

    logprob: nats, of the sampled tokens under the mask. finish: "complete" where the model ended the document, "budget"
    where its completion did, "limit" where that came early, since going on took more work than the grammar's limits
    admit. num_forced: tokens that left no choice and cost no call of the model.
    """

    value: Any
    tokens: list[int]
    logprob: float
    finish: str
    num_forced: int

    def text(self, format: Literal["yaml", "json"] = "yaml") -> str:
        """The document as "yaml" or "json"."""
        return dump_document(self.value, format=format)


def generate(
    run: Run,
    prompt: Any = None,
    num_samples: int = 1,
    temperature: float = 0.8,
    top_p: float | None = None,
    top_k: int | None = None,
    max_tokens: int = 512,
    seed: int = 0,
) -> list[Generated]:
    """Writes `num_samples` documents; equal arguments give equal documents on one machine.

    prompt: a partial value. What it states is kept as it stands: keys and items may be added around it.
    max_tokens: the budget of a document, tokens, before its completion.
    Raises PromptError where no document of the schema states the prompt, ConfigurationError for settings out of range,
    LimitError for a prompt, or a schema, of which no document can be ended within the limits.
    """
    sampling = Sampling(temperature, top_p, top_k)
    check_request(num_samples, max_tokens, seed)
    guide = _prompt_tables(run, prompt)
    generator = torch.Generator().manual_seed(int(seed))
    return _Decoder(run, guide, min(num_samples, MAX_BATCH_SIZE), max_tokens).run(num_samples, sampling, generator)


def _prompt_tables(run: Run, prompt: Any) -> Tables | None:
    if prompt is None:
        return None
    try:
        return Tables(run.tokenizer.grammar.with_prompt(prompt), run.tokenizer.vocabulary)
    except LimitError:
        raise
    except SchemaError:
        raise _refusal(run, prompt) from None
    except (TypeError, ValueError) as error:
        raise PromptError(f"a prompt is a JSON value: {error}") from None


def _refusal(run: Run, prompt: Any) -> PromptError:
    """The error about a prompt, with the reason where what is stated is wrong in whole documents too."""
    path, part = _conflict(run, prompt)
    pointer, reason = pointer_to(path), ""
    try:
        run.tokenizer.encode(_under(path, part))
    except InvalidDocument as error:
        if error.pointer == pointer and error.keyword not in _ABOUT_ABSENCE:
            reason = f": {error.message}"
    return PromptError(f"no document of the schema states all of this{reason}", pointer=pointer)


def _conflict(run: Run, prompt: Any) -> tuple[list[str], Any]:
    """The first part of the prompt that no document can have, whatever the rest says: the keys to it, and it."""
    path: list[str] = []
    while isinstance(prompt, dict):
        wrong = [name for name, item in prompt.items() if not _is_possible(run, _under([*path, name], item))]
        if not wrong:
            break
        path.append(wrong[0])
        prompt = prompt[wrong[0]]
    return path, prompt


def _under(path: Sequence[str], value: Any) -> Any:
    """The value with objects around it, of one key each."""
    return reduce(lambda inner, key: {key: inner}, reversed(path), value)


def _is_possible(run: Run, prompt: Any) -> bool:
    try:
        run.tokenizer.grammar.with_prompt(prompt)
    except SchemaError:
        return False
    return True


class _Decoder:
    """Writes documents in the rows of one batch; a row whose document is finished goes on with the next one."""

    def __init__(self, run: Run, guide: Tables | None, num_rows: int, max_tokens: int) -> None:
        configuration = run.model.configuration
        self._run = run
        self._guide = guide
        self._max_tokens = max_tokens
        self._shape = WindowShape(configuration.context_size, run.configuration["data"]["stride"])
        self._reader = GrammarStateReader(run.tokenizer)
        self._masks = BatchMasks(guide or run.tokenizer.tables, run.device)
        self._rows: list[DocumentInProgress | None] = [None] * num_rows
        self._cache = self._make_cache(num_rows)

    @torch.inference_mode()
    def run(self, num_samples: int, sampling: Sampling, generator: torch.Generator) -> list[Generated]:
        finished: dict[int, Generated] = {}
        waiting = iter(range(num_samples))
        while True:
            for row in range(len(self._rows)):
                self._refill(row, waiting, finished)
            active = {row: document for row, document in enumerate(self._rows) if document is not None}
            if not active:
                return [finished[number] for number in range(num_samples)]
            logits_BV = self._read(active)
            masks_BV = self._masks.masks([document.machine for document in active.values()])
            chosen_B, logprob_B = sample_tokens(logits_BV, masks_BV, sampling, generator)
            for document, token, logprob in zip(active.values(), chosen_B.tolist(), logprob_B.tolist(), strict=True):
                document.take(token, logprob)

    def _refill(self, row: int, waiting: Iterator[int], finished: dict[int, Generated]) -> None:
        """Brings a row to where the model has a choice, with new documents where old ones end."""
        while True:
            document = self._rows[row]
            if document is None:
                number = next(waiting, None)
                if number is None:
                    return
                document = self._rows[row] = self._open(number)
            document.take_forced(self._max_tokens)
            if not (document.is_complete or document.is_stopped) and len(document.tokens) < self._max_tokens:
                return
            finished[document.number] = self._finish(document)
            self._rows[row] = None

    def _open(self, number: int) -> DocumentInProgress:
        machines = [self._run.tokenizer.machine(), *([Machine(self._guide)] if self._guide else [])]
        return DocumentInProgress(number, machines, self._reader, self._shape)

    def _finish(self, document: DocumentInProgress) -> Generated:
        ending = document.ending()
        finish = "limit" if document.is_stopped else "budget" if ending else "complete"
        tokens = [*document.tokens, *ending]
        value = self._run.tokenizer.decode(tokens)
        return Generated(value, tokens, document.logprob, finish, document.num_forced)

    def _read(self, active: dict[int, DocumentInProgress]) -> torch.Tensor:
        """Feeds the model what each document has not read yet; the logits [rows, V] after the last token of each.

        New windows are long and few: they are read apart, so that the other rows need not be padded to their length.
        """
        unread = {row: document.unread() for row, document in active.items()}
        new = [row for row, model_input in unread.items() if model_input.is_new_window]
        old = [row for row, model_input in unread.items() if not model_input.is_new_window]
        last: dict[int, torch.Tensor] = {}
        if new:
            cache = self._make_cache(len(new))
            last.update(zip(new, self._feed([unread[row] for row in new], cache), strict=True))
            self._cache.replace_rows(new, cache)
        if old:
            inputs = [unread[row] if row in old else NO_INPUT for row in range(len(self._rows))]
            hidden_BD = self._feed(inputs, self._cache)
            last.update({row: hidden_BD[row] for row in old})
        return self._run.model.logits(torch.stack([last[row] for row in active]))

    def _make_cache(self, num_rows: int) -> KeyValueCache:
        model = self._run.model
        return KeyValueCache(model.configuration, num_rows, device=self._run.device, dtype=model.head_weight.dtype)

    def _feed(self, inputs: list[ModelInput], cache: KeyValueCache) -> torch.Tensor:
        """One forward pass over the rows of a cache; what the head reads after the last token of each row [B, D]."""
        longest = max(len(model_input.tokens) for model_input in inputs)
        tokens_BT = np.zeros((len(inputs), longest), dtype=np.int64)
        side_features_BTS = np.zeros((len(inputs), longest, NUM_STATES + len(ORDERS)), dtype=np.int64)
        for row, model_input in enumerate(inputs):
            tokens_BT[row, : len(model_input.tokens)] = model_input.tokens
            if model_input.tokens:
                side_features_BTS[row, : len(model_input.tokens)] = model_input.side_features
        device, model = self._run.device, self._run.model
        side_features = torch.from_numpy(side_features_BTS).to(device)
        num_new_B = torch.tensor([len(model_input.tokens) for model_input in inputs], device=device)
        hidden_BTD = model.hidden(
            torch.from_numpy(tokens_BT).to(device),
            side_features[:, :, :NUM_STATES] if model.states is not None else None,
            side_features[:, :, NUM_STATES:] if model.echo is not None else None,
            cache,
            num_new_B,
        )
        return hidden_BTD[torch.arange(len(inputs), device=device), (num_new_B - 1).clamp(min=0)]
