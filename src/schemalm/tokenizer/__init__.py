"""Tokens as typed pieces of derivations, and text tokenizers to compare them with."""

from schemalm.tokenizer.byte_bpe import ByteBPETokenizer
from schemalm.tokenizer.character import CharacterTokenizer
from schemalm.tokenizer.loading import AnyTokenizer, load_tokenizer, parse_tokenizer
from schemalm.tokenizer.o200k import load_o200k_base
from schemalm.tokenizer.text_tokenizer import TextTokenizer
from schemalm.tokenizer.tokenizer import GrammarStates, Tokenizer

__all__ = [
    "AnyTokenizer",
    "ByteBPETokenizer",
    "CharacterTokenizer",
    "GrammarStates",
    "TextTokenizer",
    "Tokenizer",
    "load_o200k_base",
    "load_tokenizer",
    "parse_tokenizer",
]
