from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from schemalm.checking.positions import Positions, SourcePosition, excerpt
from schemalm.documents import JSONValue, dump_document
from schemalm.json_pointer import escape


def locate(text: str, pointer: str, keyword: str = "", first_line: int = 1) -> SourcePosition | None:
    return Positions(text, first_line).locate(pointer, keyword)


TEXT = """\
on: push
jobs:
  build:
    runs-on: 3
    steps:
      - run: x
      - {uses: y, "a/b~c": 1}
"""


@pytest.mark.parametrize(
    ("pointer", "keyword", "expected"),
    [
        ("", "required", SourcePosition(1, 1)),
        ("/on", "enum", SourcePosition(1, 5)),
        ("/on", "additionalProperties", SourcePosition(1, 1)),
        ("/jobs/build", "required", SourcePosition(3, 3)),
        ("/jobs/build/runs-on", "type", SourcePosition(4, 14)),
        ("/jobs/build/steps", "minItems", SourcePosition(5, 5)),
        ("/jobs/build/steps/0", "oneOf", SourcePosition(6, 9)),
        ("/jobs/build/steps/1", "oneOf", SourcePosition(7, 9)),
        ("/jobs/build/steps/1/a~1b~0c", "type", SourcePosition(7, 28)),
        ("/jobs/other", "type", None),
        ("/jobs/build/steps/2", "type", None),
        ("/jobs/build/steps/x", "type", None),
        ("/on/push", "type", None),
    ],
)
def test_pointers_lead_to_values_or_keys(pointer: str, keyword: str, expected: SourcePosition | None) -> None:
    assert locate(TEXT, pointer, keyword) == expected


def test_aliases_lead_to_what_they_name() -> None:
    assert locate("a: &x\n  b: 1\nc: *x\n", "/c/b") == SourcePosition(2, 6)


def test_json_is_located() -> None:
    assert locate('{\n  "on": "push",\n  "jobs": 3\n}', "/jobs", "type") == SourcePosition(3, 11)


def test_text_that_cannot_be_composed_has_no_place() -> None:
    assert locate("a: [", "/a") is None
    assert locate('{\n\t"a": 1}', "/a/b") is None


def test_json_indented_by_tabs_and_separators_are_located() -> None:
    assert locate('{\n\t"a": 1}', "/a") == SourcePosition(2, 7)
    assert locate("a: x\u2028y\nb\x85: # \u2029\n  c: 1", "/b\x85/c") == SourcePosition(3, 6)
    assert locate('"\\N": 1\n"\\ud83d\\ude00": 2\nd: \x85', "/\U0001f600") == SourcePosition(2, 17)


def test_a_merged_value_is_located_at_its_original_position() -> None:
    text = "a: &a {x: 1, y: 2}\nb: &b\n  <<: *a\nc:\n  y: 3\n  <<: [*b, {z: 4}]\n'<<': 5\n"
    assert locate(text, "/c/x") == SourcePosition(1, 11)
    assert locate(text, "/c/y") == SourcePosition(5, 6)
    assert locate(text, "/c/z") == SourcePosition(6, 16)
    assert locate(text, "/<<") == SourcePosition(7, 7)


def test_the_caret_stands_under_the_column() -> None:
    assert excerpt(TEXT, SourcePosition(4, 14)) == "    4 |     runs-on: 3\n      |              ^"


def test_tabs_and_control_characters_do_not_move_the_caret() -> None:
    line, caret = excerpt("a:\t\x1b[31mx", SourcePosition(1, 9)).split("\n")
    assert line.index("x") == caret.index("^")
    assert "\x1b" not in line
    assert "\t" not in line


def test_long_lines_are_cut_around_the_column() -> None:
    line, caret = excerpt("a" * 500 + "X" + "b" * 500, SourcePosition(1, 501)).split("\n")
    assert len(line) < 140
    assert line[caret.index("^")] == "X"


@pytest.mark.parametrize("place", [SourcePosition(2, 1), SourcePosition(9, 1)])
def test_missing_and_empty_lines_are_not_shown(place: SourcePosition) -> None:
    assert excerpt("a: 1\n\n", place) == ""


@pytest.mark.parametrize(
    ("text", "place"), [("\ufeffon: 5", SourcePosition(1, 5)), ("a: 1\r\n\ufeff--- {on: 5}\r\n", SourcePosition(2, 10))]
)
def test_a_byte_order_mark_does_not_shift_the_caret(text: str, place: SourcePosition) -> None:
    line, caret = excerpt(text, place).splitlines()
    assert line[caret.index("^")] == "5"


@pytest.mark.parametrize(
    ("text", "pointer", "expected"),
    [
        ("a:\nb: 1\n", "/a", SourcePosition(1, 1)),
        ("a: 1\nb:\n", "/b", SourcePosition(2, 1)),
        ("a:\n  b:\n\n  # c\nd: 1\n", "/a/b", SourcePosition(2, 3)),
        ("a:\n  - b:\n  - c: 1\n", "/a/0/b", SourcePosition(2, 5)),
        ("- a\n-\n- b\n", "/1", SourcePosition(2, 1)),
        ("{a: , b, c: 1}", "/a", SourcePosition(1, 2)),
        ("{a: , b, c: 1}", "/b", SourcePosition(1, 7)),
        ("[a: , b]", "/0/a", SourcePosition(1, 2)),
        ("? a\n\n? b\n:\n", "/a", SourcePosition(1, 3)),
        ("? a\n\n? b\n:\n", "/b", SourcePosition(3, 3)),
        ("a: &x\nb: *x\n", "/a", SourcePosition(1, 4)),
        ("a: &x\nb: *x\n", "/b", SourcePosition(2, 4)),
        ("a: &x [1]\nb:\n  - *x\n", "/b/0", SourcePosition(3, 5)),
        ("a: ''\n", "/a", SourcePosition(1, 4)),
    ],
)
def test_an_empty_value_has_the_place_of_its_key_and_an_alias_its_own(
    text: str, pointer: str, expected: SourcePosition
) -> None:
    assert locate(text, pointer, "type") == expected


def test_lines_are_counted_from_the_first_line_that_is_given() -> None:
    assert locate("a: 1\nb: 2\n", "/b", "type", 10) == SourcePosition(11, 4)
    assert excerpt("a: 1\nb: 2\n", SourcePosition(11, 4), 10).splitlines()[0] == "   11 | b: 2"


def pointers(node: Any, pointer: str = "", key: Any = None) -> Iterator[tuple[str, Any]]:
    """Yield the pointers of a ruamel tree with the node whose position is expected."""
    is_left_out = isinstance(node, ScalarNode) and not node.value and not node.style and node.anchor is None
    yield pointer, key if key is not None and (is_left_out or not isinstance(node, ScalarNode)) else node
    if isinstance(node, MappingNode):
        for inner, value in node.value:
            yield from pointers(value, f"{pointer}/{escape(inner.value)}", inner)
    elif isinstance(node, SequenceNode):
        for index, item in enumerate(node.value):
            yield from pointers(item, f"{pointer}/{index}")


def test_every_place_in_real_workflows_is_the_one_that_another_parser_has(shared_data: Path) -> None:
    num_pointers = 0
    for file in sorted((shared_data / "workflows" / "sample-100").glob("*.yml"))[::4]:
        text = file.read_text(encoding="utf-8")
        tree = YAML(typ="safe", pure=True).compose(text)
        places = list(pointers(tree))
        for pointer, node in places[:: len(places) // 20 + 1]:
            mark = node.start_mark
            assert locate(text, pointer) == SourcePosition(mark.line + 1, mark.column + 1), (file.name, pointer)
            num_pointers += 1
    assert num_pointers > 100


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("ab:#-?, \n'\"é", max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab/~: #", max_size=4), inner, max_size=3),
    max_leaves=12,
)


@given(VALUES, st.sampled_from(["yaml", "json"]))
def test_what_stands_at_a_place_is_what_the_pointer_leads_to(value: JSONValue, form: Literal["yaml", "json"]) -> None:
    text = dump_document(value, form)
    lines = text.split("\n")

    def check(node: JSONValue, pointer: str, key: str | None) -> None:
        place = locate(text, pointer)
        assert place is not None
        rest = lines[place.line - 1][place.column - 1 :]
        if key is not None and (isinstance(node, dict | list) or (node is None and form == "yaml")):
            assert rest.startswith(("'", '"', key))
        elif isinstance(node, bool | int | str) and "\n" not in str(node):
            assert rest.startswith(("'", '"', json.dumps(node), str(node)))
        for inner, child in node.items() if isinstance(node, dict) else ():
            check(child, f"{pointer}/{escape(inner)}", inner)
        for index, child in enumerate(node) if isinstance(node, list) else ():
            check(child, f"{pointer}/{index}", None)

    check(value, "", None)
