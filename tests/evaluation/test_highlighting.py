"""Highlighted YAML shows exactly its text, escaped, whatever the text is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemalm.documents import dump_document
from schemalm.evaluation.highlighting import highlight_yaml

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
VALUES = st.recursive(
    TEXT | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


def plain(html: str) -> str:
    """What a browser shows of the page's own few tags and entities."""
    text = re.sub(r"</?span[^<>]*>", "", html)
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&#34;", '"'), ("&#39;", "'"), ("&amp;", "&")):
        text = text.replace(entity, character)
    return text


@given(VALUES)
def test_only_colour_is_added_to_a_document(value: object) -> None:
    text = dump_document(value)  # type: ignore[arg-type]
    html = str(highlight_yaml(text))
    assert plain(html) == text.removesuffix("\n")
    assert set(re.findall(r"<[^>]*>", html)) <= {f'<span class="{kind}">' for kind in "ktnp"} | {"</span>"}


@given(st.text())
def test_any_text_is_escaped(text: str) -> None:
    assert plain(str(highlight_yaml(text))) == text.removesuffix("\n")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("on: push", '<span class="k">on</span><span class="p">:</span><span class="t"> push</span>'),
        ("- 3", '<span class="p">- </span><span class="n">3</span>'),
        ("'a: b': true", '<span class="k">&#39;a: b&#39;</span><span class="p">:</span><span class="n"> true</span>'),
        ("- '<b>: c'", '<span class="p">- </span><span class="t">&#39;&lt;b&gt;: c&#39;</span>'),
    ],
)
def test_keys_scalars_and_texts_differ(line: str, expected: str) -> None:
    assert str(highlight_yaml(line)) == expected


def test_scripts_are_text_up_to_the_next_key() -> None:
    html = str(highlight_yaml("- run: |\n    key: value\n\n    more\n  name: x\n- |-\n  a: b\n- c: 1\n"))
    assert '<span class="t">    key: value</span>\n\n<span class="t">    more</span>' in html
    assert '<span class="k">name</span>' in html
    assert '<span class="t">  a: b</span>' in html
    assert '<span class="k">c</span>' in html
