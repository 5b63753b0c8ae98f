"""Walks through the nodes of a schema; each node becomes the conjunction of the formulas of its keywords.

A table maps each keyword to the function that makes its formula, so this file knows no keyword. The targets of
references are translated after the root, one by one, so a schema may refer to itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Literal, TypeAlias

from schemalm.errors import LimitError, SchemaError
from schemalm.limits import DEFAULT_LIMITS, Budget
from schemalm.regular.pattern import PatternError
from schemalm.schema.assertions import Reference
from schemalm.schema.formula import FALSE, TRUE, Formula, all_of
from schemalm.schema.nodes import Node, Nodes
from schemalm.schema.patterns import Patterns
from schemalm.schema.references import Resolver

# A key or a constant string that the schema lists, as its kind and its text.
Mention: TypeAlias = tuple[Literal["key", "constant"], str]


class Translator:
    """Translates the nodes of one schema.

    shapes: the formula of the root ("") and of every target of a reference, by location. pointers: the JSON pointer of
    each location. shapes_of_nodes: the formula of every schema object, by its JSON pointer. read: all translated
    objects, in order. expressions: every pattern, by its JSON pointer. mentions: the keys and constants that the
    schema lists, in order of occurrence. key_names: the nodes with `propertyNames`, each with the formula of its keys.
    """

    def __init__(self, nodes: Nodes, keywords: Mapping[str, Keyword], budget: Budget, patterns: Patterns) -> None:
        """`keywords`: the function that makes the formula of each keyword."""
        self.nodes = nodes
        self.limits = budget.limits
        self.patterns = patterns
        self.read: list[Node] = []
        self.mentions: dict[Mention, None] = {}
        self.expressions: dict[str, str] = {}
        self.shapes: dict[str, Formula] = {}
        self.shapes_of_nodes: dict[str, Formula] = {}
        self.pointers = {"": ""}
        self.key_names: list[tuple[Node, Formula]] = []
        self._keywords = keywords
        self._budget = budget
        self._waiting: list[tuple[str, Any, str, Resolver]] = []

    def translate(self) -> None:
        """Translates the root and the targets of all references."""
        self.shapes[""] = self._node(self.nodes.schema, "", self.nodes.references.root)
        while self._waiting:
            location, content, pointer, resolver = self._waiting.pop()
            if location not in self.shapes:
                self.pointers[location] = pointer
                self.shapes[location] = self._node(content, pointer, resolver)

    def _node(self, content: Any, pointer: str, resolver: Resolver) -> Formula:
        """The shape of one node; `resolver` resolves the references inside it."""
        self._budget.count_state()
        if isinstance(content, bool):
            return TRUE if content else FALSE
        node = self.nodes.at(content, pointer, resolver)
        self.read.append(node)
        keywords, binds = self._keywords, self.nodes.binds
        bound = [keywords[name] for name in content if name in keywords and binds(node, name)]
        shape = self.shapes_of_nodes[pointer] = all_of([keyword(self, node) for keyword in bound])
        return shape

    def inner(self, node: Node, *path: str | int) -> Formula:
        """The shape of a node inside another one."""
        return self._node(*self.nodes.inside(node, *path))

    def listed(self, node: Node, keyword: str) -> list[Formula]:
        """The shapes of a list of nodes."""
        return [self.inner(node, keyword, index) for index in range(len(node[keyword]))]

    def deferred(self, node: Node, *path: str | int) -> Formula:
        """A reference to a node inside another one, which is translated later; its shape may depend on this one."""
        return self._refer(*self.nodes.inside(node, *path))

    def reference(self, node: Node, keyword: str) -> Formula:
        """The shape of the target of a reference."""
        found = self.nodes.referenced(node, keyword)
        return self._refer(found.node, found.pointer, found.resolver)

    def _refer(self, content: Any, pointer: str, resolver: Resolver) -> Formula:
        if isinstance(content, bool):
            return TRUE if content else FALSE
        location = self.nodes.references.location(pointer, resolver)
        self._waiting.append((location, content, pointer, resolver))
        return Reference(location)

    def mention(self, node: Node, keyword: str, mentions: Iterable[Mention]) -> None:
        """Records the keys and constants that a keyword lists; raises LimitError if there are too many."""
        # Each gets a character of its own; there are only as many characters as the default.
        most = min(self.limits.symbols, DEFAULT_LIMITS.symbols)
        for mention in mentions:
            self.mentions[mention] = None
            if len(self.mentions) > most:
                message = f"the schema lists more than {most:,} keys and strings"
                pointer = node.pointer_to(keyword)
                raise LimitError(message, limit="symbols", maximum=most, pointer=pointer, keyword=keyword)

    def mention_keys(self, node: Node, keyword: str, names: Iterable[str]) -> None:
        """Records the keys that a keyword lists; raises LimitError if there are too many."""
        self.mention(node, keyword, (("key", name) for name in names))

    def check_pattern(self, source: str, pointer: str, keyword: str) -> None:
        """Records a pattern; raises SchemaError if it is malformed or not regular."""
        try:
            self.patterns.language(source)
        except PatternError as error:
            message = f"the pattern {source!r} cannot be used: {error}"
            raise SchemaError(message, pointer=pointer, keyword=keyword) from None
        self.expressions[pointer] = source


# Makes the formula of one keyword of a node.
Keyword: TypeAlias = Callable[[Translator, Node], Formula]


def together(keywords: tuple[str, ...], make: Keyword) -> dict[str, Keyword]:
    """Keywords with one common formula, which is made once, at the first of them that a node has and that binds."""

    def make_once(keyword: str, translator: Translator, node: Node) -> Formula:
        first = next(other for other in node.content if other in keywords and translator.nodes.binds(node, other))
        return make(translator, node) if keyword == first else TRUE

    return {keyword: partial(make_once, keyword) for keyword in keywords}
