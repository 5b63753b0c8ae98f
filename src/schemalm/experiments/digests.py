"""Short names for what determines a run, its tokenizer or its data: equal contents have equal names."""

from __future__ import annotations

import hashlib
import json
from typing import Any

DIGEST_LENGTH = 12


def digest(content: Any) -> str:
    """A short name for plain values: equal values have the same."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), default=dict)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]
