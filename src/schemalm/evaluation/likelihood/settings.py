"""What a likelihood is measured on, and how: the documents, their masks, and the settings of the run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from schemalm.dataset.store import load_masks
from schemalm.errors import CheckpointError
from schemalm.evaluation.held_out import UnseenDocuments, unseen_documents
from schemalm.model.gpt import GPT
from schemalm.model.inference import InferenceModel
from schemalm.training.configuration import DTYPES
from schemalm.training.continuation import fill_missing_fields
from schemalm.training.run_data import check_data, check_sizes


@dataclass(frozen=True)
class ScoringSettings:
    """The documents to score, and the settings of the run that decide how.

    masks_packed: the masks of the data; None without a grammar. under_mask: whether the run was trained under them.
    """

    unseen: UnseenDocuments
    masks_packed: Tensor | None
    under_mask: bool
    batch_size: int
    dtype: torch.dtype
    packing: str

    @classmethod
    def of(
        cls, model: GPT | InferenceModel, data: Path, configuration: dict[str, Any], num_documents: int | None
    ) -> ScoringSettings:
        """Return what `validation_likelihood` scores with its arguments; it says what is raised."""
        check_data(data, configuration)
        unseen = unseen_documents(data, num_documents)
        metadata = unseen.split.metadata
        check_sizes(model.configuration, metadata)
        try:
            training = fill_missing_fields(configuration)["training"]
            under_mask, batch_size, dtype = training["mask_loss"], training["batch_size"], DTYPES[training["dtype"]]
            packing = training["packing"]
        except KeyError as error:
            raise CheckpointError(f"the run's configuration is damaged: {error} is missing or unknown") from None
        masks = load_masks(data, metadata)
        packed = None if masks is None else torch.from_numpy(masks).to(_device_of(model))
        return cls(unseen, packed, under_mask and packed is not None, batch_size, dtype, packing)


def _device_of(model: GPT | InferenceModel) -> torch.device:
    return model.device if isinstance(model, InferenceModel) else model.head_weight.device
