"""YAML 1.2 text to a value, in bulk.

`ryaml` (Rust) parses. It differs from the YAML 1.2 core schema in a few known ways: it reads `010` as a
string and `0b1` and `-0x1` as integers, turns tags into mappings or drops them, takes a plain `<<` for a key,
breaks lines at U+0085, U+2028 and U+2029, reads integers of 39 digits and more as floats, and expands
aliases without a bound on the text. Text and values that show a sign of any of these go to
`yaml_exact`, which decides alone; so do the errors to which ryaml gives no place. Where no sign is seen both agree,
but for one corner: a whole document that is a block scalar without indentation, which has no single reading.
"""

from __future__ import annotations

import re

import ryaml

from schemalm.documents.json_reader import position_of
from schemalm.documents.limits import DocumentLimits
from schemalm.documents.values import JSONValue, levels
from schemalm.documents.yaml_exact import compose
from schemalm.errors import DocumentError

# Each pattern begins with a literal character, which the engine finds fast, and looks back from there.
_TAG = re.compile(r"!(?<![^\s\[{,:]!)[!<]")
_ANCHOR = re.compile(r"&(?<![^\s\[{,:]&)[0-9A-Za-z_-]")
_ALIAS = re.compile(r"\*(?<![^\s\[{,:]\*)[0-9A-Za-z_-]")
_RADIX = re.compile(r"0(?:b(?<![0-9A-Za-z]0b)[01]|[xo](?<=[-+]0.))")
_DIRECTIVE = re.compile(r"%(?<![^\r\n]%)")
_LINE_BREAKS = ("\x85", "\u2028", "\u2029", "\ufeff")
_MAX_FLOW_STARTS = 20_000  # ryaml needs time quadratic in the depth of flow mappings: 0.3 s at this many
_FIRST_EXACT_LIMIT = 1e38  # ryaml reads longer integers as floats

# Plain scalars that ryaml keeps as strings and the core schema does not.
_NUMBER_KEPT_AS_TEXT = re.compile(
    r"[-+]?(?:0[0-9]+|[0-9.]+[eE]\+?[0-9]{3,}|[0-9]{38,}[0-9.]*)|0x[0-9a-fA-F]{33,}|0o[0-7]{43,}"
)
_NUMBER_STARTS = frozenset("0123456789+-.")

_UNPLACED = ("duplicate entry", "invalid type", "invalid value", "unhashable", "more than one document")
_PLACE = re.compile(r" at line (\d+) column (\d+)")
_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CLEARER = {
    "recursion limit exceeded": "nested too deep, or an alias stands inside what it names",
    "repetition limit exceeded": "aliases expand to too much",
    "found character that cannot start any token": "no value begins with this character: quote it; indent with spaces",
}


def parse_yaml(text: str, limits: DocumentLimits, source: str = "") -> JSONValue:
    """Return the value of YAML text; raises `DocumentError` with line and column for all that is refused."""
    if _is_doubtful_text(text):
        return compose(text, limits, source)
    try:
        value: JSONValue = ryaml.loads(text)  # type: ignore[attr-defined]
    except ValueError as error:
        if any(part in str(error) for part in _UNPLACED):
            return compose(text, limits, source)
        raise _placed_error(str(error), text, source) from None
    if sum(map(len, levels(value))) > limits.max_nodes:
        raise DocumentError(f"more than {limits.max_nodes} values; raise max_nodes to read it", source=source)
    return compose(text, limits, source) if _is_doubtful_value(value, limits) else value


def _is_doubtful_text(text: str) -> bool:
    return bool(
        _TAG.search(text)
        or _RADIX.search(text)
        or (_ANCHOR.search(text) and _ALIAS.search(text))
        or _DIRECTIVE.search(text)
        or any(mark in text for mark in _LINE_BREAKS)
        or text.count("{") + text.count("[") > _MAX_FLOW_STARTS
    )


def _is_doubtful_value(value: JSONValue, limits: DocumentLimits) -> bool:
    """Tell whether a value shows a sign that ryaml misread the text, or breaks a limit."""
    if value is None:  # null, or no document at all
        return True
    for depth, level in enumerate(levels(value), start=1):
        for node in level:
            if isinstance(node, str):
                if _is_doubtful_string(node):
                    return True
            elif isinstance(node, dict):
                if depth > limits.max_depth or any(map(_is_doubtful_key, node)):
                    return True
            elif isinstance(node, list):
                if depth > limits.max_depth:
                    return True
            elif isinstance(node, float) and not abs(node) < _FIRST_EXACT_LIMIT:
                return True
    return False


def _is_doubtful_key(key: object) -> bool:
    return not isinstance(key, str) or key == "<<" or key[:1] == "!" or _is_doubtful_string(key)


def _is_doubtful_string(text: str) -> bool:
    return text[:1] in _NUMBER_STARTS and _NUMBER_KEPT_AS_TEXT.fullmatch(text) is not None


def _placed_error(message: str, text: str, source: str) -> DocumentError:
    place = _PLACE.search(message)
    line, column = (int(place[1]), int(place[2])) if place else (1, 1)
    forbidden = _FORBIDDEN.search(text) if "control characters" in message else None
    if forbidden:
        line, column = position_of(text, forbidden.start())
        message = f"the character U+{ord(forbidden[0]):04X} is not allowed in YAML"
    problem = message[: place.start()] if place else message.partition(", while")[0]
    return DocumentError(_CLEARER.get(problem, problem), line=line, column=column, source=source)
