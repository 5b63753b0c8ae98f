"""The keywords about numbers: `minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`, `multipleOf`."""

from __future__ import annotations

from schemalm.schema.assertions import Assertion
from schemalm.schema.formula import TRUE, Formula
from schemalm.schema.nodes import Node
from schemalm.schema.translator import Keyword, Translator


class NumberIn(Assertion):
    """parts: (tuple of decimal texts,): the number is written as one of these texts."""

    __slots__ = ()
    keyword = "enum"
    kind = "number"

    @property
    def texts(self) -> tuple[str, ...]:
        """The decimal texts."""
        texts: tuple[str, ...] = self.parts[0]
        return texts


class Minimum(Assertion):
    """parts: (bound, whether the bound itself is excluded): the number is not smaller."""

    __slots__ = ()
    keyword = "minimum"
    kind = "number"


class Maximum(Assertion):
    """parts: (bound, whether the bound itself is excluded): the number is not larger."""

    __slots__ = ()
    keyword = "maximum"
    kind = "number"


class MultipleOf(Assertion):
    """parts: (divisor,): the number is an integer multiple of the divisor, in decimal arithmetic."""

    __slots__ = ()
    keyword = "multipleOf"
    kind = "number"


def _bound(keyword: str, exclusive: str, assertion: type[Assertion]) -> Keyword:
    """The translation of a bound; before draft 6, `exclusiveMinimum` says whether `minimum` itself is excluded."""

    def make(translator: Translator, node: Node) -> Formula:
        value = node[keyword]
        if isinstance(value, bool):
            return TRUE
        return assertion(value, keyword == exclusive or node.content.get(exclusive) is True)

    return make


def _multiple_of(translator: Translator, node: Node) -> Formula:
    return MultipleOf(node["multipleOf"])


KEYWORDS: dict[str, Keyword] = {
    "minimum": _bound("minimum", "exclusiveMinimum", Minimum),
    "maximum": _bound("maximum", "exclusiveMaximum", Maximum),
    "exclusiveMinimum": _bound("exclusiveMinimum", "exclusiveMinimum", Minimum),
    "exclusiveMaximum": _bound("exclusiveMaximum", "exclusiveMaximum", Maximum),
    "multipleOf": _multiple_of,
}
