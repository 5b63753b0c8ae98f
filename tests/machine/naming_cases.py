"""Small machines with rules about names, driven by readable tokens."""

from __future__ import annotations

from typing import Any

import numpy as np

from schemalm.compilation import compile_schema
from schemalm.machine import Machine
from schemalm.tokenizer import Tokenizer

TEXT: dict[str, Any] = {"type": "string"}


def document(**properties: Any) -> dict[str, Any]:
    """The schema of an object with some keys."""
    return {"type": "object", "properties": properties, "additionalProperties": False}


JOB = document(needs={"type": "array", "items": TEXT}, outputs={"type": "object"}, last=TEXT)
JOBS = document(jobs={"type": "object", "additionalProperties": JOB}, main=TEXT)


def tokenizer_of(schema: dict[str, Any], expressions: dict[str, Any] | None = None, **kinds: Any) -> Tokenizer:
    """A tokenizer without merges; a kind `some_job` is called `some-job`."""
    rules: dict[str, Any] = {"rules": 1, "names": {name.replace("_", "-"): kind for name, kind in kinds.items()}}
    if expressions is not None:
        rules["expressions"] = expressions
    return Tokenizer.from_grammar(compile_schema(schema, rules=rules))


def tokens_of(tokenizer: Tokenizer, *symbols: str) -> list[int]:
    """The tokens of some symbols; a word in quotation marks is a text, byte by byte."""
    names = {tokenizer.describe(token): token for token in range(2, tokenizer.vocab_size)}
    found: list[int] = []
    for symbol in symbols:
        if symbol.startswith('"'):
            found += map(tokenizer.vocabulary.symbol_token, symbol.strip('"').encode())
        else:
            found.append(names[symbol])
    return found


def after(tokenizer: Tokenizer, *symbols: str) -> Machine:
    """The machine after some symbols."""
    machine = tokenizer.machine()
    for token in tokens_of(tokenizer, *symbols):
        machine.advance(token)
    return machine


def admitted(tokenizer: Tokenizer, machine: Machine) -> set[str]:
    """What may come next, readable."""
    return {tokenizer.describe(token).strip("'") for token in np.flatnonzero(machine.mask())}


def completed(tokenizer: Tokenizer, *symbols: str) -> Any:
    """The value of some symbols and their completion."""
    return tokenizer.decode_prefix(tokens_of(tokenizer, *symbols))
