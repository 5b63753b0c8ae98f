"""Measure how well a model predicts documents that it was not trained on.

`validation_likelihood` takes a model and its prepared data, and returns the loss over the validation split, over all
documents or evenly spaced ones, with every token predicted once. Training validates with the same function. Bits per
byte divide by the size of the documents as compact canonical JSON, so they are comparable across tokenizers; nats and
perplexity per token are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from schemalm.dataset.selection import evenly_spaced
from schemalm.dataset.store import Split, load_masks, read_metadata
from schemalm.errors import CheckpointError
from schemalm.model.gpt import GPT
from schemalm.training.configuration import DTYPES
from schemalm.training.continuation import fill_missing_fields
from schemalm.training.run_data import check_data, check_sizes
from schemalm.training.scoring import Score, score_documents


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
    packed = None if masks is None else torch.from_numpy(masks).to(model.head_weight.device)
    score = score_documents(model, split, documents, packed, batch_size=batch_size, dtype=dtype, packing=packing)
    return Likelihood(score, len(documents), under_mask=packed is not None)
