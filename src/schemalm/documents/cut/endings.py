"""Writing what follows the cursor for one value: first the part at the cursor, then what closes the frames around it.

In goes a reading of the cursor and a value that it states; out comes the text that completes the document. `Ending` is
what the formats have in common; `yaml_ending` and `json_ending` have the rest.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace

from schemalm.documents.cut.frames import Frame, Place, Reading
from schemalm.documents.cut.lines import last_line
from schemalm.documents.values import JSONValue

Container = dict[str, JSONValue] | list[JSONValue]


class Ending(ABC):
    """The text after the cursor, which grows until it completes the document.

    reading: what the cursor means. line: the last line so far. above: the line above it.
    """

    def __init__(self, reading: Reading, given: str) -> None:
        self.reading = reading
        self._pieces = [reading.text[len(given) :]]
        self.line = last_line(reading.text)
        before = reading.text[: len(reading.text) - len(self.line)]
        self.above = last_line(before.removesuffix("\n").removesuffix("\r"))

    def written(self, value: JSONValue) -> str | None:
        """Return the text that follows for a whole value, or None if the reading does not state it."""
        containers: list[Container] = []
        for index, frame in enumerate(self.reading.frames):
            if not isinstance(value, dict | list) or type(value) is not type(frame.given):
                return None
            containers.append(value)
            if self.reading.has_child(index):
                child = frame.child_of(value)
                if not child:
                    return None
                value = child[0]
        if not self.begin(containers, value):
            return None
        for index in reversed(range(len(containers))):
            self.close(index, containers[index], self._new(index, containers[index]))
        self.finish()
        return "".join(self._pieces)

    def add(self, text: str) -> None:
        """Append text, whose lines end with line feeds."""
        self._pieces.append(text)
        *above, self.line = (self.line + text).rsplit("\n", 2)
        self.above = above[-1] if above else self.above

    def begin(self, containers: list[Container], value: JSONValue) -> bool:
        """Write the part at the cursor; return whether the reading states the value there."""
        place = self.reading.place
        if place is Place.KEY and not self._begin_key(containers[-1]):
            return False
        if place is Place.VALUE and not self._begin_scalar(value):
            return False
        if place is Place.SLOT:
            self._begin_slot(value)
        return True

    def _begin_key(self, container: Container) -> bool:
        """Go on with the first new key that a choice takes; return whether there is one."""
        innermost = self.reading.frames[-1]
        assert isinstance(container, dict)  # like the frame
        key = next((key for key in container if key not in innermost.given and self._begin_scalar(key)), None)
        if key is None:
            return False
        frames = (*self.reading.frames[:-1], replace(innermost, key=key))
        self.reading = replace(self.reading, frames=frames, place=Place.SLOT, needs_colon=True)
        self._begin_slot(container[key])
        return True

    def _begin_scalar(self, scalar: JSONValue) -> bool:
        """Go on with a scalar; return whether a choice takes it."""
        choice = next((choice for choice in self.reading.choices if choice.takes(scalar)), None)
        if choice is None:
            return False
        self.add(choice.suffix(scalar))
        return True

    def _begin_slot(self, value: JSONValue) -> None:
        frame = self.reading.frames[-1] if self.reading.frames else None
        if self.reading.needs_colon and frame is not None:
            self.colon(frame)
        self.value(frame, value)

    def _new(self, index: int, container: Container) -> Container:
        """Return the children of a frame's value that are still to be written."""
        frame = self.reading.frames[index]
        if isinstance(container, dict):
            return {key: child for key, child in container.items() if key not in frame.given and key != frame.key}
        return container[len(frame.given) + self.reading.has_child(index) :]

    @abstractmethod
    def colon(self, frame: Frame) -> None:
        """Write the colon after the key of a frame's child."""

    @abstractmethod
    def value(self, frame: Frame | None, value: JSONValue) -> None:
        """Write a value at the cursor: the child of the innermost frame, or the whole one."""

    @abstractmethod
    def close(self, index: int, container: Container, new: Container) -> None:
        """Write the new children of a frame, of those of its value, and what closes it."""

    @abstractmethod
    def finish(self) -> None:
        """Write the end of the document."""
