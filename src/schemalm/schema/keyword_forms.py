"""The form that the value of each constraining keyword must have in every draft.

The meta-schema of a draft does not check everything: it skips keywords of other drafts, which a schema without a draft
may use, and parts that only references lead to. So each keyword is checked again when it is read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})


def fault_of(keyword: str, value: Any) -> str:
    """What a keyword of `FORMS` requires if its value has another form; empty if the form is right."""
    words, fits = FORMS[keyword]
    return "" if fits(value) else words


def _is_schema(value: Any) -> bool:
    return isinstance(value, dict | bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return _is_number(value) and value >= 0 and value == int(value)


def _are(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(fits, value))


def _table_of(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and all(map(fits, value.values()))


def _is_type(value: Any) -> bool:
    named = value if isinstance(value, list) else [value]
    return bool(named) and all(isinstance(name, str) and name in TYPES for name in named)


_are_names, _are_schemas = _are(_is_text), _are(_is_schema)

Form = tuple[str, Callable[[Any], bool]]
SCHEMA: Form = "a schema", _is_schema
SCHEMAS: Form = "a list of schemas", _are_schemas
TABLE: Form = "an object of schemas", _table_of(_is_schema)
COUNT: Form = "a non-negative integer", _is_count
NUMBER: Form = "a number", _is_number
TEXT: Form = "a string", _is_text
FORMS: dict[str, Form] = {
    **dict.fromkeys(("additionalItems", "additionalProperties", "contains", "else", "if", "not"), SCHEMA),
    **dict.fromkeys(("propertyNames", "then", "unevaluatedItems", "unevaluatedProperties"), SCHEMA),
    **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), SCHEMAS),
    **dict.fromkeys(("dependentSchemas", "patternProperties", "properties"), TABLE),
    **dict.fromkeys(("maxContains", "maxItems", "maxLength", "maxProperties"), COUNT),
    **dict.fromkeys(("minContains", "minItems", "minLength", "minProperties"), COUNT),
    **dict.fromkeys(("maximum", "minimum"), NUMBER),
    **dict.fromkeys(("$dynamicRef", "$recursiveRef", "$ref", "format", "pattern"), TEXT),
    # Draft 4 has booleans in place of numbers here; `required` was a boolean in drafts before it.
    **dict.fromkeys(
        ("exclusiveMaximum", "exclusiveMinimum"),
        ("a number or a boolean", lambda value: isinstance(value, bool) or _is_number(value)),
    ),
    "dependencies": (
        "an object of schemas and lists of names",
        _table_of(lambda value: _is_schema(value) or _are_names(value)),
    ),
    "dependentRequired": ("an object of lists of names", _table_of(_are_names)),
    "enum": ("a list", lambda value: isinstance(value, list)),
    "items": ("a schema or a list of schemas", lambda value: _is_schema(value) or _are_schemas(value)),
    "multipleOf": ("a number above 0", lambda value: _is_number(value) and value > 0),
    "required": ("a list of names", lambda value: isinstance(value, bool) or _are_names(value)),
    "type": ("the name of a type or a list of such names", _is_type),
    "uniqueItems": ("a boolean", lambda value: isinstance(value, bool)),
}
# Every constraining keyword; the value of `const` may be anything.
CONSTRAINING = FORMS.keys() | {"const"}
