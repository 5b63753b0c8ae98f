"""Byte-pair encoding of a document's JSON or YAML text, as in text models: the baseline for comparisons.

A split pattern cuts text into words, and the bytes of each word are merged. Words are short (`MAX_RUN`), so training
takes linear time for any text; a file with the split "cl100k_base" is older than this limit and keeps its own pattern.
`tokenizers` learns the merges, and `tiktoken` applies them. `tiktoken` applies merges in the order of the vocabulary,
which is the order in which they were learned, so both produce the same tokens. The ids are padding, beginning of
document, the bytes, then the merges.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Literal, Self

import msgspec
import tiktoken
import tokenizers
from tokenizers import models, pre_tokenizers, trainers

from schemalm.baselines.text_tokenizer import TextFormat, TextTokenizer, write_text
from schemalm.errors import ConfigurationError, DecodeError
from schemalm.machine.vocabulary import BOS_ID, PAD_ID
from schemalm.tokenizer.tokenizer_file import Spelling

FIRST_TOKEN_ID = 2
NUM_BYTES = 256
# Text with a longer run of white space is passed to tiktoken in pieces of this many characters: its pattern engine
# panics at a run of about a million, if the split pattern does not limit white space.
MAX_BLANKS = 100_000
# The most characters of a run of letters, signs, blanks or line ends in one word: the time to learn merges is quadratic
# in the length of a word. With 64, the pattern engine of tiktoken takes twice as long for any text.
MAX_RUN = 48

Split = Literal["short_words", "cl100k_base", "o200k_base"]
# The split patterns that tiktoken published, and the first of them with a limit on every run. All of them split numbers
# after three digits.
CL100K = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
SPLIT_PATTERNS: dict[Split, str] = {
    "short_words": CL100K.replace("+", f"{{1,{MAX_RUN}}}").replace("*", f"{{0,{MAX_RUN}}}"),
    "cl100k_base": CL100K,
    "o200k_base": (
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
        r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
        r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    ),
}
# On workflows, the numbers of tokens differ by at most 0.1 % between the patterns; tiktoken is faster with the first.
DEFAULT_SPLIT: Split = "short_words"


class _File(msgspec.Struct, frozen=True):
    kind: Literal["byte-bpe"]
    format: Literal[2]
    text: TextFormat
    split: Split
    tokens: list[Spelling]


class ByteBPETokenizer(TextTokenizer):
    """Byte-level BPE over compact JSON or YAML; made by `train` or `load`, or by `load_o200k_base`."""

    kind: ClassVar[str] = "byte-bpe"
    format: ClassVar[int] = 2
    file_type: ClassVar[Any] = _File

    def __init__(self, tokens: Sequence[bytes], *, text: TextFormat = "json", split: Split = DEFAULT_SPLIT) -> None:
        """tokens: the bytes of each id from 2 on, with merges in the order learned.

        Raises ValueError if a byte is missing or a token is repeated.
        """
        ranks = {token: index for index, token in enumerate(tokens, start=FIRST_TOKEN_ID)}
        if len(ranks) < len(tokens):
            raise ValueError("a token is repeated")
        if not all(bytes([byte]) in ranks for byte in range(NUM_BYTES)):
            raise ValueError("not every byte is a token")
        self.text = text
        self.split: Split = split
        self.tokens = tuple(tokens)
        self._engine = tiktoken.Encoding(
            "byte-bpe", pat_str=SPLIT_PATTERNS[split], mergeable_ranks=ranks, special_tokens={}
        )

    @classmethod
    def train(cls, values: Iterable[Any], vocab_size: int = 8192, *, text: TextFormat = "json") -> ByteBPETokenizer:
        """Learn merges from the text of values, in time linear in its length.

        No token has more than 48 letters, signs or blanks in a row. Raises ConfigurationError if vocab_size is too
        small.
        """
        if vocab_size < FIRST_TOKEN_ID + NUM_BYTES:
            raise ConfigurationError(f"vocab_size must be at least {FIRST_TOKEN_ID + NUM_BYTES}, got {vocab_size}")
        engine = learn_merges((write_text(value, text) for value in values), vocab_size - FIRST_TOKEN_ID)
        bytes_of = byte_of_character()
        learned = sorted(engine.get_vocab().items(), key=lambda entry: entry[1])
        return cls([bytes(bytes_of[character] for character in token) for token, _ in learned], text=text)

    @classmethod
    def from_content(cls, content: _File) -> Self:
        """Return the tokenizer with a file's tokens."""
        return cls([token.encode("latin-1") for token in content.tokens], text=content.text, split=content.split)

    def content(self) -> dict[str, Any]:
        """Return the text format, the name of the split pattern, and the tokens with one character per byte."""
        return {"text": self.text, "split": self.split, "tokens": [token.decode("latin-1") for token in self.tokens]}

    @property
    def vocab_size(self) -> int:
        """The number of token ids."""
        return FIRST_TOKEN_ID + len(self.tokens)

    @property
    def pad_id(self) -> int:
        """The padding id; no document contains it."""
        return PAD_ID

    @property
    def bos_id(self) -> int:
        """The id that may precede a document; no document contains it."""
        return BOS_ID

    def encode_text(self, text: str) -> list[int]:
        """Return the token ids of a text, which must not have lone surrogates."""
        if not _has_long_blanks(text):
            return self._engine.encode_ordinary(text)
        pieces = (text[start : start + MAX_BLANKS] for start in range(0, len(text), MAX_BLANKS))
        return [token for piece in pieces for token in self._engine.encode_ordinary(piece)]

    def decode_text(self, ids: Sequence[int]) -> str:
        """Return the text of token ids; raises DecodeError if an id has no text, or if their bytes are not UTF-8."""
        try:
            return self._engine.decode_bytes(ids).decode()
        except UnicodeDecodeError as error:
            raise DecodeError(f"the tokens' bytes are not UTF-8: {error.reason}", position=len(ids)) from None
        except (KeyError, OverflowError):
            known = range(FIRST_TOKEN_ID, self.vocab_size)
            position = next(position for position, token in enumerate(ids) if token not in known)
            raise DecodeError(f"{ids[position]} is not the id of a text token", position=position) from None

    def describe(self, token: int) -> str:
        """Return the token's text, quoted."""
        if token < FIRST_TOKEN_ID:
            return "PAD" if token == PAD_ID else "BOS"
        return repr(self.tokens[token - FIRST_TOKEN_ID].decode(errors="backslashreplace"))


def learn_merges(texts: Iterable[str], num_tokens: int) -> tokenizers.Tokenizer:
    """Return the library's tokenizer with the bytes and the merges learned from texts, at most `num_tokens` in all."""
    engine = tokenizers.Tokenizer(models.BPE())
    words = pre_tokenizers.Split(tokenizers.Regex(SPLIT_PATTERNS[DEFAULT_SPLIT]), "isolated")
    to_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    engine.pre_tokenizer = pre_tokenizers.Sequence([words, to_bytes])
    trainer = trainers.BpeTrainer(
        vocab_size=num_tokens, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    engine.train_from_iterator(texts, trainer)
    return engine


def byte_of_character() -> dict[str, int]:
    """Return the byte that each character of the library's alphabet represents.

    Printable Latin-1 characters represent their own byte, characters from U+0100 on the other bytes in order.
    """
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    own = {chr(byte): byte for byte in range(NUM_BYTES) if chr(byte) in alphabet}
    others = [byte for byte in range(NUM_BYTES) if chr(byte) not in alphabet]
    return own | dict(zip(sorted(set(alphabet) - own.keys()), others, strict=True))


def _has_long_blanks(text: str) -> bool:
    return len(text) > MAX_BLANKS and max(map(len, re.findall(r"\s+", text)), default=0) > MAX_BLANKS
