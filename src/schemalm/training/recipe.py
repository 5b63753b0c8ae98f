"""A training recipe: a TOML file with the settings of a run.

context_size = 512     of the prepared data that the recipe is for
[training]             fields of `TrainingConfiguration`
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_type_hints

from schemalm.dataset.store import Metadata
from schemalm.toml_table import read_toml
from schemalm.training.configuration import TrainingConfiguration


def read_training_recipe(path: Path, metadata: Metadata) -> dict[str, Any]:
    """The settings of a recipe, for data that it suits.

    Raises `ConfigurationError` naming the file and the key for whatever is missing, unknown or does not fit the data.
    """
    top = read_toml(path)
    context_size = top.count("context_size", metadata.context_size)
    if context_size != metadata.context_size:
        top.fail(
            "context_size",
            f"is {context_size}, but the data has windows of {metadata.context_size}: prepare it with "
            f"--context-size {context_size}, or take another recipe",
        )
    types = get_type_hints(TrainingConfiguration) | {"model": str}
    settings = top.table("training").settings(types, "setting of training")
    top.finish("context_size", "training")
    return settings
