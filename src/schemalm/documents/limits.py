"""The limits on the size of a document, which every reader and writer of this package enforces.

All functions that read text or a value take one frozen record of limits. A document over a limit is refused with a
`DocumentError`; nothing is truncated. The limits do not cover the size of a corpus, which is streamed.
"""

from __future__ import annotations

from dataclasses import dataclass

from schemalm.errors import ConfigurationError

_PARSER_DEPTH = 128  # the bulk parser refuses deeper nesting itself


@dataclass(frozen=True)
class DocumentLimits:
    """The largest document that is read.

    `max_bytes` bounds the UTF-8 text, and also the total of its scalars after aliases are expanded. `max_depth` bounds
    the nesting of lists and mappings (at most 128). `max_nodes` bounds the number of lists, mappings and scalars,
    without keys, after aliases are expanded. If a text has several documents, `max_bytes` bounds the whole text, and
    the expansion of aliases is bounded for all of them together. Raises `ConfigurationError` for a limit out of range.
    """

    max_bytes: int = 1 << 20
    max_depth: int = _PARSER_DEPTH
    max_nodes: int = 250_000

    def __post_init__(self) -> None:
        if self.max_bytes < 1 or self.max_nodes < 1:
            raise ConfigurationError(
                f"max_bytes and max_nodes must be at least 1, got {self.max_bytes} and {self.max_nodes}"
            )
        if not 1 <= self.max_depth <= _PARSER_DEPTH:
            raise ConfigurationError(f"max_depth must be from 1 to {_PARSER_DEPTH}, got {self.max_depth}")


DEFAULT_LIMITS = DocumentLimits()
