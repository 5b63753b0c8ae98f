"""The structure of a rules file, as frozen records that `msgspec` fills and checks.

Fields that have their defaults are left out when a record is written.

Whether the names that a file uses exist is checked elsewhere (`consistency`). The same structure is published as
`rules.schema.json`, with a description of every field.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

MAX_DEPTH = 64
MAX_ARGUMENTS = 255
MAX_PREFIX = 200

# `""` is the value itself; `*` is every key, `[]` every item, `~*` the key that is an asterisk.
_POINTER = r"^(/([^~/]|~[01])*)*$"
_VALUE_PATH = r"^(/(~\*|([^~/]|~[01])*))*$"
# Characters that end a name.
_ENDS = r"^[ -~]{0,16}$"
# What names of properties may begin with, but for single characters.
_RESERVED = r"^[A-Za-z_][A-Za-z0-9_-]+$"
Pointer = Annotated[str, Meta(pattern=_POINTER)]
ValuePath = Annotated[str, Meta(pattern=_VALUE_PATH)]
# In words, for messages.
PATTERNS = {
    _POINTER: 'a JSON pointer, such as /definitions/job ("" is the whole schema; ~1 is a slash, ~0 a tilde)',
    _VALUE_PATH: "a value path, such as /jobs/*/steps/[]/run (* is every key, [] every item)",
    _ENDS: "at most 16 ASCII characters, such as :",
    _RESERVED: "the beginning of a name, two characters or more, such as GITHUB_",
}
Sentence = Annotated[str, Meta(min_length=1)]

SimpleType = Literal["any", "string", "number", "boolean", "null"]
BinaryOperator = Literal["||", "&&", "==", "!=", "<", "<=", ">", ">="]
LiteralWord = Literal["true", "false", "null", "NaN", "Infinity"]
# The values of fields that have a few, in words, by field. Other fields of this kind are types.
ENUMERATIONS = {
    "rules": "1, the version of the format",
    "operation": "add, replace, merge or remove",
    "form": "text, condition, whole or none",
    "unique": "exact or ignore-case",
    "order": "earlier or any, in `referred` also mostly-earlier",
    "starts": "item",
    "binary": 'an operator: "||", "&&", "==", "!=", "<", "<=", ">" or ">="',
    "unary": '"!"',
    "literals": 'a word: "true", "false", "null", "NaN" or "Infinity"',
    "type": '"any", "string", "number", "boolean", "null", or an object',
}
BINARY_OPERATORS: tuple[BinaryOperator, ...] = ("||", "&&", "==", "!=", "<", "<=", ">", ">=")
LITERAL_WORDS: tuple[LiteralWord, ...] = ("true", "false", "null", "NaN", "Infinity")


class Amendment(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, forbid_unknown_fields=True):
    """A change of the schema at a JSON pointer; `remove` has no value."""

    pointer: Pointer
    operation: Literal["add", "replace", "merge", "remove"]
    reason: Sentence
    value: Any | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.operation == "remove" and self.value is not UNSET:
            raise ValueError("remove takes no value")
        if self.operation != "remove" and self.value is UNSET:
            raise ValueError(f"{self.operation} needs a value")
        if self.operation == "remove" and not self.pointer:
            raise ValueError("the whole schema cannot be removed")


class StructuredType(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, forbid_unknown_fields=True):
    """The type of an object or array, a reference to a type by its name or to a kind of names, or one of several types.

    properties: the type of each property; others have the type `values`, and without `values` there are no others.
    plain, reserved: if there are only `values`, whether the names of properties consist of letters, digits and `_`, and
    what these do not begin with. items: of an array. names: the properties are the declared names of this kind. type:
    the type of this name. any_of: one of these types; only for parameters, and for what a place accepts.
    """

    properties: dict[str, Type] | None = None
    values: Type | None = None
    plain: bool = False
    reserved: tuple[Annotated[str, Meta(pattern=_RESERVED)], ...] = ()
    items: Type | None = None
    names: str | None = None
    type: str | None = None
    any_of: Annotated[tuple[Type, ...], Meta(min_length=1)] | None = None

    def __post_init__(self) -> None:
        is_object = self.properties is not None or self.values is not None
        others = (self.items, self.names, self.type, self.any_of)
        if is_object + sum(other is not None for other in others) != 1:
            raise ValueError("a type has `properties` and `values`, or `items`, or `names`, or `type`, or `any_of`")
        if (self.plain or self.reserved) and (self.values is None or self.properties is not None):
            raise ValueError("`plain` and `reserved` are for objects with `values` and without `properties`")


Type = SimpleType | StructuredType


class Function(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, forbid_unknown_fields=True):
    """A function: the types of its parameters, then of `more` arguments, `at_most` in all.

    odd: the number of arguments is odd. placeholders: in the first argument, a text, `{0}` stands for the second.
    json: the only argument, if it is a text alone, holds JSON; the result then has the type of this JSON.
    """

    returns: Type
    parameters: tuple[Type, ...] = ()
    more: Type | None = None
    at_most: Annotated[int, Meta(ge=1, le=MAX_ARGUMENTS)] | None = None
    odd: bool = False
    placeholders: bool = False
    json: bool = False

    def __post_init__(self) -> None:
        if self.more is None and (self.at_most is not None or self.odd):
            raise ValueError("`at_most` and `odd` need `more`, the type of further arguments")
        if len(self.parameters) > (self.at_most or MAX_ARGUMENTS):
            raise ValueError(f"it has {len(self.parameters)} parameters, more than {self.at_most or MAX_ARGUMENTS}")
        if self.placeholders and not self.parameters:
            raise ValueError("`placeholders` needs a first parameter, the text with the placeholders")
        if self.json and (len(self.parameters) != 1 or self.more is not None or self.placeholders):
            raise ValueError("`json` needs exactly one parameter, the text that holds JSON, and no `placeholders`")


class Syntax(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, forbid_unknown_fields=True):
    """The operators and the words for constants. A word that YAML reads as true or false may stand as such."""

    binary: tuple[BinaryOperator, ...] = BINARY_OPERATORS
    unary: tuple[Literal["!"], ...] = ("!",)
    literals: tuple[LiteralWord | bool, ...] = LITERAL_WORDS
    ignore_case: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """The words for constants, as expressions have them."""
        return tuple(str(word).lower() if isinstance(word, bool) else word for word in self.literals)


class Place(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, forbid_unknown_fields=True):
    """The texts at some value paths: whether they hold expressions, and which contexts and functions these may use.

    accepts: the type that one expression must have if it is the whole value.
    """

    at: Annotated[tuple[ValuePath, ...], Meta(min_length=1)]
    form: Literal["text", "condition", "whole", "none"]
    contexts: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    accepts: Type | None = None

    def __post_init__(self) -> None:
        if self.form == "none" and (self.contexts or self.functions or self.accepts is not None):
            raise ValueError("the form `none` has no contexts, no functions and no type")


class Expressions(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, forbid_unknown_fields=True):
    """The language of expressions, and the places of the document that hold them; `depth` counts nested brackets."""

    delimiters: tuple[Sentence, Sentence]
    depth: Annotated[int, Meta(ge=1, le=MAX_DEPTH)] = 16
    syntax: Syntax = Syntax()
    types: dict[str, Type] = {}
    contexts: dict[str, Type] = {}
    functions: dict[str, Function] = {}
    places: tuple[Place, ...] = ()


def _check_one(keys: str | None, values: str | None) -> None:
    if (keys is None) == (values is None):
        raise ValueError("expected either `keys` or `values`, each a value path")


class Declared(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, forbid_unknown_fields=True):
    """What declares names: the keys of the objects at a value path, or the texts there.

    except: keys there that are no names.
    """

    keys: ValuePath | None = None
    values: ValuePath | None = None
    excluded: tuple[str, ...] = msgspec.field(name="except", default=())

    def __post_init__(self) -> None:
        _check_one(self.keys, self.values)
        if self.excluded and self.keys is None:
            raise ValueError("`except` lists keys that are no names; it needs `keys`")

    @property
    def path(self) -> str:
        """The value path."""
        return self.values or "" if self.keys is None else self.keys


# Which declarations a reference leads to: earlier ones, or any, though most documents may declare first.
Order: TypeAlias = Literal["earlier", "mostly-earlier", "any"]
MOSTLY_EARLIER: Final = "mostly-earlier"


class Referred(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, forbid_unknown_fields=True):
    """What refers to names, and whether to earlier ones.

    acyclic: the declared object that holds the reference may not lead back to itself over references. prefix, until,
    pattern: the name is what follows the prefix, up to the first of the characters `until`, if it has the pattern;
    other texts are free.
    """

    keys: ValuePath | None = None
    values: ValuePath | None = None
    order: Order = "earlier"
    acyclic: bool = False
    prefix: Annotated[str, Meta(max_length=MAX_PREFIX)] = ""
    until: Annotated[str, Meta(pattern=_ENDS)] = ""
    pattern: Sentence | None = None

    def __post_init__(self) -> None:
        _check_one(self.keys, self.values)
        if self.keys is not None and (self.prefix or self.until or self.pattern is not None):
            raise ValueError("`prefix`, `until` and `pattern` are about texts; they need `values`")

    @property
    def path(self) -> str:
        """The value path."""
        return self.values or "" if self.keys is None else self.keys


class NameKind(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of names.

    scope: the object within which names count. declared: what declares them. unique: whether two declarations may be
    equal. members: the type of a name in expressions. unknown: if there is a value at one of these paths, every name is
    declared. ignore_case: how references compare. referred: references outside of expressions. order: of references in
    expressions. starts: `item` if a declaration counts only after the end of the innermost list item that contains it.
    always: names that every document declares. default: those that a document without declarations declares.
    """

    declared: Annotated[tuple[Declared, ...], Meta(min_length=1)]
    scope: ValuePath = ""
    unique: Literal["exact", "ignore-case"] | None = None
    members: Type = "any"
    unknown: tuple[ValuePath, ...] = ()
    ignore_case: bool = False
    referred: tuple[Referred, ...] = ()
    order: Literal["earlier", "any"] = "earlier"
    starts: Literal["item"] | None = None
    always: tuple[str, ...] = ()
    default: tuple[str, ...] = ()


class Keys(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, forbid_unknown_fields=True):
    """What holds for the keys of every object: `ignore-case` if no two may differ in the case of letters alone."""

    unique: Literal["exact", "ignore-case"] = "exact"


class RulesFile(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, forbid_unknown_fields=True):
    """The content of a rules file; `read_rules` makes one, in which every name that is used exists.

    title: for people. schema: the built-in schema that the rules belong to. extends: the rules that come first; it is
    empty after reading, since these rules are then included. alike: by value path, the paths of values with the same
    rules.
    """

    rules: Literal[1]
    title: str = ""
    schema: str = ""
    extends: str = ""
    keys: Keys = Keys()
    amend: dict[str, Amendment] = {}
    expressions: Expressions | None = None
    names: dict[str, NameKind] = {}
    alike: dict[ValuePath, Annotated[tuple[ValuePath, ...], Meta(min_length=1)]] = {}

    def content(self) -> dict[str, Any]:
        """The rules as one JSON object, from which `read_rules` makes equal rules."""
        content: dict[str, Any] = json.loads(json.dumps(msgspec.to_builtins(self)))
        return content
