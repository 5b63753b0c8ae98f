"""How a text's symbols are cut into segments: merges never cross a cut, and no segment is long.

In: the text of a string, number or key with the symbol that ends it; out: its segments, one character per symbol.
Joined, they spell the whole text whatever the cuts. A segment has at most `MAX_SEGMENT_SYMBOLS` symbols, so that
finding its tokens takes bounded time and a document of n bytes takes time in proportion to n.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Literal, NamedTuple, TypeVar

from schemalm.grammar.symbols import FIRST_PRIVATE

MergeScope = Literal["word", "value", "derivation"]
Kind = Literal["structure", "content", "key"]
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
    "derivation": rf"[\s\S]{{1,{MAX_SEGMENT_SYMBOLS}}}",
}
# Stands between stretches that are joined; no symbol has it.
CUT = "\U0010ffff"
# How many characters of texts are remembered with what they are written as.
MAX_REMEMBERED_CHARACTERS = 1 << 24

T = TypeVar("T")


@dataclass(frozen=True)
class Writing(Generic[T]):
    """What to append for each stretch of symbols.

    structure: for symbols that lead to a text; closings: for symbols of which the last closes a value; texts, keys: for
    the text of a content or free key with its end.
    """

    structure: Mapping[str, list[T]]
    closings: Mapping[str, list[T]]
    texts: Mapping[str, list[T]]
    keys: Mapping[str, list[T]]


def spelled(text: str) -> str:
    """A text's UTF-8 bytes, one character each."""
    return text if text.isascii() else text.encode().decode("latin-1")


class Memory(dict[str, list[T]], Generic[T]):
    """What a function gave for each text, as far as they fit: forgets everything where their lengths pass a limit."""

    # Longer texts come once, shorter ones again and again.
    MAX_LENGTH = 4096

    def __init__(self, find: Callable[[str], list[T]]) -> None:
        super().__init__()
        self._find = find
        self._num_characters = 0

    def __missing__(self, text: str) -> list[T]:
        found = self._find(text)
        if len(text) <= self.MAX_LENGTH:
            self._num_characters += len(text) + 1
            if self._num_characters > MAX_REMEMBERED_CHARACTERS:
                self.clear()
                self._num_characters = len(text) + 1
            self[text] = found
        return found


class Stretch(NamedTuple):
    """Symbols that are written at once: "structure" by its spelling, a "content" or a free "key" by its text."""

    kind: Kind
    text: str


class Cutter:
    """Spells stretches and cuts them into segments; `whole_values` are never cut.

    end, key_end: the characters of the symbols that end a content and a free key.
    """

    def __init__(self, scope: MergeScope, whole_values: frozenset[str], end: str, key_end: str) -> None:
        self.pattern = PATTERNS[scope]
        self._scope = scope
        self._find_all = re.compile(self.pattern).findall
        self._whole_values = whole_values
        self._ends = {"structure": "", "content": end, "key": key_end}

    def spell(self, stretch: Stretch) -> str:
        """A stretch with one character per symbol; raises UnicodeEncodeError for what is no text."""
        return stretch.text if stretch.kind == "structure" else spelled(stretch.text) + self._ends[stretch.kind]

    def cut(self, stretch: Stretch) -> list[str]:
        """The segments of a stretch; raises UnicodeEncodeError for what is no text."""
        spelling = self.spell(stretch)
        if spelling in self._whole_values:
            return [spelling]
        found: list[str] = self._find_all(spelling)
        return found

    def joined(self) -> Writing[str]:
        """The spellings of stretches, with `CUT` wherever merges may not go on although contents join structure."""

        def spelling(kind: Kind, before: str = "", after: str = "") -> Memory[str]:
            return Memory(lambda text: [before + self.spell(Stretch(kind, text)) + after])

        keys = spelling("key", CUT, CUT)
        return Writing(spelling("structure"), spelling("structure", after=CUT), spelling("content"), keys)


def remembered(find: Callable[[Stretch], list[T]]) -> Writing[T]:
    """What `find` gives for each stretch, remembered."""

    def found(kind: Kind) -> Memory[T]:
        return Memory(lambda text: find(Stretch(kind, text)) if text or kind != "structure" else [])

    structure = found("structure")
    return Writing(structure, structure, found("content"), found("key"))


class _Nothing(dict[str, list[str]]):
    def __missing__(self, text: str) -> list[str]:
        return []


# For a walk that only shall meet what a value reaches.
NOTHING = Writing(_Nothing(), _Nothing(), _Nothing(), _Nothing())
