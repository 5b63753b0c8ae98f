"""ECMA-262 regular expressions as regular languages.

In: the source of a `pattern`, which may match anywhere in the text, as JSON Schema specifies. Out: the language of the
UTF-8 texts that have a match; no text contains a surrogate. `pattern_syntax.py` defines which syntax is read, and
`lookahead.py` translates anchors and look-ahead. A pattern without look-ahead becomes a plain expression, without
intersection or complement, unless an anchor follows something that may be empty. Anything that is not regular raises
`PatternError`.
"""

from __future__ import annotations

import re
import sys
from typing import Any

from schemalm.regular.language import (
    ANY_TEXT,
    EMPTY,
    NOTHING,
    ByteSet,
    Derivatives,
    Intersection,
    Language,
    Repetition,
    Sequence,
    Union,
    derivative,
    sequence,
)
from schemalm.regular.lookahead import search_language
from schemalm.regular.pattern_syntax import PatternError, parse
from schemalm.regular.utf8 import code_points

__all__ = ["PatternError", "disputed_texts", "finite_texts", "pattern_language"]

# Escapes and classes, where a dot is an ordinary character.
ESCAPE_OR_CLASS = re.compile(r"\\.|\[(?:[^\]\\]|\\.)*\]")

# The length of a listed text in bytes.
MAX_TEXT_BYTES = 4096
Texts = set[bytes]


def pattern_language(source: str, max_repeat: int) -> Language:
    """The UTF-8 texts in which the ECMA-262 expression `source` has a match; raises `PatternError`.

    `max_repeat` is the largest count that a quantifier may have.
    """
    try:
        return search_language(parse(source, max_repeat))
    except RecursionError:
        raise PatternError("the expression is nested too deeply") from None


def disputed_texts(source: str) -> Language:
    """Texts that engines judge differently because of a dot; empty for expressions without a dot.

    In ECMA-262 a dot matches none of the four line ends; in other engines it matches all but line feeds.
    """
    if "." not in ESCAPE_OR_CLASS.sub("", source):
        return NOTHING
    return sequence(ANY_TEXT, code_points([(0x0D, 0x0D), (0x2028, 0x2029)]), ANY_TEXT)


def finite_texts(source: str, limit: int) -> list[str] | None:
    """Every text in which `source` has a match, each once, shortest first; None if there are more than `limit`.

    None also if the expression does not show their number, or one is longer than 4 KiB. Raises `PatternError`.
    """
    texts = _Listing(limit).texts(pattern_language(source, sys.maxsize))
    return None if texts is None else [text.decode() for text in sorted(texts, key=lambda text: (len(text), text))]


class _Listing:
    """Lists the texts of expressions; None for those that `finite_texts` does not list."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.known: dict[Language, Texts | None] = {}

    def texts(self, language: Language) -> Texts | None:
        if language not in self.known:
            found = self._texts(language)
            self.known[language] = found if found is not None and len(found) <= self.limit else None
        return self.known[language]

    def _texts(self, language: Language) -> Texts | None:
        parts: tuple[Any, ...] = language.parts
        if isinstance(language, ByteSet) and parts[0].bit_count() <= self.limit:
            return {bytes([byte]) for byte in range(256) if parts[0] >> byte & 1}
        if isinstance(language, Sequence):
            return self._products(parts[0])
        if isinstance(language, Repetition):
            return self._powers(*parts)
        if isinstance(language, Union):
            return self._sum(parts[0])
        if isinstance(language, Intersection):
            listed = next((texts for part in parts[0] if (texts := self.texts(part)) is not None), None)
            return None if listed is None else {text for text in listed if _holds(language, text)}
        return {b""} if language == EMPTY else None

    def _sum(self, parts: frozenset[Language]) -> Texts | None:
        found: Texts = set()
        for part in parts:
            texts = self.texts(part)
            if texts is None or len(found) > self.limit:
                return None
            found |= texts
        return found

    def _products(self, parts: tuple[Language, ...]) -> Texts | None:
        factors = [self.texts(part) for part in parts]
        if set() in factors:
            return set()
        products: Texts | None = {b""}
        for factor in factors:
            products = None if factor is None or products is None else self._product(products, factor)
        return products

    def _powers(self, part: Language, minimum: int, maximum: int | None) -> Texts | None:
        texts = self.texts(part)
        if texts is None or maximum is None or maximum - minimum >= self.limit:
            return None
        found: Texts = set()
        power: Texts = {b""}
        for count in range(maximum + 1):
            if count >= minimum:
                found |= power
            longer = self._product(power, texts) if count < maximum else set()
            if longer is None or len(found) > self.limit:
                return None
            power = longer
        return found

    def _product(self, first: Texts, second: Texts) -> Texts | None:
        product = {text + more for text in first for more in second}
        few = len(product) <= self.limit and all(len(text) <= MAX_TEXT_BYTES for text in product)
        return product if few else None


def _holds(language: Language, text: bytes) -> bool:
    derivatives: Derivatives = {}
    for byte in text:
        language = derivative(language, byte, derivatives)
    return language.nullable
