"""The scanner of the exact reader: ruamel's, with white space, plain scalars and colons as YAML 1.2 has them.

`ruamel.yaml` takes no tab in a block context, though YAML 1.2 forbids tabs for indentation alone (section 6.1): here
they may separate, fill blank lines and stand inside plain scalars, and are refused where spaces must indent. In flow
collections `{a:}` has the key `a`, `["a":1]` is a pair, and `?a` is text. Tags and deep flow nesting, which cost ruamel
time quadratic in their length, are refused at once.
"""

from __future__ import annotations

import re
from typing import Any

from ruamel.yaml import YAML, tokens
from ruamel.yaml.scanner import Scanner, ScannerError

_WHITE = re.compile(r"[ \t]*")
_TO_TOKEN = re.compile(r"(?:[ \t]*(?:#[^\r\n\0]*)?(?:\r\n?|\n))*[ \t]*(?:#[^\r\n\0]*)?")
_BLOCK_HEADER = re.compile(r"(?:([+-])([1-9]?)|([1-9])([+-]?))?(?=[ \t\r\n\0#])")
_BLANK_LINES = re.compile(r"(?: *(?:\r\n?|\n))* *")
_BREAKS = re.compile(r"[ \t]*(?:\r\n?|\n)(?:[ \t]*(?:\r\n?|\n))*( *)[ \t]*")
_LINE_BREAK = re.compile(r"\r\n?|\n")
_MARKER = re.compile(r"(?:---|\.\.\.)[ \t\r\n\0]")
# One line of a plain scalar: a colon is text before text, a hash after text.
_PLAIN_LINE = {
    False: re.compile(r"(?:[ \t]*(?:[^ \t\r\n\0:#]+|:(?=[^ \t\r\n\0])|(?<=[^ \t\r\n])#))*"),
    True: re.compile(r"(?:[ \t]*(?:[^ \t\r\n\0:#,\[\]{}]+|:(?=[^ \t\r\n\0,\[\]{}])|(?<=[^ \t\r\n,\[\]{}])#))*"),
}
_ENDS = {False: " \t\r\n\0", True: " \t\r\n\0,[]{}"}  # what ends an indicator, in a block and in a flow collection
_INDICATORS = "-?:,[]{}#&*!|>'\"%@`"
_ANCHOR_NAME = re.compile(r"[^ \t\r\n\0,\[\]{}]+")
_SURROGATE_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_NOT_HERE = "not allowed here"
_NO_NAME = "a name must follow & or *: write one, or quote the text if the character belongs to it"


class ExactScanner(Scanner):
    """A scanner of one text that is held in memory."""

    _tab: Any = None  # where a tab stood that forbids a block collection after it on its line

    def fetch_more_tokens(self) -> Any:
        """Scan one token more; a token that only a tab forbids is refused at the tab."""
        try:
            return super().fetch_more_tokens()
        except ScannerError as error:
            if self._tab and _NOT_HERE in str(error.problem) and self._tab.line == error.problem_mark.line:
                raise _tab_error(self._tab) from None
            raise

    def scan_to_next_token(self) -> None:
        """Pass over white space, line breaks and comments; a tab may separate but not indent."""
        if self.reader.index == 0 and self.reader.peek() == "\ufeff":
            self.reader.forward()
        *lines, last = _LINE_BREAK.split(self._pass(_TO_TOKEN))
        if self.flow_context:
            return
        if lines:
            self.allow_simple_key = True
        if "\t" in last and self.reader.peek() != "\0":
            self._stop_at_tab()

    def _stop_at_tab(self) -> None:
        """Refuse a tab where spaces must indent; after another one no block collection begins."""
        reader = self.reader
        line = reader.buffer[reader.pointer - reader.column : reader.pointer]
        text = line.rstrip(" \t")
        tab = reader.get_mark()
        tab.column = line.index("\t", len(text))
        if not text and tab.column <= self.indent:
            raise _tab_error(tab)
        self._tab = tab
        self.allow_simple_key = False

    def fetch_flow_collection_start(self, TokenClass: Any, to_push: str) -> None:  # noqa: N803
        """Open a flow collection, one level more than any document may have: the composer has the exact limit."""
        if len(self.flow_context) > 128:
            raise ScannerError(problem="nested too deep", problem_mark=self.reader.get_mark())
        super().fetch_flow_collection_start(TokenClass, to_push)

    def stale_possible_simple_keys(self) -> None:
        """Forget keys that no colon can follow any more; a key of a flow mapping may go on over lines."""
        if not self.possible_simple_keys:
            return
        for level, key in self.possible_simple_keys.items():
            if level and self.flow_context[level - 1] == "{":
                key.line = self.reader.line
        super().stale_possible_simple_keys()

    def check_key(self) -> bool:
        """Tell whether `?` is an indicator here."""
        return self._ends_indicator()

    def check_value(self) -> bool:
        """Tell whether `:` is an indicator here: before a blank, and after a quoted key or a collection."""
        return self._ends_indicator() or self._follows_json_key()

    def check_plain(self) -> bool:
        """Tell whether a plain scalar begins here."""
        character = self.reader.peek()
        if character == "-":
            return self.reader.peek(1) not in _ENDS[False]
        if character in "?:":
            return not self._ends_indicator()
        return character not in _INDICATORS and character not in _ENDS[False]

    def _ends_indicator(self) -> bool:
        return self.reader.peek(1) in _ENDS[bool(self.flow_context)]

    def _follows_json_key(self) -> bool:
        if self.flow_level not in self.possible_simple_keys or not self.flow_context:
            return False
        last = self.tokens[-1]
        if isinstance(last, tokens.ScalarToken):
            return not last.plain
        return isinstance(last, tokens.FlowSequenceEndToken | tokens.FlowMappingEndToken)

    def scan_anchor(self, TokenClass: Any) -> Any:  # noqa: N803
        """Scan an anchor or alias, whose name is whatever stands before a blank or a flow indicator."""
        start = self.reader.get_mark()
        self.reader.forward()
        name = self._pass(_ANCHOR_NAME)
        if not name:
            raise ScannerError(problem=_NO_NAME, problem_mark=self.reader.get_mark())
        return TokenClass(name, start, self.reader.get_mark())

    def scan_tag(self) -> Any:
        """Refuse a tag."""
        problem = "a tag (!...) is not supported: remove it, or quote the text"
        raise ScannerError(problem=problem, problem_mark=self.reader.get_mark())

    def scan_flow_scalar(self, style: Any) -> Any:
        """Scan a quoted scalar; two escapes of surrogates are one character, as in JSON."""
        start = self.reader.get_mark()
        try:
            token = super().scan_flow_scalar(style)
        except (ValueError, OverflowError):  # of chr()
            problem = "an escape in this text names no character: the last one is \\U0010FFFF"
            raise ScannerError(problem=problem, problem_mark=start) from None
        if _SURROGATE_PAIR.search(token.value):
            token.value = token.value.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
        return token

    def scan_block_scalar_indicators(self, start_mark: Any) -> Any:
        """Scan what follows `|` or `>`: chomping (True keeps all breaks, False none) and indentation."""
        found = _BLOCK_HEADER.match(self.reader.buffer, self.reader.pointer)
        if not found:
            return super().scan_block_scalar_indicators(start_mark)
        self.reader.forward(len(found[0]))
        self._pass(_WHITE)
        chomping, indentation = found[1] or found[4], found[2] or found[3]
        return {"+": True, "-": False}.get(chomping), int(indentation) if indentation else None

    def scan_block_scalar_indentation(self) -> Any:
        """Pass over blank lines up to the text: their breaks, the indentation of the text, and where the last ends."""
        *blank, text = _LINE_BREAK.split(self._pass(_BLANK_LINES))
        self._refuse_tab(len(text) <= self.indent)
        deepest = max(map(len, blank), default=0)
        is_marker = self.check_document_start() or self.check_document_end()
        if self.reader.peek() != "\0" and not is_marker and self.indent < len(text) < deepest:
            problem = "a blank line above this text is indented deeper than it: remove the spaces there"
            raise ScannerError(problem=problem, problem_mark=self.reader.get_mark())
        # A marker at the first column is no text of a document that is not indented.
        return ["\n"] * len(blank), max(deepest, len(text), bool(is_marker)), self.reader.get_mark()

    def scan_block_scalar_breaks(self, indent: int) -> Any:
        """Pass over blank lines inside a block scalar and the indentation of the next line."""
        found = super().scan_block_scalar_breaks(indent)
        self._refuse_tab(self.reader.column < indent)
        return found

    def _refuse_tab(self, is_indentation: bool) -> None:
        if is_indentation and self.reader.peek() == "\t":
            raise _tab_error(self.reader.get_mark())

    def scan_plain(self) -> Any:
        """Scan a plain scalar over all its lines."""
        reader = self.reader
        start = end = reader.get_mark()
        chunks: list[str] = []
        line = _PLAIN_LINE[bool(self.flow_context)]
        spaces = ""
        while text := self._pass(line):
            self.allow_simple_key = False
            chunks += [spaces, text]
            end = reader.get_mark()
            spaces = self._fold()
            if not spaces:
                break
        if not chunks:
            raise ScannerError(
                problem="no value begins with this character: quote it if it is text", problem_mark=start
            )
        return tokens.ScalarToken("".join(chunks), True, start, end)

    def _fold(self) -> str:
        """Pass over breaks inside a plain scalar and return what they fold to; nothing where the scalar ends there."""
        reader = self.reader
        found = _BREAKS.match(reader.buffer, reader.pointer)
        if not found:
            return ""
        is_outside = not self.flow_context and len(found[1]) <= self.indent
        reader.forward((found.end(1) if is_outside else found.end()) - reader.pointer)
        self.allow_simple_key = True
        if is_outside or reader.peek() == "#" or (not reader.column and _MARKER.match(reader.buffer, reader.pointer)):
            return ""
        return "\n" * (len(_LINE_BREAK.findall(found[0])) - 1) or " "

    def _pass(self, pattern: re.Pattern[str]) -> str:
        """Move over what a pattern matches here, and return it."""
        found = pattern.match(self.reader.buffer, self.reader.pointer)
        if not found:
            return ""
        self.reader.forward(len(found[0]))
        return found[0]


def _tab_error(mark: Any) -> ScannerError:
    return ScannerError(problem="a tab cannot indent: indent with spaces", problem_mark=mark)


class ExactYAML(YAML):
    """A loader of texts that scans with `ExactScanner`."""

    def __init__(self) -> None:
        super().__init__(typ="safe", pure=True)
        self.Scanner = ExactScanner

    def official_plug_ins(self) -> list[Any]:
        """None: ruamel would look for their files each time."""
        return []
