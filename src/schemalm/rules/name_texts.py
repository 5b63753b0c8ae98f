"""Where in a text the name of a reference is.

The name follows a prefix and ends before one of some characters, or with the text. If it has the pattern of names, the
text is a reference; every other text is free.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

from schemalm.limits import DEFAULT_LIMITS
from schemalm.regular.digits import one_of
from schemalm.regular.language import ANY_TEXT, EMPTY, Language, complement, intersection, sequence, union
from schemalm.regular.matching import PatternMatcher
from schemalm.regular.pattern import pattern_language
from schemalm.regular.words import literal


@dataclass(frozen=True)
class NameText:
    """The texts that hold a name: after `prefix`, up to the first character of `until`, with the pattern, if any."""

    prefix: str
    until: str
    pattern: str | None

    def name_in(self, text: str) -> str | None:
        """Return the name in a text; None if the text is free."""
        if not text.startswith(self.prefix):
            return None
        name = text[len(self.prefix) :]
        name = name[: next((index for index, character in enumerate(name) if character in self.until), None)]
        return name if self.pattern is None or _matcher(self.pattern)(name) else None

    def begun(self, text: bytes, has_ended: bool) -> tuple[bytes, bool] | None:
        """Return the name that a text, or its beginning, holds, and whether it has ended; None if it holds none.

        Whether the name has the pattern does not matter here.
        """
        prefix = self.prefix.encode()
        if not text.startswith(prefix):
            return (b"", False) if not has_ended and prefix.startswith(text) else None
        name, ends = text[len(prefix) :], self.until.encode()
        end = next((index for index, byte in enumerate(name) if byte in ends), None)
        return (name, has_ended) if end is None else (name[:end], True)

    @cached_property
    def free(self) -> Language:
        """The texts without a name."""
        ends = one_of(self.until.encode())
        name = complement(sequence(ANY_TEXT, ends, ANY_TEXT))
        if self.pattern is not None:
            name = intersection([name, pattern_language(self.pattern, DEFAULT_LIMITS.pattern_repeat)])
        rest = union([EMPTY, sequence(ends, ANY_TEXT)])
        return intersection([ANY_TEXT, complement(sequence(literal(self.prefix.encode()), name, rest))])


@lru_cache(maxsize=64)
def _matcher(pattern: str) -> PatternMatcher:
    return PatternMatcher(pattern, DEFAULT_LIMITS)
