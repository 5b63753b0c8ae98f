"""Documents that end at a cursor: what their completions have in common, and completions in their own style.

In goes the text of a YAML or JSON document up to a cursor; out come a partial value, which states what any completion
has, and for each value that fits the whole document, which begins with the text byte for byte.
"""

from __future__ import annotations

from schemalm.documents.cut.cut_document import CutDocument, read_cut

__all__ = ["CutDocument", "read_cut"]
