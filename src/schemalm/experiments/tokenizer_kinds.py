"""The kinds of tokenizers that an experiment compares; a recipe can set the keyword arguments of their `train`."""

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

# Parameters of `train` that the experiment sets itself.
_SET_BY_EXPERIMENT = ("grammar", "values", "seed", "sources")


@dataclass(frozen=True)
class TokenizerSettings:
    """A kind of tokenizer, and all keyword arguments for its `train`, including defaults."""

    kind: str
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Kind:
    """A kind of tokenizer: its training function, and whether that takes a grammar and the documents' sources."""

    function: Callable[..., AnyTokenizer]
    is_typed: bool = False

    @cached_property
    def options(self) -> dict[str, inspect.Parameter]:
        """The keyword arguments that a recipe may set."""
        parameters = inspect.signature(self.function, eval_str=True).parameters
        return {name: parameter for name, parameter in parameters.items() if name not in _SET_BY_EXPERIMENT}

    @property
    def types(self) -> dict[str, Any]:
        """The types of the options."""
        return {name: parameter.annotation for name, parameter in self.options.items()}

    @property
    def defaults(self) -> dict[str, Any]:
        """The default values of the options."""
        return {name: parameter.default for name, parameter in self.options.items()}

    def train(self, grammar: Grammar, documents: Sequence[SourceDocument], options: Mapping[str, Any]) -> AnyTokenizer:
        """Train a tokenizer on documents."""
        values = [document.value for document in documents]
        if not self.is_typed:
            return self.function(values, **options)
        return self.function(grammar, values, sources=[document.source for document in documents], **options)


KINDS = {
    "typed": Kind(Tokenizer.train, is_typed=True),
    "byte-bpe": Kind(ByteBPETokenizer.train),
    "character": Kind(CharacterTokenizer.train),
}
