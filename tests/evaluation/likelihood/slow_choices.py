"""The choices of a token as they are defined: by a look at every token of the vocabulary."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from schemalm.machine.vocabulary import Vocabulary

KIND_OF = {
    "KEY": "keys",
    "FREE_KEY": "keys",
    "OBJECT_END": "keys",
    "CONST": "constants",
    "NULL": "constants",
    "TRUE": "booleans",
    "FALSE": "booleans",
}


class SlowChoice(NamedTuple):
    """A choice: its kind, the probability of each alternative, and the alternative that stands in the document."""

    kind: str
    probabilities: dict[int, float]
    found: int

    @property
    def best(self) -> list[int]:
        """The alternatives, the most likely first."""
        return sorted(self.probabilities, key=lambda symbol: -self.probabilities[symbol])


def slow_choices(vocabulary: Vocabulary, weights: Sequence[float], target: int) -> Iterator[SlowChoice]:
    """Yield the choices inside a token; `weights` of the tokens are 0 where they are not admitted."""
    kinds = [KIND_OF.get(symbol.label, "") for symbol in vocabulary.grammar.symbols.symbols]
    for depth, symbol in enumerate(vocabulary.symbols[target]):
        sums: dict[int, float] = defaultdict(float)
        for weight, spelled in zip(weights, vocabulary.symbols, strict=True):
            is_alike = spelled[:depth] == vocabulary.symbols[target][:depth] and len(spelled) > depth
            if weight > 0 and kinds[symbol] and is_alike and kinds[spelled[depth]] == kinds[symbol]:
                sums[spelled[depth]] += weight
        if len(sums) > 1:
            total = sum(sums.values())
            yield SlowChoice(kinds[symbol], {other: weight / total for other, weight in sums.items()}, symbol)
