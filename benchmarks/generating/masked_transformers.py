"""`transformers` with masks of llguidance: a byte BPE model of the same shape writes the same documents as JSON.

`generate` writes batches of documents with a logits processor, as integrations of llguidance do. The processor masks
every row, then leaves only the real token. Rows that are finished wait for the longest of their batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from generating.replayed import drawn_model, real_documents, shape_of
from generating.worker import Mode, Settings
from schemalm.baselines import ByteBPETokenizer
from schemalm.compilation import compile_schema
from schemalm.dataset.selection import evenly_spaced
from schemalm.dataset.store import Metadata, Split, read_metadata, read_tokenizer
from schemalm.machine.vocabulary import BOS_ID
from schemalm.model.transformers_names import to_transformers, transformers_settings
from schemalm.tokenizer import Tokenizer
from tokenizer_comparison.masks import LLGuidanceEngine

NUM_TRAINING_DOCUMENTS = 3000
MAX_TEXT_TOKENS = 2048


class MaskedTransformers:
    """Writes documents with `NanoChatForCausalLM`; see `Contender`."""

    def __init__(self, settings: Settings) -> None:
        data = Path(settings.data)
        metadata = read_metadata(data)
        typed = Tokenizer.from_json(read_tokenizer(data), str(data))
        peer = ByteBPETokenizer.train(_training_values(data, metadata, typed), metadata.vocab_size)
        # The amended schema, without expressions and names, which llguidance does not have.
        schema = compile_schema(typed.grammar.enforced_schema, rules=None)
        self._masks = LLGuidanceEngine(peer, Tokenizer.from_grammar(schema))
        self._settings = settings
        self._model = _model(shape_of(metadata, settings.model, is_told=False), peer.vocab_size)
        documents = real_documents(data, metadata, settings.max_tokens, settings.num_documents(64))
        self._documents = [self._masks.text_tokens(typed.decode_prefix(tokens)) for tokens in documents]
        self.num_refused = sum(self._masks.num_admitted(tokens) < len(tokens) for tokens in self._documents)

    def write(self, mode: Mode) -> tuple[int, int]:
        """Writes the documents of a round in batches."""
        documents = self._documents[: self._settings.num_documents(mode.batch_size)]
        for begin in range(0, len(documents), mode.batch_size):
            self._write_batch(documents[begin : begin + mode.batch_size])
        return sum(map(len, documents)), len(documents)

    def _write_batch(self, documents: list[list[int]]) -> None:
        longest = max(map(len, documents)) + 1
        self._model.generate(
            torch.full((len(documents), 1), BOS_ID),
            attention_mask=torch.ones(len(documents), 1, dtype=torch.int64),
            max_new_tokens=longest,
            do_sample=True,
            temperature=self._settings.temperature,
            top_k=0,
            logits_processor=[_Replay(self._masks, documents)],
        )

    def about(self, _mode: Mode) -> dict[str, Any]:
        """Returns the setting, and how many documents llguidance refuses somewhere; it masks them up to there."""
        lengths = list(map(len, self._documents))
        return {"setting": self._masks.setting, "refused": self.num_refused, "lengths": lengths}


class _Replay:
    """A logits processor: masks all rows, then leaves only the next token of each document, or the end."""

    def __init__(self, masks: LLGuidanceEngine, documents: list[list[int]]) -> None:
        self._documents = documents
        self._rows = [masks.new_matcher() for _ in documents]
        self._bits = torch.zeros((len(documents), -(-masks.vocab_size // 32)), dtype=torch.int32)
        self._position = 0

    def __call__(self, _input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        from llguidance.torch import apply_token_bitmask_inplace, fill_next_token_bitmask  # noqa: PLC0415

        for row, matcher in enumerate(self._rows):
            if not matcher.is_stopped():
                fill_next_token_bitmask(matcher, self._bits, row)
        apply_token_bitmask_inplace(scores, self._bits)
        tokens = [self._token(row) for row in range(len(self._rows))]
        self._position += 1
        index = torch.tensor(tokens)[:, None]
        return torch.full_like(scores, float("-inf")).scatter_(1, index, 0.0)

    def _token(self, row: int) -> int:
        document = self._documents[row]
        if self._position >= len(document):
            return BOS_ID
        if not self._rows[row].is_stopped():
            self._rows[row].consume_token(document[self._position])
        return document[self._position]


def _training_values(data: Path, metadata: Metadata, typed: Tokenizer) -> Iterator[Any]:
    split = Split(data, "train", metadata)
    for number in evenly_spaced(split.num_documents, NUM_TRAINING_DOCUMENTS).tolist():
        yield typed.decode(split.document(number)[0].tolist())


def _model(shape: Any, vocab_size: int) -> Any:
    from dataclasses import replace  # noqa: PLC0415

    from transformers import NanoChatConfig, NanoChatForCausalLM  # noqa: PLC0415

    shape = replace(shape, vocab_size=vocab_size, context_size=MAX_TEXT_TOKENS)
    ends = {"bos_token_id": BOS_ID, "eos_token_id": BOS_ID, "pad_token_id": 0}
    model = NanoChatForCausalLM(NanoChatConfig(**transformers_settings(shape), **ends))
    model.load_state_dict(to_transformers(drawn_model(shape).state_dict(), shape))
    return model.eval()
