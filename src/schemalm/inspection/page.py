"""One document and its tokens as a self-contained HTML page.

In go an `Inspection` and the counts to compare; out comes HTML with its own style and a few lines of script. It loads
nothing: the page's security policy allows only that script. All text from documents, schemas and file names is escaped.
Without scripts, the `title` of each token still describes it.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.resources
from collections.abc import Sequence

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from schemalm.inspection.counting import UnitCount
from schemalm.inspection.tokens import Inspection
from schemalm.messages.visible import visible

NUM_COLOURS = 6


def render_page(title: str, inspection: Inspection, counts: Sequence[UnitCount]) -> str:
    """Return the page of one document; `title` is its heading."""
    script = _read_template("inspection.js").strip()
    return (
        _environment()
        .get_template("inspection.html.jinja")
        .render(
            title=title,
            inspection=inspection,
            abouts=[describe_token(inspection, index) for index in range(len(inspection.tokens))],
            counts=counts,
            largest_count=max(count.count for count in counts),
            num_colours=NUM_COLOURS,
            script=Markup(script),
            script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        )
    )


def describe_token(inspection: Inspection, index: int) -> str:
    """Describe a token in lines: its number and id, its symbols, its nonterminal and path, and the size of the mask."""
    token = inspection.tokens[index]
    lines = [f"token {index + 1:,} of {len(inspection.tokens):,}, id {token.id}", token.symbols]
    if token.nonterminal is not None:
        lines.append(f"expands {token.path or 'the document'}, nonterminal {token.nonterminal}")
        is_forced = token.num_admitted == 1
        lines.append(
            "forced: the only token admitted" if is_forced else f"one of {token.num_admitted:,} tokens admitted"
        )
    return "\n".join(lines)


def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_read_template),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["visible"] = visible
    return environment


def _read_template(name: str) -> str:
    return (importlib.resources.files(__package__) / "templates" / name).read_text(encoding="utf-8")
