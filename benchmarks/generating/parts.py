"""Where the time of a generation goes, and what its drafts bring: clocks and counters around the engine's parts."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Self
from unittest import mock

from schemalm.generation import engine
from schemalm.generation.engine import Engine
from schemalm.generation.results import Generated
from schemalm.generation.sampling import Noise
from schemalm.machine import Machine
from schemalm.model.inference import InferenceModel

# The functions of each part; "machine, side features, drafts" is the rest.
PARTS: dict[str, list[tuple[Any, str]]] = {
    "model": [(InferenceModel, "hidden"), (InferenceModel, "logits")],
    "masks": [(Machine, "mask")],
    "sampling": [(engine, "choose"), (Noise, "times")],
}
REST = "machine, side features, drafts"


class Clocks(ExitStack):
    """Measures the CPU time of each part while it is open; one part does not call another."""

    def __enter__(self) -> Self:
        self._seconds = Counter[str]()
        for part, places in PARTS.items():
            for owner, name in places:
                self.enter_context(mock.patch.object(owner, name, self._timed(part, getattr(owner, name))))
        self._started = time.process_time()
        return super().__enter__()

    def __exit__(self, *details: Any) -> bool:
        self._seconds[REST] = time.process_time() - self._started - self._seconds.total()
        return super().__exit__(*details)

    def _timed(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **options: Any) -> Any:
            started = time.process_time()
            result = function(*arguments, **options)
            self._seconds[part] += time.process_time() - started
            return result

        return timed

    def shares(self) -> dict[str, float]:
        """Returns the share of each part."""
        return {part: seconds / self._seconds.total() for part, seconds in self._seconds.items()}


class Counts(ExitStack):
    """Counts forward passes and drafts while it is open."""

    def __enter__(self) -> Self:
        self._counts = Counter[str]()
        real = Engine._choose_all
        read = InferenceModel.hidden

        def choose_all(engine: Engine, row: Any, logits: Any) -> int:
            accepted = real(engine, row, logits)
            self._counts.update(rows=1, drafted=len(row.draft.tokens), accepted=accepted)
            return accepted

        def hidden(*arguments: Any) -> Any:
            self._counts.update(passes=1)
            return read(*arguments)

        self.enter_context(mock.patch.object(Engine, "_choose_all", choose_all))
        self.enter_context(mock.patch.object(InferenceModel, "hidden", hidden))
        return super().__enter__()

    def figures(self, written: list[Generated], batch_size: int) -> dict[str, Any]:
        """Returns the figures of the documents that were written meanwhile."""
        num_tokens = sum(len(document.tokens) for document in written)
        return {
            **self._counts,
            "tokens": num_tokens,
            "forced": sum(document.num_forced for document in written),
            "tokens_per_row_and_pass": num_tokens / self._counts["rows"],
            "batch_size": batch_size,
        }
