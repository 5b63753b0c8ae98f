"""Documents cut anywhere: what is stated at the cursor, and that every value that is stated completes the text."""

from __future__ import annotations

import itertools
import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.partial_values import VALUES, satisfies, stated_values

from schemalm.documents import (
    JSONValue,
    dump_document,
    json_equal,
    parse_document,
    parse_documents,
)
from schemalm.documents.cut import read_cut
from schemalm.documents.lines import read_lines
from schemalm.errors import DocumentError

# The text before the cursor, a value, and what follows the cursor for it.
YAML: list[tuple[str, JSONValue, str]] = [
    # A word, a number, a literal.
    ("name: Set up Pyth", {"name": "Set up Python 3"}, "on 3\n"),
    ("name: Build", {"name": "Build", "a": 1}, "\na: 1\n"),
    ("x: tru", {"x": True}, "e\n"),
    ("x: tru", {"x": "trunk"}, "nk\n"),
    ("x: n", {"x": None}, "ull\n"),
    ("x: 1", {"x": 12.5}, "2.5\n"),
    ("x: 1e", {"x": 1000.0}, "3\n"),
    ("x: 0x1F", {"x": 31}, "\n"),
    ("a: one\n  tw", {"a": "one two"}, "o\n"),
    ("a: one\n  ", {"a": "one"}, ""),
    # A key.
    ("jobs:\n  bui", {"jobs": {"build": {"runs-on": "x"}}}, "ld:\n    runs-on: x\n"),
    ("jobs:\n  bui", {"jobs": "built"}, "lt\n"),
    ("a:\n  b: 1\n  runs-on", {"a": {"b": 1, "runs-on": "x"}}, ": x\n"),
    ("name", {"name": 1}, ": 1\n"),
    ("name:", {"name": 1}, " 1\n"),
    ("name: ", {"name": [1]}, "\n  - 1\n"),
    ("? ke", {"key": [1]}, "y\n:\n  - 1\n"),
    ("? ", {"key": 1}, "key\n: 1\n"),
    ("'a", {"ab: c": 1}, "b: c': 1\n"),
    # A dash, an indentation.
    ("steps:\n  -", {"steps": [["a"], "b"]}, " - a\n  - b\n"),
    ("steps:\n- ", {"steps": [{"a": {"b": [1]}}], "z": 1}, "a:\n    b:\n    - 1\n\nz: 1\n"),
    ("-  ", [{"a": 1, "b": 2}], "a: 1\n   b: 2\n"),
    ("- na", [{"name": "x", "run": "a\nb\n"}], "me: x\n  run: |\n    a\n    b\n"),
    ("- na", ["nab", {"a": 1}], "b\n- a: 1\n"),
    ("-", -1, "1\n"),
    ("a:\n    b: 1\n    ", {"a": {"b": 1, "c": {"d": [1]}}}, "c:\n        d:\n            - 1\n"),
    ("a:\n  b: 1\n  ", {"a": {"b": 1}, "c": 2}, "\nc: 2\n"),
    ("on:\n", {"on": ["push"]}, "  - push\n"),
    ("on:\n  push:\n    ", {"on": {"push": {"tags": ["v1"]}}}, "tags:\n      - v1\n"),
    # Quotes.
    ("a: 'it'", {"a": "it's"}, "'s'\n"),
    ("a: 'it'", {"a": "it", "b": 1}, "\nb: 1\n"),
    ('a: "x\\', {"a": "x\ny"}, 'ny"\n'),
    ('a: "x\\u00', {"a": "xé"}, 'e9"\n'),
    ('a: "x\\ud83d', {"a": "x😉"}, '\\ude09"\n'),
    ('x: "y"\nz: "1"\na: ', {"x": "y", "z": "1", "a": "1"}, '"1"\n'),
    # Block scalars.
    ("run: |", {"run": "a"}, "-\n  a\n"),
    ("run: |", {"run": "a\n\n"}, "+\n  a\n\n"),
    ("run: |2-", {"run": "  a"}, "\n    a\n"),
    ("run: | # comment", {"run": "a\n"}, "\n  a\n"),
    ("run: |\n  mak", {"run": "make\n\nmake test\n"}, "e\n\n  make test\n"),
    ("run: |\n  make\n", {"run": "make\nmake test\n"}, "  make test\n"),
    ("run: |\n  make\n", {"run": "make\n", "a": 1}, "\na: 1\n"),
    ("run: |+\n  make\n  ", {"run": "make\n\n", "a": 1}, "\na: 1\n"),
    ("run: >-\n  a\n  ", {"run": "a b"}, "b\n"),
    # Comments.
    ("# c", {"a": 1}, "\na: 1\n"),
    ("a: # c", {"a": 1}, "\n  1\n"),
    ("a: [1 # c", {"a": [1, 2]}, "\n, 2]\n"),
    # Flow collections.
    ("a: [b, c", {"a": ["b", "cd", {"e": None, "f, g": "h"}]}, "d, {e: null, 'f, g': h}]\n"),
    ("a: [b,", {"a": ["b", "c"]}, "c]\n"),
    ("a: {b: c", {"a": {"b": "cd", "e": "f"}}, "d, e: f}\n"),
    ("a: {b", {"a": {"bc": {}}}, "c: {}}\n"),
    ("a: {'b'", {"a": {"b": 1}}, ": 1}\n"),
    # Anchors, aliases, documents, directives.
    ("a: &x", {"a": {"b": 1}}, " \n  b: 1\n"),
    ("a: &xy [1]\nb: *x", {"a": [1], "b": [1]}, "y\n"),
    ("", {"a": 1}, "a: 1\n"),
    ("--", {"a": 1}, "-\na: 1\n"),
    ("a: 1\n---\nb: 2\nc", {"b": 2, "c": 3}, ": 3\n"),
    ("a: 1\n...\n", {"a": 1}, ""),
    ("%YAML 1", {"a": 1}, ".2\n---\na: 1\n"),
    # Line breaks.
    ("a: 1\r\nb:", {"a": 1, "b": {"c": [2]}}, "\r\n  c:\r\n    - 2\r\n"),
    ("\ufeffa", {"a": 1}, ": 1\n"),
]
JSON: list[tuple[str, JSONValue, str]] = [
    ("", {"a": [1]}, '{\n  "a": [\n    1\n  ]\n}\n'),
    ('{\n  "a": [\n    1,', {"a": [1, {"b": []}], "c": 2}, '\n    {\n      "b": []\n    }\n  ],\n  "c": 2\n}\n'),
    ('{\n\t"a": {\n\t\t"b": 1', {"a": {"b": 1, "c": 2}}, ',\n\t\t"c": 2\n\t}\n}\n'),
    ('{"a":1,"b":"x', {"a": 1, "b": "xy", "c": [1, {"d": 2}]}, 'y","c":[1,{"d":2}]}\n'),
    ('{"a": 1, "b', {"a": 1, "bc": None}, 'c": null}\n'),
    ('{"a": 1,', {"a": 1, "b": 2}, ' "b": 2}\n'),
    ('{"a"', {"a": 1}, ": 1}\n"),
    ('{"a":', {"a": 1}, " 1}\n"),
    ('["\\', ["\n"], 'n"]\n'),
    ('["\\u00e', ["é"], '9"]\n'),
    ("[-", [-1], "1]\n"),
    ("[1.", [1.5], "5]\n"),
    ("[1e", [1000.0], "3]\n"),
    ("[tr", [True], "ue]\n"),
    ("[1 // c", [1, 2], "\n, 2]\n"),
    ("[1, /* c *", [1, 2], "/2]\n"),
    ("// c", [], "\n[]\n"),
]

# Texts that no ending makes a document, and the column of the fault on the last line.
REFUSED: list[tuple[str, int]] = [
    ("a: b: c", 5),
    ("a: 1\na: 2\n", 1),
    ("a: 'x' y", 8),
    ("a: !t", 4),
    ("a: }", 4),
    ("a: {{", 4),
    ("a: @", 4),
    ('a: "\\q', 5),
    ('a: "\\ud83d\\u00', 5),
    ("a: *unknown", 4),
    ("<<: ", 1),
    ("a: \x07", 4),
    ("[1}", 3),
]
REFUSED_JSON: list[tuple[str, int]] = [
    ("{a", 2),
    ("[,", 2),
    ("[1 2", 4),
    ('{"a" "b', 6),
    ('{"a": 1, "a": 2', 10),
    ("[tru, ", 2),
    ("[01", 3),
    ("[1e999", 2),
    ('["\\q', 3),
    ('["\\ud83d\\u00', 3),
    ("[1] x", 5),
]
# Texts that end in the middle of everything.
ENDS = [
    *[
        "? ",
        "?",
        "- - ",
        "a: T",
        "a: .in",
        "a: 0x",
        "a: ?",
        "a: :",
        "a: ---",
        "a: x:",
        "a: x ",
        "a#",
        "- &x a",
        "&",
        "...",
        "%",
    ],
    *[
        "a: 'x\n  ",
        "a: 'x\n  y",
        'a: "x\n  ',
        'a: "x\\\n',
        "a: >\n  x\n    y",
        "> \n x",
        "a:\n\t",
        "-\ta",
        "a: 'x'\n\"b\"",
    ],
    *[
        "a: [b: ",
        "a: [\n  b\n",
        "a: {b: &x ",
        "a: [&x",
        "a: &x {k: 1}\nb: [*",
        "  - a\n  ",
        "a: |+2",
        "|",
        "- |\n",
        "a:\n- b\n-",
    ],
    *["a: |\n  x\n    ", "a: &x |\n  b", "a: |\r\n  x\r\n", "a: |+\n  x\n\n", "j:\n  a: |\n    x\n  "],
]

ANY_STYLE = st.sampled_from([None, 1, 2, 4, "\t"])


def whole_texts(folder: Path) -> list[str]:
    """The texts of real workflows."""
    lines = itertools.islice(read_lines(folder / "workflows" / "val.jsonl.zst", "val", 1 << 24), 0, 2000, 3)
    return [json.loads(line or b"")["yaml"] for _, line in lines]


def check_finished(given_text: str, value: JSONValue, *, is_json: bool = False) -> None:
    """Check that a cut text is completed to a document of a value that it states."""
    whole = read_cut(given_text, is_json=is_json).finish(value)
    assert whole.startswith(given_text)
    loaded = parse_documents(whole, json_only=is_json).documents[-1]
    assert loaded.error is None
    assert json_equal(loaded.value, value)


@pytest.mark.parametrize(("text", "value", "following"), YAML)
def test_yaml_goes_on_in_its_layout(text: str, value: JSONValue, following: str) -> None:
    cut = read_cut(text)
    assert satisfies(value, cut.partial)
    assert cut.finish(value) == text + following
    check_finished(text, value)


@pytest.mark.parametrize(("text", "value", "following"), JSON)
def test_json_goes_on_in_its_layout(text: str, value: JSONValue, following: str) -> None:
    cut = read_cut(text, is_json=True)
    assert satisfies(value, cut.partial)
    assert cut.finish(value) == text + following
    check_finished(text, value, is_json=True)


@pytest.mark.parametrize(("text", "column"), REFUSED)
def test_yaml_that_is_wrong_before_the_cursor_is_refused_where_it_is_wrong(text: str, column: int) -> None:
    with pytest.raises(DocumentError) as caught:
        read_cut(text, source="a.yaml")
    assert (caught.value.line, caught.value.column) == (len(text.splitlines()), column)
    assert caught.value.source == "a.yaml"


@pytest.mark.parametrize(("text", "column"), REFUSED_JSON)
def test_json_that_is_wrong_before_the_cursor_is_refused_where_it_is_wrong(text: str, column: int) -> None:
    with pytest.raises(DocumentError) as caught:
        read_cut(text, is_json=True, source="a.json")
    assert (caught.value.line, caught.value.column, caught.value.source) == (1, column, "a.json")


def test_words_that_would_be_of_other_kinds_are_no_text() -> None:
    partial = read_cut("x: ").partial
    assert satisfies({"x": "true"}, partial)
    partial = read_cut("x: tr").partial
    assert not satisfies({"x": "true"}, partial)
    assert not satisfies({"x": "tr: x"}, partial)
    assert not satisfies({"x": "tr #x"}, partial)
    assert not satisfies({"x": "tr "}, partial)
    assert satisfies({"x": "tr:x#"}, partial)
    assert not satisfies({"x": ["tr,x"]}, read_cut("x: [tr").partial)


def test_what_is_given_stays() -> None:
    partial = read_cut("a: [1, {b: 2}]\nc").partial
    assert not satisfies({"a": [1, {"b": 2}, 3], "c": 1}, partial)
    assert not satisfies({"a": [1, {"b": 2, "d": 3}], "c": 1}, partial)
    assert not satisfies({"a": [1, {"b": 2}]}, partial)


def test_a_value_that_is_not_stated_is_refused() -> None:
    with pytest.raises(DocumentError, match="does not go on with the given text"):
        read_cut("a: b").finish({"a": "c"})
    with pytest.raises(DocumentError, match="is not a JSON value"):
        read_cut("a: b").finish({"a": {1}})  # type: ignore[dict-item]


def test_merge_keys_count_as_given() -> None:
    text = "x: &a {b: 1}\ny:\n  <<: *a\n  c"
    assert read_cut(text, merge_keys=True).finish({"x": {"b": 1}, "y": {"b": 1, "cd": 2}}) == text + "d: 2\n"
    with pytest.raises(DocumentError, match="what the merge key << names"):
        read_cut("y:\n  <<: {a", merge_keys=True)


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_stated_value_completes_yaml(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([row[0] for row in YAML] + ENDS))
    check_finished(text, data.draw(stated_values(read_cut(text).partial)))


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_stated_value_completes_json(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([row[0] for row in JSON]))
    check_finished(text, data.draw(stated_values(read_cut(text, is_json=True).partial)), is_json=True)


@settings(suppress_health_check=list(HealthCheck))
@given(VALUES, st.data())
def test_written_yaml_cut_anywhere_goes_on_to_itself(value: JSONValue, data: st.DataObject) -> None:
    text = dump_document(value)
    given_text = text[: data.draw(st.integers(0, len(text)))]
    assert satisfies(value, read_cut(given_text).partial)
    check_finished(given_text, value)


@settings(suppress_health_check=list(HealthCheck))
@given(VALUES, ANY_STYLE, st.booleans(), st.booleans(), st.data())
def test_json_cut_anywhere_goes_on_to_itself(
    value: JSONValue, indent: int | str | None, is_ascii: bool, is_json: bool, data: st.DataObject
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=is_ascii)
    given_text = text[: data.draw(st.integers(0, len(text)))]
    assert satisfies(value, read_cut(given_text, is_json=is_json).partial)
    check_finished(given_text, value, is_json=is_json)


def cuts_of(texts: list[str], num_cuts: int) -> Iterator[tuple[str, str]]:
    """Random texts, each before and after a random position."""
    generator = random.Random(0)
    for text in generator.choices(texts, k=num_cuts):
        position = generator.randrange(len(text) + 1)
        yield text[:position], text[position:]


def outcome(before: str, after: str, *, is_json: bool = False) -> str:
    """Whether a document that is cut goes on to itself, and if it does not, why."""
    value = parse_document(before + after, json_only=is_json)
    if satisfies(value, read_cut(before, is_json=is_json).partial):
        check_finished(before, value, is_json=is_json)
        return "same"
    if not after.endswith("\n"):
        return "block scalar without a final line break"
    is_folded = any(line.rstrip(" -+0123456789").endswith(">") for line in before.splitlines())
    return "folded text with more paragraphs" if is_folded else f"other: {before[-80:]!r} | {after[:80]!r}"


@pytest.mark.slow
def test_real_workflows_cut_anywhere_go_on_to_themselves(shared_data: Path) -> None:
    outcomes = Counter(outcome(*cut) for cut in cuts_of(whole_texts(shared_data), 600))
    assert set(outcomes) <= {"same", "folded text with more paragraphs", "block scalar without a final line break"}
    assert outcomes["same"] > 0.98 * outcomes.total()


@pytest.mark.slow
def test_real_json_cut_anywhere_goes_on_to_itself(shared_data: Path) -> None:
    texts: list[str] = []
    for file in sorted((shared_data / "schemastore").glob("*.jsonl")):
        rows = [json.loads(line) for line in file.read_text().splitlines()]
        texts += [row["text"] for row in rows if row.get("ext") == "json"][:10]
    readable = [text for text in texts if is_readable(text)]
    assert {outcome(*cut, is_json=True) for cut in cuts_of(readable, 300)} == {"same"}


def is_readable(text: str) -> bool:
    """Whether a text is a JSON document."""
    try:
        parse_document(text, json_only=True)
    except DocumentError:
        return False
    return True
