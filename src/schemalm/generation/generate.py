"""Batched generation: a model proposes, the machine admits, and every document that comes back is valid.

Documents of a batch are decoded together with a key-value cache. Tokens that are forced cost no call of the model.
A document that reaches its budget is ended by the machine's cheapest completion, so no budget breaks a document.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from schemalm.dataset.grammar_state import GrammarStateReader
from schemalm.documents import dump_document
from schemalm.errors import ConfigurationError, PromptError, SchemaError
from schemalm.generation.derivation import OpenDerivation, WindowShape
from schemalm.generation.run import Run
from schemalm.generation.sampling import Sampling, sample_tokens
from schemalm.machine import Machine, Tables
from schemalm.model.cache import KeyValueCache

MAX_BATCH_SIZE = 64


@dataclass(frozen=True)
class Generated:
    """A document that a model wrote.

    logprob: nats, of the sampled tokens under the mask. finish: "complete" where the model ended the document, "budget"
    where its completion did. num_forced: tokens that left no choice and cost no call of the model.
    """

    value: Any
    tokens: list[int]
    logprob: float
    finish: str
    num_forced: int

    def text(self, format: str = "yaml") -> str:
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
    Raises PromptError where no document of the schema states the prompt, ConfigurationError for settings out of range.
    """
    sampling = Sampling(temperature, top_p, top_k)
    if num_samples < 1 or max_tokens < 1:
        raise ConfigurationError(f"num_samples and max_tokens must be at least 1, got {num_samples} and {max_tokens}")
    guide = _prompt_tables(run, prompt)
    generator = torch.Generator().manual_seed(seed)
    documents: list[Generated] = []
    while len(documents) < num_samples:
        size = min(MAX_BATCH_SIZE, num_samples - len(documents))
        documents += _Batch(run, guide, size).run(sampling, max_tokens, generator)
    return documents


def _prompt_tables(run: Run, prompt: Any) -> Tables:
    if prompt is None:
        return run.tokenizer.tables
    try:
        return Tables(run.tokenizer.grammar.with_prompt(prompt), run.tokenizer.vocabulary)
    except SchemaError:
        raise PromptError("no document of the schema states all of this", pointer=_conflict(run, prompt)) from None
    except (TypeError, ValueError) as error:
        raise PromptError(f"a prompt is a JSON value: {error}") from None


def _conflict(run: Run, prompt: Any) -> str:
    """The pointer of the first part of the prompt that no document can have, whatever the rest says."""
    pointer = ""
    while isinstance(prompt, dict):
        wrong = [name for name, item in prompt.items() if not _is_possible(run, pointer, name, item)]
        if not wrong:
            break
        pointer += "/" + wrong[0].replace("~", "~0").replace("/", "~1")
        prompt = prompt[wrong[0]]
    return pointer


def _is_possible(run: Run, pointer: str, name: str, item: Any) -> bool:
    partial: Any = {name: item}
    for part in reversed(pointer.split("/")[1:]):
        partial = {part.replace("~1", "/").replace("~0", "~"): partial}
    try:
        run.tokenizer.grammar.with_prompt(partial)
    except SchemaError:
        return False
    return True


class _Batch:
    """Documents that are written together."""

    def __init__(self, run: Run, guide: Tables, size: int) -> None:
        tokenizer, configuration = run.tokenizer, run.model.configuration
        shape = WindowShape(configuration.context_size, run.configuration["data"]["stride"])
        reader = GrammarStateReader(tokenizer)
        self._run = run
        self._documents = [
            OpenDerivation(tokenizer.machine(), Machine(guide), reader, shape) for _ in range(size)
        ]
        self._cache = KeyValueCache(configuration, size, device=run.device, dtype=run.model.head.weight.dtype)

    @torch.inference_mode()
    def run(self, sampling: Sampling, max_tokens: int, generator: torch.Generator) -> list[Generated]:
        finishes = [""] * len(self._documents)
        while True:
            for row, document in enumerate(self._documents):
                if not finishes[row]:
                    document.take_forced(max_tokens)
                    finishes[row] = _finish(document, max_tokens)
            rows = [row for row, finish in enumerate(finishes) if not finish]
            if not rows:
                return [self._generated(*pair) for pair in zip(self._documents, finishes, strict=True)]
            logits_BV = self._read(rows)
            masks_BV = torch.from_numpy(np.stack([self._documents[row].mask() for row in rows])).to(self._run.device)
            chosen_B, logprob_B = sample_tokens(logits_BV, masks_BV, sampling, generator)
            for row, token, logprob in zip(rows, chosen_B.tolist(), logprob_B.tolist(), strict=True):
                self._documents[row].take(token, logprob)

    def _read(self, rows: list[int]) -> torch.Tensor:
        """Feeds the model what each of `rows` has not read yet; the logits [rows, V] after the last token of each."""
        unread = {row: self._documents[row].unread() for row in rows}
        longest = max(len(tokens) for _, tokens, _ in unread.values())
        size = len(self._documents)
        tokens_BT = np.zeros((size, longest), dtype=np.int64)
        states_BT2 = np.zeros((size, longest, 2), dtype=np.int64)
        num_new_B = np.zeros(size, dtype=np.int64)
        for row, (is_new, tokens, states) in unread.items():
            if is_new:
                self._cache.reset(row)
            tokens_BT[row, : len(tokens)] = tokens
            states_BT2[row, : len(tokens)] = states
            num_new_B[row] = len(tokens)
        device, model = self._run.device, self._run.model
        hidden_BTD = model.hidden(
            torch.from_numpy(tokens_BT).to(device),
            torch.from_numpy(states_BT2).to(device) if model.states is not None else None,
            self._cache,
            torch.from_numpy(num_new_B).to(device),
        )
        last = torch.from_numpy(num_new_B[rows] - 1).to(device)
        return model.logits(hidden_BTD[torch.tensor(rows, device=device), last])

    def _generated(self, document: OpenDerivation, finish: str) -> Generated:
        value = self._run.tokenizer.decode(document.tokens)
        return Generated(value, document.tokens, document.logprob, finish, document.num_forced)


def _finish(document: OpenDerivation, max_tokens: int) -> str:
    """How the document has ended, if it has."""
    if document.is_complete:
        return "complete"
    if len(document.tokens) >= max_tokens:
        document.finish()
        return "budget"
    return ""
