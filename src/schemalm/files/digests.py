"""Short hashes of plain values, such as the settings that determine a result."""

from __future__ import annotations

import hashlib
import json
from typing import Any

DIGEST_LENGTH = 12


def digest(content: Any) -> str:
    """Return a short hash of plain values."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), default=dict)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]
