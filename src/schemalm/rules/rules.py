"""The rules of one grammar: a schema is amended before it is translated.

In: a schema and its rules file. Out: the translation of the amended schema, and the rules that belong to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from schemalm.errors import LimitError, RulesError, SchemaError
from schemalm.json_pointer import pointer_to
from schemalm.limits import Limits
from schemalm.rules.amendments import amended
from schemalm.rules.structure import RulesFile
from schemalm.schema.nodes import KeywordUse
from schemalm.schema.sources import Schema, check_schema
from schemalm.schema.translation import Translation, translate

# What the pointers of rules begin with in coverage; those of a schema begin with a slash.
POINTER_PREFIX = "rules#"


@dataclass(frozen=True, eq=False)
class Rules:
    """The rules of a grammar: their file, and the schema as it was before they amended it."""

    file: RulesFile
    schema: Schema

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
    translation = translate(_amended(schema, file, limits), formats, limits)
    # Compiled rules are made here: what expressions and names add to the translation, before a grammar is built on it.
    return translation, Rules(file, schema)


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
