"""A slow and obvious parser of the expressions of `workflow_places.free_place`, the oracle of the language."""

from __future__ import annotations

import re

CONTEXTS = ("github", "env", "needs", "steps")
NAMED = ("needs", "steps")
ARITIES = {"contains": (2, 2), "format": (1, 9), "join": (1, 2), "case": (3, 999), "always": (0, 0)}
TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)|(?P<text>'(?:[^'\0]|'')*')
    |(?P<number>(?:0x(?:0|[1-9a-fA-F][0-9a-fA-F]*)|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![A-Za-z0-9_.-]))
    |(?P<name>[A-Za-z_][A-Za-z0-9_-]*)|(?P<mark>\|\||&&|==|!=|<=|>=|[<>!().\[\],*])""",
    re.VERBOSE,
)
MAX_DEPTH, MAX_WEIGHT = 16, 47


class RefusedError(Exception):
    """The text is no expression."""


def is_allowed(form: str, text: str) -> bool:
    """Whether a text is allowed at the place of a form."""
    try:
        _check(form, text)
    except RefusedError:
        return False
    return True


def _check(form: str, text: str) -> None:
    if form == "none":
        _require("${{" not in text)
    elif form == "text":
        rest = text
        while "${{" in rest:
            rest = _inside(rest[rest.index("${{") + 3 :], False)
    elif form == "whole":
        _require(text.startswith("${{") and _inside(text[3:], False) == "")
    elif text.lstrip(" \t\r\n").startswith("${{"):
        _require(not _inside(text[text.index("${{") + 3 :], True).strip(" \t\r\n"))
    else:
        _require("${{" not in text)
        Parser(tokens(text), True).parse()


def _inside(text: str, is_condition: bool) -> str:
    """Parses an expression up to its end and returns what follows it."""
    end, quoted = 0, False
    while quoted or not text.startswith("}}", end):
        _require(end < len(text))
        quoted ^= text[end] == "'"
        end += 1
    Parser(tokens(text[:end]), is_condition).parse()
    return text[end + 2 :]


def tokens(text: str) -> list[tuple[str, str]]:
    """The tokens of an expression, white space included."""
    found, position = [], 0
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise RefusedError
        found.append((match.lastgroup, match[0]))
        position = match.end()
    return found


def _require(condition: bool) -> None:
    if not condition:
        raise RefusedError


class Parser:
    """Recursive descent; `weight` counts how deep the operand under way nests."""

    def __init__(self, found: list[tuple[str, str]], is_condition: bool) -> None:
        self.tokens = found
        self.position = 0
        self.is_condition = is_condition

    def peek(self, skip: bool = True) -> tuple[str, str]:
        position = self.position
        while skip and position < len(self.tokens) and self.tokens[position][0] == "space":
            position += 1
        return self.tokens[position] if position < len(self.tokens) else ("end", "")

    def next(self, skip: bool = True) -> tuple[str, str]:
        while skip and self.peek(False)[0] == "space":
            self.position += 1
        found = self.peek(False)
        self.position += 1
        return found

    def parse(self) -> None:
        self.expression(3, 0)
        _require(self.peek() == ("end", ""))

    def expression(self, used: int, depth: int, formatted: bool = False) -> None:
        """An expression; formatted: it is the first argument of `format`."""
        logical = compared = False
        while True:
            self.operand(used + 2 * logical, depth, compared)
            kind, operator = self.peek()
            if kind != "mark" or operator not in ("||", "&&", "==", "!=", "<", "<=", ">", ">="):
                return
            compared = operator not in ("||", "&&")
            logical |= not compared
            self.next()

    def operand(self, used: int, depth: int, compared: bool) -> None:
        kind, text = self.next()
        weight = used
        while text == "!" and kind == "mark":
            weight += 1
            _require(weight <= MAX_WEIGHT)
            kind, text = self.next()
        if kind == "number":
            _require(_is_small(text))
        elif text == "(":
            self.opened(weight, depth)
            self.expression(weight + 1, depth + 1)
            _require(self.next()[1] == ")")
            self.properties(weight, depth, "")
        elif kind == "name" and text in ("true", "false", "null"):
            pass
        elif kind == "name" and self.peek()[1] == "(":
            self.opened(weight, depth)
            self.call(text.lower(), weight + 1, depth + 1, self.is_condition and depth == 0 and not compared)
            self.properties(weight, depth, "")
        elif kind == "name":
            _require(text.lower() in CONTEXTS)
            self.properties(weight, depth, text.lower() if text.lower() in NAMED else "")
        else:
            _require(kind == "text")

    def opened(self, weight: int, depth: int) -> None:
        _require(depth < MAX_DEPTH and weight < 44)

    def call(self, name: str, used: int, depth: int, bare: bool) -> None:
        _require(name in ARITIES)
        self.next()
        number, due = 0, 0
        if self.peek()[1] == ")":
            self.next()
        else:
            while True:
                kind, text = self.peek()
                if name == "format" and number == 0 and kind == "text":
                    due = placeholders(text[1:-1].replace("''", "'"), bare)
                self.expression(used, depth)
                number += 1
                mark = self.next()[1]
                if mark == ")":
                    break
                _require(mark == ",")
        least, most = ARITIES[name]
        _require(max(least, due + (name == "format")) <= number <= most and (name != "case" or number % 2 == 1))

    def properties(self, weight: int, depth: int, chain: str) -> None:
        """Properties and indexes; chain: names that were read since a context of names, as in `needs.*.outputs`."""
        while self.peek()[1] in (".", "["):
            spaced = self.peek(False)[0] == "space"
            _require(not (chain and spaced))
            mark = self.next()[1]
            _require(weight < MAX_WEIGHT)
            if mark == ".":
                _require(not (chain and self.peek(False)[0] == "space"))
                kind, name = self.next()
                _require(kind == "name" or name == "*")
            else:
                self.opened(weight, depth)
                kind, name = self.peek()
                if chain and kind == "text":
                    self.next()
                    name = name[1:-1]
                    _require(name != "" and "'" not in name)
                    if chain.endswith("needs.*") or "." in chain:
                        _require(name == name.lower())
                else:
                    self.expression(weight + 1, depth + 1)
                    name = "*"
                _require(self.next()[1] == "]")
            weight += 1
            chain = self.longer(chain, name.lower()) if name != "*" else ""

    def longer(self, chain: str, name: str) -> str:
        if chain == "needs":
            return "needs.*"
        if chain == "needs.*":
            _require(name in ("outputs", "result"))
            return "needs.*.outputs" if name == "outputs" else ""
        return ""


def placeholders(text: str, bare: bool) -> int:
    """The number of arguments that the placeholders of a text ask for."""
    pieces = re.split(r"(\{\{|\}\}|\{(?:0|[1-9][0-9]?)\})", text)
    _require(all("{" not in piece and "}" not in piece for piece in pieces[::2]))
    _require(not bare or (not any(pieces[::2]) and not any(piece in ("{{", "}}") for piece in pieces[1::2])))
    return max((int(piece[1:-1]) + 1 for piece in pieces[1::2] if piece not in ("{{", "}}")), default=0)


def _is_small(text: str) -> bool:
    """Whether every reader can hold the number."""
    if text.startswith("0x"):
        return int(text, 16) < 2**31
    whole = re.match(r"-?([0-9]+)", text)
    assert whole is not None
    if whole.end() == len(text):
        return len(whole[1]) <= 15 and int(whole[1]) < 2**31
    exponent = re.search(r"[eE][+-]?([0-9]+)", text)
    return len(whole[1]) <= 15 and (exponent is None or len(exponent[1]) <= 2)
