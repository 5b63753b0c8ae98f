"""Batched generation: the model proposes tokens, the machine admits them, and every returned document is valid.

The documents of a batch are decoded together with a key-value cache. Forced tokens cost no call of the model. The
machine's cheapest completion ends a document that reaches its token budget, so every budget gives valid documents. It
also ends a document whose next step exceeds the grammar's limits on work; the other documents continue.
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
# Keywords that a prompt may break, because generation can add what is missing.
_MET_BY_ADDITIONS = frozenset({"required", "minProperties", "minItems", "contains", "minContains"})
# Features of the grammar state: the nonterminal and the path.
NUM_STATES = 2


@dataclass(frozen=True)
class Generated:
    """A document that a model wrote.

    logprob: the log-probability of the sampled tokens under the mask, in nats.
    finish: "complete" if the model ended the document, "budget" if the completion ended it at the token budget, "limit"
    if the completion ended it because the next step exceeded the grammar's limits on work.
    num_forced: the number of tokens that were the only admitted one and cost no call of the model.
    """

    value: Any
    tokens: list[int]
    logprob: float
    finish: str
    num_forced: int

    def text(self, format: Literal["yaml", "json"] = "yaml") -> str:
        """Return the document as "yaml" or "json"."""
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
    """Write `num_samples` documents; equal arguments give equal documents on one machine.

    prompt: a partial value. Its content is kept unchanged; keys and items may be added around it.
    max_tokens: the budget of a document in tokens, before its completion.
    Raises PromptError if no document of the schema contains the prompt, ConfigurationError for settings out of range,
    and LimitError if no document of the prompt or the schema can be completed within the limits.
    """
    sampling = Sampling(temperature, top_p, top_k)
    check_request(num_samples, max_tokens, seed)
    prompt_tables = _prompt_tables(run, prompt)
    generator = torch.Generator().manual_seed(int(seed))
    decoder = _Decoder(run, prompt_tables, min(num_samples, MAX_BATCH_SIZE), max_tokens)
    return decoder.run(num_samples, sampling, generator)


def _prompt_tables(run: Run, prompt: Any) -> Tables | None:
    if prompt is None:
        return None
    try:
        return Tables(run.tokenizer.grammar.with_prompt(prompt), run.tokenizer.vocabulary)
    except LimitError:
        raise
    except SchemaError:
        raise _prompt_error(run, prompt) from None
    except (TypeError, ValueError) as error:
        raise PromptError(f"a prompt must be a JSON value: {error}") from None


def _prompt_error(run: Run, prompt: Any) -> PromptError:
    """Return the error for an impossible prompt, with the reason if its content is invalid in every document."""
    path, part = _conflict(run, prompt)
    pointer, reason = pointer_to(path), ""
    try:
        run.tokenizer.encode(_nested(path, part))
    except InvalidDocument as error:
        if error.pointer == pointer and error.keyword not in _MET_BY_ADDITIONS:
            reason = f": {error.message}"
    return PromptError(f"no document of the schema contains all of this{reason}", pointer=pointer)


def _conflict(run: Run, prompt: Any) -> tuple[list[str], Any]:
    """Return the keys that lead to the first part of the prompt that no document can contain, and that part."""
    path: list[str] = []
    while isinstance(prompt, dict):
        wrong = [name for name, item in prompt.items() if not _is_possible(run, _nested([*path, name], item))]
        if not wrong:
            break
        path.append(wrong[0])
        prompt = prompt[wrong[0]]
    return path, prompt


def _nested(path: Sequence[str], value: Any) -> Any:
    """Return the value nested in objects of one key each, whose keys are `path`."""
    return reduce(lambda inner, key: {key: inner}, reversed(path), value)


def _is_possible(run: Run, prompt: Any) -> bool:
    try:
        run.tokenizer.grammar.with_prompt(prompt)
    except SchemaError:
        return False
    return True


class _Decoder:
    """Writes documents in the rows of one batch; a row whose document is finished takes the next one."""

    def __init__(self, run: Run, prompt_tables: Tables | None, num_rows: int, max_tokens: int) -> None:
        configuration = run.model.configuration
        self._run = run
        self._prompt_tables = prompt_tables
        self._max_tokens = max_tokens
        self._shape = WindowShape(configuration.context_size, run.configuration["data"]["stride"])
        self._reader = GrammarStateReader(run.tokenizer)
        self._masks = BatchMasks(prompt_tables or run.tokenizer.tables, run.device)
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
        """Advance a row until the model has a choice; replace finished documents by waiting ones."""
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
        machines = [self._run.tokenizer.machine(), *([Machine(self._prompt_tables)] if self._prompt_tables else [])]
        return DocumentInProgress(number, machines, self._reader, self._shape)

    def _finish(self, document: DocumentInProgress) -> Generated:
        ending = document.ending()
        finish = "limit" if document.is_stopped else "budget" if ending else "complete"
        tokens = [*document.tokens, *ending]
        value = self._run.tokenizer.decode(tokens)
        return Generated(value, tokens, document.logprob, finish, document.num_forced)

    def _read(self, active: dict[int, DocumentInProgress]) -> torch.Tensor:
        """Feed the unread tokens of each document to the model; return the logits [rows, V] after their last tokens.

        New windows are long and few: they are read separately, so that other rows are not padded to their length.
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
        """Run one forward pass over the rows of a cache; return the hidden state after each row's last token [B, D]."""
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
