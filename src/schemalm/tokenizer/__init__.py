"""Values become tokens, which are typed pieces of derivations, and tokens become values again.

In go values of a grammar; out come token ids, and from token ids the values again.
"""

from schemalm.tokenizer.parts import GrammarStates
from schemalm.tokenizer.tokenizer import Tokenizer

__all__ = ["GrammarStates", "Tokenizer"]
