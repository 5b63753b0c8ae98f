"""What a cursor may mean in JSON.

In goes the text before the cursor; out comes its reading, or a `DocumentError`. The tokens are those of
`json_comments`; the strict reader judges and reads what is complete, after the brackets are closed.
"""

from __future__ import annotations

import json
import re
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from schemalm.documents.cut.choices import NO_ESCAPE, Choice, double_quoted, exactly, number
from schemalm.documents.cut.escapes import characters_of, open_escape
from schemalm.documents.cut.frames import Frame, Place, Reading
from schemalm.documents.json_comments import TOKEN
from schemalm.documents.json_reader import json_with_comments, position_of, strict_json
from schemalm.documents.limits import DocumentLimits
from schemalm.documents.partial import TextLike
from schemalm.documents.values import JSONValue
from schemalm.errors import DocumentError

CLOSING: Final = {"{": "}", "[": "]"}
_LITERALS: Final = (("true", True), ("false", False), ("null", None))
_NUMBER: Final = re.compile(r"-?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:(?<=[0-9])[eE][-+]?[0-9]*)?)?")
_NEXT_KEY: Final = Choice(TextLike(""), lambda key: json.dumps(key, ensure_ascii=False))


@dataclass
class _Scan:
    """The tokens up to the cursor.

    brackets: the offsets of the open ones. before: the last whole token if it is a mark that others follow, else "key",
    "value", or empty at the start. comma: the offset of the last comma if it follows a value. start: where the token
    begins that the cursor may be in; the length of the text if there is none.
    """

    start: int
    brackets: list[int] = field(default_factory=list)
    before: str = ""
    comma: int | None = None


class JSONCut:
    """A JSON text that ends at the cursor; `has_comments`: it may have comments and trailing commas."""

    def __init__(self, text: str, limits: DocumentLimits, source: str, *, has_comments: bool) -> None:
        self._text = text + (_end_of_comment(text) if has_comments else "")
        self._limits = limits
        self._source = source
        self._has_comments = has_comments
        self._scan = _scan(self._text)
        self._token = self._text[self._scan.start :]
        self._closing = "".join(CLOSING[self._text[start]] for start in reversed(self._scan.brackets))

    @property
    def is_in_word(self) -> bool:
        """Whether the cursor is in a number or a word, or after one."""
        return self._token != "" and self._token[0] != '"'

    def reading(self) -> Reading:
        """Return what the cursor means; raises `DocumentError` for a text that no ending makes JSON."""
        before = self._scan.before
        in_object = bool(self._scan.brackets) and self._text[self._scan.brackets[-1]] == "{"
        root, frames = self._given(before)
        takes_key = in_object and before in ("{", ",")
        place = Place.BETWEEN
        choices: tuple[Choice, ...] = ()
        if self._token:
            place, choices = Place.KEY if takes_key else Place.VALUE, self._choices(takes_key)
        elif before == "," and in_object:
            place, choices = Place.KEY, (_NEXT_KEY,)
        elif before in ("", ":", "key", ","):
            place = Place.SLOT
        return Reading(
            self._text,
            frames,
            place,
            choices,
            root=root,
            needs_comma=before == "value",
            needs_colon=before == "key",
            begins_entry=before == "," and not self._token,
        )

    def _given(self, before: str) -> tuple[JSONValue, tuple[Frame, ...]]:
        """Return the value of what is complete, and its open lists and objects."""
        given = self._text[: self._scan.start]
        if before == "," and self._scan.comma is not None:
            given = f"{given[: self._scan.comma]} {given[self._scan.comma + 1 :]}"
        if self._token and before in ("key", "value"):
            self._load(given + '""')  # which fails, since a mark must come
        missing = {"": "null", ":": "null", "key": ":null"}.get(before, "")
        root = value = self._load(given + missing + self._closing)
        frames: list[Frame] = []
        for start in self._scan.brackets:
            has_child = missing or len(frames) < len(self._scan.brackets) - 1
            if isinstance(value, dict):
                key = next(reversed(value)) if has_child else None
                frames.append(Frame({name: child for name, child in value.items() if name != key}, start, key))
                value = None if key is None else value[key]
            elif isinstance(value, list):
                frames.append(Frame(value[:-1] if has_child else value, start))
                value = value[-1] if has_child else None
        return root, tuple(frames)

    def _load(self, text: str) -> JSONValue:
        if self._has_comments:
            return json_with_comments(text, self._limits, self._source)[0]
        return strict_json(text, self._limits, self._source)

    def _choices(self, takes_key: bool) -> tuple[Choice, ...]:
        """Return the choices of the scalar at the cursor."""
        token = self._token
        if token[0] == '"':
            return (self._string(),)
        choices = [exactly(value, word[len(token) :]) for word, value in _LITERALS if word.startswith(token)]
        if _NUMBER.fullmatch(token):
            choices += number(token)
            if token[-1].isdigit():
                self._load(self._text + self._closing)  # which fails for a number that is too large
                value = strict_json(token, self._limits)
                assert isinstance(value, (int, float))
                choices += [exactly(value)] if not any(choice.takes(value) for choice in choices) else []
        if takes_key or not choices:
            self._load(self._text + self._closing)  # which fails
        return tuple(choices)

    def _string(self) -> Choice:
        escape = open_escape(self._token)
        literal = self._token[: len(self._token) - len(escape)] + '"'
        line, column = position_of(self._text, self._scan.start)
        try:
            prefix = strict_json(literal, self._limits)
        except DocumentError as error:
            shifted = column + error.column - 1
            raise DocumentError(error.message, line=line, column=shifted, source=self._source) from None
        if characters_of(escape) is None:
            shifted = column + len(literal) - 1
            raise DocumentError(NO_ESCAPE, line=line, column=shifted, source=self._source)
        return double_quoted(str(prefix), escape, is_json=True)


def _scan(text: str) -> _Scan:
    scan = _Scan(len(text))
    after_colon: list[bool] = []  # for each open bracket, whether a value is or was to come in an object
    for token in TOKEN.finditer(text):
        kind, piece = token.lastgroup, token[0]
        if kind in ("blank", "comment", "unfinished"):
            continue
        is_key = kind == "string" and bool(after_colon) and not after_colon[-1] and text[scan.brackets[-1]] == "{"
        is_open = kind == "other" or (kind == "string" and not _is_closed(piece))
        if is_open and (token.end() == len(text) or text[token.end() :] == "\\"):
            scan.start = token.start()
            break
        if piece in CLOSING:
            scan.brackets.append(token.start())
            after_colon.append(False)
        elif piece in ("}", "]") and scan.brackets:
            scan.brackets.pop()
            after_colon.pop()
        elif piece in (":", ",") and after_colon:
            after_colon[-1] = piece == ":"
            scan.comma = token.start() if scan.before == "value" else None
        scan.before = piece if piece in (*CLOSING, ":", ",") else "key" if is_key else "value"
    return scan


def _is_closed(string: str) -> bool:
    content = string[1:-1]
    backslashes = len(content) - len(content.rstrip("\\"))
    return len(string) > 1 and string.endswith('"') and backslashes % 2 == 0


def _end_of_comment(text: str) -> str:
    """Return the end of the comment at the cursor; empty if there is none."""
    last = deque(TOKEN.finditer(text), maxlen=1)
    if not last or last[0].lastgroup not in ("comment", "unfinished", "other"):
        return ""
    comment = last[0][0]
    if comment.startswith("/*"):
        is_star = len(comment) > len("/*") and comment.endswith("*")
        return "" if last[0].lastgroup == "comment" else "/" if is_star else "*/"
    return "\n" if comment.startswith("//") else "/\n" if comment == "/" else ""
