"""Tokens as typed pieces of derivations, and a text baseline to compare them with."""

from schemalm.tokenizer.byte_bpe import ByteBPETokenizer
from schemalm.tokenizer.tokenizer import GrammarStates, Tokenizer

__all__ = ["ByteBPETokenizer", "GrammarStates", "Tokenizer"]
