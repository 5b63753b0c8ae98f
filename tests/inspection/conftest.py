"""A small schema and tokenizers for it, of every kind that can be inspected."""

from __future__ import annotations

from typing import Any

import pytest

from schemalm.baselines import ByteBPETokenizer
from schemalm.compilation import compile_schema
from schemalm.tokenizer import Tokenizer

SCHEMA = {
    "type": "object",
    "properties": {
        "kind": {"enum": ["alpha", "beta"]},
        "run": {"type": "string"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "env": {"type": "object", "additionalProperties": {"type": ["string", "null"]}},
    },
    "required": ["kind"],
    "additionalProperties": False,
}
DOCUMENTS: list[dict[str, Any]] = [
    {"kind": kind, "run": f"make {word}\nmake install\n", "tags": [word, "common"], "env": {"A": word}}
    for kind in ("alpha", "beta")
    for word in ("first", "second", "third")
]


@pytest.fixture(scope="session")
def documents() -> list[dict[str, Any]]:
    return DOCUMENTS


@pytest.fixture(scope="session")
def typed() -> Tokenizer:
    """A tokenizer with merges of text and of structure."""
    return Tokenizer.train(compile_schema(SCHEMA), DOCUMENTS, vocab_size=320)


@pytest.fixture(scope="session", params=["json", "yaml"])
def text_tokenizer(request: pytest.FixtureRequest) -> ByteBPETokenizer:
    """Byte BPE over the same documents."""
    return ByteBPETokenizer.train(DOCUMENTS, vocab_size=300, text=request.param)
