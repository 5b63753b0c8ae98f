"""Tokens as typed pieces of derivations, and the baselines to compare them with."""

from schemalm.tokenizer.tokenizer import GrammarStates, Tokenizer

__all__ = ["GrammarStates", "Tokenizer"]
