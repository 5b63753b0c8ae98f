"""Values become tokens, which are typed pieces of derivations, and tokens become values again."""

from schemalm.tokenizer.tokenizer import GrammarStates, Tokenizer

__all__ = ["GrammarStates", "Tokenizer"]
