"""A schema as formulas: what the grammar is made of.

In: a schema tree. Out: the formula of its root, and of every node that a reference leads to, with what else was met on
the way: keys and constants, patterns, keywords. What stays true: a value satisfies the formula exactly where it is
valid under the node.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from schemalm.errors import SchemaError
from schemalm.limits import Budget, Limits
from schemalm.schema.assertions import Reference
from schemalm.schema.formula import Formula, atoms
from schemalm.schema.keywords import arrays, branches, numbers, objects, strings, unevaluated, values
from schemalm.schema.nodes import KeywordUse, Node, Nodes
from schemalm.schema.patterns import Patterns
from schemalm.schema.shapes import Shapes
from schemalm.schema.sources import Schema
from schemalm.schema.translator import Keyword, Mention, Translator

KEYWORDS: dict[str, Keyword] = {
    **values.KEYWORDS,
    **strings.KEYWORDS,
    **numbers.KEYWORDS,
    **objects.KEYWORDS,
    **arrays.KEYWORDS,
    **branches.KEYWORDS,
    **unevaluated.KEYWORDS,
}


@dataclass(frozen=True, eq=False)
class Translation:
    """A schema as formulas.

    nodes: finds the objects of the schema. budget: what compiling and later calls may cost. root: the formula of the
    whole schema. shapes: the formulas that references lead to, and what becomes of a formula for each kind of value.
    shapes_of_nodes: the formulas of all schema objects, by JSON pointer. mentions: the keys and constants that the
    schema lists, in their order. expressions: the patterns, by JSON pointer. read: the schema objects that
    were met. has_guards: whether one has a keyword of which no finite state can tell whether it holds.
    """

    nodes: Nodes
    budget: Budget
    root: Formula
    shapes: Shapes
    shapes_of_nodes: Mapping[str, Formula]
    mentions: Iterable[Mention]
    expressions: Mapping[str, str]
    read: Sequence[Node]
    has_guards: bool

    def uses(self) -> Iterator[KeywordUse]:
        """The constraining keywords that were met."""
        return (use for node in self.read for use in self.nodes.uses(node))


def translate(schema: Schema, formats: str, limits: Limits) -> Translation:
    """The formulas of a schema that `read_schema` gave.

    formats: "assert" where the keyword `format` binds, else "annotate". Raises SchemaError, with pointer and keyword,
    for what cannot be translated or breaks a limit.
    """
    budget, nodes, patterns = Budget(limits), Nodes(schema, formats), Patterns(limits)
    translator = Translator(nodes, KEYWORDS, budget, patterns)
    translator.translate()
    _check_cycles(translator)
    shapes = Shapes(translator.shapes.__getitem__, patterns, budget)
    for node, names in translator.key_names:
        translator.mention_keys(node, "propertyNames", shapes.finite_keys(names))
    return Translation(
        nodes,
        budget,
        translator.shapes[""],
        shapes,
        translator.shapes_of_nodes,
        translator.mentions,
        translator.expressions,
        translator.read,
        any(map(nodes.is_guarded, translator.read)),
    )


def _check_cycles(translator: Translator) -> None:
    """Raises SchemaError where a reference leads back to itself before any key or item."""
    shapes = translator.shapes
    finished: set[str] = set()
    for start in shapes:
        path: list[tuple[str, Iterator[str]]] = [(start, _direct_references(shapes[start]))]
        open_locations = {start}
        while path:
            location, following = path[-1]
            after = next((other for other in following if other not in finished), None)
            if after in open_locations:
                raise SchemaError("$ref leads back to itself", pointer=translator.pointers[after], keyword="$ref")
            if after is None:
                finished.add(location)
                open_locations.discard(path.pop()[0])
            else:
                open_locations.add(after)
                path.append((after, _direct_references(shapes[after])))


def _direct_references(shape: Formula) -> Iterator[str]:
    return (atom.location for atom in atoms([shape]) if isinstance(atom, Reference))
