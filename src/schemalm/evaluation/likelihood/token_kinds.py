"""The kind of content that each token of a document writes: structure, constants, names, strings, scripts or numbers.

In go the tokens of a document and its value; out comes one kind per token. A token of several kinds counts as its first
symbol of content, which is a byte, the end of a text or a constant; a token without one is structure. So the end of a
text belongs to the text, and `KEY:shell CONST:bash` is a constant.

The symbols name constants; what a text is, the value tells. Each named key, free key and scalar ends at one symbol, in
the order in which the value has them, so counting these symbols leads from a token to its text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemalm.dataset.echo import Int64Array
from schemalm.documents import JSONValue
from schemalm.grammar.symbols import NUM_BYTES, Symbol
from schemalm.machine.vocabulary import Vocabulary
from schemalm.rules.paths import Place
from schemalm.tokenizer import Tokenizer

# The kinds, in the order in which tables show them; the numbers of kinds are places in this order.
KINDS = ("structure", "constants", "names", "strings", "scripts", "numbers")
STRUCTURE, CONSTANTS, NAMES, STRINGS, SCRIPTS, NUMBERS = range(len(KINDS))
# Stands for the kind of a text, which depends on the document.
_TEXT = -1
_TEXT_ENDS = {"END", "KEY_END"}
_CONSTANT_LABELS = {"CONST", "TRUE", "FALSE", "NULL"}
_COUNTED = {"KEY", *_TEXT_ENDS, *_CONSTANT_LABELS}

Kinds = NDArray[np.int8]


class TokenKinds:
    """Finds the kinds of the tokens of documents that one tokenizer encodes."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        rules = tokenizer.grammar.rules
        self._root = None if rules is None else rules.names.tree.root
        tokens = [*_tokens(tokenizer.vocabulary)]
        self._kind_V = np.array([token.kind for token in tokens], dtype=np.int8)
        self._num_before_V = np.array([token.num_before for token in tokens], dtype=np.int64)
        self._num_counted_V = np.array([token.num_counted for token in tokens], dtype=np.int64)

    def of(self, tokens: Sequence[int] | Int64Array, value: JSONValue) -> Kinds:
        """Return the kind of each token of a document [T], as its number in `KINDS`."""
        tokens_T = np.asarray(tokens, dtype=np.int64)
        kinds_T = self._kind_V[tokens_T]
        is_text_T = kinds_T == _TEXT
        num_counted_T = self._num_counted_V[tokens_T]
        before_T = np.cumsum(num_counted_T) - num_counted_T + self._num_before_V[tokens_T]
        kinds_T[is_text_T] = np.array([*_texts(value, self._root)], dtype=np.int8)[before_T[is_text_T]]
        return kinds_T


class _TokenContent(NamedTuple):
    """The kind of a token, and how many counted symbols it has: before its first symbol of content, and altogether."""

    kind: int
    num_before: int
    num_counted: int


def _tokens(vocabulary: Vocabulary) -> Iterator[_TokenContent]:
    symbols = vocabulary.grammar.symbols.symbols
    content = [_content(number, symbol) for number, symbol in enumerate(symbols)]
    is_counted = [symbol.label in _COUNTED for symbol in symbols]
    for spelled in vocabulary.symbols:
        first = next((at for at, symbol in enumerate(spelled) if content[symbol] != STRUCTURE), len(spelled))
        counted = [is_counted[symbol] for symbol in spelled]
        kind = content[spelled[first]] if first < len(spelled) else STRUCTURE
        yield _TokenContent(kind, sum(counted[:first]), sum(counted))


def _content(number: int, symbol: Symbol) -> int:
    if number < NUM_BYTES or symbol.label in _TEXT_ENDS:
        return _TEXT
    return CONSTANTS if symbol.label in _CONSTANT_LABELS else STRUCTURE


class _Part(NamedTuple):
    """A part of a value, with its place in the tree of rules; `has_key`: whether it follows a key of an object."""

    value: JSONValue
    place: Place | None
    has_key: bool = False


def _texts(value: JSONValue, root: Place | None) -> Iterator[int]:
    """Yield the kind of each key and scalar of a value as a text, in the order of its derivation."""
    rest: list[_Part] = [_Part(value, root)]
    while rest:
        node, place, has_key = rest.pop()
        if has_key:
            yield NAMES
        if isinstance(node, dict):
            rest += (
                _Part(child, None if place is None else place.child(key), has_key=True)
                for key, child in reversed(node.items())
            )
        elif isinstance(node, list):
            item = None if place is None else place.item
            rest += (_Part(child, item) for child in reversed(node))
        else:
            yield _scalar(node, place)


def _scalar(scalar: JSONValue, place: Place | None) -> int:
    """Return the kind of a scalar at a place; it does not matter for a constant."""
    if not isinstance(scalar, str):
        return NUMBERS
    if place is not None and _is_name(scalar, place):
        return NAMES
    return SCRIPTS if "\n" in scalar else STRINGS


def _is_name(text: str, place: Place) -> bool:
    """Whether the rules say of a place that its text declares a name or refers to one."""
    if place.names is None:
        return False
    refers = any(reference.name_in(text) is not None for reference in place.names.referred_values)
    return refers or bool(place.names.declared_values)
