"""Drop-in replacements for nanochat training scripts: a tokenizer, loaders, three model sizes, and commands.

    TCTTokenizer                         the methods that such a script calls
    encode, decode, decode_prefix, ...   the same as functions, for the default tokenizer
    create_dataloader, ...               `x, y` from `.pt` files and prepared folders, for a plain `cross_entropy`
    get_config, print_config_comparison  the sizes small, medium and large
    GPT                                  SchemaLM's model, called as `logits = model(x)`

Commands: `python -m schemalm.integrations.nanochat` checks all of this. The modules `prepare_training_data`, `train`
and `generate_workflow` are SchemaLM's commands with the options of such a project. Names are imported on first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from schemalm.integrations.nanochat.configurations import get_config, print_config_comparison
    from schemalm.integrations.nanochat.functions import (
        decode,
        decode_prefix,
        encode,
        extract_window,
        set_default_tokenizer,
        vocab_size,
    )
    from schemalm.integrations.nanochat.loaders import (
        create_dataloader,
        create_train_val_loaders,
        tokenizing_distributed_data_loader,
    )
    from schemalm.integrations.nanochat.model import GPT
    from schemalm.integrations.nanochat.tokenizer import TCTTokenizer

_MODULES = {
    "configurations": ("get_config", "print_config_comparison"),
    "functions": ("decode", "decode_prefix", "encode", "extract_window", "set_default_tokenizer", "vocab_size"),
    "loaders": ("create_dataloader", "create_train_val_loaders", "tokenizing_distributed_data_loader"),
    "model": ("GPT",),
    "tokenizer": ("TCTTokenizer",),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "GPT",
    "TCTTokenizer",
    "create_dataloader",
    "create_train_val_loaders",
    "decode",
    "decode_prefix",
    "encode",
    "extract_window",
    "get_config",
    "print_config_comparison",
    "set_default_tokenizer",
    "tokenizing_distributed_data_loader",
    "vocab_size",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
