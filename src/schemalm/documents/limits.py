"""What a document may cost: the limits that every reader and writer of this package keeps.

One frozen record goes in wherever text or a value is read. A document over a limit is refused with a
`DocumentError`; nothing is cut off. The limits do not cover the size of a corpus, which is streamed.
"""

from __future__ import annotations

from dataclasses import dataclass

from schemalm.errors import ConfigurationError

_PARSER_DEPTH = 128  # the bulk parser refuses deeper nesting itself


@dataclass(frozen=True)
class DocumentLimits:
    """The largest document that is read.

    `max_bytes` bounds the UTF-8 text, and its scalars once more after aliases are expanded; `max_depth` bounds
    how many lists and mappings may enclose one another (at most 128); `max_nodes` counts lists, mappings and
    scalars, keys left out, after aliases are expanded. Of several documents in one text `max_bytes` bounds the text,
    and what aliases add is bounded for all together. Raises `ConfigurationError` where a limit is out of range.
    """

    max_bytes: int = 1 << 20
    max_depth: int = _PARSER_DEPTH
    max_nodes: int = 250_000

    def __post_init__(self) -> None:
        if self.max_bytes < 1 or self.max_nodes < 1:
            raise ConfigurationError("max_bytes and max_nodes must be at least 1")
        if not 1 <= self.max_depth <= _PARSER_DEPTH:
            raise ConfigurationError(f"max_depth must be from 1 to {_PARSER_DEPTH}, not {self.max_depth}")


DEFAULT_LIMITS = DocumentLimits()
