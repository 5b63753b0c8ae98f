"""What all endpoints share: the runs, the counts, the type of a stream of events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

from schemalm.serving.metrics import Metrics
from schemalm.serving.served_run import ServedRuns

NUM_JUDGING = 2
Events = AsyncGenerator[dict[str, Any]]


@dataclass(frozen=True)
class ServingLimits:
    """What one client may cost.

    max_body_bytes: of a request. max_seconds: for a document, for a client that sends a body, and for one that reads an
    answer. max_waiting: documents that wait for the batch of a run, and calls. max_open: requests at once. batch_size:
    documents of a run that are written at once.
    """

    max_body_bytes: int = 1 << 19
    max_seconds: float = 60.0
    max_waiting: int = 256
    max_open: int = 512
    batch_size: int = 16


@dataclass(frozen=True)
class Context:
    """The runs that are served, the limits, and what has happened so far.

    judging: lets few requests ask judges at once, which are programs of their own.
    """

    runs: ServedRuns
    limits: ServingLimits = field(default_factory=ServingLimits)
    metrics: Metrics = field(default_factory=Metrics)
    judging: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(NUM_JUDGING))
