r"""Finds parts of patterns that people and other engines commonly read differently from JSON Schema.

In: the source of a `pattern` that `pattern_syntax.py` can read. Out: each such part once, with a sentence on what it
means. JSON Schema's patterns are those of ECMA-262, where most escaped letters are ordinary letters and a class
contains no other class. Unsurprising differences are left out, such as `\d` for ten digits. Not covered: patterns
without anchors, which may match anywhere in the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from schemalm.regular.pattern_syntax import OCTAL, captures, is_lenient

# One example of each kind, in the order of the table in the documentation.
EXAMPLES = (
    *(r"\A", r"\Z", r"\z", r"\G", r"\K", r"\<", r"\>", "."),
    *(r"\h", r"\H", r"\R", r"\X", r"\N", r"\e", r"\a", r"\Qa.b\E", r"\l", r"\i"),
    *(r"\pL", r"[\w-.]\p{L}", r"\x{41}", r"[\w-.]\u{41}", r"\x4", r"\012", r"\8", r"\1(a)", r"\c1", r"\k<a>"),
    *("a{,2}", "[]a]", "[^]a]", r"[\b]", "[[:alpha:]]", "[a-z&&[^b]]"),
)
_HINTS = {
    **dict.fromkeys("AZz", "the anchors are ^ and $"),
    "G": "a match does not continue from the previous one",
    "K": "the start of a match cannot be reset",
    "h": r"write [ \t] for blanks",
    "H": r"write [^ \t] for all but blanks",
    "R": r"write \r?\n for a line break",
    "X": "write [^] for any character",
    "N": r"write [^\n] for all but a line feed",
    "e": r"write \x1b for the escape character",
    "a": r"write \x07 for the bell",
    **dict.fromkeys("QE", "there is no quoting, so escape each character with a backslash"),
    **dict.fromkeys("lL", "write [a-z] for lower case"),
    **dict.fromkeys("iI", "list the first characters of a name"),
}
_TOKEN = re.compile(
    r"""(?P<escape>\\(?:[xupP]\{[^{}]*\}|[pP].?|k<[^<>]*>|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|c[A-Za-z]|[0-9]+|.))
    |(?P<class>\[\^?(?:\\.|[^\]\\])*\])|(?P<count>\{,[0-9]*\})|(?P<bounds>\{[0-9]+(?:,[0-9]*)?\})|(?P<other>.)""",
    re.DOTALL | re.VERBOSE,
)
_NAMED_CLASS = re.compile(r"\[[:.=][a-z^]+[:.=]$")


@dataclass(frozen=True)
class Misreading:
    """A part of a pattern, and a sentence on what it means in JSON Schema."""

    text: str
    meaning: str


def misreadings(source: str) -> list[Misreading]:
    """The parts of a valid expression that are commonly misread, in order, each once."""
    describer = _Describer(source)
    return list(dict.fromkeys(describer.read(source, in_class=False)))


class _Describer:
    """Describes the parts of one expression; which escapes are valid depends on the whole."""

    def __init__(self, source: str) -> None:
        self.is_lenient = is_lenient(source)
        self.num_groups = len(captures(source))

    def read(self, source: str, in_class: bool) -> Iterator[Misreading]:
        for token in _TOKEN.finditer(source):
            text = token[0]
            if token.lastgroup == "escape":
                meaning = self.escape(text, in_class)
            elif in_class:
                continue
            elif token.lastgroup == "class":
                yield from self.character_class(text, source[token.end() :])
                continue
            else:
                meaning = _plain(text)
            if meaning:
                yield Misreading(text, f"`{text}` {meaning}")

    def character_class(self, text: str, rest: str) -> Iterator[Misreading]:
        body = text[1:-1]
        if body in ("", "^"):
            matched = "no character: a class ends at the first ]" if not body else "every character"
            yield Misreading(text, f"`{text}` matches {matched}")
        elif _NAMED_CLASS.search(body):
            yield Misreading(f"{text}]" if rest.startswith("]") else text, f"`{text}` is a class of these characters")
        elif "&&" in body:
            yield Misreading("&&", "`&&` in a class is the character &: classes have no intersection")
        yield from self.read(body, in_class=True)

    def escape(self, text: str, in_class: bool) -> str:
        """The meaning of an escape; empty if everybody knows it."""
        return ESCAPES.get(text[1], _Describer.letter)(self, text, in_class)

    def letter(self, text: str, in_class: bool) -> str:
        letter = text[1]
        if not (letter.isascii() and letter.isalpha()) or letter in _SHARED_ESCAPES:
            return ""
        hint = _HINTS.get(letter)
        return f"is the letter {letter} in JSON Schema" + (f"; {hint}" if hint else "")

    def backspace(self, text: str, in_class: bool) -> str:
        return "in a class is the backspace U+0008"

    def angle(self, text: str, in_class: bool) -> str:
        return "" if in_class else f"is the character {text[1]} in JSON Schema, not a word boundary"

    def category(self, text: str, in_class: bool) -> str:
        if text[2:].startswith("{"):
            return f"means these characters here, {_LENIENT}" if self.is_lenient else ""
        written = f"means the characters {text[1:]}" if text[2:] else f"is the letter {text[1]}"
        return f"{written}; a category is \\{text[1]}{{L}}"

    def code_point(self, text: str, in_class: bool) -> str:
        letter, rest = text[1], text[2:]
        if not rest:
            return f"is the letter {letter}: {'two' if letter == 'x' else 'four'} hexadecimal digits must follow"
        if not rest.startswith("{") or (letter == "u" and not self.is_lenient):
            return ""
        if letter == "u":
            return f"is the letter u and then {rest} here, {_LENIENT}"
        return f"is the letter x and then {rest}; a code point is \\u{rest}"

    def number(self, text: str, in_class: bool) -> str:
        digits = text[1:]
        if digits == "0":
            return ""
        if not in_class and digits[0] != "0" and int(digits[:5]) <= self.num_groups:
            return "matches the empty text: its group has matched nothing yet"
        octal = OCTAL.match(digits)
        if octal is None:
            return f"is the digit {digits[0]}: there is no such group"
        return f"is the character U+{int(octal[0], 8):04X}: digits are octal if there is no such group"

    def control(self, text: str, in_class: bool) -> str:
        return "" if text[2:] else "is a backslash and the letter c: a letter must follow"

    def name(self, text: str, in_class: bool) -> str:
        return "is the letter k: no group has a name"


ESCAPES: dict[str, Callable[[_Describer, str, bool], str]] = {
    "b": _Describer.backspace,
    **dict.fromkeys("<>", _Describer.angle),
    **dict.fromkeys("pP", _Describer.category),
    **dict.fromkeys("xu", _Describer.code_point),
    **dict.fromkeys("0123456789", _Describer.number),
    "c": _Describer.control,
    "k": _Describer.name,
}
# Letters whose escapes are the same classes and control characters in all engines.
_SHARED_ESCAPES = frozenset("dDwWsStnrfv")
_LENIENT = r"since another part of the pattern, such as `[\w-.]` or `\_`, is malformed with the flag u"


def _plain(text: str) -> str:
    if text == ".":
        return r"does not match a line end: \n, \r, U+2028 or U+2029"
    if text == "]":
        return "is an ordinary character: no class is open here, since a class ends at its first ]"
    return f"means these characters; a count needs its lower bound: {{0{text[1:]}" if text.startswith("{,") else ""
