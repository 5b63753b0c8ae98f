"""The pretokenizer: how a text's symbols are split into segments. Merges never cross a border between segments.

In: the text of a string, number or key with the symbol that ends it; out: its segments, one character per symbol.
Joined, they spell the whole text whatever the borders. A segment has at most `MAX_SEGMENT_SYMBOLS` symbols, so that
finding its tokens takes bounded time and a document of n bytes takes time in proportion to n.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from schemalm.grammar.symbols import END, FIRST_PRIVATE, KEY_END, SymbolTable

MergeScope = Literal["word", "value"]
PieceKind = Literal["structure", "content", "key"]
MAX_SEGMENT_SYMBOLS = 256

# What the characters of a spelling are: symbols of structure come from the private range, bytes beyond ASCII are parts
# of letters for all that matters here.
STRUCTURE = f"{chr(FIRST_PRIVATE)}-\U000fffff"
LETTER = r"0-9A-Za-z_\x80-\xff"
SPACE = r"\t-\r "
# Word boundaries: an expression in braces as templates have them, with its quotes; a name with the character before it,
# identifiers in a row that dots and hyphens join; a run of signs with the white space after it; a run of white space.
# Identifiers keep their digits and underscores: commit hashes and variable names stay in one segment.
WORD = "|".join(
    [
        rf" ?[\"']?\$?\{{{{1,2}} ?[{LETTER}.\-]{{1,60}} ?\}}{{1,2}}[\"']?",
        rf"[^\r\n{LETTER}{STRUCTURE}]?[{LETTER}]{{1,60}}(?:[.\-][{LETTER}]{{1,30}}){{0,3}}",
        rf" ?[^{LETTER}{SPACE}{STRUCTURE}]{{1,60}}[\r\n ]{{0,60}}",
        rf"[{SPACE}]{{1,60}}",
    ]
)
# Regular expressions that mean the same to `re` and to the merge engine; each finds the segments of a spelling.
PATTERNS: dict[MergeScope, str] = {
    "word": rf"(?:{WORD})[{STRUCTURE}]?|[{STRUCTURE}]{{1,{MAX_SEGMENT_SYMBOLS}}}",
    "value": rf"[\s\S]{{1,{MAX_SEGMENT_SYMBOLS}}}",
}


class Piece(NamedTuple):
    """Symbols that are encoded at once: "structure" by its spelling, a "content" or a free "key" by its text."""

    kind: PieceKind
    text: str


class Pretokenizer:
    """Spells pieces and splits them into segments; `whole_values` are never split."""

    def __init__(self, symbols: SymbolTable, scope: MergeScope, whole_values: Sequence[str] = ()) -> None:
        self.pattern = PATTERNS[scope]
        self._find_all = re.compile(self.pattern).findall
        self._whole_values = frozenset(whole_values)
        end, key_end = (symbols.characters[symbols.ids[symbol]] for symbol in (END, KEY_END))
        self._ends: dict[PieceKind, str] = {"structure": "", "content": end, "key": key_end}

    def spell(self, kind: PieceKind, text: str) -> str:
        """A piece with one character per symbol; raises UnicodeEncodeError for what is no text."""
        return text if kind == "structure" else spelled(text) + self._ends[kind]

    def pieces(self, kind: PieceKind, text: str) -> tuple[Piece, ...]:
        """The piece itself, none where it has no symbol; raises UnicodeEncodeError for what is no text."""
        return (Piece(kind, text),) if self.spell(kind, text) else ()

    def split(self, kind: PieceKind, text: str) -> list[str]:
        """The segments of a piece; raises UnicodeEncodeError for what is no text."""
        spelling = self.spell(kind, text)
        if spelling in self._whole_values:
            return [spelling]
        found: list[str] = self._find_all(spelling)
        return found


def spelled(text: str) -> str:
    """A text's UTF-8 bytes, one character each."""
    return text if text.isascii() else text.encode().decode("latin-1")
