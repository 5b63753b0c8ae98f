"""Highlighted YAML shows exactly the given text, escaped."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from schemalm.documents import dump_document
from schemalm.evaluation.highlighting import highlight_yaml

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
VALUES = st.recursive(
    TEXT | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


def plain(html: str) -> str:
    """Return the text that a browser shows."""
    return unescape(re.sub(r"</?span[^<>]*>", "", html))


def spans(text: str) -> list[tuple[str, str]]:
    """Return the kind and the text of every coloured part, without white space."""
    found = re.findall(r'<span class="(\w+)[^"]*">([^<]*)</span>', str(highlight_yaml(text)))
    return [(kind, unescape(part)) for kind, part in found if part.strip()]


@given(VALUES)
def test_only_colour_is_added_to_a_document(value: object) -> None:
    text = dump_document(value)  # type: ignore[arg-type]
    html = str(highlight_yaml(text))
    assert plain(html) == text.removesuffix("\n")
    assert all(re.fullmatch(r'<span class="[\w -]+">|</span>', tag) for tag in re.findall(r"<[^>]*>", html))


@given(st.text(st.sampled_from("<>&\"' \n\t\r\ufeff:-|{}[]#%!*?a")) | st.text())
def test_any_text_is_escaped(text: str) -> None:
    html = str(highlight_yaml(text))
    assert plain(html) == text.removesuffix("\n")
    assert not re.search(r"<(?!/?span\b)", html)


@pytest.mark.parametrize(
    "text",
    [
        "- <script>alert(1)</script>",
        "a: '</span></pre><img src=x onerror=y>'",
        "- |\n  <b>&lt;",
        "<i>: 1",
        "# <u>",
        "%<u>",
    ],
)
def test_markup_of_a_document_is_text(text: str) -> None:
    html = str(highlight_yaml(text))
    assert set(re.findall(r"</?(\w+)", html)) == {"span"}
    assert plain(html) == text


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("on: push", [("nt", "on"), ("p", ":"), ("l", "push")]),
        ("- 3", [("p", "-"), ("l", "3")]),
        ("- '<b>:c'", [("p", "-"), ("s", "'<b>:c'")]),
        ("'a: b': true", [("s", "'a:"), ("s", "b'"), ("p", ":"), ("l", "true")]),
    ],
)
def test_keys_scalars_scripts_and_punctuation_differ(line: str, expected: list[tuple[str, str]]) -> None:
    assert spans(line) == expected


def test_scripts_are_text_up_to_the_next_key() -> None:
    assert spans("- run: |\n    key: value\n\n    more\n  name: x\n- |-\n  a: b\n- c: 1\n") == [
        *(("p", "-"), ("nt", "run"), ("p", ":"), ("p", "|"), ("no", "key: value"), ("no", "more")),
        *(("nt", "name"), ("p", ":"), ("l", "x"), ("p", "-"), ("p", "|-"), ("no", "a: b")),
        *(("p", "-"), ("nt", "c"), ("p", ":"), ("l", "1")),
    ]


def test_a_long_text_is_escaped_without_colour() -> None:
    text = "- &<b>" * 10_000
    assert highlight_yaml(text) == escape(text)
