"""A training recipe: a TOML file with the settings of a run.

    context_size = 512     the context size of the prepared data that the recipe is for
    [training]             fields of `TrainingConfiguration`; `model` is a named size
    [model]                instead of a named size: `num_layers`, `num_heads`, `model_width`, and any other field of
                           `GPTConfiguration` that the data does not determine

The sizes that depend on the data come from its metadata. Without a `dtype`, the device of a new run decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_type_hints

from schemalm.dataset.store import Metadata
from schemalm.files.toml_table import Table, read_toml
from schemalm.model.configuration import GPTConfiguration
from schemalm.training.configuration import TrainingConfiguration, sizes_of_data
from schemalm.training.suitable_settings import with_suitable_settings


def read_training_recipe(
    path: Path, metadata: Metadata, given: Mapping[str, Any], resumed: TrainingConfiguration | None = None
) -> TrainingConfiguration:
    """Return the configuration of a recipe for the given data; settings in `given` override the recipe's.

    resumed: the configuration of the run to resume, whose `dtype` and `compile` stay if the recipe does not name them.
    Raises `ConfigurationError` that names the file and the key for what is missing, unknown or does not fit the data.
    """
    top = read_toml(path)
    context_size = top.count("context_size", metadata.context_size)
    if context_size != metadata.context_size:
        top.fail(
            "context_size",
            f"is {context_size}, but the data has windows of {metadata.context_size}: prepare it with "
            f"--context-size {context_size}, or use another recipe",
        )
    types = get_type_hints(TrainingConfiguration) | {"model": str}
    settings = top.table("training").settings(types, "a setting of training")
    model = top.take("model", dict, None)
    top.finish("context_size", "training", "model")
    if model is not None and "model" not in given:
        settings["model"] = _model(Table(f"{path}: [model]", model), metadata, {**settings, **given})
    if "num_steps" not in {**settings, **given}:
        top.fail("[training] num_steps", "is missing: expected the number of updates")
    settings |= given
    if resumed is not None:
        settings = {"dtype": resumed.dtype, "compile": resumed.compile, **settings}
    return TrainingConfiguration(**with_suitable_settings(settings))


def _model(table: Table, metadata: Metadata, settings: Mapping[str, Any]) -> GPTConfiguration:
    side_features = {name: settings.get(name, True) for name in ("grammar_state", "echo", "recall")}
    sizes = sizes_of_data(metadata, **side_features)
    types = {name: kind for name, kind in get_type_hints(GPTConfiguration).items() if name not in sizes}
    shape = {name: table.count(name, None) for name in ("num_layers", "num_heads", "model_width")}
    for name, value in shape.items():
        if value is None:
            table.fail(name, "is missing: expected an integer")
    shape |= {"num_key_value_heads": shape["num_heads"], "mlp_width": 4 * shape["model_width"]}
    shape |= table.settings(types, "a field of a model")
    return GPTConfiguration(**(shape | sizes))
