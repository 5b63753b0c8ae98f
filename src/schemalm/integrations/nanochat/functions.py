"""The tokenizer as functions, for the one that is set as default; the packaged one serves where none is set."""

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
    """Choose the tokenizer of the functions here: a file, a folder with one, or one that is loaded already.

    None takes the packaged one again. Raises `DataError` where there is no tokenizer; the choice then stays.
    """
    _chosen[:] = [tokenizer if isinstance(tokenizer, TCTTokenizer) else TCTTokenizer(tokenizer)]


def default_tokenizer() -> TCTTokenizer:
    """The tokenizer of the functions here."""
    if not _chosen:
        set_default_tokenizer(None)
    return _chosen[0]


def encode(text_or_value: Any) -> Any:
    """The token ids of a document, given as text or as a value; see `TCTTokenizer.encode`."""
    return default_tokenizer().encode(text_or_value)


def decode(ids: Iterable[int]) -> tuple[str, int, int]:
    """The JSON text of the document that `ids` begin with, how many of them it takes, and how many there are.

    The last two are equal where the ids are one document; special tokens around it count as its own. Raises
    `DecodeError`, with the position, for ids that are cut off or no document.
    """
    return default_tokenizer().decode_first(ids)


def decode_prefix(ids: Iterable[int]) -> str:
    """The JSON text of a document that may be cut off anywhere: valid at every length; see `TCTTokenizer`."""
    return default_tokenizer().decode_prefix(ids)


def vocab_size() -> int:
    """How many token ids there are."""
    return default_tokenizer().get_vocab_size()


def extract_window(tokens: Sequence[int], start: int, end: int, stride: int = DEFAULT_STRIDE) -> list[int]:
    """The row that a model reads: the position token, then `tokens[start:end]`; it is not padded.

    The position token is `start // stride`. `stride` must be the one that the model's data was prepared with.
    Raises `ConfigurationError` for a window that holds no token, and for a position beyond the vocabulary.
    """
    if stride < 1:
        raise ConfigurationError(f"stride must be at least 1, got {stride}: take the one of the prepared data")
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
