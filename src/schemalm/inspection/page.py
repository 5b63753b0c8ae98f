"""One document and its tokens as a self-contained HTML page.

In go an `Inspection` and the counts to compare; out comes HTML with its own style and a few lines of script. It loads
nothing: the page's security policy allows only that script. All text from documents, schemas and file names is escaped.
Without scripts, the `title` of each token still describes it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

from markupsafe import Markup

from schemalm.inspection.counting import UnitCount
from schemalm.inspection.tokens import Inspection
from schemalm.pages import environment

NUM_COLOURS = 6


def render_page(title: str, inspection: Inspection, counts: Sequence[UnitCount]) -> str:
    """Return the page of one document; `title` is its heading."""
    templates = environment("schemalm.inspection")
    script = templates.get_template("inspection.js").render().strip()
    return templates.get_template("inspection.html.jinja").render(
        title=title,
        inspection=inspection,
        abouts=[describe_token(inspection, index) for index in range(len(inspection.tokens))],
        counts=counts,
        largest_count=max(count.count for count in counts),
        num_colours=NUM_COLOURS,
        script=Markup(script),
        script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
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
