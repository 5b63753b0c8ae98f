"""The parts that counting keywords share: counts are integers, and minimum counts are limited."""

from __future__ import annotations

from collections.abc import Callable

from schemalm.errors import LimitError
from schemalm.schema.formula import TRUE, Formula
from schemalm.schema.nodes import Node
from schemalm.schema.translator import Keyword, Translator


def at_least(keyword: str, assertion: Callable[[int], Formula]) -> Keyword:
    """The translation of a keyword with a minimum count."""

    def make(translator: Translator, node: Node) -> Formula:
        count = least_count(translator, node, keyword)
        return assertion(count) if count > 0 else TRUE

    return make


def at_most(keyword: str, assertion: Callable[[int], Formula]) -> Keyword:
    """The translation of a keyword with a maximum count."""
    return lambda translator, node: assertion(int(node[keyword]))


def least_count(translator: Translator, node: Node, keyword: str) -> int:
    """The value of a keyword with a minimum count; raises LimitError over the limit."""
    count = int(node[keyword])
    name = "minimum_keys" if keyword == "minProperties" else "minimum_count"
    limit = getattr(translator.limits, name)
    if count > limit:
        message = f"{keyword} is {count}, over the limit of {limit}"
        raise LimitError(message, limit=name, maximum=limit, pointer=node.pointer_to(keyword), keyword=keyword)
    return count
