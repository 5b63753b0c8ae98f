"""Translates a schema into the formulas that the grammar is built from.

In: a schema tree. Out: the formula of its root and of every target of a reference, with the keys, constants, patterns
and keywords of the schema. Invariant: a value satisfies a formula if and only if it is valid under the node.
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

    nodes: finds the objects of the schema. budget: limits the work of compiling and later calls. root: the formula of
    the whole schema. shapes: the formulas of the targets of references, restricted to each kind of value.
    shapes_of_nodes: the formulas of all schema objects, by JSON pointer. mentions: the keys and constants that the
    schema lists, in order. expressions: the patterns, by JSON pointer. read: the schema objects that were translated.
    has_guards: whether one of them has a keyword that a finite state cannot check.
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
        """The constraining keywords of all translated objects."""
        return (use for node in self.read for use in self.nodes.uses(node))


def translate(schema: Schema, formats: str, limits: Limits, *, ignores_key_case: bool = False) -> Translation:
    """The formulas of a schema returned by `read_schema`.

    formats: "assert" if the keyword `format` binds, else "annotate". ignores_key_case: as in `Shapes`. Raises
    SchemaError, with pointer and keyword, if the schema cannot be translated or exceeds a limit.
    """
    budget, nodes, patterns = Budget(limits), Nodes(schema, formats), Patterns(limits)
    translator = Translator(nodes, KEYWORDS, budget, patterns)
    translator.translate()
    _check_cycles(translator)
    shapes = Shapes(translator.shapes.__getitem__, patterns, budget, ignores_key_case=ignores_key_case)
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
    """Raises SchemaError if a reference leads back to itself without a key or item in between."""
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
