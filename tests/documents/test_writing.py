"""Written documents have the expected style and load back to the same value."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from schemalm.documents import JSONValue, dump_document, json_equal, parse_document, read_corpus
from schemalm.errors import DocumentError

WORKFLOW: JSONValue = {
    "name": "CI",
    "on": {"push": None, "pull_request": {"branches": ["main", "release/*"], "paths-ignore": []}},
    "env": {"FORCE": "yes", "VERSION": "3.10", "RATIO": 1.0, "LIMIT": 1e300, "EMPTY": {}},
    "jobs": {
        "test": {
            "runs-on": "${{ matrix.os }}",
            "if": "!cancelled()",
            "strategy": {"matrix": {"os": ["ubuntu-latest"], "python": ["3.11", 3.1, None]}},
            "steps": [
                {"uses": "actions/checkout@v4", "with": {"fetch-depth": 0}},
                {"name": "It's: a test", "run": "make\n\nmake test\n"},
                {"run": "  indented\nlast line without an end"},
            ],
        },
        "done": {"needs": "test", "runs-on": "ubuntu-latest", "steps": [{"run": "echo\n\n"}, {"run": "tab\there"}]},
    },
}

WRITTEN = """\
name: CI

on:
  push:

  pull_request:
    branches:
      - main
      - release/*
    paths-ignore: []

env:
  FORCE: 'yes'
  VERSION: '3.10'
  RATIO: 1.0
  LIMIT: 1.0e+300
  EMPTY: {}

jobs:
  test:
    runs-on: ${{ matrix.os }}
    if: '!cancelled()'
    strategy:
      matrix:
        os:
          - ubuntu-latest
        python:
          - '3.11'
          - 3.1
          - null
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0
      - name: 'It''s: a test'
        run: |
          make

          make test
      - run: |2-
            indented
          last line without an end

  done:
    needs: test
    runs-on: ubuntu-latest
    steps:
      - run: |+
          echo

      - run: "tab\\there"
"""

WORDS = (
    "|on|yes|y|010|1_000|12:30:45|<<|=|null|~|2020-01-01|0b1|-0x1|0x1F|1e3|1e400|.5|a: b|a #b|#x| a|a |-|- a|?|? a|a:"
    "|::|!x|&a|*a|%a|@a|`|[a]|{a}|---|... a|1.2.3|true|.inf|.nan|'|''|\"|a\\b|é|\U0001f600|${{ x }}"
)
MULTI_LINE = (
    "a\nb",
    "a\nb\n",
    "a\n\n\n",
    "\n",
    "\n\na",
    "  a\nb",
    "\n a\nb",
    " \n a",
    "a\n ",
    "a\n  \nb\n",
    "a\n\tb\n",
    "\ta\nb",
)
UNUSUAL = (
    "\x85",
    "\u2028a",
    "\ufeff",
    "a\ufeff",
    "\r",
    "a\r\nb",
    "a\x00",
    "\x7f",
    "\xa0a",
    "\ufffe",
    "a\t",
    "|",
    "a|b",
    ">",
)
LONG_OR_MARKED = ("x" * 3000, "k\n" * 800, "1" * 400, "---\na", "a\n...\n", "\n# x\n")
SPECIAL_TEXTS = (*WORDS.split("|"), *MULTI_LINE, *UNUSUAL, *LONG_OR_MARKED)
YAML_CHARACTERS = " \t\n:#-'\"a0\x85\r[]{}|>%&*!?,1.e_"
TEXTS = st.sampled_from(SPECIAL_TEXTS) | st.text(max_size=12) | st.text(alphabet=YAML_CHARACTERS, max_size=12)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-(10**45), max_value=10**45),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([-0.0, 1.0, 1e16, 5e-324, 10**39, 1e38, 1e40]),
    TEXTS,
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=12
)


def test_a_workflow_looks_written_by_hand() -> None:
    assert dump_document(WORKFLOW) == WRITTEN
    assert json_equal(parse_document(WRITTEN), WORKFLOW)


def test_json_is_indented_and_ends_in_a_newline() -> None:
    assert dump_document({"a": ["é", 1.0]}, "json") == '{\n  "a": [\n    "é",\n    1.0\n  ]\n}\n'


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(WORKFLOW)
@given(VALUES)
def test_every_value_loads_back_the_same(value: JSONValue) -> None:
    assert json_equal(parse_document(dump_document(value, "yaml")), value)
    assert json_equal(parse_document(dump_document(value, "json")), value)


@pytest.mark.parametrize("text", SPECIAL_TEXTS, ids=lambda text: repr(text[:12]))
def test_special_texts_load_back_as_key_item_and_value(text: str) -> None:
    value: JSONValue = {text: [text, {text: text}, [text, text]], "end": None}
    assert json_equal(parse_document(dump_document(value)), value)


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), "\ud800", {"\udfff": 1}, {1: 2}, (1,), b"x", 10**5000],
    ids=lambda value: type(value).__name__,
)
def test_other_objects_than_json_values_are_refused(value: Any) -> None:
    for format in ("yaml", "json"):
        with pytest.raises(DocumentError, match="cannot be written"):
            dump_document(value, format)  # type: ignore[arg-type]


def test_a_value_that_contains_itself_is_refused() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(DocumentError, match="nested deeper"):
        dump_document(value)


@pytest.mark.slow
def test_real_documents_load_back_the_same(shared_data: Path) -> None:
    rows = read_corpus([shared_data / "workflows" / "val.jsonl.zst"])
    for row in itertools.islice(rows, 2000):
        assert json_equal(parse_document(dump_document(row.value)), row.value), row.path
        assert json_equal(parse_document(dump_document(row.value, "json")), row.value), row.path
