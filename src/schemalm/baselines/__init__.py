"""Text tokenizers for comparison with the typed tokenizer, and the reader of tokenizer files of any kind.

In goes a document or a tokenizer file; out come tokens of plain text, or the tokenizer in the file.
"""

from schemalm.baselines.byte_bpe import ByteBPETokenizer
from schemalm.baselines.character import CharacterTokenizer
from schemalm.baselines.loading import AnyTokenizer, load_tokenizer, parse_tokenizer
from schemalm.baselines.o200k import load_o200k_base
from schemalm.baselines.text_tokenizer import TextTokenizer

__all__ = [
    "AnyTokenizer",
    "ByteBPETokenizer",
    "CharacterTokenizer",
    "TextTokenizer",
    "load_o200k_base",
    "load_tokenizer",
    "parse_tokenizer",
]
