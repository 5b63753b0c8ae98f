"""The packaged tokenizer: 8,192 entries, learned from the embedded workflows.

It is an ordinary tokenizer file, compressed, and includes its schema: its ids do not depend on the installed version of
the schema. `tools/package_tokenizer.py` reproduces it byte for byte.
The embedded workflows fill the whole vocabulary. They are not a sample of real workflows: a tokenizer that is trained
on a corpus encodes that corpus in fewer tokens.
"""

from __future__ import annotations

from functools import cache

from schemalm.files.assets import read_asset
from schemalm.files.typed_json import MAX_TOKENIZER_BYTES
from schemalm.tokenizer import Tokenizer

ASSET = "tokenizer.json.zst"
VOCAB_SIZE = 8192


@cache
def packaged_tokenizer() -> Tokenizer:
    """Return the packaged tokenizer, which is read once; raises `DataError` if its file is damaged or missing."""
    return Tokenizer.from_json(packaged_content(), "the packaged tokenizer")


def packaged_content() -> bytes:
    """Return the content of the packaged tokenizer's file."""
    return read_asset(__package__, ASSET, MAX_TOKENIZER_BYTES)
