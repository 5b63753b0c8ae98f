"""ECMA-262 regular expressions as regular languages.

In: the source of a `pattern`, read in Unicode mode and searched anywhere in the text, as JSON Schema asks. Out: the
language of the UTF-8 texts that have a match. Covered is the regular subset: look-around, back-references, word
boundaries and property escapes raise `PatternError`, and so does an anchor in the middle of an expression.
Source of the syntax: ECMA-262, section 22.2.1, with the lenient forms of its annex B.
"""

from __future__ import annotations

from dataclasses import dataclass

from schemalm.grammar.language import (
    ANY_TEXT,
    EMPTY,
    MAX_CODE_POINT,
    Language,
    code_points,
    repeat,
    sequence,
    union,
)

Ranges = list[tuple[int, int]]

DIGITS: Ranges = [(0x30, 0x39)]
WORD: Ranges = [(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)]
SPACE: Ranges = [
    (0x09, 0x0D),
    (0x20, 0x20),
    (0xA0, 0xA0),
    (0x1680, 0x1680),
    (0x2000, 0x200A),
    (0x2028, 0x2029),
    (0x202F, 0x202F),
    (0x205F, 0x205F),
    (0x3000, 0x3000),
    (0xFEFF, 0xFEFF),
]
LINE_ENDS: Ranges = [(0x0A, 0x0A), (0x0D, 0x0D), (0x2028, 0x2029)]
CONTROL_ESCAPES = {"t": 0x09, "n": 0x0A, "v": 0x0B, "f": 0x0C, "r": 0x0D, "0": 0x00}


class PatternError(ValueError):
    """A pattern that is malformed or not regular."""


@dataclass(frozen=True)
class Characters:
    """One character out of the ranges."""

    language: Language


@dataclass(frozen=True)
class Anchor:
    """`^` or `$`."""

    symbol: str


@dataclass(frozen=True)
class Group:
    """Alternatives, each a sequence of nodes."""

    alternatives: tuple[tuple[Node, ...], ...]


@dataclass(frozen=True)
class Repetition:
    """A node between `minimum` and `maximum` times."""

    node: Node
    minimum: int
    maximum: int | None


Node = Characters | Anchor | Group | Repetition


def pattern_language(source: str, max_repeat: int) -> Language:
    """The UTF-8 texts in which the ECMA-262 expression `source` has a match; raises `PatternError`."""
    try:
        alternatives = _Parser(source, max_repeat).parse()
        return union(_searched(alternative, False, False) for alternative in alternatives)
    except RecursionError:
        raise PatternError("the expression is nested too deeply") from None


def complement_ranges(ranges: Ranges) -> Ranges:
    """The code points outside `ranges`."""
    result, start = [], 0
    for low, high in sorted(ranges):
        if start < low:
            result.append((start, low - 1))
        start = max(start, high + 1)
    return [*result, (start, MAX_CODE_POINT)] if start <= MAX_CODE_POINT else result


def _searched(nodes: tuple[Node, ...], at_start: bool, at_end: bool) -> Language:
    """The texts with a match of the sequence; anchors are allowed at its edges, through groups."""
    while nodes and nodes[0] == Anchor("^"):
        nodes, at_start = nodes[1:], True
    while nodes and nodes[-1] == Anchor("$"):
        nodes, at_end = nodes[:-1], True
    for index in (0, -1):
        if nodes and _has_anchor(nodes[index]):
            rest = nodes[1:] if index == 0 else nodes[:-1]
            joined = [(*choice, *rest) if index == 0 else (*rest, *choice) for choice in _choices(nodes[index])]
            return union(_searched(choice, at_start, at_end) for choice in joined)
    body = sequence(*(_language(node) for node in nodes))
    return sequence(EMPTY if at_start else ANY_TEXT, body, EMPTY if at_end else ANY_TEXT)


def _has_anchor(node: Node) -> bool:
    if isinstance(node, Group):
        return any(_has_anchor(inner) for alternative in node.alternatives for inner in alternative)
    return isinstance(node, Anchor) or (isinstance(node, Repetition) and _has_anchor(node.node))


def _choices(node: Node) -> tuple[tuple[Node, ...], ...]:
    if isinstance(node, Group):
        return node.alternatives
    if isinstance(node, Repetition) and node.maximum == 1:
        return ((node.node,),) if node.minimum else ((), (node.node,))
    raise PatternError("an anchor is only supported at the edges of an expression")


def _language(node: Node) -> Language:
    if isinstance(node, Characters):
        return node.language
    if isinstance(node, Group):
        return union(sequence(*(_language(inner) for inner in alternative)) for alternative in node.alternatives)
    if isinstance(node, Repetition):
        return repeat(_language(node.node), node.minimum, node.maximum)
    raise PatternError("an anchor is only supported at the edges of an expression")


class _Parser:
    """Recursive descent over the source."""

    def __init__(self, source: str, max_repeat: int) -> None:
        self.source = source
        self.position = 0
        self.max_repeat = max_repeat

    def parse(self) -> tuple[tuple[Node, ...], ...]:
        alternatives = self.alternatives()
        if self.position < len(self.source):
            raise PatternError(f"unmatched ) at offset {self.position}")
        return alternatives

    def peek(self, text: str) -> bool:
        return self.source.startswith(text, self.position)

    def take(self, text: str) -> bool:
        if self.peek(text):
            self.position += len(text)
            return True
        return False

    def next(self) -> str:
        if self.position >= len(self.source):
            raise PatternError("unexpected end of the expression")
        self.position += 1
        return self.source[self.position - 1]

    def alternatives(self) -> tuple[tuple[Node, ...], ...]:
        found = [self.sequence()]
        while self.take("|"):
            found.append(self.sequence())
        return tuple(found)

    def sequence(self) -> tuple[Node, ...]:
        nodes: list[Node] = []
        while self.position < len(self.source) and self.source[self.position] not in "|)":
            nodes.append(self.quantified(self.term()))
        return tuple(nodes)

    def term(self) -> Node:
        character = self.next()
        if character in "^$":
            return Anchor(character)
        if character == "(":
            return self.group()
        if character == "[":
            return Characters(code_points(self.character_class()))
        if character == ".":
            return Characters(code_points(complement_ranges(LINE_ENDS)))
        if character == "\\":
            return Characters(code_points(self.escape(in_class=False)))
        start = self.position - 1
        self.position = start
        if self.bounds() is not None:
            raise PatternError(f"nothing to repeat at offset {start}")
        self.position = start + 1
        return Characters(code_points([(ord(character), ord(character))]))

    def group(self) -> Node:
        if self.take("?"):
            if self.take("<"):
                if self.peek("=") or self.peek("!"):
                    raise PatternError("look-behind is not regular")
                name_end = self.source.find(">", self.position)
                if name_end < 0:
                    raise PatternError("a group name is not closed")
                self.position = name_end + 1
            elif not self.take(":"):
                raise PatternError("look-ahead and inline flags are not supported")
        group = Group(self.alternatives())
        if not self.take(")"):
            raise PatternError("a group is not closed")
        return group

    def quantified(self, node: Node) -> Node:
        bounds = self.bounds()
        if bounds is None:
            return node
        if isinstance(node, Anchor):
            raise PatternError(f"nothing to repeat before offset {self.position}")
        self.take("?")
        minimum, maximum = bounds
        if maximum is not None and maximum < minimum:
            raise PatternError("a quantifier's bounds are out of order")
        if max(minimum, maximum or 0) > self.max_repeat:
            raise PatternError(f"a quantifier repeats more than {self.max_repeat} times")
        return Repetition(node, minimum, maximum)

    def bounds(self) -> tuple[int, int | None] | None:
        for symbol, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self.take(symbol):
                return bounds
        if not self.peek("{"):
            return None
        end = self.source.find("}", self.position)
        low, comma, high = self.source[self.position + 1 : end].partition(",")
        if end < 0 or not _is_count(low) or not (high == "" or _is_count(high)):
            return None
        self.position = end + 1
        if not comma:
            return int(low), int(low)
        return int(low), int(high) if high else None

    def character_class(self) -> Ranges:
        negated = self.take("^")
        ranges: Ranges = []
        while not self.take("]"):
            low = self.class_atom()
            if self.peek("-") and not self.peek("-]"):
                self.next()
                high = self.class_atom()
                if len(low) == 1 and len(high) == 1 and low[0][0] == low[0][1] and high[0][0] == high[0][1]:
                    if low[0][0] > high[0][0]:
                        raise PatternError("a character range is out of order")
                    ranges.append((low[0][0], high[0][0]))
                    continue
                low = [*low, (ord("-"), ord("-")), *high]
            ranges.extend(low)
        return complement_ranges(ranges) if negated else ranges

    def class_atom(self) -> Ranges:
        character = self.next()
        if character == "\\":
            return self.escape(in_class=True)
        return [(ord(character), ord(character))]

    def escape(self, in_class: bool) -> Ranges:
        character = self.next()
        for symbol, ranges in (("d", DIGITS), ("w", WORD), ("s", SPACE)):
            if character == symbol:
                return ranges
            if character == symbol.upper():
                return complement_ranges(ranges)
        if character in CONTROL_ESCAPES:
            code = CONTROL_ESCAPES[character]
        elif character == "b" and in_class:
            code = 0x08
        elif character == "c":
            letter = self.next()
            if not (letter.isascii() and letter.isalpha()):
                raise PatternError("\\c is followed by no letter")
            code = ord(letter) % 32
        elif character in "xu":
            code = self.code_point_escape(character)
        elif character.isascii() and (character.isalpha() or character.isdigit()):
            raise PatternError(f"the escape \\{character} is not supported")
        else:
            code = ord(character)
        return [(code, code)]

    def code_point_escape(self, kind: str) -> int:
        if kind == "u" and self.take("{"):
            end = self.source.find("}", self.position)
            if end < 0:
                raise PatternError("\\u{ is not closed")
            code = self.hexadecimal(end - self.position)
            self.position += 1
            return code
        code = self.hexadecimal(2 if kind == "x" else 4)
        if 0xD800 <= code <= 0xDBFF and self.peek("\\u"):
            start = self.position
            self.position += 2
            low = self.code_point_escape("u")
            if 0xDC00 <= low <= 0xDFFF:
                return 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
            self.position = start
        return code

    def hexadecimal(self, num_digits: int) -> int:
        digits = self.source[self.position : self.position + num_digits]
        if len(digits) < max(num_digits, 1) or not set(digits) <= set("0123456789abcdefABCDEF"):
            raise PatternError(f"no hexadecimal number at offset {self.position}")
        self.position += num_digits
        if int(digits, 16) > MAX_CODE_POINT:
            raise PatternError(f"\\u{{{digits}}} is no code point")
        return int(digits, 16)


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit()
