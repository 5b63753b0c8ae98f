"""Writing what follows the cursor in YAML, in the layout of the given text."""

from __future__ import annotations

from schemalm.documents.cut.endings import Container, Ending
from schemalm.documents.cut.frames import Frame, Place, Reading
from schemalm.documents.cut.yaml_layout import Layout
from schemalm.documents.values import JSONValue
from schemalm.documents.writing import DASH_WIDTH, NO_SECTIONS, is_section


class YAMLEnding(Ending):
    """The text after the cursor in YAML; lines of a block end with their line break."""

    def __init__(self, reading: Reading, given: str, layout: Layout) -> None:
        super().__init__(reading, given)
        self._writer = layout.writer
        self._has_sections = layout.has_sections
        # Whether no comma precedes the next entry in flow style.
        self._is_fresh = reading.place is Place.BETWEEN and not reading.needs_comma

    def colon(self, frame: Frame) -> None:
        """Write the colon after a key, on a line of its own after `? key`."""
        if self.reading.is_explicit and frame.column is not None:
            self._fresh_line(frame.column)
        self.add(":")

    def value(self, frame: Frame | None, value: JSONValue) -> None:
        """Write a value after its key or dash, or on a line of its own."""
        if frame is None:
            self._root(value)
        elif frame.column is None:
            self._add_word(self._writer.flow(value))
        elif not self.line.strip(" \t"):
            self._on_own_line(frame, frame.column, value)
        elif isinstance(frame.given, dict):
            self._attach(self._writer.after_colon("", value, self._level(len(self.reading.frames) - 1)), frame.column)
        elif isinstance(value, dict | list) and value and not self.line[frame.column + 1 :].strip(" "):
            self._after_dash(value)
        else:
            self._attach(self._writer.after_dash("", value), frame.column)

    def _root(self, value: JSONValue) -> None:
        if isinstance(value, dict | list) and value:
            self._add_block(self._writer.block(value, self._level(0)), 0)
        else:
            self._add_word(self._writer.inline(value) or "null")

    def _on_own_line(self, frame: Frame, outer: int, value: JSONValue) -> None:
        """Write a value below its key or dash, at the cursor if it is deep enough."""
        in_list = isinstance(frame.given, list)
        at = len(self.line) if not self.line.strip(" ") else 0
        column = at if at > outer else outer + (DASH_WIDTH if in_list else self._writer.step)
        if isinstance(value, dict | list) and value:
            if isinstance(value, list) and at <= outer and not in_list and not self._writer.indents_dashes:
                column = outer
            level = NO_SECTIONS if in_list else self._level(len(self.reading.frames) - 1) + 1
            self._add_block(self._writer.block(value, level), column)
        elif value is not None:
            self._fresh_line(column)
            self.add(self._writer.inline(value))

    def _after_dash(self, value: Container) -> None:
        """Write a list or mapping that begins on the line of the dash."""
        if self.line.endswith("-"):
            self.add(" ")
        first, *others = self._writer.block(value, NO_SECTIONS)
        column = len(self.line)
        self.add(first + "\n")
        self._add_lines(others, column)

    def _attach(self, lines: list[str], column: int) -> None:
        """Write a value whose first line, a space and text or nothing, goes on with the line of its key or dash."""
        self._add_word(lines[0].lstrip(" "))
        self.add("\n")
        self._add_lines(lines[1:], column)

    def close(self, index: int, container: Container, new: Container) -> None:
        """Write the new entries of a list or mapping; in flow style, also its bracket."""
        frame = self.reading.frames[index]
        if frame.column is None:
            self._close_flow(frame, new)
        elif new:
            level = self._level(index)
            lines = self._writer.block(new, level)
            if (
                isinstance(container, dict)
                and isinstance(new, dict)
                and self._begins_section(level, frame, container, new)
            ):
                self.add("\n\n" if self.line.strip() else "\n")
            self._add_block(lines, frame.column)

    def _close_flow(self, frame: Frame, new: Container) -> None:
        if isinstance(new, dict):
            entries = [self._writer.flow_entry(key, child) for key, child in new.items()]
        else:
            entries = [self._writer.flow(child) for child in new]
        for entry in entries:
            self.add(entry if self._is_fresh else f", {entry}")
            self._is_fresh = False
        self._is_fresh = False
        if not frame.is_pair:
            self.add("}" if isinstance(new, dict) else "]")

    def _begins_section(self, level: int, frame: Frame, container: Container, new: Container) -> bool:
        """Return whether a blank line comes before new entries, which is so in mappings alone."""
        before = frame.key if frame.key is not None else next(reversed(frame.given), None)
        is_after_blank = not self.line.strip() and not self.above.strip()
        if level == NO_SECTIONS or is_after_blank or isinstance(container, list) or not isinstance(before, str):
            return False
        around = ({key: container[key]} for key in (before, *list(new)[:1]) if isinstance(key, str))
        return is_section(level, *(len(self._writer.mapping(entry, level)) for entry in around))

    def _level(self, index: int) -> int:
        """Return the level of a frame, which says where blank lines separate entries."""
        outer = self.reading.frames[:index]
        is_outer = self._has_sections and all(isinstance(frame.given, dict) for frame in outer)
        return min(index, NO_SECTIONS) if is_outer else NO_SECTIONS

    def _fresh_line(self, column: int) -> None:
        """Begin a line at a column, or go on with the last one if it has fewer spaces and nothing else."""
        if self.line.strip(" ") or len(self.line) > column:
            self.add("\n")
        self.add(" " * (column - len(self.line)))

    def _add_block(self, lines: list[str], column: int) -> None:
        self._fresh_line(column)
        self.add(lines[0] + "\n")
        self._add_lines(lines[1:], column)

    def _add_lines(self, lines: list[str], column: int) -> None:
        self.add("".join((" " * column + line if line else "") + "\n" for line in lines))

    def _add_word(self, text: str) -> None:
        """Append text after white space or an opening bracket."""
        is_apart = not text or not self.line or self.line[-1] in " \t[{"
        self.add(text if is_apart else f" {text}")

    def finish(self) -> None:
        """End the last line."""
        if self.line.strip(" \t"):
            self.add("\n")
