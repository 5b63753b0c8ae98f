"""Measure how well a model predicts documents that it was not trained on.

In go a model and its prepared data; out comes a `Likelihood`: the loss over unseen documents, with and without the
mask, by kind of token, and how good the model is at choices. Every token is predicted once, from at least half a
context before it, or from the beginning of its document. `validation_likelihood` measures all in one pass, which
computes the loss as training does; `decoding_likelihood` measures the loss as the model generates.
"""

from schemalm.evaluation.likelihood.choices import Bin, ChoiceScore
from schemalm.evaluation.likelihood.decoding import decoding_likelihood
from schemalm.evaluation.likelihood.measuring import validation_likelihood
from schemalm.evaluation.likelihood.scores import KindScore, Likelihood

__all__ = ["Bin", "ChoiceScore", "KindScore", "Likelihood", "decoding_likelihood", "validation_likelihood"]
