"""Writing what follows the cursor in JSON, in the layout of the given text: on one line or several, and the spaces."""

from __future__ import annotations

import json
import re
from typing import Final

from schemalm.documents.cut.endings import Container, Ending
from schemalm.documents.cut.frames import Frame, Reading
from schemalm.documents.cut.json_readings import CLOSING
from schemalm.documents.cut.lines import last_line
from schemalm.documents.json_comments import TOKEN
from schemalm.documents.values import JSONValue

_STEP: Final = "  "  # the indentation where none is given
_TO_ENTRY = re.compile(r"[ \t]*+(?://[^\r\n]*+)?[ \t\r\n]*+")


class JSONEnding(Ending):
    """The text after the cursor in JSON."""

    def __init__(self, reading: Reading, given: str) -> None:
        super().__init__(reading, given)
        self._comma, self._colon = _separators(given)
        self._indents: list[str | None] = []  # of the entries of each frame; None for those on one line
        self._step = _STEP
        for frame in reading.frames:
            self._indents.append(self._indent_of(frame))
        self._is_fresh = not reading.needs_comma  # whether no comma precedes the next entry

    def _indent_of(self, frame: Frame) -> str | None:
        """Return the indentation of a frame's entries, and learn the step from the first that is given."""
        text = self.reading.text
        end = _TO_ENTRY.match(text, frame.start + 1).end()  # type: ignore[union-attr]
        outer = self._outer(len(self._indents))
        has_break = "\n" in text[frame.start : end] or "\r" in text[frame.start : end]
        if end == len(text) and not has_break:
            return outer + self._step if None not in self._indents else None
        if not has_break:
            return None
        indent = last_line(text[:end])
        if not indent.startswith(outer) or indent == outer:
            return outer + self._step
        if not any(self._indents):
            self._step = indent[len(outer) :]
        return indent

    def _outer(self, index: int) -> str:
        """Return the indentation of the line on which a frame begins."""
        return next((indent for indent in reversed(self._indents[:index]) if indent is not None), "")

    def begin(self, containers: list[Container], value: JSONValue) -> bool:
        """Write the part at the cursor; return whether the reading states the value there."""
        if self.reading.begins_entry:
            self._place(len(containers) - 1)
        return super().begin(containers, value)

    def colon(self, frame: Frame) -> None:
        """Write the colon after a key."""
        self.add(":")

    def value(self, frame: Frame | None, value: JSONValue) -> None:
        """Write a value at the cursor."""
        if self.line.endswith(":"):
            self.add(self._colon[1:])
        index = len(self.reading.frames) - 1
        self.add(self._dumped(index, value))

    def _dumped(self, index: int, value: JSONValue) -> str:
        """Return the text of a value in a frame, or of the whole value at the index -1."""
        indent = self._indents[index] if index >= 0 else ""
        text = json.dumps(
            value,
            ensure_ascii=False,
            indent=None if indent is None else self._step,
            separators=(self._comma if indent is None else ",", self._colon),
        )
        return text.replace("\n", f"\n{indent}")

    def _place(self, index: int) -> None:
        """Move to where an entry of a frame begins, after its bracket or a comma."""
        indent = self._indents[index]
        if indent is None:
            self.add(self._comma[1:] if self.line.endswith(",") else "")
        elif self.line.strip() or not indent.startswith(self.line):
            self.add(f"\n{indent}")
        else:
            self.add(indent[len(self.line) :])

    def close(self, index: int, container: Container, new: Container) -> None:
        """Write the new entries of a list or object, and its bracket."""
        if isinstance(new, dict):
            keys = (json.dumps(key, ensure_ascii=False) + self._colon for key in new)
            entries = [key + self._dumped(index, child) for key, child in zip(keys, new.values(), strict=True)]
        else:
            entries = [self._dumped(index, child) for child in new]
        is_fresh = self._is_fresh and index == len(self.reading.frames) - 1 and not self.reading.has_child(index)
        for entry in entries:
            self.add("" if is_fresh else ",")
            is_fresh = False
            self._place(index)
            self.add(entry)
        self._close_bracket(index, is_empty=not container)

    def _close_bracket(self, index: int, *, is_empty: bool) -> None:
        text = self.reading.text
        is_apart = self._indents[index] is not None and not (is_empty and self.line.endswith(("[", "{")))
        outer = self._outer(index)
        if is_apart and (self.line.strip() or not outer.startswith(self.line)):
            self.add(f"\n{outer}")
        elif is_apart:
            self.add(outer[len(self.line) :])
        self.add(CLOSING[text[self.reading.frames[index].start]])

    def finish(self) -> None:
        """End the last line."""
        if self.line:
            self.add("\n")


def _separators(text: str) -> tuple[str, str]:
    """Return the comma and the colon with the spaces that follow most of them."""
    spaced = {",": 0, ":": 0}
    previous = ""
    for token in TOKEN.finditer(text):
        if previous in spaced:
            spaced[previous] += 1 if token[0][0] in " \t\r\n" else -1
        previous = token[0]
    return (", " if spaced[","] >= 0 else ","), (": " if spaced[":"] >= 0 else ":")
