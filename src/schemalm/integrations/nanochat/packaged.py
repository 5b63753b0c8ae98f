"""The tokenizer that the package carries: 8,192 entries, learned from the embedded workflows.

It is a tokenizer file like any other, compressed, and its schema travels with it: whatever version of the schema is
installed, its ids stay the same. `tools/package_tokenizer.py` makes it anew, byte for byte.
The embedded workflows fill the vocabulary, so nothing is padded. They are no sample of real workflows: a tokenizer that
is trained on a corpus spells that corpus in fewer tokens.
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
    """The tokenizer, read from the package once; raises `DataError` where its file is damaged or missing."""
    return Tokenizer.from_json(packaged_content(), "the packaged tokenizer")


def packaged_content() -> bytes:
    """The tokenizer file that the package carries."""
    return read_asset(__package__, ASSET, MAX_TOKENIZER_BYTES)
