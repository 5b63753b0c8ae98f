"""Measure the likelihood of unseen documents in one pass over their windows.

In go a model and its prepared data; out comes a `Likelihood` with all its parts. The logits of a chunk of targets exist
at a time; besides them, memory takes a byte for each token of the split.

Tensor names: N targets, V vocabulary, U distinct nonterminals, K kinds of tokens.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from schemalm.baselines import AnyTokenizer, load_tokenizer
from schemalm.dataset.loader import Rows, batches_once, read_rows
from schemalm.dataset.store import TOKENIZER_FILE
from schemalm.dataset.windows import scoring_windows
from schemalm.evaluation.held_out import UnseenDocuments
from schemalm.evaluation.likelihood.choices import ChoiceCounter
from schemalm.evaluation.likelihood.scores import KindScore, Likelihood
from schemalm.evaluation.likelihood.settings import ScoringSettings
from schemalm.evaluation.likelihood.token_kinds import KINDS, Kinds, TokenKinds
from schemalm.model.gpt import GPT
from schemalm.model.inputs import IGNORED_TARGET
from schemalm.model.loss import head_logits, masks_of_targets
from schemalm.tokenizer import Tokenizer
from schemalm.training.scoring import Score, evaluating, hidden_of, products_in


def validation_likelihood(
    model: GPT,
    data: Path,
    configuration: dict[str, Any],
    num_documents: int | None = None,
    *,
    tokenizer: AnyTokenizer | None = None,
) -> Likelihood:
    """Return the likelihood of the unseen documents; its `score` is under the mask if the run was trained so.

    configuration: the content of the run's config.json.
    num_documents: score only so many evenly spaced documents.
    tokenizer: that of the data; by default it is read from there.
    Raises `DataError` if `data` is not what the run was trained on or has no validation documents, and
    `CheckpointError` for a damaged configuration.
    """
    settings = ScoringSettings.of(model, data, configuration, num_documents)
    if settings.masks_packed is not None and tokenizer is None:
        tokenizer = load_tokenizer(data / TOKENIZER_FILE)
    measurement = _Measurement(model, settings, tokenizer if isinstance(tokenizer, Tokenizer) else None)
    with torch.no_grad(), evaluating(model):
        measurement.run()
    return measurement.likelihood()


class _Measurement:
    """One pass over unseen documents. Without a tokenizer of a grammar, all tokens are of one kind."""

    def __init__(self, model: GPT, settings: ScoringSettings, tokenizer: Tokenizer | None) -> None:
        self._model, self._settings = model, settings
        self._masks_packed = None if tokenizer is None else settings.masks_packed
        self._choices = None if tokenizer is None else ChoiceCounter(tokenizer.vocabulary)
        self._kinds = _kinds_of_tokens(settings.unseen, tokenizer)
        self._with_mask_K, self._without_mask_K = np.zeros(len(KINDS)), np.zeros(len(KINDS))
        self._num_tokens_K = np.zeros(len(KINDS), dtype=np.int64)

    def run(self) -> None:
        """Score all windows."""
        settings, split = self._settings, self._settings.unseen.split
        metadata, device = split.metadata, self._model.head_weight.device
        windows = scoring_windows(
            split, metadata.context_size, metadata.stride, metadata.pad_id, documents=settings.unseen.indices
        )
        for batch in batches_once(windows, settings.batch_size, settings.packing):
            kinds_N = self._kinds[windows.targets(np.concatenate(batch))]
            with products_in(settings.dtype, device):
                self._add(read_rows(windows, batch, settings.packing).to(device), kinds_N)

    def _add(self, rows: Rows, kinds_N: Kinds) -> None:
        """Score the targets of rows; `kinds_N` are their kinds."""
        position_N = (rows.targets_BT.flatten() != IGNORED_TARGET).nonzero().squeeze(1)
        targets_N = rows.targets_BT.flatten()[position_N]
        hidden = hidden_of(self._model, rows).flat().at(position_N)
        masks_UV = rows_N = None
        if self._masks_packed is not None and rows.nonterminals_BT is not None:
            nonterminals_N = rows.nonterminals_BT.flatten()[position_N]
            masks_UV, rows_N = masks_of_targets(self._model, targets_N, nonterminals_N, self._masks_packed)
        begin = 0
        for logits_NV in head_logits(self._model, hidden):
            chunk = slice(begin, begin := begin + len(logits_NV))
            mask_NV = None if masks_UV is None or rows_N is None else masks_UV[rows_N[chunk]]
            self._add_chunk(logits_NV, targets_N[chunk], kinds_N[chunk], mask_NV)

    def _add_chunk(self, logits_NV: Tensor, targets_N: Tensor, kinds_N: Kinds, mask_NV: Tensor | None) -> None:
        """Add the losses and choices of a chunk, whose logits are overwritten."""
        target_logits_N = logits_NV.gather(1, targets_N[:, None]).squeeze(1)
        # The cap bounds the logits, so the exponentials need no maximum subtracted.
        weights_NV = logits_NV.exp_()
        self._num_tokens_K += np.bincount(kinds_N, minlength=len(KINDS))
        self._without_mask_K += _sums(kinds_N, weights_NV.sum(dim=1).log() - target_logits_N)
        if mask_NV is not None and self._choices is not None:
            weights_NV.mul_(mask_NV)
            self._with_mask_K += _sums(kinds_N, weights_NV.sum(dim=1).log() - target_logits_N)
            self._choices.add(weights_NV, targets_N)

    def likelihood(self) -> Likelihood:
        """Return the result."""
        without_mask = self._score(self._without_mask_K)
        num_documents = len(self._settings.unseen)
        if self._choices is None:
            return Likelihood(without_mask, num_documents, under_mask=False, without_mask=without_mask)
        with_mask, under_mask = self._score(self._with_mask_K), self._settings.under_mask
        loss_K = self._with_mask_K if under_mask else self._without_mask_K
        return Likelihood(
            with_mask if under_mask else without_mask,
            num_documents,
            under_mask,
            with_mask,
            without_mask,
            self._kind_scores(loss_K),
            self._choices.scores(),
        )

    def _score(self, loss_K: NDArray[np.float64]) -> Score:
        return Score(sum(loss_K.tolist()), int(self._num_tokens_K.sum()), self._settings.unseen.num_bytes)

    def _kind_scores(self, loss_K: NDArray[np.float64]) -> tuple[KindScore, ...]:
        total = sum(loss_K.tolist())
        found = zip(KINDS, loss_K.tolist(), self._num_tokens_K.tolist(), strict=True)
        return tuple(
            KindScore(kind, Score(loss, num_tokens, self._settings.unseen.num_bytes), loss / total if total else 0.0)
            for kind, loss, num_tokens in found
            if num_tokens
        )


def _kinds_of_tokens(unseen: UnseenDocuments, tokenizer: Tokenizer | None) -> Kinds:
    """Return the kind of each token of the split, as far as its documents are scored."""
    offsets = unseen.split.offsets
    kinds = np.zeros(int(offsets[-1]), dtype=np.int8)
    if tokenizer is None:
        return kinds
    finder = TokenKinds(tokenizer)
    found = zip(unseen.indices.tolist(), unseen.tokens(), unseen.values(tokenizer), strict=True)
    for document, tokens, value in found:
        kinds[offsets[document] : offsets[document + 1]] = finder.of(tokens, value)
    return kinds


def _sums(kinds_N: Kinds, losses_N: Tensor) -> NDArray[np.float64]:
    """Return the sums of losses by kind [K]."""
    return np.bincount(kinds_N, weights=losses_N.cpu().numpy(), minlength=len(KINDS)).astype(np.float64)
