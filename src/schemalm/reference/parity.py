"""Parity: check that all engines compute the same results, from equal weights through training to sampled text.

In each case, the scalar engine and the torch engine in both precisions are compared with the array engine, and the
array engine's gradients with finite differences. Each finding is the largest difference in one quantity.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np

from schemalm.baselines import CharacterTokenizer
from schemalm.compilation import compile_schema
from schemalm.reference.configuration import ReferenceConfiguration
from schemalm.reference.data import Corpus, draw_batch, stream
from schemalm.reference.engines import make_engine
from schemalm.reference.sampling import sample
from schemalm.reference.training import train
from schemalm.reference.weights import BATCHES, Array, initial_weights, random_stream
from schemalm.tokenizer import Tokenizer

LIMITS = {"scalar float64": 1e-9, "torch float64": 1e-9, "torch float32": 1e-5, "finite differences": 1e-6}
*ENGINES, FINITE_DIFFERENCES = LIMITS
NUM_NEW_TOKENS, DISTANCE = 8, 1e-6  # the length of sampled text; the step size of finite differences
TEXT = "the quick brown fox jumps over the lazy dog, and the dog sleeps on.\n"
SCHEMA = {"properties": {"on": {"enum": ["push", "pull"]}, "jobs": {"items": {"type": "boolean"}}}, "type": "object"}
DOCUMENTS = [{"on": "push", "jobs": [True, False, True]}, {"on": "pull"}, {"on": "push", "jobs": [False]}]
# Weights are large enough that every part of the model affects the result.
SMALL = ReferenceConfiguration(n_head=2, n_embd=8, context_size=5, batch_size=2, init_std=0.3, steps=20)
RATES = {"sgd": 0.03, "adamw": 0.01}
Finding = tuple[str, str, str, float]  # case, engine, quantity, largest difference (for text: of token ids)


def all_cases(seed: int) -> Iterator[tuple[str, ReferenceConfiguration, Corpus]]:
    """Yield the bigram, and the mini-gpt with all values of its two switches, on characters and on typed tokens."""
    characters, typed = CharacterTokenizer(TEXT), Tokenizer.from_grammar(compile_schema(SCHEMA))
    spelled, written = stream([characters.encode_text(TEXT)], characters), stream(typed.encode_batch(DOCUMENTS), typed)
    for corpus in (Corpus(characters, spelled, spelled, 1), Corpus(typed, written, written, 1)):
        tokens, small = "characters" if corpus.train is spelled else "typed tokens", replace(SMALL, seed=seed)
        yield f"bigram, {tokens}", replace(small, model="bigram"), corpus
        for tied, normed in product((False, True), repeat=2):
            name = f"mini-gpt, {tokens}, {'tied' if tied else 'untied'}, {'' if normed else 'no '}input norm"
            yield name, replace(small, tie_head=tied, input_norm=normed), corpus


def compare(case: str, configuration: ReferenceConfiguration, corpus: Corpus) -> Iterator[Finding]:
    """Yield all findings of a case, with both optimizers."""
    for optimizer, rate in RATES.items():
        settings = replace(configuration, optimizer=optimizer, learning_rate=rate)
        expected = measure(settings, corpus)
        for name in ENGINES:
            engine, dtype = name.split()
            for quantity, found in measure(replace(settings, engine=engine, dtype=dtype), corpus).items():
                yield (case, name, quantity, float(np.max(np.abs(found - expected[quantity]))))
    yield (case, FINITE_DIFFERENCES, "gradients", finite_difference_error(configuration, corpus))


def measure(configuration: ReferenceConfiguration, corpus: Corpus) -> dict[str, Array]:
    """Return the compared quantities: before the first step, during training, and after it."""
    engine = make_engine(configuration, corpus.tokenizer.vocab_size)
    batch = draw_batch(corpus, random_stream(configuration.seed, BATCHES), configuration)
    logits, loss, gradients = engine.logits(batch[0]), engine.loss(*batch), engine.gradients()
    trained = train(configuration, corpus)
    text = sample(trained.engine, [corpus.tokenizer.bos_id], configuration, NUM_NEW_TOKENS, temperature=0.8)
    return {
        "logits": logits,
        "loss": np.array(loss),
        "gradients": np.concatenate([gradients[name].ravel() for name in sorted(gradients)]),
        "losses": np.array(trained.losses),
        "text": np.array(text + [-1] * (NUM_NEW_TOKENS - len(text)), dtype=np.float64),
    }


def finite_difference_error(configuration: ReferenceConfiguration, corpus: Corpus) -> float:
    """Return how far (L(w + hv) - L(w - hv)) / 2h in a random direction v is from the gradient times v."""
    generator, vocab_size = random_stream(configuration.seed, BATCHES), corpus.tokenizer.vocab_size
    batch, weights = draw_batch(corpus, generator, configuration), initial_weights(configuration, vocab_size)
    direction = {name: generator.standard_normal(weight.shape) for name, weight in weights.items()}
    losses, slopes = [], []
    for distance in (DISTANCE, -DISTANCE, 0.0):
        moved = {name: weight + distance * direction[name] for name, weight in weights.items()}
        engine = make_engine(configuration, vocab_size, moved)
        losses.append(engine.loss(*batch))
        slopes.append(sum(np.sum(gradient * direction[name]) for name, gradient in engine.gradients().items()))
    return float(abs((losses[0] - losses[1]) / (2 * DISTANCE) - slopes[2]))
