"""A tokenizer of byte BPE in the format of `tokenizers`, for models of text.

The library wants the pair that each merge joins; the vocabulary has only what it yields. The pair is what the earlier
merges make of the token.
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import tokenizers
from tokenizers import decoders, models, pre_tokenizers, processors

from schemalm.baselines.byte_bpe import FIRST_TOKEN_ID, SPLIT_PATTERNS, ByteBPETokenizer, byte_of_character
from schemalm.errors import DataError

# Token 0 is the position at which a row begins, token 1 ends a text.
START, END = "<|start|>", "<|end|>"
_SAMPLE = 'Grüße, 世界!\n\n\t{"key": [1, 2.50, 1000000, "it\'s   fine"]}\r\n  ...'


def transformers_tokenizer(tokenizer: ByteBPETokenizer) -> tokenizers.Tokenizer:
    """Return the tokenizer of the library that gives the same ids, after a 0 at the beginning.

    Raises `DataError` if it does not.
    """
    characters = {byte: character for character, byte in byte_of_character().items()}
    spelled = ["".join(map(characters.__getitem__, token)) for token in tokenizer.tokens]
    vocabulary = {START: 0, END: 1, **{text: FIRST_TOKEN_ID + index for index, text in enumerate(spelled)}}
    ranks = {token: rank for rank, token in enumerate(tokenizer.tokens)}
    merges = [_pair(token, ranks) for token in tokenizer.tokens if len(token) > 1]
    spell = dict(zip(tokenizer.tokens, spelled, strict=True)).__getitem__
    texts = [(spell(first), spell(second)) for first, second in merges]
    engine = tokenizers.Tokenizer(models.BPE(vocabulary, texts, ignore_merges=True))
    words = pre_tokenizers.Split(tokenizers.Regex(SPLIT_PATTERNS[tokenizer.split]), "isolated")
    engine.pre_tokenizer = pre_tokenizers.Sequence(
        [words, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    engine.decoder = decoders.ByteLevel()
    engine.post_processor = processors.TemplateProcessing(single=f"{START} $A", special_tokens=[(START, 0)])
    engine.add_special_tokens([START, END])
    _check(engine, tokenizer)
    return engine


def tokenizer_settings() -> dict[str, Any]:
    """Return the content of tokenizer_config.json."""
    return {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": START, "eos_token": END, "pad_token": END}


def _pair(token: bytes, ranks: dict[bytes, int]) -> tuple[bytes, bytes]:
    """Return the two parts that earlier merges make of a token; raises `DataError` if they make others."""
    parts = [token[index : index + 1] for index in range(len(token))]
    while len(parts) > 2:
        pairs = [(ranks.get(a + b, len(ranks)), index) for index, (a, b) in enumerate(pairwise(parts))]
        rank, index = min(pairs)
        if rank >= ranks[token]:
            raise DataError(f"the token {token!r} is no merge of two earlier tokens")
        parts[index : index + 2] = [parts[index] + parts[index + 1]]
    return parts[0], parts[1]


def _check(engine: tokenizers.Tokenizer, tokenizer: ByteBPETokenizer) -> None:
    whole = (token.decode(errors="ignore") for token in tokenizer.tokens)
    for text in (_SAMPLE, json.dumps([*whole], ensure_ascii=False)):
        if engine.encode(text).ids[1:] != tokenizer.encode_text(text):
            raise DataError("the tokenizer of transformers would split text into other tokens than the run's tokenizer")
