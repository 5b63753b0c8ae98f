"""Faults in YAML are explained in plain words where they begin: what was found, what was expected, what to do."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from schemalm.documents import DocumentLimits, yaml_faults
from schemalm.documents.yaml_exact import compose
from schemalm.documents.yaml_reader import parse_yaml
from schemalm.errors import DocumentError

LIMITS = DocumentLimits(max_depth=3, max_nodes=8)

# Each message by its name, with a text at fault, and the line and column of the fault.
REFUSED: list[tuple[str, str, int, int]] = [
    ("EMPTY", "", 1, 1),
    ("EMPTY", "# nothing\n", 1, 1),
    ("EMPTY", "---\n", 2, 1),
    ("EMPTY", "...\n", 1, 1),
    ("ONE_DOCUMENT", "a: 1\n---\nb: 1", 2, 1),
    ("ONE_VALUE", "{a: 1}\n{b: 1}", 2, 1),
    ("ONE_VALUE", "'a'\nb", 2, 1),
    ("ONLY_A_COMMENT", "--- a\n... b\n", 2, 5),
    ("DIRECTIVE", "%YAML\n---\na", 1, 1),
    ("DIRECTIVE", "%YAML 1.2\n%YAML 1.2\n---\na", 2, 1),
    ("DIRECTIVE", "%\n---\na", 1, 1),
    ("NO_START", "%YAML 1.2\na", 1, 1),
    ("NO_START", "%name: CI\non: push", 1, 1),
    ("VERSION", "%YAML 1.1\n---\na", 2, 1),
    ("TOO_DEEP", "- - - - a", 1, 7),
    ("TOO_DEEP_BY_ALIASES", "- &a [[]]\n- - *a", 2, 5),
    ("TOO_MUCH", "[1, 2, 3, 4, 5, 6, 7, 8]", 1, 23),
    ("TOO_MANY_DIGITS", f"a: {'1' * 4301}", 1, 4),
    ("TOO_LARGE", "a: 1e999", 1, 4),
    ("CHARACTER", "a: \x01", 1, 4),
    ("TAB", "a:\n\tb: 1", 2, 1),
    ("TAB", "a: |\n\tb", 2, 1),
    ("TAB", "-\t- a", 1, 2),
    ("DEEPER_BLANK", "a: |\n     \n  b\n", 3, 3),
    ("COLUMN", "a: 'x'\n  b: c\n", 2, 3),
    ("COLUMN", "  a: 1\nb: 2\n", 2, 1),
    ("COLUMNS", "a:\n  b:\n    c: 1\n   d: 2\n", 4, 4),
    ("COLUMNS", "a:\n    - b\n  - c\n", 3, 3),
    ("BELOW_TEXT", "- a: |\n    x\n   y\n", 3, 4),
    ("BELOW_TEXT", "a: >\n{\n  x\n}\n", 2, 1),
    ("NO_DASH", "a:\n  - b: 1\n  c: 2\n", 3, 3),
    ("NO_DASH", "- a\nb: c\n", 2, 1),
    ("DASH_ALONE", "a:\n  - b\n  -c\n", 3, 3),
    ("DASH_AMONG_KEYS", "a: b\n- c\n", 2, 1),
    ("DASH_AMONG_KEYS", "- a: b\n  - c\n", 2, 3),
    ("NO_LIST", "a: - b\n", 1, 4),
    ("NO_LIST", "a: [\n  - b\n]\n", 2, 3),
    ("NO_QUESTION", "a: ? b\n", 1, 4),
    ("NO_QUESTION", "{a: ? b}", 1, 5),
    ("NO_KEY", "a: b: c\n", 1, 5),
    ("NO_KEY", "--- a: b\n", 1, 6),
    ("KEY_IN_TEXT", "a: b\n  c: d\n", 2, 3),
    ("KEY_IN_TEXT", "- a: b\n      c: d\n", 2, 7),
    ("NO_VALUE", "a: @b\n", 1, 4),
    ("NO_VALUE", "a: `b`\n", 1, 4),
    ("NO_VALUE", "- %b\n", 1, 3),
    ("NOTHING", "a: [,]\n", 1, 5),
    ("NOTHING", "a: }\n", 1, 4),
    ("BLOCK_IN_BRACKETS", "a: [ | ]\n", 1, 6),
    ("TAG_REFUSED", "a: !x b\n", 1, 4),
    ("NO_COLON", "a: b\nc\nd: e\n", 2, 1),
    ("NO_COLON", "a: b\n&x\n", 2, 1),
    ("NO_COLON", "a: |\nx\ny: 1\n", 2, 1),
    ("NO_SPACE", "a: b\non:push\n", 2, 1),
    ("NO_SPACE", "name:CI\non: push\n", 1, 1),
    ("NO_SPACE", "- uses:x\n  with: y\n", 1, 3),
    ("NO_SPACE", "- uses:x # v1\n  with: y\n", 1, 3),
    ("NO_SPACE", "- a: |\n    x\n  on:push\n", 3, 3),
    ("TEXT_BEFORE_KEY", "jobs:\n  build\n    steps: x\n", 2, 3),
    ("EMPTY_KEY", ": a\n", 1, 1),
    ("EMPTY_KEY", "{: a}", 1, 2),
    ("NOT_A_KEY", "[a]: b\n", 1, 1),
    ("NOT_A_KEY", "a: 1\n[a]: b\n", 2, 1),
    ("NOT_A_KEY", "? [a]\n: b\n", 1, 3),
    ("NOT_A_KEY", "[[a]: b]", 1, 2),
    ("NOT_A_KEY", "{[a]: b}", 1, 2),
    ("TEMPLATE", "a: {{ b }}\n", 1, 4),
    ("TEMPLATE", "a: 1\n{{ b }}: c\n", 2, 1),
    ("TEMPLATE", "a: [{{ b }}]\n", 1, 5),
    ("LONG_KEY", f"a: 1\n{'k' * 1025}: v\n", 2, 1),
    ("NO_STRING", "a: 1\n2: b\n", 2, 1),
    ("REPEATED", "a: 1\na: 2\n", 2, 1),
    ("NO_MERGE", "<<: {}\n", 1, 1),
    ("NOT_MERGEABLE", "<<: 1\n", 1, 5),
    ("REPEATED_MERGE", "<<: {}\n<<: {}\n", 2, 1),
    ("NO_NAME", "a: & b\n", 1, 4),
    ("NO_NAME", "a: [*]\n", 1, 5),
    ("TWO_ANCHORS", "a: &x &y b\n", 1, 7),
    ("TWO_ANCHORS", "[&x &y b]", 1, 5),
    ("ALIAS_WITH_ANCHOR", "a: &x 1\nb: &y *x\n", 2, 4),
    ("NO_ANCHOR", "- *.js\n", 1, 3),
    ("AFTER_ALIAS", "a: &x 1\nb: *x c\n", 2, 7),
    ("OPEN_QUOTE", 'a:\n  b: "x\n', 2, 6),
    ("OPEN_QUOTE", "a: 'x\n...\n", 1, 4),
    ("LATE_QUOTE", 'name: "CI\nrun: "x"\n', 1, 7),
    ("LATE_QUOTE", "'a\n b': c\n", 1, 1),
    ("LATE_QUOTE", "['a\n, 'b']\n", 1, 2),
    ("AFTER_QUOTE", "a: 'it's'\n", 1, 8),
    ("AFTER_QUOTE", "if: 'a' == 'b'\n", 1, 9),
    ("NO_ESCAPE", 'a: "c:\\dir"\n', 1, 7),
    ("SHORT_ESCAPE", 'a: "\\x1"\n', 1, 5),
    ("NO_CHARACTER", 'a: "\\U0011ffff"\n', 1, 5),
    ("HEADER", "a: | b\n", 1, 6),
    ("HEADER", "a: |0\n  b\n", 1, 5),
    ("NOT_CLOSED", "a: [b\n", 1, 4),
    ("NOT_CLOSED", "a: {b: [\n", 1, 8),
    ("NOT_CLOSED", "a: {b\n---\n", 1, 4),
    ("NOT_CLOSED", "a:\n  b: [c\n  d: e\n", 2, 6),
    ("NOT_CLOSED", "a: [b,\nc:\n  - d\n", 1, 4),
    ("NO_COMMA", "a: [b}\n", 1, 6),
    ("NO_COMMA", "a: [$}]\n", 1, 6),
    ("NO_COMMA", "a: {b: c: d}\n", 1, 9),
    ("NO_COMMA_ABOVE", 'a: {\n  "b": 1\n  "c": 2\n}\n', 3, 3),
    ("AFTER_BRACKET", "run: [ -f a ] && b\n", 1, 15),
    ("AFTER_BRACKET", "a: {b: c}}\n", 1, 10),
]  # fmt: skip

MESSAGES = {name: value for name, value in vars(yaml_faults).items() if name.isupper()}
FIELD = re.compile(r"\\\{(?:!r|:X|:04X)?\\\}")


def pattern(message: str) -> re.Pattern[str]:
    """Return a pattern for a message with its braces filled in."""
    escaped = re.escape(message)
    if FIELD.search(escaped):
        escaped = FIELD.sub(".+", escaped).replace(r"\{\{", r"\{").replace(r"\}\}", r"\}")
    return re.compile(escaped, re.DOTALL)


@pytest.mark.parametrize(("name", "text", "line", "column"), REFUSED)
@pytest.mark.parametrize("read", [parse_yaml, compose])
def test_a_fault_is_reported_where_it_begins(read, name: str, text: str, line: int, column: int) -> None:
    with pytest.raises(DocumentError) as caught:
        read(text, LIMITS, merge_keys=name in ("NOT_MERGEABLE", "REPEATED_MERGE"))
    assert pattern(MESSAGES[name]).fullmatch(caught.value.message), caught.value.message
    assert (caught.value.line, caught.value.column) == (line, column)


def test_every_message_has_an_example() -> None:
    assert {name for name, *_ in REFUSED} == set(MESSAGES)


def test_no_message_uses_parser_jargon() -> None:
    words = set(re.findall(r"\w+", " ".join(MESSAGES.values())))
    assert not words & {"mapping", "mappings", "sequence", "scalar", "flow", "stream", "token", "node", "block"}


def raised(path: Path) -> list[ast.expr]:
    """Return the messages of a source file: the first arguments of the calls that raise a fault."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    names = [(call, getattr(call.func, "attr", getattr(call.func, "id", ""))) for call in calls]
    return [call.args[0] for call, name in names if name in ("refuse", "_refuse", "check_begin", "YAMLFault")]


def test_all_messages_of_the_parser_are_in_one_module() -> None:
    paths = sorted(Path(yaml_faults.__file__).parent.glob("yaml_*.py"))
    arguments = [argument for path in paths for argument in raised(path)]
    assert len(arguments) > 50
    for argument in arguments:
        said = argument.func if isinstance(argument, ast.Call) else argument  # MESSAGE.format(...)
        texts = [node for node in ast.walk(said) if isinstance(node, ast.Constant | ast.JoinedStr)]
        assert all(len(str(getattr(node, "value", ""))) <= 1 for node in texts), ast.unparse(argument)
    sources = " ".join(path.read_text() for path in paths if path.stem != "yaml_faults")
    assert set(MESSAGES) <= set(re.findall(r"\b[A-Z_]+\b", sources))
