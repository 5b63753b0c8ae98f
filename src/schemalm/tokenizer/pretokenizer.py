"""The pretokenizer: splits the symbols of a piece into segments. Merges never cross the border between two segments.

In: a run of structure, or the text of a string, number or key with the symbol that ends it. Out: its segments, one
character per symbol; joined, they spell the whole piece. A segment has at most `MAX_SEGMENT_SYMBOLS` symbols, so
encoding it takes bounded time, and encoding a document takes time linear in its length.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import Literal, NamedTuple

from schemalm.grammar.symbols import END, FIRST_PRIVATE, KEY_END, SymbolTable

MergeScope = Literal["word", "value"]
PieceKind = Literal["structure", "content", "key"]
MAX_SEGMENT_SYMBOLS = 256

# Classes of the characters in a spelling. Symbols of structure are in the private range; bytes beyond ASCII are taken
# as parts of letters.
STRUCTURE = f"{chr(FIRST_PRIVATE)}-\U000fffff"
LETTER = r"0-9A-Za-z_\x80-\xff"
SPACE = r"\t-\r "
# A word is one of: a template expression in braces, with its quotes; identifiers joined by dots and hyphens, with one
# character before them; a run of punctuation with the white space after it; a run of white space. Identifiers include
# digits and underscores, so commit hashes and variable names stay in one segment.
WORD = "|".join(
    [
        rf" ?[\"']?\$?\{{{{1,2}} ?[{LETTER}.\-]{{1,60}} ?\}}{{1,2}}[\"']?",
        rf"[^\r\n{LETTER}{STRUCTURE}]?[{LETTER}]{{1,60}}(?:[.\-][{LETTER}]{{1,30}}){{0,3}}",
        rf" ?[^{LETTER}{SPACE}{STRUCTURE}]{{1,60}}[\r\n ]{{0,60}}",
        rf"[{SPACE}]{{1,60}}",
    ]
)
# Regular expressions that match the segments of a spelling; `re` and the merge engine agree on what they match.
PATTERNS: dict[MergeScope, str] = {
    "word": rf"(?:{WORD})[{STRUCTURE}]?|[{STRUCTURE}]{{1,{MAX_SEGMENT_SYMBOLS}}}",
    "value": rf"[\s\S]{{1,{MAX_SEGMENT_SYMBOLS}}}",
}


class Piece(NamedTuple):
    """Symbols that are encoded together: "structure" by its spelling, "content" or a free "key" by its text."""

    kind: PieceKind
    text: str


class Pretokenizer:
    """Spells pieces and splits them into segments; spellings in `whole_values` are never split."""

    def __init__(self, symbols: SymbolTable, scope: MergeScope, whole_values: Sequence[str] = ()) -> None:
        self.pattern = PATTERNS[scope]
        self._find_all = re.compile(self.pattern).findall
        self._whole_values = frozenset(whole_values)
        self._whole_in_order = sorted(whole_values)
        end, key_end = (symbols.characters[symbols.ids[symbol]] for symbol in (END, KEY_END))
        self._find_pieces = re.compile(f"[\0-\xff]*[{end}{key_end}]|[\0-\xff]+|[^\0-\xff{end}{key_end}]+").findall
        self._ends: dict[PieceKind, str] = {"structure": "", "content": end, "key": key_end}

    def spell(self, kind: PieceKind, text: str) -> str:
        """A piece with one character per symbol; raises UnicodeEncodeError if the text is not valid Unicode."""
        return text if kind == "structure" else bytes_as_characters(text) + self._ends[kind]

    def pieces(self, kind: PieceKind, text: str) -> tuple[Piece, ...]:
        """The piece, nothing if it has no symbols; raises UnicodeEncodeError if the text is not valid Unicode."""
        return (Piece(kind, text),) if self.spell(kind, text) else ()

    def split(self, kind: PieceKind, text: str) -> list[str]:
        """The segments of a piece; raises UnicodeEncodeError if the text is not valid Unicode."""
        return self.split_spelling(self.spell(kind, text))

    def split_spelling(self, spelling: str) -> list[str]:
        """The segments of a piece that is spelled."""
        if spelling in self._whole_values:
            return [spelling]
        found: list[str] = self._find_all(spelling)
        return found

    def certain_segments(self, beginning: str) -> list[str]:
        """The segments of the beginning of a piece that are segments of the piece, whatever follows."""
        at = bisect_left(self._whole_in_order, beginning)
        if at < len(self._whole_in_order) and self._whole_in_order[at].startswith(beginning):
            return []
        return self.split_spelling(beginning)[:-1]

    def pieces_of(self, spelling: str) -> list[str]:
        """The pieces, each spelled, of a part of a derivation that begins with a piece, or inside one."""
        found: list[str] = self._find_pieces(spelling)
        return found


def bytes_as_characters(text: str) -> str:
    """The UTF-8 bytes of a text, each as the character with its code; raises UnicodeEncodeError for lone surrogates."""
    return text if text.isascii() else text.encode().decode("latin-1")
