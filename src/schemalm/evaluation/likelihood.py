"""Measure how well a model predicts documents that it was not trained on.

`validation_likelihood` takes a model and its prepared data, and returns the loss over the validation split, over all
documents or evenly spaced ones, with every token predicted once. Training validates with the same function.
`decoding_likelihood` does so as the model generates, in the number format that it generates in. Bits per byte divide by
the size of the documents as compact canonical JSON, so they are comparable across tokenizers; nats and perplexity per
token are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from schemalm.dataset.loader import Rows
from schemalm.dataset.selection import evenly_spaced
from schemalm.dataset.store import Split, load_masks, read_metadata
from schemalm.errors import CheckpointError
from schemalm.model.gpt import GPT
from schemalm.model.inference import NUM_STATES, InferenceModel, Segment
from schemalm.model.loss import masked_cross_entropy
from schemalm.training.configuration import DTYPES
from schemalm.training.continuation import fill_missing_fields
from schemalm.training.run_data import check_data, check_sizes
from schemalm.training.scoring import Score, score_documents, score_rows


@dataclass(frozen=True)
class Likelihood:
    """The loss over `num_documents` validation documents; `under_mask`: whether over admitted tokens only."""

    score: Score
    num_documents: int
    under_mask: bool

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; the loss is in nats per token."""
        return {
            "loss": self.score.loss,
            "perplexity": self.score.perplexity,
            "bits_per_byte": self.score.bits_per_byte,
            "num_documents": self.num_documents,
            "num_tokens": self.score.num_tokens,
            "num_bytes": self.score.num_bytes,
            "under_mask": self.under_mask,
        }


def validation_likelihood(
    model: GPT, data: Path, configuration: dict[str, Any], num_documents: int | None = None
) -> Likelihood:
    """Return the likelihood of the validation split, under the mask if the run was trained so.

    configuration: the content of the run's config.json.
    num_documents: score only so many evenly spaced documents.
    Raises `DataError` if `data` is not what the run was trained on or has no validation documents, and
    `CheckpointError` for a damaged configuration.
    """
    held_out = _HeldOut.of(model, data, configuration, num_documents)
    score = score_documents(
        model,
        held_out.split,
        held_out.documents,
        held_out.masks_packed,
        batch_size=held_out.batch_size,
        dtype=held_out.dtype,
        packing=held_out.packing,
    )
    return Likelihood(score, len(held_out.documents), under_mask=held_out.masks_packed is not None)


def decoding_likelihood(
    decoder: InferenceModel, data: Path, configuration: dict[str, Any], num_documents: int | None = None
) -> Likelihood:
    """Return the same of a model that is prepared for generation, computed as it generates.

    So the difference between two number formats is the price of the narrower one.
    """
    held_out = _HeldOut.of(decoder, data, configuration, num_documents)

    def loss_of(rows: Rows) -> Tensor:
        return _decoding_loss(decoder, rows, held_out.masks_packed)

    score = score_rows(loss_of, held_out.split, held_out.documents, held_out.batch_size, "windows", decoder.device)
    return Likelihood(score, len(held_out.documents), under_mask=held_out.masks_packed is not None)


@torch.inference_mode()
def _decoding_loss(decoder: InferenceModel, rows: Rows, masks_packed: Tensor | None) -> Tensor:
    """Return the summed loss of windows, each read as a row of its own from its beginning."""
    num_rows, num_tokens = rows.inputs_BT.shape
    states_BT2 = torch.zeros(num_rows, num_tokens, NUM_STATES, dtype=torch.int64, device=decoder.device)
    if rows.states_BT2 is not None:
        states_BT2 = rows.states_BT2
    side_features_NF = torch.cat([states_BT2, rows.echoes_BTE], dim=-1).flatten(0, 1)
    segments = [Segment(row, num_tokens) for row in range(num_rows)]
    hidden_ND = decoder.hidden(rows.inputs_BT.flatten(), side_features_NF, segments, decoder.make_cache(num_rows))
    targets_N = rows.targets_BT.flatten()
    nonterminals_N = None if rows.nonterminals_BT is None else rows.nonterminals_BT.flatten()
    return masked_cross_entropy(decoder.logits(hidden_ND), targets_N, nonterminals_N, masks_packed)[0]


@dataclass(frozen=True)
class _HeldOut:
    """The documents to score, and the settings of the run that decide how; `masks_packed` is None without a mask."""

    split: Split
    documents: NDArray[np.int64]
    masks_packed: Tensor | None
    batch_size: int
    dtype: torch.dtype
    packing: str

    @classmethod
    def of(
        cls, model: GPT | InferenceModel, data: Path, configuration: dict[str, Any], num_documents: int | None
    ) -> _HeldOut:
        """Return what `validation_likelihood` scores with its arguments; it says what is raised."""
        check_data(data, configuration)
        metadata = read_metadata(data)
        split = Split(data, "val", metadata)
        documents = evenly_spaced(split.num_documents, split.num_documents if num_documents is None else num_documents)
        check_sizes(model.configuration, metadata)
        try:
            training = fill_missing_fields(configuration)["training"]
            under_mask, batch_size, dtype = training["mask_loss"], training["batch_size"], DTYPES[training["dtype"]]
            packing = training["packing"]
        except KeyError as error:
            raise CheckpointError(f"the run's configuration is damaged: {error} is missing or unknown") from None
        masks = load_masks(data, metadata) if under_mask else None
        packed = None if masks is None else torch.from_numpy(masks).to(_device_of(model))
        return cls(split, documents, packed, batch_size, dtype, packing)


def _device_of(model: GPT | InferenceModel) -> torch.device:
    return model.device if isinstance(model, InferenceModel) else model.head_weight.device
