"""Sampling is reproducible, ends, reads only its context, and refuses invalid prompts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from schemalm.compilation import compile_schema
from schemalm.errors import PromptError
from schemalm.reference.data import Corpus
from schemalm.reference.engine import Engine
from schemalm.reference.engines import make_engine
from schemalm.reference.sampling import encode_prompt, sample
from schemalm.reference.weights import Array, Tokens
from schemalm.tokenizer import Tokenizer

from .conftest import TINY


class Counting(Engine):
    """A model that predicts the number of tokens that it reads, and records the maximum."""

    longest = 0

    def logits(self, tokens_BT: Tokens) -> Array:
        self.longest = max(self.longest, tokens_BT.shape[1])
        return np.log(np.eye(8)[None, [tokens_BT.shape[1]] * tokens_BT.shape[1]] + 1e-12)

    def loss(self, tokens_BT: Tokens, targets_BT: Tokens) -> float:
        raise NotImplementedError


def test_the_model_reads_the_last_tokens_of_its_context() -> None:
    engine = Counting(TINY, 8, {})
    assert sample(engine, [0], TINY, 9, 1.0) == [1, 2, 3, 4, 5, 6, 6, 6, 6]
    assert engine.longest == TINY.context_size


def test_bos_ends_the_text() -> None:
    class Ending(Counting):
        def logits(self, tokens_BT: Tokens) -> Array:
            return np.roll(super().logits(tokens_BT), 5, axis=-1)  # BOS after three tokens

    assert sample(Ending(TINY, 8, {}), [0], TINY, 9, 1.0) == [6, 7]


def test_seeds_repeat_and_temperature_zero_needs_none(corpus: Corpus) -> None:
    engine = make_engine(TINY, corpus.tokenizer.vocab_size)
    texts = [sample(engine, [0], replace(TINY, seed=seed), 20, 1.0) for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]
    likeliest = [sample(engine, [0], replace(TINY, seed=seed), 20, 0.0) for seed in (1, 2)]
    assert likeliest[0] == likeliest[1]


def test_a_prompt_that_fits_is_encoded(corpus: Corpus) -> None:
    assert encode_prompt("a cat", corpus.tokenizer, TINY) == corpus.tokenizer.encode_text("a cat")


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        ("", "it has 0 tokens; expected 1 to 5, which fit"),
        ("a cat!", "'!' .U.0021. at offset 5 is not among .* it has 6 characters, of at most 5"),
        ("a cat ", "it has 6 tokens; expected 1 to 5, which fit"),
        ("a " * 500, "it has 1000 tokens; expected 1 to 5, which fit"),
    ],
)
def test_other_prompts_are_refused_with_their_length_and_the_limit(prompt: str, message: str, corpus: Corpus) -> None:
    with pytest.raises(PromptError, match=f"^prompt: .*{message}"):
        encode_prompt(prompt, corpus.tokenizer, TINY)


def test_typed_tokens_have_no_prompt_of_text() -> None:
    with pytest.raises(PromptError, match="typed tokens"):
        encode_prompt("on", Tokenizer.from_grammar(compile_schema({"enum": ["a"]})), TINY)
