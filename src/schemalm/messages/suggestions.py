"""Suggestions for an unknown name in a message."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence

MAX_GUESSES = 3
MIN_SIMILARITY = 0.75
_WORD = re.compile(r"[^\W_]{4,}")


def close_names(name: str, known: Iterable[str]) -> list[str]:
    """Return at most three known names that `name` may be a misspelling of, the likeliest first.

    Letter case is ignored, and so is the difference between `_` and `-`. A name that shares a word of at least four
    letters is close too.
    """
    plain = {_plain(candidate): candidate for candidate in known}
    asked = _plain(name)
    similar = difflib.get_close_matches(asked, plain, n=MAX_GUESSES, cutoff=MIN_SIMILARITY)
    words = _WORD.findall(asked)
    sharing = [candidate for candidate in plain if any(word in candidate for word in words)]
    return [plain[candidate] for candidate in (similar or sharing)[:MAX_GUESSES]]


def did_you_mean(guesses: Sequence[str], known: Sequence[str]) -> str:
    """Return `did you mean X or Y?`, or, without a guess, all names: `known are X, Y, Z`."""
    return f"did you mean {' or '.join(guesses)}?" if guesses else f"known are {', '.join(known) or 'none'}"


def _plain(name: str) -> str:
    return name.casefold().replace("_", "-")
