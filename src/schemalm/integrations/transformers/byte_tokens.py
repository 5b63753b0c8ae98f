"""The bytes of each token of a byte-level tokenizer of `transformers`."""

from __future__ import annotations

import json
from typing import Any

from schemalm.baselines.byte_bpe import byte_of_character
from schemalm.errors import ConfigurationError


def token_bytes(tokenizer: Any) -> list[bytes]:
    """Return the bytes of each token id; empty for special tokens and ids that no text has.

    tokenizer: a fast tokenizer whose decoder is byte-level, as of GPT-2, Llama 3 or Qwen. Raises `ConfigurationError`
    for any other.
    """
    backend = getattr(tokenizer, "backend_tokenizer", None)
    content = json.loads(backend.to_str()) if backend is not None else {}
    if not _is_byte_level(content.get("decoder")):
        raise ConfigurationError(
            f"{type(tokenizer).__name__} is not a byte-level tokenizer: its decoder is "
            f"{(content.get('decoder') or {}).get('type', 'unknown')}, expected ByteLevel, as of GPT-2, Llama 3 or Qwen"
        )
    byte_of = byte_of_character()
    added = {token["id"]: b"" if token["special"] else token["content"].encode() for token in content["added_tokens"]}
    spelled = tokenizer.get_vocab()
    texts = [b""] * (max(spelled.values()) + 1)
    for text, token in spelled.items():
        texts[token] = added[token] if token in added else bytes(map(byte_of.__getitem__, text))
    return texts


def _is_byte_level(decoder: dict[str, Any] | None) -> bool:
    if decoder is None:
        return False
    if decoder["type"] == "Sequence":
        return [part["type"] for part in decoder["decoders"]] == ["ByteLevel"]
    return bool(decoder["type"] == "ByteLevel")
