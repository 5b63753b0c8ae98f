"""The three model sizes, as dictionaries and as a table with their training costs.

Parameters and operations are counted on SchemaLM's model. Time and budget are computed from operations, not measured;
their assumptions are constants of this module and are printed with them. Learning rates and batch sizes are customary
values, not tuned.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import torch

from schemalm.bounds import check_number
from schemalm.errors import ConfigurationError
from schemalm.integrations.nanochat.model import shape_of
from schemalm.integrations.nanochat.packaged import VOCAB_SIZE
from schemalm.model.configuration import SIZES
from schemalm.model.gpt import GPT
from schemalm.training.estimate import ASSUMED_SHARE

NUM_GPUS = 8
# The peak of an A100 in bfloat16, from its data sheet.
PEAK_FLOPS_PER_SECOND = 312e12
# A typical price of a GPU for one hour, in dollars.
PRICE = 2.0
# About the compute-optimal number for one pass over the data (Hoffmann et al., 2022).
TOKENS_PER_PARAMETER = 20
_ASSUMPTIONS = (
    f"computed from operations, not measured: {TOKENS_PER_PARAMETER} tokens per parameter, on {NUM_GPUS} A100 at "
    f"{ASSUMED_SHARE:.0%} of {PEAK_FLOPS_PER_SECOND / 1e12:.0f} TFLOP/s, at {PRICE:.2f} dollars per GPU and hour"
)


@dataclass(frozen=True)
class _Setting:
    """The training settings of a size, and its published number of parameters."""

    batch_size: int
    learning_rate: float
    published_parameters: int


_SETTINGS = {
    "small": _Setting(32, 3e-4, 20_000_000),
    "medium": _Setting(32, 2e-4, 100_000_000),
    "large": _Setting(16, 1.5e-4, 200_000_000),
}


def get_config(size: str, context_size: int = 512) -> dict[str, Any]:
    """Return the settings of "small", "medium" or "large" for the packaged tokenizer.

    `parameters` is the exact number, `published_parameters` the round number for the size. The entries from
    `vocab_size` to `dropout` are the arguments of `GPT`. Raises `ConfigurationError` for another size.
    """
    if size not in _SETTINGS:
        raise ConfigurationError(f"there is no size {size!r}; choose one of {', '.join(_SETTINGS)}")
    check_number("context_size", context_size, 1, is_whole=True)
    num_layers, num_heads, width = SIZES[size]
    shape = {
        "vocab_size": VOCAB_SIZE,
        "context_size": context_size,
        "d_model": width,
        "n_layers": num_layers,
        "n_heads": num_heads,
        "dropout": 0.0,
    }
    setting = _SETTINGS[size]
    return {
        **shape,
        "batch_size": setting.batch_size,
        "learning_rate": setting.learning_rate,
        "parameters": _model(shape).num_parameters(),
        "published_parameters": setting.published_parameters,
    }


def _model(shape: dict[str, Any]) -> GPT:
    """Return a model of this shape without memory for its weights."""
    with torch.device("meta"):
        return GPT(shape_of(**shape))


def print_config_comparison(context_size: int = 512) -> None:
    """Print a table of the three sizes and their training costs, with a row for each figure."""
    columns = [_figures(get_config(size, context_size)) for size in _SETTINGS]
    rows = [("metric", *_SETTINGS), *((name, *(column[name] for column in columns)) for name in columns[0])]
    lines = [f"{name:<38}" + "".join(f"{cell:>16}" for cell in cells) for name, *cells in rows]
    sys.stdout.write("\n".join([*lines, "", _ASSUMPTIONS, ""]))


def _figures(config: dict[str, Any]) -> dict[str, str]:
    shape = {name: config[name] for name in ("vocab_size", "context_size", "d_model", "n_layers", "n_heads", "dropout")}
    flops_per_token = _model(shape).flops_per_token()
    num_tokens = TOKENS_PER_PARAMETER * config["parameters"]
    seconds = num_tokens * flops_per_token / (NUM_GPUS * PEAK_FLOPS_PER_SECOND * ASSUMED_SHARE)
    dollars = NUM_GPUS * PRICE * seconds / 3600
    return {
        **{name: f"{value:,}" for name, value in shape.items()},
        "batch_size": f"{config['batch_size']}",
        "learning_rate": f"{config['learning_rate']:g}",
        "parameters": f"{config['parameters']:,}",
        "published parameters": f"about {config['published_parameters'] / 1e6:.0f} M",
        "operations per token": f"{flops_per_token / 1e6:,.0f} M",
        "training tokens": f"{num_tokens / 1e6:,.0f} M",
        "training time on 8 A100 (computed)": f"{seconds / 60:,.1f} min",
        "training budget on 8 A100 (computed)": f"{dollars:,.2f} dollars",
    }
