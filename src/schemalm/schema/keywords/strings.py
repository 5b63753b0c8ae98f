"""The keywords about strings: `minLength`, `maxLength`, `pattern`, `format`."""

from __future__ import annotations

from schemalm.regular.language import Language
from schemalm.schema.assertions import Assertion
from schemalm.schema.formula import Formula
from schemalm.schema.keywords.counts import at_least, at_most
from schemalm.schema.nodes import Node
from schemalm.schema.translator import Keyword, Translator

# Strings of one `enum` that get symbols of their own; the strings of a longer one are texts (`Limits.symbols`).
MAX_CONSTANTS = 60_000


class StringIn(Assertion):
    """parts: (tuple of strings,): the string is one of them."""

    __slots__ = ("_set",)
    keyword = "enum"
    kind = "string"

    @property
    def texts(self) -> tuple[str, ...]:
        """The strings."""
        texts: tuple[str, ...] = self.parts[0]
        return texts

    @property
    def has_constants(self) -> bool:
        """Whether each string has a symbol; otherwise there are too many, and they are written as texts."""
        return len(self.texts) <= MAX_CONSTANTS

    def __init__(self, *parts: object) -> None:
        super().__init__(*parts)
        self._set = frozenset(self.parts[0])

    def __contains__(self, text: str) -> bool:
        return text in self._set


class Pattern(Assertion):
    """parts: (ECMA-262 source,): the string has a match somewhere."""

    __slots__ = ()
    keyword = "pattern"
    kind = "string"

    @property
    def source(self) -> str:
        """The expression."""
        source: str = self.parts[0]
        return source


class MinLength(Assertion):
    """parts: (count,): the string has at least this many code points."""

    __slots__ = ()
    keyword = "minLength"
    kind = "string"

    @property
    def count(self) -> int:
        """The number of code points."""
        count: int = self.parts[0]
        return count


class MaxLength(Assertion):
    """parts: (count,): the string has at most this many code points."""

    __slots__ = ()
    keyword = "maxLength"
    kind = "string"

    @property
    def count(self) -> int:
        """The number of code points."""
        count: int = self.parts[0]
        return count


class Format(Assertion):
    """parts: (name, draft): the string has the format, as that draft defines it."""

    __slots__ = ()
    keyword = "format"
    kind = "string"

    @property
    def name(self) -> str:
        """The name of the format."""
        name: str = self.parts[0]
        return name

    @property
    def draft(self) -> int:
        """The draft that defines the format."""
        draft: int = self.parts[1]
        return draft


class InLanguage(Assertion):
    """The string is in a language that the assertion itself knows."""

    __slots__ = ()
    kind = "string"

    @property
    def language(self) -> Language:
        """The strings."""
        raise NotImplementedError

    def __contains__(self, text: str) -> bool:
        raise NotImplementedError

    def problem(self, text: str) -> tuple[int, str]:
        """Why a text is not in the language: the index of the character, and the reason in words."""
        raise NotImplementedError


def pattern(translator: Translator, source: str, pointer: str, keyword: str) -> Formula:
    """The assertion of a pattern; raises SchemaError if it is malformed or not regular."""
    translator.check_pattern(source, pointer, keyword)
    return Pattern(source)


def _pattern(translator: Translator, node: Node) -> Formula:
    return pattern(translator, node["pattern"], node.pointer_to("pattern"), "pattern")


def _format(translator: Translator, node: Node) -> Formula:
    return Format(node["format"], node.draft)


KEYWORDS: dict[str, Keyword] = {
    "minLength": at_least("minLength", MinLength),
    "maxLength": at_most("maxLength", MaxLength),
    "pattern": _pattern,
    "format": _format,
}
