"""What the YAML parser refuses, in words for the writer of the text: what was found, what was expected, what to do.

In goes an error of `ruamel.yaml` or of our scanner, whose own problems are in plain words already; out come a message
and its place, which may be where the thing at fault begins.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from ruamel.yaml.error import MarkedYAMLError

Said: TypeAlias = "tuple[str, Any]"  # the message, and the mark of its place
Words: TypeAlias = Callable[[re.Match[str], MarkedYAMLError], Said]

# Tokens and characters as the parser names them.
_NAMES = {
    "\\n": "the end of the line",
    "\\r": "the end of the line",
    "\\x00": "the end of the text",
    "<stream end>": "the end of the text",
}
_TOKENS = _NAMES | {
    "<document end>": "a line ...",
    "<document start>": "a line ---",
    "<scalar>": "text",
    "<alias>": "an alias (*...)",
    "<anchor>": "an anchor (&...)",
    "<block mapping start>": "a key that is indented deeper",
    "<block sequence start>": "an item that is indented deeper",
    "?": "a key",
    "-": "an item (- )",
    ":": "a colon",
}
_QUOTE_IT = "quote it if it is text"


def in_words(error: MarkedYAMLError) -> Said:
    """The message about an error, and the mark of its place, which may be None."""
    problem = str(error.problem or error.context or "")
    for pattern, words in _WORDS:
        if found := pattern.match(problem):
            return words(found, error)
    return problem, _here(error)


def _here(error: MarkedYAMLError) -> Any:
    return error.problem_mark or error.context_mark


def _start(error: MarkedYAMLError) -> Any:
    return error.context_mark or error.problem_mark


def _line(mark: Any) -> str:
    return f"line {mark.line + 1}"


def _named(found: str, names: Mapping[str, str] = _NAMES) -> str:
    """The character or token that the parser found, from its `repr`."""
    inner = found.strip("(),")[1:-1]
    return names.get(inner, found.strip("(),"))


def _said(template: str) -> Words:
    """A message at the place itself, with `{}` for what was found there."""
    return lambda found, error: (template.format(*map(_named, found.groups())), _here(error))


def _of_an_escape(found: re.Match[str], error: MarkedYAMLError) -> Said:
    name = {"2": "x", "4": "u", "8": "U"}[found[1]]
    words = f"the escape \\{name} takes {found[1]} hexadecimal digits, found {_named(found[2])}"
    return f"{words}; write \\\\ for a backslash, or use single quotes", _here(error)


def _of_an_unknown_escape(found: re.Match[str], error: MarkedYAMLError) -> Said:
    character = found[1][1:-1]
    words = f"\\{character} is no escape, and text in double quotes takes a backslash for one"
    return f"{words}; write \\\\ for a backslash, or use single quotes", _here(error)


def _of_a_directive(found: re.Match[str], error: MarkedYAMLError) -> Said:
    words = f"a line that begins with % is a directive, such as %YAML 1.2; found {_named(found[1])}: remove the line"
    return words, _here(error)


def _of_an_open_quote(found: re.Match[str], error: MarkedYAMLError) -> Said:
    return "the quote that opens here is not closed: add the same quote at the end of the text", _start(error)


def _of_a_quote_that_is_cut(found: re.Match[str], error: MarkedYAMLError) -> Said:
    words = f"the quote that opens here is not closed before {_line(error.problem_mark)}, which ends the document"
    return f"{words}: close it, or indent that line", _start(error)


def _of_a_missing_colon(found: re.Match[str], error: MarkedYAMLError) -> Said:
    words = "this begins like a key but no ': ' follows it on the line: add the colon and a value"
    return f"{words}, or indent it if it goes on with the text above", _start(error)


def _of_flow(found: re.Match[str], error: MarkedYAMLError) -> Said:
    """An unfinished `[...]` or `{...}`."""
    closing = found[1]
    kind = {"]": "list", "}": "mapping"}[closing]
    if "stream end" in found[2] or "document" in found[2]:
        return f"the {kind} that opens here is not closed: add {closing}", _start(error)
    there = _named(found[2], _TOKENS)
    words = f"expected , or {closing} in the {kind} that opens on {_line(_start(error))}, found {there}"
    return f"{words}: add what is missing, or {_QUOTE_IT}", _here(error)


def _of_no_value(found: re.Match[str], error: MarkedYAMLError) -> Said:
    return f"expected a value, found {_named(found[1], _TOKENS)}: remove it, or {_QUOTE_IT}", _here(error)


def _of_a_block(found: re.Match[str], error: MarkedYAMLError) -> Said:
    """Something that does not belong to the list or mapping that is open."""
    kind = "mapping" if "mapping" in str(error.context) else "list"
    there = _named(found[1], _TOKENS)
    words = f"found {there}, which does not go on with the {kind} that begins on {_line(_start(error))}"
    return f"{words}: check the indentation, and whether quotes or brackets end too early", _here(error)


def _of_a_character(found: re.Match[str], error: MarkedYAMLError) -> Said:
    shown = "a tab" if found[1] == "'\\t'" else found[1]
    return f"no value begins with {shown}: quote it if it is text", _here(error)


_IN_A_DIRECTIVE = r"alphabetic or numeric character|a digit(?: or '\.')?|' '|'!'|'>'|URI(?: escape sequence.*?)?"
_TABLE: dict[str, Words] = {
    r"found character (.+) that cannot start any token": _of_a_character,
    r"could not find expected ':'": _of_a_missing_colon,
    r"sequence entries are not allowed here": _said(
        "'- ' begins an item of a list, and none may begin here: put each item on a line of its own, or quote the text"
    ),
    r"mapping keys are not allowed here": _said(
        "'? ' begins a key, and none may begin here: put it on a line of its own, or quote the text"
    ),
    r"mapping values are not allowed here": _said(
        "a colon and a space begin a value, and none may begin here: quote the text if the colon belongs to it, "
        "or check the indentation of this line and of the one above"
    ),
    r"expected indentation indicator in the range 1-9, ?but found (.+)": _said(
        "the digit after | or > is an indentation from 1 to 9, found {}: leave it out to take that of the first line"
    ),
    r"expected chomping or indentation indicators, but found (.+)": _said(
        "after | or > may come + or - and one digit, found {}: begin the text on the next line"
    ),
    r"expected a comment or a line break, but found (.+)": _said(
        "nothing but a comment may follow on this line, found {}: begin the text on the next line"
    ),
    r"more indented follow up line": _said(
        "a blank line above this text is indented deeper than it: remove the spaces there"
    ),
    r"expected escape sequence of (\d) hexdecimal numbers, but found (.+)": _of_an_escape,
    r"found unknown escape character (.+)": _of_an_unknown_escape,
    r"found unexpected end of stream": _of_an_open_quote,
    r"found unexpected document separator": _of_a_quote_that_is_cut,
    r"found unexpected ':'": _said("a colon ends the text here: quote the text if the colon belongs to it"),
    rf"expected (?:{_IN_A_DIRECTIVE}),? but found (.+)": _of_a_directive,
    r"found duplicate YAML directive": _said("the %YAML directive is repeated: remove one of them"),
    r"found incompatible YAML document": _said("only YAML 1.2 is read; remove the %YAML directive"),
    r"duplicate tag handle (.+)": _said("the %TAG directive of {} is repeated: remove one of them"),
    r"found undefined tag handle (.+)": _said("a tag (!...) is not supported: remove it, or quote the text"),
    r"expected '<document start>'": _said("the document ended before this; another one begins after a line ---"),
    r"found non-comment content after document end marker": _said(
        "nothing but a comment may follow ... on its line: remove what stands there, or begin a line with ---"
    ),
    r"expected the node content, but found '<document end>'": _said("the document is empty"),
    r"expected the node content, but found '<stream end>'": _said(
        "the text ends where a value must come: close the list or mapping with ] or }}"
    ),
    r"expected the node content, but found (.+)": _of_no_value,
    r"expected <block end>, but found (.+)": _of_a_block,
    r"expected ',' or '([\]}])', but got (.+)": _of_flow,
}
_WORDS = [(re.compile(pattern), words) for pattern, words in _TABLE.items()]
