"""How much of a growing document is certain: the text that no further token changes, for streams.

In go the pieces of a document, in the worker's thread; out come two values from time to time. Both have all that is
complete. In one of them the rest is as short as can be, in the other everything that is open goes on, at length. What
their texts have in common does not depend on the rest: styles, quotes and blank lines depend on what they enclose, and
the two enclose the most different things. It is cut at the end of a line.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

from schemalm.documents import JSONValue
from schemalm.errors import DocumentError, SchemaLMError
from schemalm.generation.results import Piece
from schemalm.machine.derivation import Derivation
from schemalm.tokenizer import Tokenizer

# The texts of one document are compared at most once in so many seconds.
SECONDS_BETWEEN = 0.15
_SHORT, _LONG = "x", "# a: 'b'\n" * 8
_NEW_KEY = "more"
_NOTHING = object()


class Variants(NamedTuple):
    """Two values with the same beginning: the shortest, and one that goes on at length."""

    short: JSONValue
    long: JSONValue


class Growth:
    """Follows one document; `tell` gets its variants, only if those before were asked for again by `wants_next`."""

    def __init__(self, tokenizer: Tokenizer, tell: Callable[[Variants], None]) -> None:
        self._tokenizer, self._tell = tokenizer, tell
        self._derivation = Derivation(tokenizer.grammar)
        self._num_tokens = 0
        self._told_at = time.monotonic()
        self.wants_next = True

    def follow(self, piece: Piece) -> None:
        """Take the next piece of the document."""
        if piece.generated is not None:
            return
        try:
            self._push(piece)
        except SchemaLMError:  # a limit: the rest comes at the end
            self.wants_next = False
        now = time.monotonic()
        if self.wants_next and now - self._told_at >= SECONDS_BETWEEN:
            self.wants_next, self._told_at = False, now
            self._tell(variants(self._derivation.open_parts()))

    def _push(self, piece: Piece) -> None:
        if piece.num_so_far != self._num_tokens + len(piece.tokens):  # begun anew
            self._derivation, self._num_tokens = Derivation(self._tokenizer.grammar), 0
        self._num_tokens += len(piece.tokens)
        for token in piece.tokens:
            for symbol in self._tokenizer.vocabulary.symbols[token]:
                self._derivation.push(symbol)


def variants(parts: list[tuple[Any, str | None]]) -> Variants:
    """Return the variants of a document, given its open lists and objects as `Derivation.open_parts` returns them."""
    return Variants(_built(parts, is_long=False), _built(parts, is_long=True))


def certain(given: Variants, write: Callable[[JSONValue], str]) -> str:
    """Return the text, up to the end of a line, that the document will have; `write` writes a value."""
    try:
        texts = [write(value) for value in given]
    except DocumentError:  # the document does not state yet what it goes on with
        return ""
    num_common = next((at for at, (one, other) in enumerate(zip(*texts, strict=False)) if one != other), None)
    common = min(texts, key=len)[:num_common]
    return common[: common.rfind("\n") + 1]


def _built(parts: list[tuple[Any, str | None]], *, is_long: bool) -> JSONValue:
    leaf: Any = _LONG if is_long else _SHORT
    child: Any = _NOTHING  # what the next part outside encloses
    for part, key in reversed(parts):
        if isinstance(part, dict):
            inner = {} if key is None else {key: leaf if child is _NOTHING else child}
            more = {_new_key(part): leaf} if is_long else {}
            child = {**part, **inner, **more}
        else:
            child = [*part, *([] if child is _NOTHING else [child]), *([leaf] if is_long else [])]
    built: JSONValue = leaf if child is _NOTHING else child
    return built


def _new_key(part: dict[str, Any]) -> str:
    return next(key for length in range(len(part) + 1) if (key := _NEW_KEY + "e" * length) not in part)
