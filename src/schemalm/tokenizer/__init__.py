"""Encodes values as tokens, which are typed pieces of derivations, and decodes tokens to values.

In go values of a grammar, or token ids; out come token ids, or values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemalm.loading import lazily

if TYPE_CHECKING:
    from schemalm.tokenizer.parts import GrammarStates
    from schemalm.tokenizer.tokenizer import Tokenizer

__all__ = ["GrammarStates", "Tokenizer"]

__getattr__ = lazily(
    __name__,
    {
        "parts": ("GrammarStates",),
        "tokenizer": ("Tokenizer",),
    },
)
