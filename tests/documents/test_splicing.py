"""A part of a text is replaced: the text says the new value, and every other byte stays."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.partial_values import VALUES

from schemalm.documents import dump_document, json_equal, load_document
from schemalm.documents.lines import read_lines
from schemalm.documents.splicing import with_part
from schemalm.documents.value_paths import Path as PartPath
from schemalm.documents.value_paths import replaced

GIVEN = """\
# A workflow.
name: CI   # its name

on: [push, {pull_request: null}]
jobs:
    build: # the job
        runs-on: ubuntu-latest

        steps:
        - uses: checkout
          # Now the tests.
        - name: Test
          run: |
            make all

            make test

    # The last one.
    deploy: {needs: [build], 'if': "x"}
"""


@pytest.mark.parametrize(
    ("path", "part", "old", "new"),
    [
        (("name",), "CD", "CI", "CD"),
        (("name",), "a: b", "CI", "'a: b'"),
        (("on", 0), "release", "push", "release"),
        (("on", 1, "pull_request"), ["x"], "null", "[x]"),
        (("jobs", "build", "runs-on"), ["x", "z"], " ubuntu-latest", "\n        - x\n        - z"),
        (("jobs", "build", "steps", 0), {"run": "a"}, "uses: checkout", "run: a"),
        (("jobs", "build", "steps", 0), "x", "uses: checkout", "x"),
        (("jobs", "build", "steps", 0, "uses"), "a\nb\n", "checkout", "|\n              a\n              b"),
        (("jobs", "build", "steps", 1, "run"), "x", "|\n            make all\n\n            make test", "x"),
        (("jobs", "deploy"), {}, "{needs: [build], 'if': \"x\"}", "{}"),
        (("jobs", "deploy", "needs"), [], "[build]", "[]"),
        (("jobs", "deploy", "if"), None, '"x"', "null"),
    ],
)
def test_the_part_is_replaced_where_it_stands(path: PartPath, part: Any, old: str, new: str) -> None:
    assert with_part(GIVEN, path, part) == GIVEN.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "path", "part", "expected"),
    [
        ('{"a": 1, "b": [1,2]}', ("b", 1), {"c": "é"}, '{"a": 1, "b": [1,{"c": "é"}]}'),
        ('{\n\t"a": {\n\t\t"b": 1\n\t}\n}', ("a",), {"c": []}, '{\n\t"a": {\n\t  "c": []\n\t}\n}'),
        ('// x\n{"a": 1 /* y */}\n', ("a",), "z", '// x\n{"a": "z" /* y */}\n'),
    ],
)
def test_json_keeps_its_layout(text: str, path: PartPath, part: Any, expected: str) -> None:
    assert with_part(text, path, part, is_json=True) == expected


def test_line_breaks_stay_those_of_the_text() -> None:
    text = "a: 1\r\nb:\r\n  - 2\r\n"
    assert with_part(text, ("a",), {"c": [1, 2]}) == "a:\r\n  c:\r\n    - 1\r\n    - 2\r\nb:\r\n  - 2\r\n"


def test_an_omitted_value_is_replaced() -> None:
    assert with_part("a:\nb:  # none\n", ("a",), 1) == "a: 1\nb:  # none\n"
    assert with_part("a: {b: 1, c:} # c\n", ("a", "c"), [1]) == "a: {b: 1, c: [1]} # c\n"
    assert with_part("- \n- 1\n", (0,), "x") == "- x \n- 1\n"


def test_a_comment_goes_with_a_part_that_leaves_no_room_for_it() -> None:
    assert with_part("a: x # why\nb: 1\n", ("a",), {"c": 1}) == "a:\n  c: 1 # why\nb: 1\n"
    assert with_part("a: x # why\nb: 1\n", ("a",), "c\nd\n") == "a: |\n  c\n  d\nb: 1\n"


def test_an_anchor_that_others_need_makes_the_whole_document_new() -> None:
    changed = with_part("a: &x [1] # one\nb: *x\n", ("b",), 2)
    assert load_document(changed) == {"a": [1], "b": 2}
    changed = with_part("a: &x [1] # one\nb: *x\n", ("a",), 2)
    assert load_document(changed) == {"a": 2, "b": [1]}


@pytest.mark.parametrize("is_json", [False, True])
def test_the_whole_document_is_written_anew(is_json: bool) -> None:
    value = {"b": [{"c": 1}]}
    text = json.dumps({"a": 1}) if is_json else "# x\na: 1\n"
    assert with_part(text, (), value, is_json=is_json) == dump_document(value, format="json" if is_json else "yaml")


def paths_in(value: Any) -> Iterator[PartPath]:
    """Yield the paths of all parts."""
    yield ()
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in entries:
        yield from ((key, *path) for path in paths_in(child))


def num_common(one: str, other: str) -> int:
    """Return the length of the common beginning."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (left, right) in enumerate(pairs) if left != right), min(len(one), len(other)))


@settings(max_examples=300)
@given(VALUES, VALUES, st.booleans(), st.data())
def test_the_text_says_the_new_value_and_bytes_outside_of_the_part_stay(
    value: Any, part: Any, is_json: bool, data: st.DataObject
) -> None:
    assume(isinstance(value, dict | list) and value)
    text = dump_document(value, format="json" if is_json else "yaml")
    path = data.draw(st.sampled_from(list(paths_in(value))[1:]))
    changed = with_part(text, path, part, is_json=is_json)
    assert json_equal(load_document(changed), replaced(value, path, part))
    begin, end = outside(text, path, is_json=is_json)
    for whole in (text, changed):
        assert whole.startswith(begin)
        assert whole.endswith(end)


def outside(text: str, path: PartPath, *, is_json: bool) -> tuple[str, str]:
    """Return what stands before and after a part: what two scalars that share no character have around them."""
    one, other = (with_part(text, path, mark, is_json=is_json) for mark in (True, 7))
    begin = num_common(one, other)
    end = num_common(one[begin:][::-1], other[begin:][::-1])
    return one[:begin].rstrip(), one[len(one) - end :]


def test_a_text_without_a_final_line_break_gets_one_only_where_the_part_needs_it() -> None:
    assert with_part("# c\nx: 1", ("x",), "a\nb\n") == "# c\nx: |\n  a\n  b\n"
    assert with_part("# c\nx: 1", ("x",), [1]) == "# c\nx:\n  - 1"


def test_a_dash_in_a_comment_is_no_item() -> None:
    assert with_part("- 1\n# a - b\n-\n  # c - d\n  x: 1\n", (1,), None) == "- 1\n# a - b\n- null\n"


@pytest.mark.slow
def test_parts_of_real_documents_are_replaced(shared_data: Path) -> None:
    lines = itertools.islice(read_lines(shared_data / "workflows" / "val.jsonl.zst", "val", 1 << 24), 300)
    chance = random.Random(0)
    for text in (json.loads(line or b"")["yaml"] for _, line in lines):
        value = load_document(text)
        path = chance.choice([*paths_in(value)][1:])
        begin, end = outside(text, path, is_json=False)
        assert text.startswith(begin)
        assert text.endswith(end)
        changed = with_part(text, path, {"new": ["part", 1]})
        assert json_equal(load_document(changed), replaced(value, path, {"new": ["part", 1]}))
        assert changed.startswith(begin)
        assert changed.endswith(end)
