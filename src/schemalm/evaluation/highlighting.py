"""Highlight YAML in HTML with Pygments.

`highlight_yaml` takes any text and returns HTML. All characters keep their order and are escaped; tokens become
`<span>` elements with the short class names of Pygments, whose colours are in `report.css.jinja`. Long texts are not
highlighted, because the time of the lexer can grow with the square of their length.
"""

from __future__ import annotations

import io

from markupsafe import Markup, escape
from pygments.formatters import HtmlFormatter
from pygments.lexers import YamlLexer

_MAX_CHARACTERS = 20_000


def highlight_yaml(text: str) -> Markup:
    """Return the text as HTML, without the line feed at its end."""
    text = text.removesuffix("\n")
    if len(text) > _MAX_CHARACTERS:
        return escape(text)
    out = io.StringIO()
    # Other methods of the lexer change the text: they normalize line ends and strip whitespace at both ends.
    tokens = YamlLexer().get_tokens_unprocessed(text)
    HtmlFormatter(nowrap=True).format(((kind, part) for _, kind, part in tokens), out)
    return Markup(out.getvalue().removesuffix("\n"))
