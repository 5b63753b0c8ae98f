"""`unevaluatedProperties` and `unevaluatedItems`, whose meaning depends on which branches are true.

A node and its subschemas evaluate children under conditions; a branch of `anyOf` evaluates children only if it is true.
For each set of conditions that may be true together, the evaluated children are known. So the keyword is a disjunction
over these sets. A larger set evaluates more children, so listing a set does no harm if other conditions are true too.
Source: JSON Schema 2020-12, section 11 (2019-09: section 9.3).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import combinations

from schemalm.errors import LimitError
from schemalm.schema.assertions import of_kind
from schemalm.schema.dialects import DRAFT202012
from schemalm.schema.formula import FALSE, TRUE, Formula, all_of, any_of, negate
from schemalm.schema.keywords.arrays import items
from schemalm.schema.keywords.objects import Has, Members
from schemalm.schema.keywords.strings import Pattern
from schemalm.schema.nodes import Node
from schemalm.schema.translator import Keyword, Translator


@dataclass(frozen=True)
class Evaluated:
    """The children that a node evaluates.

    everything: all of them; names, patterns: of keys; prefix: number of items; shapes: items of one of these shapes.
    """

    everything: bool = False
    names: frozenset[str] = frozenset()
    patterns: frozenset[str] = frozenset()
    prefix: int = 0
    shapes: tuple[Formula, ...] = ()

    def __or__(self, other: Evaluated) -> Evaluated:
        return Evaluated(
            self.everything or other.everything,
            self.names | other.names,
            self.patterns | other.patterns,
            max(self.prefix, other.prefix),
            tuple(dict.fromkeys([*self.shapes, *other.shapes])),
        )


NONE = Evaluated()
# A condition, and what is evaluated if it is true.
Case = tuple[Formula, Evaluated]


class Evaluations:
    """Finds what the subschemas of a node evaluate, for one of the two keywords."""

    def __init__(self, translator: Translator, keyword: str) -> None:
        self.keyword = keyword
        self._translator, self._nodes = translator, translator.nodes
        self._open: set[str] = set()

    def of(self, node: Node, own_keyword: bool) -> Iterator[Case]:
        """Yield the cases of a node that is true; `own_keyword`: whether the unevaluated keyword counts there too."""
        if own_keyword and self._nodes.binds(node, self.keyword):
            yield TRUE, Evaluated(everything=True)
        yield TRUE, self._direct(node)
        for keyword in ("$ref", "$dynamicRef", "$recursiveRef"):
            if self._nodes.binds(node, keyword):
                yield from self._referenced(node, keyword)
        for keyword in ("allOf", "anyOf", "oneOf"):
            for index in range(len(node[keyword])) if self._nodes.binds(node, keyword) else ():
                yield from self._inner(node, keyword == "allOf", keyword, index)
        if self._nodes.binds(node, "if"):
            yield from self._inner(node, False, "if")
            condition = self._translator.deferred(node, "if")
            for keyword, holds in (("then", condition), ("else", negate(condition))):
                if keyword in node:
                    yield from ((all_of([holds, case]), found) for case, found in self._inner(node, True, keyword))
        for keyword in ("dependentSchemas", "dependencies"):
            for name, dependency in node[keyword].items() if self._nodes.binds(node, keyword) else ():
                if isinstance(dependency, dict):
                    cases = self._inner(node, True, keyword, name)
                    yield from ((all_of([of_kind("object"), Has(name), case]), found) for case, found in cases)

    def _inner(self, node: Node, is_certain: bool, *path: str | int) -> Iterator[Case]:
        """Yield the cases of a subschema, under the condition that it is true unless `is_certain`."""
        content, pointer, resolver = self._nodes.inside(node, *path)
        if isinstance(content, bool):
            return
        holds = TRUE if is_certain else self._translator.deferred(node, *path)
        for case, found in self.of(self._nodes.at(content, pointer, resolver), own_keyword=True):
            yield all_of([holds, case]), found

    def _referenced(self, node: Node, keyword: str) -> Iterator[Case]:
        found = self._nodes.referenced(node, keyword)
        location = self._nodes.references.location(found.pointer, found.resolver)
        if isinstance(found.node, bool) or location in self._open:
            return
        self._open.add(location)
        inside = self._nodes.at(found.node, found.pointer, found.resolver)
        yield from list(self.of(inside, own_keyword=True))
        self._open.discard(location)

    def _direct(self, node: Node) -> Evaluated:
        """What the keywords beside the unevaluated keyword evaluate."""
        binds = self._nodes.binds
        if self.keyword == "unevaluatedProperties":
            return Evaluated(
                binds(node, "additionalProperties"),
                frozenset(node["properties"] if binds(node, "properties") else ()),
                frozenset(node["patternProperties"] if binds(node, "patternProperties") else ()),
            )
        listed = node.content.get("items")
        if isinstance(listed, list):
            return Evaluated(binds(node, "additionalItems"), prefix=len(listed))
        shapes: tuple[Formula, ...] = ()
        if node.draft >= DRAFT202012 and binds(node, "contains"):
            shapes = (self._translator.deferred(node, "contains"),)
        prefix = len(node["prefixItems"]) if binds(node, "prefixItems") else 0
        return Evaluated(binds(node, "items"), prefix=prefix, shapes=shapes)


def _unevaluated(keyword: str, translator: Translator, node: Node) -> Formula:
    """The formula of the keyword, for values that satisfy the rest of the node."""
    shape, limits = translator.inner(node, keyword), translator.limits
    cases: dict[Formula, Evaluated] = {}
    for condition, evaluated in Evaluations(translator, keyword).of(node, own_keyword=False):
        if condition != FALSE and evaluated != NONE:
            cases[condition] = cases.get(condition, NONE) | evaluated
    certain = cases.pop(TRUE, NONE)
    if len(cases) > limits.unevaluated_branches:
        raise LimitError(
            f"{keyword} depends on {len(cases)} branches, more than {limits.unevaluated_branches}",
            limit="unevaluated_branches",
            maximum=limits.unevaluated_branches,
            pointer=node.pointer_to(keyword),
            keyword=keyword,
        )
    parts = []
    for count in range(len(cases) + 1):
        for conditions in combinations(cases, count):
            evaluated = certain
            for condition in conditions:
                evaluated |= cases[condition]
            parts.append(all_of([*conditions, _rest(keyword, evaluated, shape)]))
    return any_of(parts)


def _rest(keyword: str, evaluated: Evaluated, shape: Formula) -> Formula:
    """The assertion about the children that are not evaluated."""
    if evaluated.everything:
        return TRUE
    if keyword == "unevaluatedItems":
        return items((TRUE,) * evaluated.prefix, any_of([*evaluated.shapes, shape]))
    named = tuple((name, TRUE) for name in sorted(evaluated.names))
    return Members(named, tuple((Pattern(source), TRUE) for source in sorted(evaluated.patterns)), shape)


KEYWORDS: dict[str, Keyword] = {
    keyword: partial(_unevaluated, keyword) for keyword in ("unevaluatedProperties", "unevaluatedItems")
}
