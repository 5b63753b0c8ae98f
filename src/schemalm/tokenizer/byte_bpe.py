"""A text tokenizer to compare with: byte-pair encoding of the bytes of compact JSON, in the interface of `Tokenizer`.

It knows no grammar: every token may follow every other, and a cut sequence is no document. Encoding refuses nothing
but what is no JSON value. Both the trainer and the encoder are those of the library `tokenizers`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import orjson
import tokenizers
from tokenizers import decoders, models, pre_tokenizers, trainers

from schemalm.documents import canonical_json
from schemalm.errors import DataError, DecodeError
from schemalm.files import write_atomically
from schemalm.tokenizer.vocabulary import BOS_ID, PAD_ID

FORMAT = 1


class ByteBPETokenizer:
    """Byte-level BPE over compact JSON; made by `train` or `load`."""

    def __init__(self, engine: tokenizers.Tokenizer) -> None:
        self._engine = engine

    @classmethod
    def train(cls, values: Iterable[Any], vocab_size: int = 8192) -> ByteBPETokenizer:
        """Learns merges from the compact JSON of values."""
        engine = tokenizers.Tokenizer(models.BPE())
        engine.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        engine.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=vocab_size,
            special_tokens=["<pad>", "<bos>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
        engine.train_from_iterator((canonical_json(value).decode() for value in values), trainer)
        return cls(engine)

    @classmethod
    def load(cls, path: str | Path) -> ByteBPETokenizer:
        """Reads a tokenizer file; raises DataError where it is none."""
        try:
            content = json.loads(Path(path).read_bytes())
            if content.get("kind") != "byte-bpe" or content.get("format") != FORMAT:
                raise DataError(f"{path} is no byte BPE tokenizer of format {FORMAT}")
            engine = json.dumps(content["engine"])
        except OSError as error:
            raise DataError(f"cannot read the tokenizer {path}: {error.strerror}") from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(f"{path} is no tokenizer file: {error}") from None
        try:
            return cls(tokenizers.Tokenizer.from_str(engine))
        except Exception as error:  # the library raises no class of its own
            raise DataError(f"{path} is no tokenizer file: {error}") from None

    def save(self, path: str | Path) -> None:
        """Writes the tokenizer as one JSON file."""
        write_atomically(Path(path), self.to_json())

    def to_json(self) -> bytes:
        """The file's content."""
        content = {"kind": "byte-bpe", "format": FORMAT, "engine": json.loads(self._engine.to_str())}
        return json.dumps(content, separators=(",", ":")).encode()

    @property
    def digest(self) -> str:
        """SHA-256 of the tokenizer file, hexadecimal."""
        return hashlib.sha256(self.to_json()).hexdigest()

    @property
    def vocab_size(self) -> int:
        """How many token ids there are."""
        return self._engine.get_vocab_size()

    @property
    def pad_id(self) -> int:
        """The id that fills rows."""
        return PAD_ID

    @property
    def bos_id(self) -> int:
        """The id that may stand before a document."""
        return BOS_ID

    def encode(self, value: Any) -> list[int]:
        """The token ids of a value's compact JSON."""
        ids: list[int] = self._engine.encode(canonical_json(value).decode(), add_special_tokens=False).ids
        return ids

    def decode(self, ids: Sequence[int]) -> Any:
        """The value of one whole document; raises DecodeError where the text is no JSON."""
        text = self._engine.decode(list(ids), skip_special_tokens=True)
        try:
            return orjson.loads(text)
        except ValueError as error:
            raise DecodeError(f"the text is no JSON document: {error}", position=len(ids)) from None

    def describe(self, token: int) -> str:
        """The token's text, quoted."""
        return repr(self._engine.decode([token], skip_special_tokens=False))
