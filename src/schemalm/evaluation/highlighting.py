"""Colour for YAML in a page.

In goes YAML as `dump_document` writes it, out comes HTML in which keys, texts, other scalars and punctuation stand in
`<span>` elements of the classes `k`, `t`, `n` and `p`. Every character of the text is escaped. Not covered: YAML that
others wrote (flow collections, comments, anchors), which comes out right but with less colour.
"""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_QUOTED = r"'(?:[^']|'')*'|\"(?:[^\"\\]|\\.)*\""
_LINE = re.compile(rf"(?P<dashes>\s*(?:- )*(?:-$)?)(?:(?P<key>{_QUOTED}|[^\s'\"].*?)(?P<colon>:(?=\s|$)))?(?P<rest>.*)")
_BLOCK = re.compile(r"[|>][0-9+-]*")
_SCALAR = re.compile(r"null|true|false|\[\]|\{\}|[-+]?[0-9.]+(?:e[-+]?[0-9]+)?")


def highlight_yaml(text: str) -> Markup:
    """The text as HTML, line by line."""
    lines: list[Markup] = []
    block_column: int | None = None
    for line in text.removesuffix("\n").split("\n"):
        indent = len(line) - len(line.lstrip(" "))
        if block_column is not None and (not line.strip() or indent > block_column):
            lines.append(_span("t", line))
            continue
        markup, block_column = _highlight_line(line)
        lines.append(markup)
    return Markup("\n").join(lines)


def _highlight_line(line: str) -> tuple[Markup, int | None]:
    """One line outside of block scalars, and the column of the node whose block begins after it."""
    match = _LINE.fullmatch(line)
    if match is None:
        return escape(line), None
    dashes, key, colon, rest = (match[name] or "" for name in ("dashes", "key", "colon", "rest"))
    content = rest.strip()
    kind = "p" if _BLOCK.fullmatch(content) else "n" if _SCALAR.fullmatch(content) else "t"
    column = None
    if kind == "p":
        column = len(dashes) if key else len(dashes.rstrip()) - 1
    return _span("p", dashes) + _span("k", key) + _span("p", colon) + _span(kind, rest), column


def _span(kind: str, text: str) -> Markup:
    return Markup('<span class="{}">{}</span>').format(kind, text) if text.strip() else escape(text)
