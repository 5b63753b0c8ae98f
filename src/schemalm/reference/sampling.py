"""Sample a text from a model, token by token.

The model reads the last `context_size` tokens, which start with BOS. One random number from the sampling stream draws
the next token from the model's probabilities, so engines with the same probabilities write the same text. BOS ends it.
"""

from __future__ import annotations

import numpy as np

from schemalm.baselines import AnyTokenizer, TextTokenizer
from schemalm.errors import DataError, PromptError
from schemalm.reference.configuration import ReferenceConfiguration
from schemalm.reference.engine import Engine
from schemalm.reference.weights import SAMPLING, random_stream


def sample(
    engine: Engine, tokens: list[int], configuration: ReferenceConfiguration, max_new_tokens: int, temperature: float
) -> list[int]:
    """Return new tokens after `tokens` (BOS and a prompt), up to the next BOS; temperature 0 takes the likeliest."""
    generator = random_stream(configuration.seed, SAMPLING)
    bos, written = tokens[0], list(tokens)
    while len(written) < len(tokens) + max_new_tokens:
        window_BT = np.array([written[-configuration.context_size :]], dtype=np.int64)
        logits_V = engine.logits(window_BT)[0, -1]
        token = int(np.argmax(logits_V))
        if temperature > 0:  # inverse transform sampling: look up a random number in the cumulative probabilities
            ends_V = np.cumsum(np.exp((logits_V - logits_V[token]) / temperature))
            token = int(np.searchsorted(ends_V, generator.random() * ends_V[-1], side="right"))
        if token == bos:
            break
        written.append(token)
    return written[len(tokens) :]


def encode_prompt(text: str, tokenizer: AnyTokenizer, configuration: ReferenceConfiguration) -> list[int]:
    """Return the tokens of a prompt; raises `PromptError` if it is empty, too long or unknown, or for typed tokens."""
    limit = configuration.context_size - 1
    if not isinstance(tokenizer, TextTokenizer):
        raise PromptError("this run writes typed tokens, which cannot continue a text: omit the prompt", pointer=None)
    try:
        tokens = tokenizer.encode_text(text)
    except DataError as error:
        raise PromptError(f"{error}; it has {len(text)} characters, of at most {limit}", pointer=None) from None
    if not 0 < len(tokens) <= limit:
        raise PromptError(f"it has {len(tokens)} tokens; expected 1 to {limit}, which fit after BOS", pointer=None)
    return tokens
