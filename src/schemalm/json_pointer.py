"""JSON pointers: the names of locations inside a value (RFC 6901)."""

from __future__ import annotations

from collections.abc import Iterable


def escape(part: str) -> str:
    """Escape a key for use as a part of a pointer (section 3)."""
    return part.replace("~", "~0").replace("/", "~1")


def unescape(part: str) -> str:
    """Return the key that a part of a pointer names (section 4)."""
    return part.replace("~1", "/").replace("~0", "~")


def pointer_to(path: Iterable[str | int]) -> str:
    """Return the pointer made of keys and indices; empty for the whole value."""
    return "".join(f"/{escape(str(part))}" for part in path)


def parts_of(pointer: str) -> list[str]:
    """Return the keys of a pointer, and its indices as text."""
    return [unescape(part) for part in pointer.split("/")[1:]]
