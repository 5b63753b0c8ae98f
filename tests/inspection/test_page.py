"""The page is one file that shows a document as mere text, whatever the document contains."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from schemalm.baselines import ByteBPETokenizer
from schemalm.inspection import count_units, inspect_value, render_page
from schemalm.tokenizer import Tokenizer

ATTACKS = [
    "</span></pre><script>alert(1)</script>",
    '" onmouseover="alert(1)" x=\'',
    "<img src=x onerror=alert(1)>&lt;&#60;",
    "\x1b]0;title\x07\x1b[31m\x9b",
    "pay \u202e\u2066user\u2069",
    "{{ 7 * 7 }}{% raw %}",
]


class Page(HTMLParser):
    """Collects the elements of a page with their attributes, and the text of the document in it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.document = ""
        self._in_document = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._in_document = self._in_document or dict(attrs).get("id") == "document"

    def handle_endtag(self, tag: str) -> None:
        self._in_document = self._in_document and tag != "pre"

    def handle_data(self, data: str) -> None:
        self.document += data if self._in_document else ""


def page_of(tokenizer: Tokenizer | ByteBPETokenizer, value: Any, title: str = "a.yml") -> str:
    return render_page(title, inspect_value(tokenizer, value), count_units(value, {title: tokenizer}))


def test_the_page_shows_the_document_and_its_tokens(typed: Tokenizer, documents: list[dict[str, Any]]) -> None:
    inspection = inspect_value(typed, documents[0])
    page = Page(page_of(typed, documents[0]))
    assert page.document.strip("\n") == inspection.text.strip("\n")
    abouts = {attributes["data-token"]: attributes["title"] for _, attributes in page.elements if "title" in attributes}
    assert len(abouts) == len(inspection.tokens)
    first = abouts["0"] or ""
    assert first.startswith(f"token 1 of {len(inspection.tokens)}, id {inspection.tokens[0].id}\n")
    assert inspection.tokens[0].symbols in first
    assert f"expands the document, nonterminal {inspection.tokens[0].nonterminal}" in first


def test_a_forced_token_is_called_so(typed: Tokenizer) -> None:
    assert "forced: the only token admitted" in page_of(typed, {"kind": "alpha", "run": "", "tags": [], "env": {}})


def test_the_page_loads_nothing_and_allows_only_its_own_script(typed: Tokenizer) -> None:
    html = page_of(typed, {"kind": "alpha"})
    script = re.findall(r"<script>(.*?)</script>", html, flags=re.DOTALL)
    assert len(script) == 1
    digest = base64.b64encode(hashlib.sha256(script[0].encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'" in html
    assert not re.search(r"""(?:src|href)=|url\(|@import""", html)


@pytest.mark.slow
@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_documents_are_text(typed: Tokenizer, text_tokenizer: ByteBPETokenizer, attack: str) -> None:
    value = {"kind": "alpha", "run": attack, "tags": [attack], "env": {attack: attack}}
    for tokenizer in (typed, text_tokenizer):
        html = page_of(tokenizer, value, title=attack)
        page, plain = Page(html), Page(page_of(tokenizer, {"kind": "alpha"}))
        assert {tag for tag, _ in page.elements} == {tag for tag, _ in plain.elements}
        assert {name for _, attributes in page.elements for name in attributes} <= {
            *(name for _, attributes in plain.elements for name in attributes),
            "data-mark",
        }
        assert sum(tag == "script" for tag, _ in page.elements) == 1
        assert all(character.isprintable() or character == "\n" for character in html)
        if "\\" not in repr(attack):
            assert page.document.count(attack.replace('"', "").split()[0][:8]) >= 3
