"""JSON with comments and trailing commas, as in the configuration files of editors.

Both are replaced by blanks, so the result is strict JSON with unchanged offsets. Comments are `// ...` up to the end of
the line, and `/* ... */`. A trailing comma is one between a value and the bracket that closes its list or object. No
other extension of JSON is accepted.
"""

from __future__ import annotations

import re

TOKEN = re.compile(
    r"""
    (?P<string> "(?:[^"\\\r\n]++|\\[^\r\n])*+"? )
    | (?P<comment> //[^\r\n]* | /\*(?:[^*]++|\*(?!/))*+\*/ )
    | (?P<unfinished> /\*.* )
    | (?P<blank> [\x20\t\r\n]+ )
    | (?P<mark> [\[\]{},:] )
    | (?P<other> [^"/\x20\t\r\n\[\]{},:]+ | / )
    """,
    re.VERBOSE | re.DOTALL,
)
_NOT_BREAK = re.compile(r"[^\r\n]")


def blank_comments(text: str) -> str:
    """Return the text with blanks for comments and trailing commas; its length stays the same."""
    pieces: list[str] = []
    comma: int | None = None  # the index of a comma after a value, while only blanks follow it
    follows_value = False
    for token in TOKEN.finditer(text):
        kind, piece = token.lastgroup, token[0]
        if kind == "comment":
            piece = _NOT_BREAK.sub(" ", piece)
        elif kind != "blank":
            if piece in ("]", "}") and comma is not None:
                pieces[comma] = " "
            comma = len(pieces) if piece == "," and follows_value else None
            follows_value = kind != "mark" or piece in ("]", "}")
        pieces.append(piece)
    return "".join(pieces)
