"""The fast YAML 1.2 reader, for bulk.

`ryaml` (Rust) parses. It differs from the YAML 1.2 core schema in a few known ways:

* it reads `010` as a string, and `0b1` and `-0x1` as integers;
* it turns tags into mappings or drops them, and reads a plain `<<` as a key;
* it ends the name of an anchor at the first punctuation mark (`&a:b`);
* it reads the `?` of `{?a: b}` as an indicator, and a document that is an unindented block scalar as empty;
* it reads integers of 39 or more digits as floats;
* it expands aliases without a bound on the text.

Text or values with a sign of any of these are read by `yaml_exact` instead, whose result counts. So is everything that
ryaml refuses, since it refuses some tabs that are content or separators, and some keys of flow mappings whose line ends
before the colon. Without such a sign both agree, with one exception: a block scalar of blank lines that are indented
deeper than a comment below it. By the specification, that comment is misplaced text.
"""

from __future__ import annotations

import re

import ryaml

from schemalm.documents.limits import DocumentLimits
from schemalm.documents.values import JSONValue, levels
from schemalm.documents.yaml_composer import Expansion
from schemalm.documents.yaml_exact import compose

# Each pattern begins with a literal character, which the engine finds quickly, and looks back from there.
_TAG = re.compile(r"!(?<![^\s\[{,:]!)[!<]")
_ANCHOR = re.compile(r"&(?<![^\s\[{,:]&)[0-9A-Za-z_-]")
_ALIAS = re.compile(r"\*(?<![^\s\[{,:]\*)[0-9A-Za-z_-]")
_ANCHOR_WITH_MARKS = re.compile(r"&(?<![^\s\[{,:]&)[0-9A-Za-z_-]+[:?%@`]")
_TEXT_AFTER_QUERY = re.compile(r"\?(?<=[\s\[{,]\?)[^\s]")
_RADIX = re.compile(r"0(?:b(?<![0-9A-Za-z]0b)[01]|[xo](?<=[-+]0.))")
_DIRECTIVE = re.compile(r"%(?<![^\r\n]%)")
# A byte order mark; and U+0085, U+2028 and U+2029, content in YAML 1.2 (section 5.4), line breaks in ryaml.
_READ_OTHERWISE = "\ufeff\x85\u2028\u2029"
_MAX_FLOW_STARTS = 20_000  # ryaml's time is quadratic in the depth of flow mappings: 0.3 s at this number
_FIRST_EXACT_LIMIT = 1e38  # ryaml reads longer integers as floats

# Plain scalars that are strings to ryaml but numbers in the core schema.
_NUMBER_KEPT_AS_TEXT = re.compile(
    r"[-+]?(?:0[0-9]+|[0-9.]+[eE]\+?[0-9]{3,}|[0-9]{38}[0-9.]*)|0x[0-9a-fA-F]{33,}|0o[0-7]{43,}"
)
_NUMBER_STARTS = frozenset("0123456789+-.")


def parse_yaml(
    text: str,
    limits: DocumentLimits,
    source: str = "",
    *,
    merge_keys: bool = False,
    expansion: Expansion | None = None,
) -> JSONValue:
    """Return the value of YAML text; raises `DocumentError` with line and column for everything refused.

    `merge_keys` and `expansion` are those of `compose`.
    """

    def exact() -> JSONValue:
        return compose(text, limits, source, merge_keys=merge_keys, expansion=expansion)

    if _is_doubtful_text(text):
        return exact()
    try:
        value: JSONValue = ryaml.loads(text)  # type: ignore[attr-defined]
    except ValueError:
        return exact()
    is_block_alone = isinstance(value, str) and ("|" in text or ">" in text)
    is_too_large = sum(map(len, levels(value))) > limits.max_nodes
    return exact() if is_block_alone or is_too_large or _is_doubtful_value(value, limits) else value


def _is_doubtful_text(text: str) -> bool:
    return bool(
        _TAG.search(text)
        or _RADIX.search(text)
        or (_ANCHOR.search(text) and (_ALIAS.search(text) or _ANCHOR_WITH_MARKS.search(text)))
        or _TEXT_AFTER_QUERY.search(text)
        or _DIRECTIVE.search(text)
        or any(character in text for character in _READ_OTHERWISE)
        or text.count("{") + text.count("[") > _MAX_FLOW_STARTS
    )


def _is_doubtful_value(value: JSONValue, limits: DocumentLimits) -> bool:
    """Return whether a value shows a sign that ryaml misread the text, or exceeds a limit."""
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
