"""JSON pointers: the names of places inside a value (RFC 6901)."""

from __future__ import annotations

from collections.abc import Iterable


def escape(part: str) -> str:
    """A key as a part of a pointer (section 3)."""
    return part.replace("~", "~0").replace("/", "~1")


def unescape(part: str) -> str:
    """The key that a part of a pointer stands for (section 4)."""
    return part.replace("~1", "/").replace("~0", "~")


def pointer_to(path: Iterable[str | int]) -> str:
    """The pointer of the place that keys and indices lead to; empty for the whole value."""
    return "".join(f"/{escape(str(part))}" for part in path)


def parts_of(pointer: str) -> list[str]:
    """The keys, and indices as text, that a pointer consists of."""
    return [unescape(part) for part in pointer.split("/")[1:]]
