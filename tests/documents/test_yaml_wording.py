"""What is no YAML is told in plain words: what was found, what was expected, what to do; at the place itself."""

from __future__ import annotations

import inspect
import re

import pytest
from ruamel.yaml import parser, scanner
from ruamel.yaml.error import MarkedYAMLError, StringMark

from schemalm.documents import yaml_scanner
from schemalm.documents.reading import parse_document
from schemalm.documents.yaml_wording import in_words
from schemalm.errors import DocumentError

REFUSED: list[tuple[str, int, int, str]] = [
    ("%YAML\na", 1, 6, "a line that begins with % is a directive, such as %YAML 1.2; found the end of the line"),
    ("%YAML 1.x\n---\na", 1, 9, "is a directive, such as %YAML 1.2; found 'x': remove the line"),
    ("%\n---\na", 1, 2, "is a directive"),
    ("%TAG\n---\na", 1, 5, "is a directive"),
    ("%YAML 1.2\n%YAML 1.2\n---\na", 2, 1, "the %YAML directive is repeated: remove one of them"),
    ("%TAG ! a:\n%TAG ! b:\n---\na", 2, 1, "the %TAG directive of '!' is repeated: remove one of them"),
    ("%YAML 2.0\n---\na", 1, 1, "only YAML 1.2 is read; remove the %YAML directive"),
    ("%YAML 1.2\na", 2, 1, "the document ended before this; another one begins after a line ---"),
    ("a: &\n", 1, 5, "a name must follow & or *: write one, or quote the text if the character belongs to it"),
    ("a: * b\n", 1, 5, "a name must follow & or *"),
    ("a: !x b\n", 1, 4, "a tag (!...) is not supported: remove it, or quote the text"),
    ("a: |0\n  b\n", 1, 5, "the digit after | or > is an indentation from 1 to 9, found 0: leave it out"),
    ("a: |x\n  b\n", 1, 5, "after | or > may come + or - and one digit, found 'x': begin the text on the next line"),
    ("a: >-2-\n b\n", 1, 7, "after | or > may come + or - and one digit, found '-'"),
    ("a: |+ x\n b\n", 1, 7, "nothing but a comment may follow on this line, found 'x': begin the text"),
    ("a: |\n     \n  b\n", 3, 3, "a blank line above this text is indented deeper than it: remove the spaces there"),
    ('a: "\\q"\n', 1, 6, "\\q is no escape, and text in double quotes takes a backslash for one; write \\\\ for a"),
    ('a: "\\x1"\n', 1, 7, "the escape \\x takes 2 hexadecimal digits, found '\"'; write"),
    ('a: "\\u12\n"', 1, 7, "the escape \\u takes 4 hexadecimal digits, found the end of the line"),
    ('a: "\\U0011ffff"\n', 1, 4, "an escape in this text names no character: the last one is \\U0010FFFF"),
    ('a:\n  b: "x\n', 2, 6, "the quote that opens here is not closed: add the same quote at the end of the text"),
    ("a: 'x\n...\n", 1, 4, "the quote that opens here is not closed before line 2, which ends the document: close it"),
    ("a: b: c\n", 1, 5, "a colon and a space begin a value, and none may begin here: quote the text if the colon"),
    ("a: b\n  c: d\n", 2, 4, "or check the indentation of this line and of the one above"),
    ("a: - b\n", 1, 4, "'- ' begins an item of a list, and none may begin here: put each item on a line of its own"),
    ("a: ? b\n", 1, 4, "'? ' begins a key, and none may begin here: put it on a line of its own, or quote the text"),
    ("a: b\nc\nd: e\n", 2, 1, "this begins like a key but no ': ' follows it on the line: add the colon and a value"),
    ("a: |\nb\n", 2, 1, "or indent it if it goes on with the text above"),
    ("- a\nb: c\n", 2, 1, "found a key, which does not go on with the list that begins on line 1: check"),
    ("a: b\n- c\n", 2, 1, "found an item (- ), which does not go on with the mapping that begins on line 1"),
    ("a: 'it's'\n", 1, 8, "found text, which does not go on with the mapping that begins on line 1: check"),
    ("key: [a]]\n", 1, 9, "found ']', which does not go on with the mapping that begins on line 1"),
    ("a: [b\n", 1, 4, "the list that opens here is not closed: add ]"),
    ("a: {b: c\n", 1, 4, "the mapping that opens here is not closed: add }"),
    ("a: [b}\n", 1, 6, "expected , or ] in the list that opens on line 1, found '}': add what is missing, or quote it"),
    ("a: {b: c: d}\n", 1, 9, "expected , or } in the mapping that opens on line 1, found a colon"),
    ("a: [,]\n", 1, 5, "expected a value, found ',': remove it, or quote it if it is text"),
    ("a: }\n", 1, 4, "expected a value, found '}'"),
    ("a: @b\n", 1, 4, "no value begins with '@': quote it if it is text"),
    ("a: `b`\n", 1, 4, "no value begins with '`'"),
    ("a:\n\t- b\n", 2, 1, "a tab cannot indent: indent with spaces"),
    ("--- a\n... b\n", 2, 5, "nothing but a comment may follow ... on its line: remove what stands there"),
    ("a: \x01\n", 1, 4, "the character U+0001 is not allowed in YAML"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "column", "words"), REFUSED)
def test_what_is_no_yaml_is_told_in_plain_words(text: str, line: int, column: int, words: str) -> None:
    with pytest.raises(DocumentError) as caught:
        parse_document(text)
    assert words in caught.value.message
    assert (caught.value.line, caught.value.column) == (line, column)


def problems_of_the_parser() -> list[str]:
    """The problems that the library's sources hold, each with something in place of what it would name."""
    lines = "".join(map(inspect.getsource, (scanner, parser))).splitlines()
    sources = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    raised = re.findall(r"(?:Scanner|Parser)Error\(((?:[^()]|\([^()]*\)|\((?:[^()]|\([^()]*\))*\))*)\)", sources)
    texts = (re.findall(r"""f?("[^"\n]*"|'[^'\n]*')""", arguments) for arguments in raised)
    joined = ("".join(text[1:-1] for text in found if not text[1:].startswith("while ")) for found in texts)
    return [re.sub(r"\{length[^}]*\}", "4", text).replace("{ch!r}", "'x'") for text in joined if text]


def test_every_problem_of_the_parser_has_plain_words() -> None:
    problems = problems_of_the_parser()
    assert len(problems) > 30
    mark = StringMark("", 0, 0, 0, "", 0)
    for problem in problems:
        filled = re.sub(r"(?<!\{)\{[^{}]+\}", "'x'", problem).replace("}}", "}")
        message, _ = in_words(MarkedYAMLError("while", mark, filled, mark))
        assert message != filled or "http" in filled, problem


def test_our_own_problems_are_said_as_they_are() -> None:
    assert "problem=" in inspect.getsource(yaml_scanner)
    assert in_words(MarkedYAMLError(problem="a tab cannot indent"))[0] == "a tab cannot indent"
