"""Splitting a YAML text with several documents into one text per document.

A line that begins with `---` or `...`, followed by white space or the end of the line, is a marker everywhere (YAML
1.2.2, section 9.1.2), even inside quotes and block scalars. So a text can be split at the markers before it is parsed,
and a broken document does not hide its neighbours. Lines end as YAML defines: at LF, CR LF and CR. A byte order mark
may precede any document (section 5.2), as in files that were concatenated.
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
class DocumentText:
    """The text of one document with its directives and markers, and the line, from 1, on which it begins."""

    text: str
    line: int = 1


def split_documents(text: str) -> list[DocumentText]:
    """Return the documents of a text without the empty ones; if all are empty, return the first."""
    if not _has_several(text):
        return [DocumentText(text)]
    documents: list[DocumentText] = []
    first: int | None = None  # where the first document ends
    line, line_start = 1, 0
    for start, content, end, stop in _split(text):
        first = first or stop
        if not _BLANK.match(text, content, end):
            line += num_line_breaks(text, line_start, start)
            line_start = start
            documents.append(DocumentText(text[start:stop], line))
    return documents or [DocumentText(text[:first])]


def _has_several(text: str) -> bool:
    """Return whether a text may have several documents: a quick check that suffices for most files."""
    if "\n---" in text or "\n..." in text or "\ufeff---" in text or text.startswith("..."):
        return True
    return "\r" in text and ("\r---" in text or "\r..." in text)


def _split(text: str) -> Iterator[tuple[int, int, int, int]]:
    """Yield four offsets for each document: its start, the start and end of its content, and the next document.

    Directives belong to the document after them.
    """
    start = 0  # of the current document
    content: int | None = None  # where its content begins; unknown before `---`
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
