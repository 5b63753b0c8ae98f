from __future__ import annotations

import pytest

from schemalm.cli.locate import Place, excerpt, locate

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
        ("", "required", Place(1, 1)),
        ("/on", "enum", Place(1, 5)),
        ("/on", "additionalProperties", Place(1, 1)),
        ("/jobs/build", "required", Place(3, 3)),
        ("/jobs/build/runs-on", "type", Place(4, 14)),
        ("/jobs/build/steps", "minItems", Place(5, 5)),
        ("/jobs/build/steps/0", "oneOf", Place(6, 9)),
        ("/jobs/build/steps/1", "oneOf", Place(7, 9)),
        ("/jobs/build/steps/1/a~1b~0c", "type", Place(7, 28)),
        ("/jobs/other", "type", None),
        ("/jobs/build/steps/2", "type", None),
        ("/jobs/build/steps/x", "type", None),
        ("/on/push", "type", None),
    ],
)
def test_pointers_lead_to_values_or_keys(pointer: str, keyword: str, expected: Place | None) -> None:
    assert locate(TEXT, pointer, keyword) == expected


def test_aliases_lead_to_what_they_name() -> None:
    assert locate("a: &x\n  b: 1\nc: *x\n", "/c/b") == Place(2, 6)


def test_json_is_located() -> None:
    assert locate('{\n  "on": "push",\n  "jobs": 3\n}', "/jobs", "type") == Place(3, 11)


def test_text_that_cannot_be_composed_has_no_place() -> None:
    assert locate("a: [", "/a") is None
    assert locate('{\n\t"a": 1}', "/a/b") is None


def test_json_indented_by_tabs_and_separators_are_located() -> None:
    assert locate('{\n\t"a": 1}', "/a") == Place(2, 7)
    assert locate("a: x\u2028y\nb\x85: # \u2029\n  c: 1", "/b\x85/c") == Place(3, 6)
    assert locate('"\\N": 1\n"\\ud83d\\ude00": 2\nd: \x85', "/\U0001f600") == Place(2, 17)


def test_what_was_merged_is_located_where_it_stands() -> None:
    text = "a: &a {x: 1, y: 2}\nb: &b\n  <<: *a\nc:\n  y: 3\n  <<: [*b, {z: 4}]\n'<<': 5\n"
    assert locate(text, "/c/x") == Place(1, 11)
    assert locate(text, "/c/y") == Place(5, 6)
    assert locate(text, "/c/z") == Place(6, 16)
    assert locate(text, "/<<") == Place(7, 7)


def test_the_caret_stands_under_the_column() -> None:
    assert excerpt(TEXT, Place(4, 14)) == "    4 |     runs-on: 3\n      |              ^"


def test_tabs_and_control_characters_do_not_move_the_caret() -> None:
    line, caret = excerpt("a:\t\x1b[31mx", Place(1, 9)).split("\n")
    assert line.index("x") == caret.index("^")
    assert "\x1b" not in line
    assert "\t" not in line


def test_long_lines_are_cut_around_the_column() -> None:
    line, caret = excerpt("a" * 500 + "X" + "b" * 500, Place(1, 501)).split("\n")
    assert len(line) < 140
    assert line[caret.index("^")] == "X"


@pytest.mark.parametrize("place", [Place(2, 1), Place(9, 1)])
def test_missing_and_empty_lines_are_not_shown(place: Place) -> None:
    assert excerpt("a: 1\n\n", place) == ""


@pytest.mark.parametrize(
    ("text", "place"), [("\ufeffon: 5", Place(1, 5)), ("a: 1\r\n\ufeff--- {on: 5}\r\n", Place(2, 10))]
)
def test_a_byte_order_mark_does_not_shift_the_caret(text: str, place: Place) -> None:
    line, caret = excerpt(text, place).splitlines()
    assert line[caret.index("^")] == "5"
