"""One token per character: the simplest text tokenizer, for compact JSON and for any other text.

The ids are the beginning of a document (BOS) at 0, then the characters in the order of their code points. There is no
separate padding id: rows are padded with BOS, which no text contains. So a vocabulary of n characters has n + 1 ids,
and the embedding of a model has no unused row. Characters outside the vocabulary are refused, never replaced.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Literal, Self

import msgspec

from schemalm.baselines.text_tokenizer import TextTokenizer, write_text
from schemalm.errors import DataError, DecodeError

BOS_ID = 0


class _File(msgspec.Struct, frozen=True):
    kind: Literal["character"]
    format: Literal[1]
    characters: str


class CharacterTokenizer(TextTokenizer):
    """Characters as tokens; made from a text, or by `train` or `load`."""

    kind: ClassVar[str] = "character"
    format: ClassVar[int] = 1
    file_type: ClassVar[Any] = _File

    def __init__(self, characters: Iterable[str]) -> None:
        """characters: the vocabulary in any order, with repetitions, such as a whole text."""
        self._characters = sorted(set(characters))
        self._ids = {character: token for token, character in enumerate(self._characters, start=BOS_ID + 1)}

    @classmethod
    def train(cls, values: Iterable[Any]) -> CharacterTokenizer:
        """Return the tokenizer with the characters in the compact JSON of values."""
        return cls({character for value in values for character in write_text(value, cls.text)})

    @classmethod
    def from_content(cls, content: _File) -> Self:
        """Return the tokenizer with a file's characters."""
        content.characters.encode()  # raises for lone surrogates, which are not characters
        return cls(content.characters)

    def content(self) -> dict[str, Any]:
        """Return the characters as one string."""
        return {"characters": "".join(self._characters)}

    @property
    def vocab_size(self) -> int:
        """The number of characters, plus one for BOS."""
        return len(self._characters) + 1

    @property
    def pad_id(self) -> int:
        """The padding id, which is BOS."""
        return BOS_ID

    @property
    def bos_id(self) -> int:
        """The id that may precede a document; no document contains it."""
        return BOS_ID

    def encode_text(self, text: str) -> list[int]:
        """Return one id per character; raises DataError if a character is not in the vocabulary."""
        try:
            return [self._ids[character] for character in text]
        except KeyError as error:
            character = error.args[0]
            raise DataError(
                f"the character {character!r} (U+{ord(character):04X}) at offset {text.index(character)} is not among "
                f"the {len(self._characters)} of this tokenizer; make one from text that has it"
            ) from None

    def decode_text(self, ids: Sequence[int]) -> str:
        """Return the characters of ids; raises DecodeError if an id is BOS or out of range."""
        for position, token in enumerate(ids):
            if not BOS_ID < token < self.vocab_size:
                raise DecodeError(f"{token} is not the id of a text token", position=position)
        return "".join(self._characters[token - 1] for token in ids)

    def describe(self, token: int) -> str:
        """Return the character, quoted."""
        return "BOS" if token == BOS_ID else repr(self._characters[token - 1])
