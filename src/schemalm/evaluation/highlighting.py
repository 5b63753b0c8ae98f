"""Colour for YAML in a page, by Pygments.

In goes any text, out comes HTML. Every character of the text stands where it stood, escaped, and tokens are in `<span>`
elements with the short class names of Pygments. `report.css.jinja` gives these classes their colours. Long texts get no
colour, because the time of the lexer can grow with the square of their length.
"""

from __future__ import annotations

import io

from markupsafe import Markup, escape
from pygments.formatters import HtmlFormatter
from pygments.lexers import YamlLexer

_MAX_CHARACTERS = 20_000


def highlight_yaml(text: str) -> Markup:
    """The text as HTML, without the line feed at its end."""
    text = text.removesuffix("\n")
    if len(text) > _MAX_CHARACTERS:
        return escape(text)
    out = io.StringIO()
    # Other ways into the lexer change the text: they normalize line ends and strip what begins and ends it.
    tokens = YamlLexer().get_tokens_unprocessed(text)
    HtmlFormatter(nowrap=True).format(((kind, part) for _, kind, part in tokens), out)
    return Markup(out.getvalue().removesuffix("\n"))
