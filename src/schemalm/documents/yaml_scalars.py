"""Reading the plain, quoted and block scalars of YAML 1.2: from the offset of the first character to value and end.

Texts end in NULs and have no others. Lines end at LF, CR LF and CR; U+0085, U+2028 and U+2029 are content (section
5.4). Every pattern visits each character a bounded number of times, because its repetitions are possessive.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from schemalm.documents.json_reader import num_line_breaks
from schemalm.documents.yaml_faults import (
    DEEPER_BLANK,
    HEADER,
    NO_CHARACTER,
    NO_ESCAPE,
    OPEN_QUOTE,
    SHORT_ESCAPE,
    TAB,
    YAMLFault,
)

MARKER = re.compile(r"(?:---|\.\.\.)[ \t\r\n\0]")

_LINE_BREAK = re.compile(r"\r\n?|\n")
_WHITE = re.compile(r"[ \t\r\n]*+")
_BLANK_LINES = re.compile(r"[ \r\n]*+")
_SPACES = re.compile(r" *+")
_LINE = re.compile(r"[^\r\n\0]*+")
# One line of a plain scalar: a colon is content if content follows, a hash if content precedes.
_PLAIN_LINE = re.compile(r"(?:[ \t]*+(?:[^ \t\r\n\0:#]++|:(?=[^ \t\r\n\0])|(?<=[^ \t\r\n])#))*+")
_PLAIN_LINE_IN_FLOW = re.compile(
    r"(?:[ \t]*+(?:[^ \t\r\n\0:#,\[\]{}]++|:(?=[^ \t\r\n\0,\[\]{}])|(?<=[^ \t\r\n,\[\]{}])#))*+"
)

_SINGLE_QUOTED = re.compile(r"'((?:[^'\0]++|'')*+)(')?")
_DOUBLE_QUOTED = re.compile(r'"((?:[^"\\\0]++|\\[^\0])*+)(")?', re.DOTALL)
_MARKER_IN_QUOTES = re.compile(r"[\r\n](?:---|\.\.\.)(?=[ \t\r\n\0])")
# What is not taken literally: breaks with the white space around them, and doubled quotes or escapes.
_IN_SINGLE_QUOTES = re.compile(r"[ \t\r\n]++|''")
_IN_DOUBLE_QUOTES = re.compile(
    r"[ \t\r\n]++|\\(?:[\r\n][ \t\r\n]*+|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(?P<escape>.))"
)
_ESCAPES = {
    "0": "\0",
    "a": "\a",
    "b": "\b",
    "t": "\t",
    "\t": "\t",
    "n": "\n",
    "v": "\v",
    "f": "\f",
    "r": "\r",
    "e": "\x1b",
    " ": " ",
    '"': '"',
    "/": "/",
    "\\": "\\",
    "N": "\x85",
    "_": "\xa0",
    "L": "\u2028",
    "P": "\u2029",
}
_NUM_DIGITS = {"x": 2, "u": 4, "U": 8}
_SURROGATE_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")

_BLOCK_HEADER = re.compile(r"[|>](?:([+-])([1-9]?)|([1-9])([+-]?))?(?=[ \t\r\n\0#])[ \t]*+")
_REST_OF_HEADER = re.compile(r"(?:#[^\r\n\0]*+)?(?:\r\n?|\n|(?=\0))")


def plain_scalar(text: str, start: int, indent: int) -> tuple[str, int, bool]:
    """Return the value of a plain scalar in a block, its end, and whether a line ended after it.

    The scalar continues on lines indented deeper than `indent`; if another line follows, the end is that line's text.
    """
    end = _PLAIN_LINE.match(text, start).end()  # type: ignore[union-attr]
    if text[end] not in " \t\r\n":
        return text[start:end], end, False
    return _over_lines(text, start, end, _PLAIN_LINE, indent)


def plain_scalar_in_flow(text: str, start: int) -> tuple[str, int]:
    """Return the value and the end of a plain scalar in a flow collection, where indentation has no meaning."""
    end = _PLAIN_LINE_IN_FLOW.match(text, start).end()  # type: ignore[union-attr]
    if text[end] not in " \t\r\n":
        return text[start:end], end
    return _over_lines(text, start, end, _PLAIN_LINE_IN_FLOW, -1)[:2]


def _over_lines(text: str, start: int, end: int, line: re.Pattern[str], indent: int) -> tuple[str, int, bool]:
    chunks = [text[start:end]]
    while num_breaks := num_line_breaks(text, end, following := end_of(_WHITE, text, end)):
        begun = line_start(text, end, following)
        spaces = end_of(_SPACES, text, begun)
        if spaces - begun <= indent:
            return "".join(chunks), spaces, True
        is_marker = following == begun and MARKER.match(text, following)
        stop = following if text[following] == "#" or is_marker else end_of(line, text, following)
        if stop == following:
            return "".join(chunks), following, True
        chunks += ["\n" * (num_breaks - 1) or " ", text[following:stop]]
        end = stop
    return "".join(chunks), end, False


def end_of(pattern: re.Pattern[str], text: str, start: int) -> int:
    """Return where the match of a pattern at `start` ends, or `start` if it does not match."""
    found = pattern.match(text, start)
    return found.end() if found else start


def line_start(text: str, start: int, end: int) -> int:
    """Return where the last line between two offsets begins, or `start` if none begins there."""
    return max(text.rfind("\n", start, end), text.rfind("\r", start, end), start - 1) + 1


def quoted_scalar(text: str, start: int) -> tuple[str, int]:
    """Return the value and the end of a quoted scalar; an escaped surrogate pair is one character, as in JSON."""
    is_double = text[start] == '"'
    found = (_DOUBLE_QUOTED if is_double else _SINGLE_QUOTED).match(text, start)
    assert found is not None  # both patterns match any text after the quote
    content = found[1]
    has_breaks = "\n" in content or "\r" in content
    if not found[2] or (has_breaks and _MARKER_IN_QUOTES.search(text, start, found.end() + 1)):
        raise YAMLFault(OPEN_QUOTE, start)
    if not is_double and (has_breaks or "'" in content):
        content = _IN_SINGLE_QUOTES.sub(lambda piece: "'" if piece[0] == "''" else _folded(piece[0]), content)
    if is_double and (has_breaks or "\\" in content):
        content = _IN_DOUBLE_QUOTES.sub(lambda piece: _meant(piece, start + 1), content)
        if _SURROGATE_PAIR.search(content):
            content = content.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    return content, found.end()


def _folded(white: str) -> str:
    """Return what white space in quotes means: itself if on one line, else a blank or the breaks after the first."""
    num_breaks = num_line_breaks(white, 0, len(white))
    return "\n" * (num_breaks - 1) or " " if num_breaks else white


def _meant(piece: re.Match[str], offset: int) -> str:
    """Return the meaning of white space or an escape in double quotes; `offset` is the start of their content."""
    text = piece[0]
    if text[0] != "\\":
        return _folded(text)
    position = offset + piece.start()
    if escape := piece["escape"]:
        if escape in _ESCAPES:
            return _ESCAPES[escape]
        if escape in _NUM_DIGITS:
            raise YAMLFault(SHORT_ESCAPE.format(escape, _NUM_DIGITS[escape]), position)
        raise YAMLFault(NO_ESCAPE.format(escape), position)
    if text[1] in "\r\n":
        return "\n" * (num_line_breaks(text, 0, len(text)) - 1)
    code = int(text[2:], 16)
    if code > 0x10FFFF:
        raise YAMLFault(NO_CHARACTER.format(code), position)
    return chr(code)


@dataclass(frozen=True)
class BlockHeader:
    """What stands after `|` or `>`; the lines of the text begin at the offset `end`.

    chomping: `+` keeps all final breaks, `-` removes them. digit: the indentation that is given, or None.
    """

    is_folded: bool
    chomping: str | None
    digit: str | None
    end: int

    def column(self, text: str, indent: int) -> int:
        """Return where the lines of the text begin, inside a collection at the column `indent`."""
        if self.digit:
            return max(indent + 1, 1) + int(self.digit) - 1
        return _Block(text, self.end, indent).find_column()


def block_header(text: str, start: int) -> BlockHeader:
    """Return the header of a block scalar."""
    header = _BLOCK_HEADER.match(text, start)
    rest = header and _REST_OF_HEADER.match(text, header.end())
    if not header or not rest:
        raise YAMLFault(HEADER, header.end() if header else start + 1)
    return BlockHeader(text[start] == ">", header[1] or header[4], header[2] or header[3], rest.end())


def block_scalar(text: str, start: int, indent: int) -> tuple[str, int]:
    """Return the value of a block scalar inside a collection at the column `indent`, and the end of its last line."""
    header = block_header(text, start)
    block = _Block(text, header.end, indent)
    value = block.value(header.column(text, indent), is_folded=header.is_folded, chomping=header.chomping)
    return value, block.end


@dataclass
class _Block:
    """The lines of a block scalar, read up to `end`."""

    text: str
    end: int
    indent: int

    def find_column(self) -> int:
        """Return the column where the text begins, which the first line that is not blank determines."""
        first = line_start(self.text, self.end, end_of(_BLANK_LINES, self.text, self.end))
        deepest = max(map(len, _LINE_BREAK.split(self.text[self.end : first])))
        spaces = self._num_spaces(first)
        self._refuse_tab(first + spaces, spaces <= self.indent)
        if self.text[first] in "-." and MARKER.match(self.text, first):
            return max(self.indent + 1, deepest, 1)
        if self.text[first + spaces] != "\0" and self.indent < spaces < deepest:
            raise YAMLFault(DEEPER_BLANK, first + spaces)
        return max(self.indent + 1, deepest, spaces)

    def value(self, column: int, *, is_folded: bool, chomping: str | None) -> str:
        """Read the lines whose text begins at a column; `chomping`: `+` keeps all final breaks, `-` removes them."""
        chunks: list[str] = []
        num_blank = self._pass_blank(column)
        last_break = ""
        was_text = False
        while self._has_line(column):
            start, stop = self.end + column, end_of(_LINE, self.text, self.end + column)
            is_text = self.text[start] not in " \t"
            if chunks:
                is_joined = is_folded and was_text and is_text
                chunks.append("" if is_joined and num_blank else " " if is_joined else "\n")
            chunks += ["\n" * num_blank, self.text[start:stop]]
            was_text = is_text
            self.end = end_of(_LINE_BREAK, self.text, stop)
            last_break = "\n" if self.end > stop else ""
            num_blank = self._pass_blank(column)
        chunks.append("" if chomping == "-" else last_break)
        chunks.append("\n" * num_blank if chomping == "+" else "")
        return "".join(chunks)

    def _has_line(self, column: int) -> bool:
        """Return whether the next line has text at a column."""
        spaces = self._num_spaces(self.end, column)
        self._refuse_tab(self.end + spaces, spaces < column)
        is_over = self.text[self.end + spaces] == "\0" or (not column and MARKER.match(self.text, self.end))
        return spaces == column and not is_over

    def _pass_blank(self, column: int) -> int:
        """Skip blank lines of at most `column` spaces, and return how many there were."""
        num_lines = 0
        while broken := _LINE_BREAK.match(self.text, self.end + self._num_spaces(self.end, column)):
            self.end = broken.end()
            num_lines += 1
        return num_lines

    def _num_spaces(self, offset: int, most: int | None = None) -> int:
        stop = len(self.text) if most is None else offset + most
        return _SPACES.match(self.text, offset, stop).end() - offset  # type: ignore[union-attr]

    def _refuse_tab(self, offset: int, is_indentation: bool) -> None:
        if is_indentation and self.text[offset] == "\t":
            raise YAMLFault(TAB, offset)
