"""What runs of an experiment share on disk: names from digests, and locks that wait."""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

DIGEST_LENGTH = 12


def digest(content: Any) -> str:
    """A short name for plain values: equal values have the same."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), default=dict)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]


@contextmanager
def waiting_lock(path: Path) -> Iterator[None]:
    """Hold a lock file, after whoever holds it now."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
