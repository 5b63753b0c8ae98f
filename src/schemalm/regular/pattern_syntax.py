"""The syntax of ECMA-262 regular expressions: from source to tree.

In: the source of a `pattern`. Out: its syntax tree, or `PatternError`. The source is read as with the flag `u`. If that
fails, it is read without the flag, with the lenient forms of annex B. In both cases a character is a code point.
Refused are back-references unless they can only match the empty text, look-behind, word boundaries, inline flags (which
the standard lacked until 2025), and counts over a limit.
Source of the syntax: ECMA-262, sections 22.2.1 and B.1.2.
"""

from __future__ import annotations

import re
import string
import sys
from functools import lru_cache

from schemalm.regular.character_ranges import (
    DIGITS,
    SPACE,
    WORD,
    Ranges,
    complement,
    normalized,
    property_ranges,
)
from schemalm.regular.pattern_tree import (
    DOT,
    END,
    NO_CHARACTERS,
    START,
    Anchor,
    Characters,
    Group,
    Lookahead,
    Node,
    Repetition,
    consumes,
    single,
)
from schemalm.regular.utf8 import MAX_CODE_POINT

MAX_DEPTH = 100
CONTROL_ESCAPES = {"t": 0x09, "n": 0x0A, "v": 0x0B, "f": 0x0C, "r": 0x0D}
CLASS_ESCAPES = {"d": DIGITS, "w": WORD, "s": SPACE}
CLASS_ESCAPES |= {letter.upper(): complement(ranges) for letter, ranges in CLASS_ESCAPES.items()}
SYNTAX_CHARACTERS = frozenset("^$\\.*+?()[]{}|")
QUANTIFIERS: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_COUNTS = re.compile(r"\{([0-9]+)(?:(,)([0-9]*))?\}")
_CLASS = re.compile(r"(?:\\.|[^\]\\])*\]", re.DOTALL)
_HEXADECIMAL = {"x": re.compile("[0-9a-fA-F]{2}"), "u": re.compile("[0-9a-fA-F]{4}")}
_CODE_POINT = re.compile(r"\{([0-9a-fA-F]+)\}")
_LOW_SURROGATE = re.compile(r"\\u([dD][c-fC-F][0-9a-fA-F]{2})")
OCTAL = re.compile("[0-3][0-7]{0,2}|[4-7][0-7]?")
_DECIMAL = re.compile("[1-9][0-9]*")
_PROPERTY = re.compile(r"\{([A-Za-z0-9_=]+)\}")
_NAME = re.compile(r"<([^\W\d][\w$]*|[$_][\w$]*)>")
# Escapes and classes are skipped, so only parentheses remain.
_CAPTURES = re.compile(r"\\.|\[(?:\\.|[^\]\\])*|(\((?!\?)|\(\?<(?![=!])([^>]*)>)", re.DOTALL)


class PatternError(ValueError):
    """A pattern that is malformed, not regular or too complex."""


class PatternSyntaxError(PatternError):
    """A pattern that is malformed."""


SYMBOLS: dict[str, Node] = {".": DOT, "^": START, "$": END}
# What other engines allow after `(?`, and what to write instead.
_FOREIGN_GROUPS = {
    re.compile("[a-zA-Z^-]+[:)]"): ": flags cannot be set, so list the letters of both cases, as in [aA]",
    re.compile("P<"): ": a group with a name is (?<name>...)",
    re.compile("#"): ": there are no comments",
    re.compile(">"): ": there are no atomic groups, (?:...) matches in the same texts or more",
}
# The beginning of a look-ahead, and whether it is negated.
_LOOKAHEADS = {"?=": False, "?!": True}
_LOOK_BEHIND = re.compile(r"\?<[=!]")


def parse(source: str, max_repeat: int) -> tuple[tuple[Node, ...], ...]:
    """The alternatives of an expression; `max_repeat` bounds its counts. Raises `PatternError`."""
    try:
        return _Parser(source, max_repeat, unicode=True).parse()
    except PatternSyntaxError:
        return _Parser(source, max_repeat, unicode=False).parse()


def is_lenient(source: str) -> bool:
    """Whether a valid expression is malformed with the flag `u`, so it is read without the flag."""
    try:
        _Parser(source, sys.maxsize, unicode=True).parse()
    except PatternSyntaxError:
        return True
    except PatternError:
        return False
    return False


class _Parser:
    """A recursive descent parser; `unicode`: as with the flag `u`, else with the forms of annex B."""

    def __init__(self, source: str, max_repeat: int, unicode: bool) -> None:
        self.source = source
        self.position = 0
        self.max_repeat = max_repeat
        self.unicode = unicode
        self.depth = 0
        self.num_opened = 0
        self.closed: dict[int, Group] = {}

    def parse(self) -> tuple[tuple[Node, ...], ...]:
        alternatives = self.alternatives()
        if self.position < len(self.source):
            raise PatternSyntaxError(f"unmatched ) at offset {self.position}")
        return alternatives

    def take(self, text: str) -> bool:
        if self.source.startswith(text, self.position):
            self.position += len(text)
            return True
        return False

    def scan(self, expression: re.Pattern[str]) -> re.Match[str] | None:
        """Takes what `expression` matches at the position, if anything."""
        match = expression.match(self.source, self.position)
        if match:
            self.position = match.end()
        return match

    def next(self) -> str:
        if self.position >= len(self.source):
            raise PatternSyntaxError("unexpected end of the expression")
        self.position += 1
        return self.source[self.position - 1]

    def lenient(self, message: str) -> None:
        """Raises `PatternSyntaxError` unless annex B applies."""
        if self.unicode:
            raise PatternSyntaxError(message)

    def alternatives(self) -> tuple[tuple[Node, ...], ...]:
        found = [self.sequence()]
        while self.take("|"):
            found.append(self.sequence())
        return tuple(found)

    def sequence(self) -> tuple[Node, ...]:
        nodes: list[Node] = []
        while self.position < len(self.source) and self.source[self.position] not in "|)":
            node = self.term()
            follows = self.source[self.position : self.position + 1]
            nodes.append(self.quantified(node, follows) if follows and follows in "*+?{" else node)
        return tuple(nodes)

    def term(self) -> Node:
        start = self.position
        character = self.next()
        if character not in SYNTAX_CHARACTERS:
            return single(ord(character))
        if character == "\\":
            return self.atom_escape()
        if character == "[":
            return self.character_class()
        if character == "(":
            return self.group()
        if character in SYMBOLS:
            return SYMBOLS[character]
        if character in QUANTIFIERS or _COUNTS.match(self.source, start):
            raise PatternSyntaxError(f"nothing to repeat at offset {start}")
        self.lenient(f"a lone {character} at offset {start}")
        return single(ord(character))

    def group(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise PatternError(f"groups are nested more than {MAX_DEPTH} deep")
        number = 0
        if behind := self.scan(_LOOK_BEHIND):
            raise PatternError(f"the look-behind ({behind[0]}...) is not supported; a look-ahead (?=...) or (?!...) is")
        negated = next((negated for prefix, negated in _LOOKAHEADS.items() if self.take(prefix)), None)
        if negated is None and not self.take("?:"):
            if self.take("?") and not self.scan(_NAME):
                raise PatternSyntaxError(self.unknown_group())
            self.num_opened += 1
            number = self.num_opened
        group = Group(self.alternatives())
        if not self.take(")"):
            raise PatternSyntaxError("a group is not closed")
        self.depth -= 1
        if negated is not None:
            return Lookahead(group, negated)
        self.closed[number] = group
        return group

    def unknown_group(self) -> str:
        """The message for a `(?` that begins no group, with a hint if another engine knows it."""
        rest = self.source[self.position :]
        hint = next((hint for start, hint in _FOREIGN_GROUPS.items() if start.match(rest)), "")
        return f"no kind of group known to ECMA-262 at offset {self.position - 1}{hint}"

    def quantified(self, node: Node, symbol: str) -> Node:
        bounds = self.bounds(symbol)
        if bounds is None:
            return node
        if isinstance(node, Lookahead):
            self.lenient(f"a look-ahead is repeated before offset {self.position}")
        elif isinstance(node, Anchor):
            raise PatternSyntaxError(f"nothing to repeat before offset {self.position}")
        self.take("?")
        minimum, maximum = bounds
        if maximum is not None and maximum < minimum:
            raise PatternSyntaxError("a quantifier's bounds are out of order")
        if max(minimum, maximum or 0) > self.max_repeat:
            raise PatternError(f"a quantifier repeats more than {self.max_repeat} times")
        return Repetition(node, minimum, maximum)

    def bounds(self, symbol: str) -> tuple[int, int | None] | None:
        if symbol in QUANTIFIERS:
            self.position += 1
            return QUANTIFIERS[symbol]
        counts = self.scan(_COUNTS)
        if counts is None:
            return None
        low, comma, high = counts.groups()
        if max(len(low), len(high or "")) > 100:
            raise PatternError(f"a quantifier repeats more than {self.max_repeat} times")
        maximum = high or (None if comma else low)
        return int(low), None if maximum is None else int(maximum)

    def character_class(self) -> Characters:
        source = self.scan(_CLASS)
        if source is None:
            raise PatternSyntaxError("a character class is not closed")
        return Characters(_class_ranges(source[0], self.unicode))

    def class_ranges(self) -> Ranges:
        negated = self.take("^")
        found: list[tuple[int, int]] = []
        while not self.take("]"):
            low = self.class_atom()
            if not self.source.startswith("-", self.position) or self.source.startswith("-]", self.position):
                found += low
                continue
            self.next()
            high = self.class_atom()
            if _is_single(low) and _is_single(high):
                if low[0][0] > high[0][0]:
                    raise PatternSyntaxError("a character range is out of order")
                found.append((low[0][0], high[0][0]))
            else:
                self.lenient("a character range ends in a class")
                found += [*low, (ord("-"), ord("-")), *high]
        ranges = normalized(found)
        return complement(ranges) if negated else ranges

    def class_atom(self) -> Ranges:
        character = self.next()
        if character == "\\":
            return self.escape(in_class=True)
        return ((ord(character), ord(character)),)

    def atom_escape(self) -> Node:
        """An escape outside classes, which may also be a boundary or a back-reference."""
        letter = self.source[self.position : self.position + 1]
        if letter in ("b", "B"):
            raise PatternError(f"the word boundary \\{letter} is not supported; say which characters may stand there")
        reference = self.reference() if letter == "k" or letter in string.digits else None
        if reference is None:
            return Characters(self.escape(in_class=False))
        number, text = reference
        if number in self.closed and consumes(self.closed[number]):
            raise PatternError(f"the back-reference {text} is not regular")
        # A group that is still open, or opens later, has captured nothing in this iteration.
        return NO_CHARACTERS

    def reference(self) -> tuple[int, str] | None:
        """The number of the group that a back-reference here names, and its source; None without a back-reference."""
        start = self.position
        decimal = self.scan(_DECIMAL)
        names_of_groups = captures(self.source) if decimal or self.take("k") else ()
        if decimal and len(decimal[0]) < 5 and int(decimal[0]) <= len(names_of_groups):
            return int(decimal[0]), f"\\{decimal[0]}"
        names = {name: number for number, name in enumerate(names_of_groups, 1) if name}
        if decimal is None and self.position > start and (self.unicode or names):
            name = self.scan(_NAME)
            if name is None or name[1] not in names:
                raise PatternSyntaxError("\\k names no group")
            return names[name[1]], f"\\k{name[0]}"
        self.position = start
        return None

    def escape(self, in_class: bool) -> Ranges:
        character = self.next()
        if character in CLASS_ESCAPES:
            return CLASS_ESCAPES[character]
        if character in "pP" and self.unicode:
            ranges = self.property()
            return ranges if character == "p" else complement(ranges)
        code = self.single_escape(character, in_class)
        if code is None:
            if character not in SYNTAX_CHARACTERS and character != "/" and not (in_class and character == "-"):
                self.lenient(f"the escape \\{character} has no meaning")
            code = ord(character)
        return ((code, code),)

    def single_escape(self, character: str, in_class: bool) -> int | None:
        """The code point of an escape; None if the escape means `character` itself at most."""
        if character == "b" and in_class:
            return 0x08
        if character in CONTROL_ESCAPES:
            return CONTROL_ESCAPES[character]
        if character in string.digits:
            return self.digit_escape(character)
        if character == "c":
            return self.control_letter(in_class)
        return self.code_point_escape(character) if character in "xu" else None

    def property(self) -> Ranges:
        name = self.scan(_PROPERTY)
        if name is None:
            raise PatternSyntaxError("\\p names no property")
        ranges = property_ranges(name[1])
        if ranges is None:
            raise PatternError(f"the property {name[1]} is not supported")
        return ranges

    def digit_escape(self, digit: str) -> int:
        follows = self.source[self.position : self.position + 1]
        if digit == "0" and (not follows or follows not in string.digits):
            return 0
        self.lenient(f"the escape \\{digit} has no meaning")
        self.position -= 1
        octal = self.scan(OCTAL)
        return int(octal[0], 8) if octal else ord(self.next())

    def control_letter(self, in_class: bool) -> int:
        letter = self.source[self.position : self.position + 1]
        annex = string.digits + "_" if in_class and not self.unicode else ""
        if letter and (letter in string.ascii_letters or letter in annex):
            self.position += 1
            return ord(letter) % 32
        self.lenient("\\c is followed by no letter")
        self.position -= 1
        return ord("\\")

    def code_point_escape(self, kind: str) -> int | None:
        """The code point of `\\x` or `\\u`; None if no digits follow."""
        if kind == "u" and self.unicode and (braced := self.scan(_CODE_POINT)):
            code = int(braced[1], 16)
            if code > MAX_CODE_POINT:
                raise PatternSyntaxError(f"\\u{braced[0]} is no code point")
            return code
        digits = self.scan(_HEXADECIMAL[kind])
        if digits is None:
            return None
        code = int(digits[0], 16)
        low = self.scan(_LOW_SURROGATE) if 0xD800 <= code <= 0xDBFF else None
        return 0x10000 + ((code - 0xD800) << 10) + (int(low[1], 16) - 0xDC00) if low else code


@lru_cache(maxsize=4096)
def _class_ranges(source: str, unicode: bool) -> Ranges:
    """The code points of a class; `source` begins after its opening bracket."""
    return _Parser(source, 0, unicode).class_ranges()


@lru_cache(maxsize=16)
def captures(source: str) -> tuple[str | None, ...]:
    """The capturing groups of an expression in order: their names, or None."""
    return tuple(match[2] for match in _CAPTURES.finditer(source) if match[1])


def _is_single(ranges: Ranges) -> bool:
    return len(ranges) == 1 and ranges[0][0] == ranges[0][1]
