"""SchemaLM trains small language models whose every output is a valid document of a given JSON Schema.

The names here are the public surface; they are loaded on first use, so importing the package costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from schemalm.baselines import ByteBPETokenizer
    from schemalm.compilation import compile_schema
    from schemalm.documents import dump_document, load_document
    from schemalm.errors import (
        CheckpointError,
        ConfigurationError,
        DataError,
        DecodeError,
        DocumentError,
        GuardError,
        InvalidDocument,
        PromptError,
        SchemaError,
        SchemaLMError,
        TrainingError,
    )
    from schemalm.generation import Generated, Run, generate, load_run
    from schemalm.grammar import Grammar
    from schemalm.limits import Limits
    from schemalm.tokenizer import Tokenizer

_MODULES = {
    "baselines": ("ByteBPETokenizer",),
    "documents": ("dump_document", "load_document"),
    "errors": (
        "CheckpointError",
        "ConfigurationError",
        "DataError",
        "DecodeError",
        "DocumentError",
        "GuardError",
        "InvalidDocument",
        "LimitError",
        "PromptError",
        "SchemaError",
        "SchemaLMError",
        "TrainingError",
    ),
    "compilation": ("compile_schema",),
    "generation": ("Generated", "Run", "generate", "load_run"),
    "grammar": ("Grammar",),
    "limits": ("Limits",),
    "tokenizer": ("Tokenizer",),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "ByteBPETokenizer",
    "CheckpointError",
    "ConfigurationError",
    "DataError",
    "DecodeError",
    "DocumentError",
    "Generated",
    "Grammar",
    "GuardError",
    "InvalidDocument",
    "LimitError",
    "Limits",
    "PromptError",
    "Run",
    "SchemaError",
    "SchemaLMError",
    "Tokenizer",
    "TrainingError",
    "compile_schema",
    "dump_document",
    "generate",
    "load_document",
    "load_run",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'schemalm' has no attribute {name!r}")
    return getattr(importlib.import_module(f"schemalm.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
