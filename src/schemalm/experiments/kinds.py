"""The kinds of tokenizers that an experiment compares; what a recipe may say of one are the keywords of its `train`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from schemalm.baselines import AnyTokenizer, ByteBPETokenizer, CharacterTokenizer
from schemalm.dataset.reading import SourceDocument
from schemalm.grammar import Grammar
from schemalm.tokenizer import Tokenizer

# Parameters of `train` that the experiment gives.
_GIVEN = ("grammar", "values", "seed", "sources")


@dataclass(frozen=True)
class TokenizerSettings:
    """A kind of tokenizer, and all keywords that its `train` is given, defaults included."""

    kind: str
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Kind:
    """A kind of tokenizer: how it is trained, and whether under a grammar, balanced by the documents' sources."""

    function: Callable[..., AnyTokenizer]
    is_typed: bool = False

    @cached_property
    def options(self) -> dict[str, inspect.Parameter]:
        """The keywords that a recipe may give."""
        parameters = inspect.signature(self.function, eval_str=True).parameters
        return {name: parameter for name, parameter in parameters.items() if name not in _GIVEN}

    @property
    def types(self) -> dict[str, Any]:
        """Their types."""
        return {name: parameter.annotation for name, parameter in self.options.items()}

    @property
    def defaults(self) -> dict[str, Any]:
        """What they are where a recipe does not give them."""
        return {name: parameter.default for name, parameter in self.options.items()}

    def train(self, grammar: Grammar, documents: Sequence[SourceDocument], options: Mapping[str, Any]) -> AnyTokenizer:
        """Trains a tokenizer on documents."""
        values = [document.value for document in documents]
        if not self.is_typed:
            return self.function(values, **options)
        return self.function(grammar, values, sources=[document.source for document in documents], **options)


KINDS = {
    "typed": Kind(Tokenizer.train, is_typed=True),
    "byte-bpe": Kind(ByteBPETokenizer.train),
    "character": Kind(CharacterTokenizer.train),
}
