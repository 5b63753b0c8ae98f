"""A YAML text that holds several documents, cut into the texts of each.

A line that begins with `---` or `...`, followed by white space or its end, is a marker wherever it stands (YAML 1.2.2,
section 9.1.2), inside quotes and block scalars too. So a text can be cut at them before it is parsed, and a document
that is broken does not hide its neighbours. Lines end where YAML ends them: at LF, CR LF and CR. Before a document a
byte order mark may stand (section 5.2), as where files were put behind one another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from schemalm.documents.json_reader import num_line_breaks

_FIRST_MARKER = re.compile(r"(?:---|\.\.\.)(?=[ \t\r\n]|\Z)")
_MARKER = re.compile(r"(?:---|\.\.\.)(?:(?<=[\r\n]...)|(?<=[\r\n]\ufeff---))(?=[ \t\r\n]|\Z)")
_LINE_BREAK = re.compile(r"\r\n?|\n")
_BLANK = re.compile(r"(?:[ \t\r\n\ufeff]++|#[^\r\n]*+)*+\Z")
_PREFIX = re.compile(r"(?:[ \t\ufeff]*+(?:#[^\r\n]*+)?[\r\n]|\ufeff?%[^\r\n]*+[\r\n])*+\Z")


@dataclass(frozen=True)
class Piece:
    """The text of one document with its directives and markers, and the line, from 1, at which it begins."""

    text: str
    line: int = 1


def cut_documents(text: str) -> list[Piece]:
    """The documents of a text, the empty ones left out; the first of them where all are empty."""
    if not _has_several(text):
        return [Piece(text)]
    pieces: list[Piece] = []
    first: int | None = None  # where the first document ends
    line, line_start = 1, 0
    for start, content, end, stop in _cut(text):
        first = first or stop
        if not _BLANK.match(text, content, end):
            line += num_line_breaks(text, line_start, start)
            line_start = start
            pieces.append(Piece(text[start:stop], line))
    return pieces or [Piece(text[:first])]


def _has_several(text: str) -> bool:
    """Tell whether a marker may set documents apart; a file of one document needs no more than this look."""
    if "\n---" in text or "\n..." in text or "\ufeff---" in text or text.startswith("..."):
        return True
    return "\r" in text and ("\r---" in text or "\r..." in text)


def _cut(text: str) -> Iterator[tuple[int, int, int, int]]:
    """Yield of each document where it, its content and the content's end stand, and where the next begins.

    Directives belong to the document after them.
    """
    start = 0  # of the document under way
    content: int | None = None  # where its content begins: unknown before `---`
    for marker, end in _markers(text):
        is_start = text[marker] != "."
        if content is None and is_start and _PREFIX.match(text, start, marker):
            content = end
            continue
        stop = marker if is_start else _line_after(text, end)
        yield start, start if content is None else content, marker, stop
        start, content = stop, end if is_start else None
    if start < len(text):
        yield start, start if content is None else content, len(text), len(text)


def _markers(text: str) -> Iterator[tuple[int, int]]:
    first = _FIRST_MARKER.match(text)
    if first:
        yield first.span()
    for marker in _MARKER.finditer(text):
        start, end = marker.span()
        yield start - (text[start - 1] == "\ufeff"), end


def _line_after(text: str, offset: int) -> int:
    found = _LINE_BREAK.search(text, offset)
    return found.end() if found else len(text)
