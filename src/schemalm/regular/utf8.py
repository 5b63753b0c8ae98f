"""Ranges of code points as UTF-8."""

from __future__ import annotations

from collections.abc import Iterable

from schemalm.regular.language import Language, byte_range, sequence, union

MAX_CODE_POINT = 0x10FFFF


def code_points(ranges: Iterable[tuple[int, int]]) -> Language:
    """One character in inclusive ranges of code points, as UTF-8 bytes; surrogates are left out."""
    return union(_utf8_range(low, high) for low, high in _without_surrogates(ranges) if low <= high)


def _without_surrogates(ranges: Iterable[tuple[int, int]]) -> Iterable[tuple[int, int]]:
    for low, high in ranges:
        yield low, min(high, 0xD7FF)
        yield max(low, 0xE000), high


def _utf8_range(low: int, high: int) -> Language:
    """The UTF-8 sequences of the code points low..high, split so that each piece is a product of byte ranges."""
    for limit in (0x7F, 0x7FF, 0xFFFF):
        if low <= limit < high:
            return union([_utf8_range(low, limit), _utf8_range(limit + 1, high)])
    if high <= 0x7F:
        return byte_range(low, high)
    for bits in (6, 12, 18):
        block = (1 << bits) - 1
        if low & ~block == high & ~block:
            continue
        if low & block:
            return union([_utf8_range(low, low | block), _utf8_range((low | block) + 1, high)])
        if high & block != block:
            return union([_utf8_range(low, (high & ~block) - 1), _utf8_range(high & ~block, high)])
    first, last = chr(low).encode(), chr(high).encode()
    return sequence(*(byte_range(a, b) for a, b in zip(first, last, strict=True)))
