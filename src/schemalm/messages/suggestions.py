"""Guesses at what was meant by a name that is not known, for messages."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence

MAX_GUESSES = 3
MIN_SIMILARITY = 0.75
_WORD = re.compile(r"[^\W_]{4,}")


def close_names(name: str, known: Iterable[str]) -> list[str]:
    """The known names that `name` may be a slip for, the likeliest first, at most three.

    Letter case, `_` and `-` make no difference; a name that shares a word of four letters or more is close too.
    """
    plain = {_plain(candidate): candidate for candidate in known}
    asked = _plain(name)
    similar = difflib.get_close_matches(asked, plain, n=MAX_GUESSES, cutoff=MIN_SIMILARITY)
    words = _WORD.findall(asked)
    sharing = [candidate for candidate in plain if any(word in candidate for word in words)]
    return [plain[candidate] for candidate in (similar or sharing)[:MAX_GUESSES]]


def did_you_mean(guesses: Sequence[str], known: Sequence[str]) -> str:
    """`did you mean X or Y?`, or without a guess all names: `known are X, Y, Z`."""
    return f"did you mean {' or '.join(guesses)}?" if guesses else f"known are {', '.join(known) or 'none'}"


def _plain(name: str) -> str:
    return name.casefold().replace("_", "-")
