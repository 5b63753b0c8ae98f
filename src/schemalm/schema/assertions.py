"""The base class of assertions, and the assertions that apply to values of every kind.

An assertion applies to one kind of value and is true for values of other kinds. `KindIs`, `Is` and the references
apply to all kinds. Parts are plain tuples, so assertions compare by value.
"""

from __future__ import annotations

from collections.abc import Callable

from schemalm.schema.formula import FALSE, TRUE, Atom, Formula

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
    """The JSON kind of a value: null, boolean, number, string, array or object; for other values, the Python type."""
    return KINDS_OF_TYPES.get(type(value)) or f"Python {type(value).__name__}"


class Assertion(Atom):
    """One constraint; `keyword` is the JSON Schema keyword that messages name."""

    __slots__ = ()
    keyword = ""
    kind: str | None = None
    # Whether it is true if the object or array ends now.
    holds_at_end = True

    def of_kind(self, kind: str) -> Formula:
        """The assertion as a formula for values of `kind`; assertions about all kinds define it themselves."""
        return self if self.kind == kind else TRUE

    def unrestricted(self) -> Formula:
        """The assertion without what one document alone demands, such as a prompt."""
        return self


# Whether the current key satisfies a formula over string assertions.
KeyTest = Callable[[Formula], bool]


class KindIs(Assertion):
    """parts: (sorted tuple of JSON Schema type names, whether 1.0 is an integer).

    The names may include `integer`, with or without `number`.
    """

    __slots__ = ()
    keyword = "type"

    @property
    def kinds(self) -> tuple[str, ...]:
        """The type names."""
        kinds: tuple[str, ...] = self.parts[0]
        return kinds

    @property
    def integer(self) -> IsInteger:
        """The assertion of the type name `integer` about a number."""
        return IsInteger(self.parts[1])

    def of_kind(self, kind: str) -> Formula:
        """True or false, but for the type name `integer` an assertion about numbers."""
        if kind in self.kinds:
            return TRUE
        return self.integer if kind == "number" and "integer" in self.kinds else FALSE


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


class Is(Assertion):
    """parts: (name,): the value is the constant `true`, `false` or `null`."""

    __slots__ = ()
    keyword = "const"

    @property
    def name(self) -> str:
        """The constant as JSON text."""
        name: str = self.parts[0]
        return name

    def of_kind(self, kind: str) -> Formula:
        """False for the kinds without these constants."""
        return self if kind in ("null", "boolean") else FALSE


class Reference(Assertion):
    """parts: (location,): the value has the shape of the schema node at that location."""

    __slots__ = ()
    keyword = "$ref"

    @property
    def location(self) -> str:
        """The resolved location of the schema node."""
        location: str = self.parts[0]
        return location


def of_kind(kind: str) -> KindIs:
    """The assertion that a value is of one kind."""
    return KindIs((kind,), True)
