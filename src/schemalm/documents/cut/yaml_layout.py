"""The layout of a YAML text, in which what follows is written: indentation, dashes, quotes, blank lines."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from schemalm.documents.writing import YAMLWriter

_MAX_STEP: Final = 9  # the largest that a block scalar can state
_BLANK_LINE = re.compile(r"(?:\r\n?|\n)[ \t]*(?:\r\n?|\n)")
_NEXT_SECTION = re.compile(r"[\r\n] [^\r\n]*(?:\r\n?|\n)[^ \t\r\n#-]")
_KEEPS_BREAKS = re.compile(r"[|>][1-9]?\+")


@dataclass
class Blocks:
    """How the blocks of a text are indented: how often by how many spaces, and how often lists under a key are."""

    steps: Counter[int] = field(default_factory=Counter)
    dashes: Counter[bool] = field(default_factory=Counter)

    @property
    def step(self) -> int:
        """The most frequent indentation."""
        return min(max(self.steps, key=lambda step: (self.steps[step], -step), default=2), _MAX_STEP)


@dataclass(frozen=True)
class Layout:
    """How a text is laid out; `has_sections`: blank lines separate the large entries of its outer mappings."""

    writer: YAMLWriter
    has_sections: bool


def layout_of(text: str, blocks: Blocks) -> Layout:
    """Return the layout of a text whose blocks are indented so."""
    writer = YAMLWriter(
        step=blocks.step,
        indents_dashes=blocks.dashes[True] >= blocks.dashes[False],
        quote='"' if text.count('"') > text.count("'") else "'",
    )
    is_open = not _NEXT_SECTION.search(text) or _BLANK_LINE.search(text) is not None
    return Layout(writer, is_open and not _KEEPS_BREAKS.search(text))
