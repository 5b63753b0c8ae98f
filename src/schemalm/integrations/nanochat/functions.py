"""The methods of the default tokenizer as functions; the packaged tokenizer is used if no default is set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from schemalm.errors import ConfigurationError
from schemalm.integrations.nanochat.tokenizer import TCTTokenizer, plain_ids
from schemalm.tokenizer import Tokenizer

DEFAULT_STRIDE = 32

_chosen: list[TCTTokenizer] = []


def set_default_tokenizer(tokenizer: str | Path | Tokenizer | TCTTokenizer | None) -> None:
    """Set the tokenizer of the functions in this module: a file, a folder with one, or a loaded tokenizer.

    None restores the packaged tokenizer. Raises `DataError` if there is no tokenizer; the default then stays as it was.
    """
    _chosen[:] = [tokenizer if isinstance(tokenizer, TCTTokenizer) else TCTTokenizer(tokenizer)]


def default_tokenizer() -> TCTTokenizer:
    """Return the tokenizer of the functions in this module."""
    if not _chosen:
        set_default_tokenizer(None)
    return _chosen[0]


def encode(text_or_value: Any) -> Any:
    """Return the token ids of a document, given as text or as a value; see `TCTTokenizer.encode`."""
    return default_tokenizer().encode(text_or_value)


def decode(ids: Iterable[int]) -> tuple[str, int, int]:
    """Return the JSON text of the document at the start of `ids`, the number of its ids, and the number of all ids.

    The two numbers are equal if the ids are exactly one document; special tokens around it count as part of it. Raises
    `DecodeError`, with the position, for ids that are incomplete or not a document.
    """
    return default_tokenizer().decode_first(ids)


def decode_prefix(ids: Iterable[int]) -> str:
    """Return the JSON text of a document that may be cut off anywhere, completed; see `TCTTokenizer`."""
    return default_tokenizer().decode_prefix(ids)


def vocab_size() -> int:
    """Return the number of token ids."""
    return default_tokenizer().get_vocab_size()


def extract_window(tokens: Sequence[int], start: int, end: int, stride: int = DEFAULT_STRIDE) -> list[int]:
    """Return the row that a model reads: the position token, then `tokens[start:end]`, without padding.

    The position token is `start // stride`. `stride` must equal the stride of the model's data. Raises
    `ConfigurationError` for a window without tokens, and for a position beyond the vocabulary.
    """
    if stride < 1:
        raise ConfigurationError(f"stride must be at least 1, got {stride}: use the stride of the prepared data")
    if not 0 <= start < min(end, len(tokens)):
        raise ConfigurationError(
            f"a window needs 0 <= start < end and a start inside the document's {len(tokens)} tokens, got start {start}"
            f" and end {end}"
        )
    position = int(start // stride)
    if position >= vocab_size():
        raise ConfigurationError(
            f"start {start} at stride {stride} needs position token {position}, but the vocabulary has {vocab_size()} "
            "tokens: use a larger stride"
        )
    return [position, *plain_ids(tokens[start:end])]
