"""Reading documents: what is accepted, what is refused, and where the error points."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemalm.documents import DocumentLimits, JSONValue, json_equal, load_document, parse_document
from schemalm.documents.yaml_exact import compose
from schemalm.errors import ConfigurationError, DocumentError

LIMITS = DocumentLimits()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on: push", {"on": "push"}),
        ("[yes, no, on, off, y]", ["yes", "no", "on", "off", "y"]),
        ("[true, False, TRUE, tRue]", [True, False, True, "tRue"]),
        ("[null, ~, Null, '']", [None, None, None, ""]),
        ("[010, -007, +1, 0o17, 0x1F]", [10, -7, 1, 15, 31]),
        ("[0b11, -0x1, 1_000, 12:30:45]", ["0b11", "-0x1", "1_000", "12:30:45"]),
        ("[3.10, 1e3, .5, -0.0, 1.]", [3.1, 1000.0, 0.5, -0.0, 1.0]),
        ("[1, 1.0, '1']", [1, 1.0, "1"]),
        ("2020-01-01", "2020-01-01"),
        ("a: 123456789012345678901234567890", {"a": 123456789012345678901234567890}),
        (f"a: {'9' * 50}", {"a": int("9" * 50)}),
        ("a: &x {k: 1}\nb: *x", {"a": {"k": 1}, "b": {"k": 1}}),
        ("'<<': 1", {"<<": 1}),
        ("? a\n: 1", {"a": 1}),
        ("%YAML 1.2\n---\na: 1", {"a": 1}),
        ("\ufeffa: 1\r\nb: 2\r\n", {"a": 1, "b": 2}),
        ("a: x\u2028y", {"a": "x\u2028y"}),
        ("{a: 1}\n# end\n", {"a": 1}),
        ('{"a": "\\ud83d\\ude00"}', {"a": "\U0001f600"}),
        ("if: ${{ !cancelled() }}", {"if": "${{ !cancelled() }}"}),
        ('"\\ud83d\\ude00": "a\\uD83D\\uDE00\\n"', {"\U0001f600": "a\U0001f600\n"}),
        ("- &a.b [1]\n- &é x\n- &c:d y\n- *a.b\n- *é\n- *c:d", [[1], "x", "y", [1], "x", "y"]),
        ("a: &c:d y", {"a": "y"}),
        ("[{a:}, {'b':1}, {?c: d}, [?e], {f\n: g}]", [{"a": None}, {"b": 1}, {"?c": "d"}, ["?e"], {"f": "g"}]),
        ("null", None),
    ],
)
def test_text_is_read_by_the_core_schema(text: str, value: JSONValue) -> None:
    assert json_equal(parse_document(text), value)


@pytest.mark.parametrize(
    ("text", "line", "column", "part"),
    [
        ("", 1, 1, "empty"),
        ("# only a comment\n", 1, 1, "empty"),
        ("---\n", 2, 1, "empty"),
        ("a: 1\nb:\n  c: 1\n  c: 2\n", 4, 3, "repeated"),
        ('{"a": 1,\n "b": {"c": 1, "c": 2}}', 2, 16, "repeated"),
        ("a: &x {k: 1}\nb:\n  <<: *x\n", 3, 3, "merge key"),
        ("a: !foo x", 1, 4, "tag"),
        ("a: !!str 1", 1, 4, "tag"),
        ("- !!binary aGk=", 1, 3, "tag"),
        ("if: !cancelled()", 1, 5, "tag"),
        ("a: 1\n2: b", 2, 1, "quote 2"),
        ("? [a]\n: 1", 1, 3, "key must be a string"),
        ("a: 1\n---\nb: 2", 2, 1, "one document"),
        ("%YAML 1.1\n---\na: 1", 2, 1, "YAML 1.2"),
        ("a: [.inf]", 1, 5, "not a JSON number"),
        ("a: 1e999", 1, 4, "beyond the range"),
        ("[1, NaN]", 1, 5, "not a JSON number"),
        ("[1, 1e999]", 1, 5, "not a JSON number"),
        ('{"a": ["\\ud800"]}', 1, 8, "surrogate"),
        ('a:\n  "\\ude00\\ud83d"', 2, 3, "surrogate"),
        ("a: '\\ud83d\\ude00'\nb: [x\n", 2, 4, "is not closed: add \\]"),
        ("a: \ud800", 1, 4, "surrogate"),
        ("a: \x00", 1, 4, "U+0000"),
        ("a:\n\tb: 1", 2, 1, "indent with spaces"),
        ("a: *b", 1, 4, "unknown anchor"),
        ("a: &x [*x]", 1, 8, "alias"),
        ("a: [", 1, 4, "list that opens here is not closed: add \\]"),
        ("a: {b: [\n", 1, 8, "list that opens here is not closed"),
        ("a: &x 1\nb: &x\n  c: *x", 3, 6, r"the alias \*x names no complete value"),
        ("a: &x {k: 1}\nb: &x [{d: *x}]", 2, 12, r"the alias \*x names no complete value"),
        ("a: 'x", 1, 4, "quote that opens here is not closed"),
        ("[" * 129 + "]" * 129, 1, 129, "nested deeper"),
        ("- " * 129 + "a", 1, 257, "nested too deep"),
        ("a: " + "1" * 5000, 1, 4, "4300 digits"),
        ("[" + "1" * 5000 + "]", 1, 2, "4300 digits"),
    ],
)
def test_refused_text_is_named_with_its_position(text: str, line: int, column: int, part: str) -> None:
    with pytest.raises(DocumentError, match=part.replace("(", r"\(").replace("+", r"\+")) as caught:
        parse_document(text, source="ci.yml")
    assert (caught.value.line, caught.value.column, caught.value.source) == (line, column, "ci.yml")


def bomb(first: str, width: int, levels: int) -> str:
    lines = [f"a0: &a0 {first}"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * width)}]" for i in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        bomb("x", 9, 9),
        bomb("[]", 100, 4),
        bomb('"' + "x" * 8000 + '"', 100, 3),
        "[" * 200_000,
        "{a: " * 200_000,
        "['[', " * 100_000,
        '{"a":' * 100_000,
        "- " * 200_000,
        "? " * 200_000,
        "!" * 500_000,
        "&a " * 100_000,
        "'" * 500_001,
        "x" * (1 << 20) + "x",
        "---\n" * 200_000,
        '"\\U00110000"\n--- !a',
    ],
    ids=lambda text: text[:12].replace("\n", " "),
)
def test_hostile_text_is_refused_and_never_hangs(text: str) -> None:
    with pytest.raises(DocumentError):
        parse_document(text)


def test_limits_are_exact() -> None:
    limits = DocumentLimits(max_bytes=40, max_depth=2, max_nodes=4)
    assert parse_document("a: [1, 2]", limits=limits) == {"a": [1, 2]}
    assert parse_document("a: &x [1]\nb: 2", limits=limits) == {"a": [1], "b": 2}
    for text in ("a: [1, 2, 3]", "[1, 2, 3, 4]", "a: [[1]]", "[[[]]]", "a: " + "x" * 38, "a: &x [1]\nb: [*x]"):
        with pytest.raises(DocumentError):
            parse_document(text, limits=limits)


@pytest.mark.parametrize("field", ["max_bytes", "max_depth", "max_nodes"])
def test_limits_out_of_range_are_refused(field: str) -> None:
    with pytest.raises(ConfigurationError):
        DocumentLimits(**{field: 0})
    with pytest.raises(ConfigurationError):
        DocumentLimits(max_depth=129)


def test_files_are_read_by_path_or_name(tmp_path: Path) -> None:
    file = tmp_path / "ci.yml"
    file.write_text("on: push\n", encoding="utf-8")
    assert load_document(file) == {"on": "push"}
    assert load_document(str(file)) == {"on": "push"}
    assert load_document("name: no such file") == {"name": "no such file"}


def test_files_that_are_not_documents_are_named(tmp_path: Path) -> None:
    cases = {"latin.yml": b"a: 1\nb: \xe9\n", "flow.json": b"{a: 1}", "large.yml": b"a" * (LIMITS.max_bytes + 1)}
    for name, data in cases.items():
        (tmp_path / name).write_bytes(data)
    places = {}
    for name in (*cases, "missing.yml", "."):
        with pytest.raises(DocumentError) as caught:
            load_document(tmp_path / name)
        assert caught.value.source == str(tmp_path / name)
        places[name] = (caught.value.line, caught.value.column)
    assert places["latin.yml"] == (2, 4)
    assert places["flow.json"] == (1, 2)


STRUCTURE = ("a", "b: ", "- ", "? ", "\n", "\n  ", "\n- ", "[", "]", "{", "}", ", ", "# ", ": ", "|\n", ">-\n", "---\n")
ODDITIES = (
    "!x ",
    "!!str ",
    "&a ",
    "*a",
    "<<: ",
    "%YAML 1.2\n",
    "'",
    '"',
    "\\",
    "é",
    "\t",
    "\r",
    "\x85",
    "\u2028",
    "\ufeff",
    "\0",
)
NUMBERS = ("010", "0b1", "-0x1", "1e999", "~", "1: ", "010: ", ".nan", "9" * 45)
FRAGMENTS = st.sampled_from((*STRUCTURE, *ODDITIES, *NUMBERS))


@given(st.lists(FRAGMENTS, max_size=12).map("".join))
def test_any_text_is_a_value_or_a_document_error(text: str) -> None:
    try:
        value = parse_document(text)
    except DocumentError as error:
        assert error.line >= 1 and error.column >= 1
    else:
        assert not isinstance(value, float) or math.isfinite(value)


@given(st.lists(FRAGMENTS, max_size=12).map(lambda parts: "- " + "".join(parts)))
def test_the_fast_reader_agrees_with_the_exact_one(text: str) -> None:
    try:
        fast = parse_document(text, limits=LIMITS)
        exact = compose(text, LIMITS)
    except DocumentError:
        return
    assert json_equal(fast, exact)


def test_real_documents_are_read_the_same_by_both_readers(shared_data: Path) -> None:
    files = sorted((shared_data / "workflows" / "sample-100").glob("*.yml"))
    assert files
    for file in files:
        assert json_equal(load_document(file), compose(file.read_text(encoding="utf-8"), LIMITS)), file.name
