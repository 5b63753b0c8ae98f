"""The assertions of JSON Schema: what the atoms of a shape can say about a value.

An assertion speaks of one kind of value and is true of every value of another kind, except `KindIs`,
`Is` and the references, which speak of all. Parts are plain tuples, so that assertions compare by value.
"""

from __future__ import annotations

from collections.abc import Callable

from schemalm.grammar.formula import Atom, Formula

# Strings of one `enum` that have symbols of their own; where there are more, they are texts (`Limits.symbols`).
MAX_CONSTANTS = 60_000
KINDS = ("null", "boolean", "number", "string", "array", "object")
KINDS_OF_TYPES = {
    type(None): "null",
    bool: "boolean",
    int: "number",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}


def kind_of(value: object) -> str:
    """The JSON kind of a value: null, boolean, number, string, array or object; its Python type for what is no JSON."""
    return KINDS_OF_TYPES.get(type(value)) or f"Python {type(value).__name__}"


class Assertion(Atom):
    """One constraint; `keyword` is the JSON Schema keyword that a message names."""

    __slots__ = ()
    keyword = ""
    kind: str | None = None
    # Whether it is true of an object or array that ends here, having met everything before.
    holds_at_end = True


# Tells whether the key at hand satisfies a formula over string assertions.
KeyJudge = Callable[[Formula], bool]


class KindIs(Assertion):
    """parts: (sorted tuple of JSON Schema type names, whether 1.0 is an integer).

    `integer` may stand beside or instead of `number`.
    """

    __slots__ = ()
    keyword = "type"

    @property
    def kinds(self) -> tuple[str, ...]:
        """The admitted type names."""
        kinds: tuple[str, ...] = self.parts[0]
        return kinds

    @property
    def integer(self) -> IsInteger:
        """What the type name `integer` says of a number."""
        return IsInteger(self.parts[1])


class Is(Assertion):
    """parts: (name,): the value is the constant `true`, `false` or `null`."""

    __slots__ = ()
    keyword = "const"

    @property
    def name(self) -> str:
        """The constant as JSON text."""
        name: str = self.parts[0]
        return name


class Reference(Assertion):
    """parts: (location,): the shape of the schema node there."""

    __slots__ = ()
    keyword = "$ref"

    @property
    def location(self) -> str:
        """The resolved place of the schema node."""
        location: str = self.parts[0]
        return location


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
        """Whether each string has a symbol; where they are too many to, they are written as texts."""
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
    """parts: (count,): the string has at least so many code points."""

    __slots__ = ()
    keyword = "minLength"
    kind = "string"

    @property
    def count(self) -> int:
        """Code points."""
        count: int = self.parts[0]
        return count


class MaxLength(Assertion):
    """parts: (count,): the string has at most so many code points."""

    __slots__ = ()
    keyword = "maxLength"
    kind = "string"

    @property
    def count(self) -> int:
        """Code points."""
        count: int = self.parts[0]
        return count


class Format(Assertion):
    """parts: (name, draft): the string is of the format, as that draft defines it."""

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
        """The draft that defines it."""
        draft: int = self.parts[1]
        return draft


class IsInteger(Assertion):
    """parts: (whether 1.0 counts,): the number has no fractional part."""

    __slots__ = ()
    keyword = "type"
    kind = "number"

    @property
    def fractions(self) -> bool:
        """Whether 1.0 counts, as it does since draft 6."""
        fractions: bool = self.parts[0]
        return fractions


class NumberIn(Assertion):
    """parts: (tuple of decimal texts,): the number is written as one of them."""

    __slots__ = ()
    keyword = "enum"
    kind = "number"

    @property
    def texts(self) -> tuple[str, ...]:
        """The decimal texts."""
        texts: tuple[str, ...] = self.parts[0]
        return texts


class Minimum(Assertion):
    """parts: (bound, whether the bound itself is left out): the number is not smaller."""

    __slots__ = ()
    keyword = "minimum"
    kind = "number"


class Maximum(Assertion):
    """parts: (bound, whether the bound itself is left out): the number is not larger."""

    __slots__ = ()
    keyword = "maximum"
    kind = "number"


class MultipleOf(Assertion):
    """parts: (divisor,): the number is an integer times the divisor, as decimal numbers."""

    __slots__ = ()
    keyword = "multipleOf"
    kind = "number"


def of_kind(kind: str) -> KindIs:
    """The assertion that a value is of one kind."""
    return KindIs((kind,), True)
