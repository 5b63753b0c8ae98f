"""Small parts of the sentences in messages."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 file`, `2,000 files`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def reason_of(error: Exception) -> str:
    """Return an error's text; for an operating system error without the number and the path, which messages add."""
    return getattr(error, "strerror", None) or str(error)


def shortened(text: str, num_characters: int) -> str:
    """Return the text, or its beginning and an ellipsis if it has more than `num_characters` characters."""
    return text if len(text) <= num_characters else f"{text[: num_characters - 1]}…"


def duration(seconds: float) -> str:
    """Return seconds as `42 s`, `3 min 5 s`, `48 min` or `2 h 7 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 60} min" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"
