"""What is written for a document's stretches: token ids when encoding, stretches when training, and other things.

A `Writing` says what to append for structure, contents and keys. In this base they are the same wherever they stand;
`machine/tracing.py` has one that tells the machine's places apart. What was found is remembered, within bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Generic, TypeAlias, TypeVar

from schemalm.tokenizer.segmentation import Cutter, Kind

T = TypeVar("T")

# What a writing knows of the place at which a stretch begins; the base knows nothing.
Where: TypeAlias = Any
# What a stretch of a kind is written as.
Find: TypeAlias = Callable[[Kind, str], tuple[T, ...]]
# How many characters of texts are remembered with what they are written as; each text counts for some more.
MAX_REMEMBERED_CHARACTERS = 1 << 24
CHARACTERS_OF_AN_ENTRY = 64
# Longer texts come once, shorter ones again and again.
MAX_REMEMBERED_LENGTH = 4096
# Names and texts that are remembered at every place that they come to, at most.
MAX_SHORT_LENGTH = 200
# Stands between stretches that are joined; no symbol has it.
CUT = "\U0010ffff"


class Memory(dict[str, tuple[T, ...]], Generic[T]):
    """What a function gave for each text, as far as they fit: forgets everything where their lengths pass a limit."""

    def __init__(self, find: Callable[[str], tuple[T, ...]]) -> None:
        super().__init__()
        self._find = find
        self._num_characters = 0

    def __missing__(self, text: str) -> tuple[T, ...]:
        found = self._find(text)
        if len(text) <= MAX_REMEMBERED_LENGTH:
            self._num_characters += len(text) + CHARACTERS_OF_AN_ENTRY
            if self._num_characters > MAX_REMEMBERED_CHARACTERS:
                self.clear()
                self._num_characters = len(text) + CHARACTERS_OF_AN_ENTRY
            self[text] = found
        return found


class ShortTexts(dict[str, tuple[T, ...]], Generic[T]):
    """What a function gave for each short text, as long as there is room; many share one room."""

    __slots__ = ("_find", "_has_room")

    def __init__(self, find: Callable[[str], tuple[T, ...]], has_room: Callable[[], bool]) -> None:
        """has_room: whether one thing more may be remembered, which is counted then."""
        self._find, self._has_room = find, has_room

    def __missing__(self, text: str) -> tuple[T, ...]:
        found = self._find(text)
        if len(text) <= MAX_SHORT_LENGTH and self._has_room():
            self[text] = found
        return found


class Writing(Generic[T]):
    """What `find` gives for each stretch."""

    def __init__(self, find: Find[T]) -> None:
        self._structure = Memory(partial(find, "structure"))
        self._texts = Memory(partial(find, "content"))
        self._keys = Memory(partial(find, "key"))

    def path(self, above: str, element: str) -> str:
        """The path of a member of what has the path `above`."""
        return ""

    def place(self, nonterminal: int, path: str) -> Where:
        """The place of the rest of an object or array; `path`: its own."""
        return None

    def structure(self, place: Where, spelling: str) -> tuple[tuple[T, ...], Where]:
        """What symbols are written as that lead to a text or key, and the place of that."""
        return self._structure[spelling], None

    def closing(self, place: Where, spelling: str) -> tuple[T, ...]:
        """What symbols are written as of which the last closes a value."""
        return self._structure[spelling]

    def key(self, place: Where, text: str) -> tuple[tuple[T, ...], Where]:
        """What a free key is written as, and the place after it."""
        return self._keys[text], None

    def texts(self, place: Where) -> Mapping[str, tuple[T, ...]]:
        """What each content there is written as; UnicodeEncodeError for what is no text."""
        return self._texts


class JoinedWriting(Writing[str]):
    """The spellings of stretches, with `CUT` wherever merges may not go on although contents join structure."""

    def __init__(self, cutter: Cutter) -> None:
        super().__init__(lambda kind, text: (cutter.spell(kind, text),))

    def closing(self, place: Where, spelling: str) -> tuple[str, ...]:
        """The symbols, and a cut after them."""
        return spelling, CUT

    def key(self, place: Where, text: str) -> tuple[tuple[str, ...], Where]:
        """The key between cuts."""
        return (CUT, *self._keys[text], CUT), None


# For a walk that only shall meet what a value reaches.
NOTHING: Writing[None] = Writing(lambda kind, text: ())
