"""A text has the same value with both readers: a part that requires the exact reader changes no other part."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemalm.documents import JSONValue, json_equal, parse_document
from schemalm.errors import DocumentError

# Common text and its variations; each may be anywhere in a document.
PIECES = [
    *["a", "1", "010", "0x1", "1e3", ".5", "~", "é", "\x85", "\x7f", "c:\\td", "c:\td", "it's", "k:v", "http://x#y"],
    *["b: ", "- ", "? ", ": ", ", ", ",", "-", "?", ":", "::", "@", "`", "%", "!", "&", "*", "&x ", "<<"],
    *["[", "]", "{", "}", "{{ a }}", "'", '"', "''", "\\n", "\\q", "'x'", '"y"', "'x'#c", '"\\\n  c"'],
    *["#", " #", "|", "|-\n", ">\n", "|# x\n", "|2\n    x\n", ">+\n x\n\n", "\n", "\n  ", "\n    ", "\n\n", "\t", " "],
    *["x: y", "key:\n", "- a\n- b\n", "a:\n  b:\n    c: d\n", "? a\n: b\n", "a:\n\n  b", "[a: b]", "{a}", "{a:}"],
]
texts = st.lists(st.sampled_from(PIECES), max_size=9).map("".join)


def read(text: str) -> JSONValue | DocumentError:
    try:
        return parse_document(text)
    except DocumentError as error:
        return error


def without_last(value: JSONValue | DocumentError, num_items: int) -> JSONValue | DocumentError:
    return value[: len(value) - num_items] if isinstance(value, list) else value


ELSEWHERE = [
    ("- &z 1\n- *z\n", 2),
    ("- -0x1\n", 1),
    ("- \x85\n", 1),
    ("- [?z]\n", 1),
    ("#\u2028\n", 0),
]  # and their items


@given(texts, st.sampled_from(ELSEWHERE))
def test_other_text_in_the_document_changes_nothing(text: str, elsewhere: tuple[str, int]) -> None:
    item = "- " + text.rstrip("\n").replace("\n", "\n  ") + "\n"
    added, num_items = elsewhere
    alone, together = read(item), without_last(read(item + added), num_items)
    assert isinstance(alone, DocumentError) == isinstance(together, DocumentError), (alone, together)
    if not isinstance(alone, DocumentError) and not isinstance(together, DocumentError):
        assert json_equal(alone, together)


@pytest.mark.parametrize(
    "text", ["a: |# x\n  b", "a: >#\n  b", "a: |-# x\n  b", "a: |2# x\n    b", "a: | # x\n  b", "a: 'b'#c", "a: [b]#c"]
)
def test_a_comment_may_follow_directly_for_both_readers(text: str) -> None:
    value = parse_document(f"{text}\n")
    assert parse_document(f"{text}\nx: &x 1\ny: *x\n") == {**value, "x": 1, "y": 1}  # type: ignore[dict-item]
