"""Measure the likelihood as a model generates: with prepared weights, in the number format that it generates in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from schemalm.dataset.loader import Rows
from schemalm.evaluation.likelihood.scores import Likelihood
from schemalm.evaluation.likelihood.settings import ScoringSettings
from schemalm.model.inference import NUM_STATES, InferenceModel, Segment
from schemalm.model.loss import masked_cross_entropy
from schemalm.training.scoring import score_rows


def decoding_likelihood(
    decoder: InferenceModel, data: Path, configuration: dict[str, Any], num_documents: int | None = None
) -> Likelihood:
    """Return the `score` of `validation_likelihood` for a model that is prepared for generation.

    So the difference between two number formats is the price of the narrower one. Raises the same errors.
    """
    settings = ScoringSettings.of(decoder, data, configuration, num_documents)
    unseen, masks_packed = settings.unseen, settings.masks_packed if settings.under_mask else None

    def loss_of(rows: Rows) -> Tensor:
        return _decoding_loss(decoder, rows, masks_packed)

    score = score_rows(loss_of, unseen.split, unseen.indices, settings.batch_size, "windows", decoder.device)
    return Likelihood(score, len(unseen), settings.under_mask)


@torch.inference_mode()
def _decoding_loss(decoder: InferenceModel, rows: Rows, masks_packed: Tensor | None) -> Tensor:
    """Return the summed loss of windows, each read as a row of its own from its beginning."""
    num_rows, num_tokens = rows.inputs_BT.shape
    states_BT2 = torch.zeros(num_rows, num_tokens, NUM_STATES, dtype=torch.int64, device=decoder.device)
    if rows.states_BT2 is not None:
        states_BT2 = rows.states_BT2
    told = [states_BT2, rows.echoes_BTE]
    if decoder.configuration.num_recalls and rows.recalls_BTR2 is not None:
        told.append(rows.recalls_BTR2.flatten(2))
    side_features_NF = torch.cat(told, dim=-1).flatten(0, 1)
    segments = [Segment(row, num_tokens) for row in range(num_rows)]
    hidden = decoder.hidden(rows.inputs_BT.flatten(), side_features_NF, segments, decoder.make_cache(num_rows))
    targets_N = rows.targets_BT.flatten()
    nonterminals_N = None if rows.nonterminals_BT is None else rows.nonterminals_BT.flatten()
    return masked_cross_entropy(decoder.logits(hidden), targets_N, nonterminals_N, masks_packed)[0]
