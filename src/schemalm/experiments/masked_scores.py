"""Score a text model under masks that are added after training: the effect of a grammar that it was trained without.

At each position, the logits of tokens that the mask forbids become minus infinity. A document with a token that the
mask forbids is left out of both figures, and reported: its share says how much of real documents the mask excludes. A
limited number of documents is scored, evenly spaced.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from schemalm.dataset.selection import evenly_spaced
from schemalm.dataset.store import Split
from schemalm.experiments.text_masks import TextMask
from schemalm.machine.masks import pack_masks
from schemalm.model.gpt import GPT
from schemalm.training.configuration import DTYPES
from schemalm.training.scoring import Score, score_documents

NUM_DOCUMENTS = 200


@dataclass(frozen=True)
class MaskedScores:
    """Bits per byte of the same documents without and with masks; None if all documents were left out.

    `left_out` contains the reason for each document that was left out.
    """

    plain_bits_per_byte: float | None
    bits_per_byte: float | None
    num_documents: int
    left_out: tuple[str, ...]


class _ForbiddenError(Exception):
    """The mask forbids a token of a document."""


def score_under_mask(model: GPT, data: Path, training: Mapping[str, Any], mask: TextMask) -> MaskedScores:
    """Return the bits per byte of some validation documents without and with a mask.

    data: prepared with byte BPE over JSON.
    training: the settings that the model was trained with.
    """
    split = _NumberedSplit(data, "val")
    scorer = _Scorer(model, split, training["batch_size"], DTYPES[training["dtype"]])
    plain: list[Score] = []
    masked: list[Score] = []
    left_out: list[str] = []
    for document in evenly_spaced(split.num_documents, NUM_DOCUMENTS).tolist():
        try:
            masks = _masks(mask, split.document(document)[0].tolist())
        except _ForbiddenError as error:
            left_out.append(f"document {document}: {error}")
            continue
        plain.append(scorer.score(document, None))
        masked.append(scorer.score(document, masks))
    return MaskedScores(_bits_per_byte(plain), _bits_per_byte(masked), len(plain), tuple(left_out))


def _masks(mask: TextMask, tokens: Sequence[int]) -> NDArray[np.uint8]:
    """Return a packed mask for each token; raises `_ForbiddenError` for a forbidden one."""
    matcher, rows = mask.begin(), list[NDArray[np.bool_]]()
    for position, token in enumerate(tokens):
        row = matcher.mask()
        if not row[token]:
            raise _ForbiddenError(f"token {position} of {len(tokens)} is forbidden")
        rows.append(row)
        matcher.advance(token)
    return pack_masks(np.array(rows))


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
        split.state_table = None  # of the document before
        if masks is not None:
            packed = torch.from_numpy(masks).to(self._model.head_weight.device)
            split.state_table = np.repeat(np.arange(len(masks))[:, None], 3, axis=1)
        documents = np.array([document])
        return score_documents(self._model, split, documents, packed, batch_size=self._batch_size, dtype=self._dtype)
