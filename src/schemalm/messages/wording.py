"""Small pieces of the sentences that messages are made of."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 file`, `2,000 files`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def reason_of(error: Exception) -> str:
    """What an error says; of the system's errors without the number and the path, which messages name themselves."""
    return getattr(error, "strerror", None) or str(error)


def shortened(text: str, num_characters: int) -> str:
    """The text, or its beginning where it is longer than a message may be."""
    return text if len(text) <= num_characters else f"{text[: num_characters - 1]}…"
