"""Fuzzes the readers of tokenizer files of every kind; a tokenizer that was read encodes a value or refuses it."""

from __future__ import annotations

import atheris  # type: ignore[import-not-found]

with atheris.instrument_imports(include=["schemalm"]):
    from schemalm.baselines import ByteBPETokenizer, CharacterTokenizer, parse_tokenizer
    from schemalm.compilation import compile_schema
    from schemalm.tokenizer import Tokenizer

from fuzz.harness import fuzz

SCHEMA = {"type": "object", "properties": {"kind": {"enum": ["a", "b"]}, "name": {"type": "string"}}}
VALUES = [{"kind": "a", "name": f"name {number}"} for number in range(6)]


def seeds() -> list[bytes]:
    """Return a small file of each kind."""
    typed = Tokenizer.train(compile_schema(SCHEMA), VALUES, 300)
    return [typed.to_json(), ByteBPETokenizer.train(VALUES, 260).to_json(), CharacterTokenizer.train(VALUES).to_json()]


def read(content: bytes) -> None:
    """Read a file, then encode and decode a value with it."""
    tokenizer = parse_tokenizer(content)
    tokenizer.decode(tokenizer.encode(VALUES[0]))


if __name__ == "__main__":
    fuzz("tokenizers", read, seeds())
