"""The rules of one grammar: a schema is amended before it is translated.

In: a schema and its rules file. Out: the translation of the amended schema, and the rules that belong to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from schemalm.errors import LimitError, RulesError, SchemaError
from schemalm.json_pointer import pointer_to
from schemalm.limits import Limits
from schemalm.rules.amendments import amended
from schemalm.rules.checking import Link, NameChecker
from schemalm.rules.expression_places import ExpressionPlaces, kinds_of, own_kinds
from schemalm.rules.expressions import reader_of
from schemalm.rules.expressions.types import Names as NamesOf
from schemalm.rules.names import Names, compile_names
from schemalm.rules.paths import Place
from schemalm.rules.places import AtPlace
from schemalm.rules.precedence import Pair, precedence
from schemalm.rules.structure import RulesFile
from schemalm.schema.formula import Formula
from schemalm.schema.nodes import KeywordUse
from schemalm.schema.sources import Schema, check_schema
from schemalm.schema.translation import Translation, translate
from schemalm.schema.translator import Mention

# What the pointers of rules begin with in coverage; those of a schema begin with a slash.
POINTER_PREFIX = "rules#"


@dataclass(frozen=True, eq=False)
class Rules:
    """The rules of a grammar: their file, the schema as it was before they amended it, and the compiled names."""

    file: RulesFile
    schema: Schema
    names: Names

    @property
    def shape(self) -> Formula:
        """What a document must satisfy, besides the schema, while there are names of every kind."""
        return AtPlace(self.names.tree.root, frozenset())

    @cached_property
    def checker(self) -> NameChecker:
        """Checks the names of whole values."""
        return NameChecker(self.names, _links, _opening)

    @cached_property
    def precedence(self) -> tuple[Pair, ...]:
        """The pairs of keys whose order the rules want."""
        kinds_at = {
            place.number: own_kinds(place.expression) for place in self.names.tree if place.expression is not None
        }
        return precedence(self.names, kinds_at)

    @property
    def kinds_in_expressions(self) -> frozenset[str]:
        """The kinds whose names expressions can use, if they always count where the expression stands."""
        places = [place.expression for place in self.names.tree if place.expression is not None]
        own = frozenset().union(*map(own_kinds, places))
        return own - frozenset().union(*(kinds_of(place) - own_kinds(place) for place in places))

    def has_names_below(self, place: Place) -> bool:
        """Whether a place, or one below it, has rules about names, or expressions that use them."""
        return any(
            inner.names is not None or (inner.expression is not None and kinds_of(inner.expression))
            for inner in place.within()
        )

    @cached_property
    def referring(self) -> frozenset[str]:
        """The paths of the places whose keys or texts refer to names."""
        places = [place for place in self.names.tree if place.names is not None]
        return frozenset(place.path for place in places if place.names.referred_keys or place.names.referred_values)

    @cached_property
    def closable(self) -> frozenset[str]:
        """The kinds and places for which there may be no name to refer to."""
        return self.kinds_in_expressions | self.referring

    @property
    def mentions(self) -> list[Mention]:
        """The keys that the paths of the rules name."""
        return [("key", key) for place in self.names.tree for key in place.named]

    @cached_property
    def reasons(self) -> dict[str, str]:
        """The reasons of the patterns that amendments bring; a pattern with several reasons is left out."""
        found: dict[str, set[str]] = {}
        for amendment in self.file.amend.values():
            for source in _patterns(amendment.value):
                found.setdefault(source, set()).add(amendment.reason)
        return {source: reasons.pop() for source, reasons in found.items() if len(reasons) == 1}

    def uses(self) -> Iterator[KeywordUse]:
        """Every amendment, expression place and kind of names, each with its pointer in the rules file."""
        expressions = self.file.expressions
        places = () if expressions is None else expressions.places
        for name in self.file.amend:
            yield _use("amend", name)
        for number, place in enumerate(places):
            for position in range(len(place.at)):
                yield _use("expressions", "places", number, "at", position)
        for name in self.file.names:
            yield _use("names", name)


def _patterns(schema: Any) -> Iterator[str]:
    """The values of the keyword `pattern` in a part of a schema."""
    if isinstance(schema, dict) and isinstance(schema.get("pattern"), str):
        yield schema["pattern"]
    members = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    for member in members:
        yield from _patterns(member)


def _use(part: str, *path: str | int) -> KeywordUse:
    return KeywordUse(POINTER_PREFIX + pointer_to([part, *path]), part, "construction")


def translate_with_rules(
    schema: Schema, file: RulesFile | None, formats: str, limits: Limits
) -> tuple[Translation, Rules | None]:
    """The translation of a schema that `read_schema` returned, after its amendments, and the rules, if there are any.

    Raises RulesError if an amendment does not fit the schema or makes an invalid one, and what `translate` raises.
    """
    if file is None:
        return translate(schema, formats, limits), None
    ignores_key_case = file.keys.unique == "ignore-case"
    translation = translate(_amended(schema, file, limits), formats, limits, ignores_key_case=ignores_key_case)
    return translation, Rules(file, schema, names_of_file(file))


def names_of_file(file: RulesFile) -> Names:
    """The kinds of names of a rules file, over the tree of all its places, which know their expressions."""
    expressions = file.expressions
    places = () if expressions is None else expressions.places
    names = compile_names(file.names, [path for place in places for path in place.at], file.alike)
    if expressions is not None:
        made = ExpressionPlaces(expressions, file.names)
        for place in places:
            found = made.place(place)
            for path in place.at:
                names.tree.at(path).expression = found
    return names


def _amended(schema: Schema, file: RulesFile, limits: Limits) -> Schema:
    if not file.amend:
        return schema
    tree = amended(schema, file.amend)
    try:
        check_schema(tree, limits)
    except LimitError:
        raise
    except SchemaError as error:
        at = f" at {error.pointer}" if error.pointer else ""
        raise RulesError(f"with these changes, the schema is invalid{at}: {error.message}", pointer="/amend") from None
    return tree


def _links(place: Place, text: str) -> Iterator[list[Link]]:
    """The chains of names in a text."""
    for chain in reader_of(place.expression).references(text) or ():
        yield [
            Link(link.type.kind, link.name, link.start, link.end) for link in chain if isinstance(link.type, NamesOf)
        ]


def _opening(place: Place) -> str | None:
    """The text without which a text holds no expression; the empty text for conditions, which need none."""
    expression = place.expression
    if expression is None or not kinds_of(expression):
        return None
    return "" if expression.form == "condition" else str(expression.delimiters[0])
