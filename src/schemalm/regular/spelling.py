"""Patterns that every regular expression engine reads as ECMA-262 does.

In: the source of a `pattern` that `pattern_syntax.py` can read. Out: the source itself if all engines read it alike,
else an expression that matches in the same texts. That expression is written from the syntax tree; if only dots differ,
each dot is replaced in the source. It avoids all forms that engines read differently: named classes, escapes other than
those of code points and syntax characters, and literal brackets and braces. It is also valid in ECMA-262 with the flag
`u`. Not covered: how many steps or states an engine needs.
"""

from __future__ import annotations

import re
import string
import sys

from schemalm.regular.character_ranges import ANY, LINE_ENDS, SURROGATES, Ranges, common, complement
from schemalm.regular.pattern_syntax import parse
from schemalm.regular.pattern_tree import Anchor, Characters, Group, Lookahead, Node, Repetition, consumes

_LITERAL = frozenset(string.ascii_letters + string.digits + " !\"#%',/:;<=>@_`")
_SYNTAX = frozenset("^$\\.*+?()[]{}|")
_QUANTIFIERS = {(0, None): "*", (1, None): "+", (0, 1): "?"}
_ESCAPE = r"\\(?:[dDwWsStnrfv]|[!-/:;=?@\[-`{-~ ]|c[A-Za-z]|x[0-9A-Fa-f]{2}|u(?![dD][89A-Fa-f])[0-9A-Fa-f]{4})"
_MEMBER = r"(?:[^\\\[\]-]|\\(?:[tnrfv]|[!-/:;=?@\[-`{-~ ]|x[0-9A-Fa-f]{2}|u(?![dD][89A-Fa-f])[0-9A-Fa-f]{4}))"
_NO_OPERATOR = r"(?!(?:\\.|[^\]\\])*(?:&&|--|~~))"
_CLASS = rf"\[{_NO_OPERATOR}\^?-?(?!\]|\^)(?:{_MEMBER}-{_MEMBER}|{_MEMBER}|\\[dDwWsS])*+-?\]"
_QUANTIFIER = r"(?:[*+?]|\{[0-9]+(?:,[0-9]*)?\})\??"
_PLAIN = re.compile(rf"(?:[^\\\[\](){{}}*+?]|\((?:\?:|(?!\?))(?!\))|\)|{_ESCAPE}|{_CLASS}|{_QUANTIFIER})*+")
_ESCAPE_OR_CLASS_OR_DOT = re.compile(r"\\.|\[(?:[^\]\\]|\\.)*+\]|\.", re.DOTALL)


def portable_pattern(source: str) -> str:
    """An expression that every engine reads as ECMA-262 reads `source`; raises `PatternError` if it is malformed."""
    alternatives = parse(source, sys.maxsize)
    if not is_plain_spelling(source):
        return _alternatives(alternatives)
    return _ESCAPE_OR_CLASS_OR_DOT.sub(lambda found: _NO_LINE_END if found[0] == "." else found[0], source)


def is_plain_spelling(source: str) -> bool:
    """Whether all engines read a valid expression alike apart from its dots; look-around counts as different."""
    return _PLAIN.fullmatch(source) is not None


def _alternatives(alternatives: tuple[tuple[Node, ...], ...]) -> str:
    return "|".join("".join(map(_node, nodes)) for nodes in alternatives)


def _node(node: Node) -> str:
    if isinstance(node, Characters):
        return _characters(node.ranges)
    if isinstance(node, Group):
        return f"(?:{_alternatives(node.alternatives)})"
    if isinstance(node, Anchor):
        return node.value
    if isinstance(node, Lookahead):
        return f"(?{'!' if node.negated else '='}{_alternatives(node.group.alternatives)})"
    return _repetition(node)


def _repetition(node: Repetition) -> str:
    if node.maximum == 0 or not consumes(node.node):
        # A node without characters matches the same once as many times; engines refuse to repeat it.
        return _node(node.node) if node.minimum else "(?:)"
    bounds = (node.minimum, node.maximum)
    low, high = node.minimum, "" if node.maximum is None else node.maximum
    return _node(node.node) + (_QUANTIFIERS.get(bounds) or (f"{{{low}}}" if low == high else f"{{{low},{high}}}"))


def _characters(ranges: Ranges) -> str:
    """A class of the code points without surrogates, which no text contains and some engines refuse."""
    found = common(ranges, complement(SURROGATES))
    if len(found) == 1 and found[0][0] == found[0][1]:
        return _code_point(found[0][0])
    if not found:
        return f"[^{_span(*ANY[0])}]"
    return f"[{''.join(_span(low, high) for low, high in found)}]"


def _span(low: int, high: int) -> str:
    return _code_point(low) if low == high else f"{_code_point(low)}-{_code_point(high)}"


def _code_point(code: int) -> str:
    character = chr(code)
    if character in _LITERAL:
        return character
    if character in _SYNTAX:
        return f"\\{character}"
    return f"\\u{code:04X}" if code < 0x10000 else f"\\u{{{code:X}}}"


_NO_LINE_END = f"[^{''.join(_span(low, high) for low, high in LINE_ENDS)}]"
