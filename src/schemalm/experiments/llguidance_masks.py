"""Score a text model under the masks of llguidance: the effect of a grammar that is added after training.

At each position, the logits of tokens that llguidance forbids become minus infinity; the model was trained without
masks. The schema gets its properties in the canonical order of the documents, because llguidance expects keys in the
schema's order. The option `lenient` ignores `not` and treats `oneOf` as `anyOf`, because llguidance rejects such
schemas otherwise. A document with a token that llguidance forbids is left out of both figures, and reported. A limited
number of documents is scored, evenly spaced. Needs the package llguidance (extra `compare`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from schemalm.baselines import ByteBPETokenizer
from schemalm.baselines.byte_bpe import FIRST_TOKEN_ID, SPLIT_PATTERNS
from schemalm.dataset.selection import evenly_spaced
from schemalm.dataset.store import TOKENIZER_FILE, Split
from schemalm.errors import ConfigurationError
from schemalm.experiments.corpus import DrawnCorpus
from schemalm.machine.masks import num_mask_bytes
from schemalm.machine.vocabulary import BOS_ID, PAD_ID
from schemalm.model.gpt import GPT
from schemalm.training.configuration import DTYPES
from schemalm.training.scoring import Score, score_documents

NUM_DOCUMENTS = 200
OPTIONS: Any = {"whitespace_flexible": False, "lenient": True}


@dataclass(frozen=True)
class LlguidanceScores:
    """Bits per byte of the same documents without and with masks; None if all documents were left out.

    `left_out` contains the reason for each document that was left out, or for the schema.
    """

    plain_bits_per_byte: float | None
    bits_per_byte: float | None
    num_documents: int
    left_out: tuple[str, ...]


class ForbiddenError(Exception):
    """llguidance rejects the schema, or forbids a token of a document."""


def check_llguidance() -> None:
    """Raise `ConfigurationError` if llguidance is not installed."""
    if find_spec("llguidance") is None:
        raise ConfigurationError(
            'renormalize = "llguidance" needs the package llguidance: install schemalm[compare], or choose other arms '
            "with --arm"
        )


def score_under_llguidance(
    model: GPT, data: Path, training: Mapping[str, Any], corpus: DrawnCorpus
) -> LlguidanceScores:
    """Return the bits per byte of some validation documents without and with masks.

    data: prepared with byte BPE over JSON.
    training: the settings that the model was trained with.
    """
    split = _NumberedSplit(data, "val")
    scorer = _Scorer(model, split, training["batch_size"], DTYPES[training["dtype"]])
    plain: list[Score] = []
    masked: list[Score] = []
    left_out: list[str] = []
    try:
        grammar = _LlguidanceGrammar(ByteBPETokenizer.load(data / TOKENIZER_FILE), corpus)
    except ForbiddenError as error:
        return LlguidanceScores(None, None, 0, (f"the schema: {error}",))
    for document in evenly_spaced(split.num_documents, NUM_DOCUMENTS).tolist():
        try:
            masks = grammar.masks(split.document(document)[0].tolist())
        except ForbiddenError as error:
            left_out.append(f"document {document}: {error}")
            continue
        plain.append(scorer.score(document, None))
        masked.append(scorer.score(document, masks))
    return LlguidanceScores(_bits_per_byte(plain), _bits_per_byte(masked), len(plain), tuple(left_out))


def _bits_per_byte(scores: Sequence[Score]) -> float | None:
    if not scores:
        return None
    total = Score(
        loss_sum=sum(score.loss_sum for score in scores),
        num_tokens=sum(score.num_tokens for score in scores),
        num_bytes=sum(score.num_bytes for score in scores),
    )
    return total.bits_per_byte


class _NumberedSplit(Split):
    """A split without a grammar, whose state of each token is the token's position in its document."""

    def document(self, number: int) -> tuple[NDArray[Any], NDArray[Any] | None]:
        """Return the tokens of a document, and their positions."""
        tokens, _ = super().document(number)
        return tokens, np.arange(len(tokens))


class _Scorer:
    """Scores one document at a time, with one mask per position."""

    def __init__(self, model: GPT, split: _NumberedSplit, batch_size: int, dtype: torch.dtype) -> None:
        self._model, self._split, self._batch_size, self._dtype = model, split, batch_size, dtype

    def score(self, document: int, masks: NDArray[np.uint8] | None) -> Score:
        """Return the score of a document; `masks` has a packed row for each of its tokens, or is None."""
        split, packed = self._split, None
        if masks is not None:
            packed = torch.from_numpy(masks).to(self._model.head_weight.device)
            split.state_table = np.repeat(np.arange(len(masks))[:, None], 3, axis=1)
        documents = np.array([document])
        return score_documents(self._model, split, documents, packed, batch_size=self._batch_size, dtype=self._dtype)


class _LlguidanceGrammar:
    """A grammar of llguidance, which gives masks over the vocabulary of byte BPE."""

    def __init__(self, tokenizer: ByteBPETokenizer, corpus: DrawnCorpus) -> None:
        import llguidance  # noqa: PLC0415

        self._engine = llguidance.LLTokenizer.from_tiktoken(
            encoder={token: token_id for token_id, token in enumerate(tokenizer.tokens, start=FIRST_TOKEN_ID)},
            special_tokens={"<pad>": PAD_ID, "<bos>": BOS_ID},
            pattern=SPLIT_PATTERNS[tokenizer.split],
            eos_token=BOS_ID,
            n_vocab=None,
            slices=None,
        )
        schema = in_canonical_order(corpus.grammar().enforced_schema, corpus.key_orders)
        grammar = llguidance.LLMatcher.grammar_from_json_schema(schema, overrides=OPTIONS)
        self._matcher = llguidance.LLMatcher(self._engine, grammar, log_level=0)
        if self._matcher.is_error():
            raise ForbiddenError(self._matcher.get_error())

    def masks(self, tokens: Sequence[int]) -> NDArray[np.uint8]:
        """Return a packed mask for each token, in little-endian bits; raises `ForbiddenError` for a forbidden token."""
        from llguidance.numpy import allocate_token_bitmask, fill_next_token_bitmask  # noqa: PLC0415

        self._matcher.reset()
        # Validated first: after a matcher has rejected a token, it rejects everything.
        num_admitted = self._matcher.validate_tokens(list(tokens))
        if num_admitted < len(tokens):
            raise ForbiddenError(f"token {num_admitted} of {len(tokens)} is forbidden")
        rows = allocate_token_bitmask(len(tokens), self._engine.vocab_size)
        for position, token in enumerate(tokens):
            fill_next_token_bitmask(self._matcher, rows, position)
            self._matcher.consume_token(token)
        packed: NDArray[np.uint8] = rows.view(np.uint8)[:, : num_mask_bytes(self._engine.vocab_size)]
        return packed


KeyOrders = Mapping[frozenset[str], tuple[str, ...]]


def in_canonical_order(node: Any, key_orders: KeyOrders) -> Any:
    """Return the schema with its properties in the canonical order of their objects, if that is known."""
    if isinstance(node, list):
        return [in_canonical_order(item, key_orders) for item in node]
    if not isinstance(node, dict):
        return node
    ordered = {name: in_canonical_order(child, key_orders) for name, child in node.items()}
    if isinstance(properties := ordered.get("properties"), dict):
        ordered["properties"] = {name: properties[name] for name in _order(list(properties), key_orders)}
    return ordered


def _order(names: Sequence[str], key_orders: KeyOrders) -> list[str]:
    """Return the names in the order of the smallest set that contains all of them; objects combine branches."""
    order = min((order for order in key_orders.values() if {*names} <= {*order}), key=len, default=names)
    return [name for name in order if name in names]
