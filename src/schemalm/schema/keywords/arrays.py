"""The keywords about arrays, and how their assertions change from item to item.

`at_item` returns a formula for the next item (`child_has`) and for the items after it. Counts apply only to the items
that are still to come.
"""

from __future__ import annotations

from schemalm.schema.assertions import Assertion, of_kind
from schemalm.schema.formula import FALSE, TRUE, Formula, all_of, any_of, child_has, negate
from schemalm.schema.keywords.counts import at_least, at_most, least_count
from schemalm.schema.nodes import Node
from schemalm.schema.translator import Keyword, Translator, together


class ArrayAssertion(Assertion):
    """An assertion about an array's items."""

    __slots__ = ()
    kind = "array"

    def at_item(self) -> Formula:
        """The formula for the next item and for the items after it."""
        raise NotImplementedError


class Items(ArrayAssertion):
    """parts: (prefix, rest): shapes of the next items by position, then the shape of all others."""

    __slots__ = ()
    keyword = "items"

    @property
    def first(self) -> Formula:
        """The shape of the next item."""
        shape: Formula = self.parts[0][0] if self.parts[0] else self.parts[1]
        return shape

    @property
    def after(self) -> Formula:
        """The assertion about the items after the next one."""
        prefix, rest = self.parts
        return items(prefix[1:], rest)

    def at_item(self) -> Formula:
        """The next item has its shape, and the rest follows."""
        return all_of([child_has(self.first), self.after])


class MinItems(ArrayAssertion):
    """parts: (count,): the array needs at least this many more items."""

    __slots__ = ()
    keyword = "minItems"
    holds_at_end = False

    def at_item(self) -> Formula:
        """One item fewer is needed."""
        return MinItems(self.parts[0] - 1) if self.parts[0] > 1 else TRUE


class MaxItems(ArrayAssertion):
    """parts: (count,): the array may have at most this many more items."""

    __slots__ = ()
    keyword = "maxItems"

    def at_item(self) -> Formula:
        """One item fewer is allowed."""
        return MaxItems(self.parts[0] - 1) if self.parts[0] > 0 else FALSE


class Contains(ArrayAssertion):
    """parts: (shape, minimum, maximum or None): how many of the remaining items have the shape."""

    __slots__ = ()
    keyword = "contains"

    @property
    def holds_at_end(self) -> bool:  # type: ignore[override]
        """Whether no more items of the shape are needed."""
        return bool(self.parts[1] == 0)

    def at_item(self) -> Formula:
        """Either the next item has the shape and the counts decrease, or it does not."""
        shape, minimum, maximum = self.parts
        fewer = contains(shape, minimum - 1, None if maximum is None else maximum - 1)
        return any_of([all_of([child_has(shape), fewer]), all_of([negate(child_has(shape)), self])])


class Unique(ArrayAssertion):
    """parts: (number of items, at most 2): no item repeats an earlier one.

    The guards check this, because a finite state cannot.
    """

    __slots__ = ()
    keyword = "uniqueItems"

    @property
    def has_no_item(self) -> bool:
        """Whether the array has no item yet."""
        return bool(self.parts[0] == 0)

    @property
    def may_be_broken(self) -> bool:
        """Whether the newest item can repeat an earlier one."""
        return bool(self.parts[0] > 1)

    def at_item(self) -> Formula:
        """One item more; the guards report a repetition."""
        return Unique(min(self.parts[0] + 1, 2))


def items(prefix: tuple[Formula, ...], rest: Formula) -> Formula:
    """The assertion that items have these shapes by position, then the shape `rest`."""
    while prefix and prefix[-1] == rest:
        prefix = prefix[:-1]
    return Items(prefix, rest) if prefix or rest != TRUE else TRUE


def contains(shape: Formula, minimum: int, maximum: int | None) -> Formula:
    """The assertion that between `minimum` and `maximum` of the remaining items have a shape."""
    if maximum is not None and maximum < max(minimum, 0):
        return FALSE
    if minimum <= 0 and maximum is None:
        return TRUE
    return Contains(shape, max(minimum, 0), maximum)


def _items(translator: Translator, node: Node) -> Formula:
    """`prefixItems`, `items` and `additionalItems`, in either of the two spellings."""
    if isinstance(node.content.get("items"), list):
        rest = translator.inner(node, "additionalItems") if "additionalItems" in node else TRUE
        return items(tuple(translator.listed(node, "items")), rest)
    prefix = tuple(translator.listed(node, "prefixItems")) if translator.nodes.binds(node, "prefixItems") else ()
    return items(prefix, translator.inner(node, "items") if "items" in node else TRUE)


def _contains(translator: Translator, node: Node) -> Formula:
    """`contains` with `minContains` and `maxContains`."""
    binds = translator.nodes.binds
    least = least_count(translator, node, "minContains") if binds(node, "minContains") else 1
    most = int(node["maxContains"]) if binds(node, "maxContains") else None
    return any_of([negate(of_kind("array")), contains(translator.inner(node, "contains"), least, most)])


def _unique_items(translator: Translator, node: Node) -> Formula:
    return Unique(0) if node["uniqueItems"] else TRUE


KEYWORDS: dict[str, Keyword] = {
    **together(("prefixItems", "items"), _items),
    "minItems": at_least("minItems", MinItems),
    "maxItems": at_most("maxItems", MaxItems),
    "contains": _contains,
    "uniqueItems": _unique_items,
}
