"""The documents of an evaluation, one by one, so that an interrupted one goes on with those that are missing.

A document depends on its number, the seed and the settings alone (`generation/engine.py`), so what is written later is
the same as in one go.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from schemalm.generation import Generated
from schemalm.generation.engine import Engine, Request
from schemalm.generation.results import ClosedBy, Finish
from schemalm.generation.run import Run
from schemalm.generation.sampling import Sampling, check_request
from schemalm.messages.wording import counted, duration
from schemalm.tokenizer import Tokenizer

# By default.
TEMPERATURE = 0.8
BATCH_SIZE = 32
SECONDS_BETWEEN_LINES = 10.0


@dataclass(frozen=True)
class SamplingSettings:
    """How the documents of an evaluation are written; raises `ConfigurationError` for settings out of range."""

    num_samples: int
    temperature: float
    max_tokens: int
    seed: int
    min_p: float | None = None

    def __post_init__(self) -> None:
        self.sampling()
        check_request(self.num_samples, self.max_tokens, self.seed)

    @property
    def choices(self) -> str:
        """How tokens are chosen, in words."""
        kept = "" if self.min_p is None else f" and min-p {self.min_p}"
        return f"temperature {self.temperature}{kept}"

    def sampling(self) -> Sampling:
        """Return the settings for the choice of tokens."""
        return Sampling(self.temperature, min_p=self.min_p)


@dataclass(frozen=True)
class Sampled:
    """A generated document as plain values, without its value, which follows from the tokens; `number`: from 0."""

    number: int
    tokens: list[int]
    logprobs: list[Annotated[float, Meta(le=1)]]
    finish: Finish
    num_forced: int
    closed_by: ClosedBy | None

    @classmethod
    def of(cls, number: int, generated: Generated) -> Sampled:
        """Return the plain values of a document."""
        return cls(
            number,
            generated.tokens,
            generated.logprobs,
            generated.finish,
            generated.num_forced,
            generated.closed_by,
        )

    def generated(self, tokenizer: Tokenizer) -> Generated:
        """Return the document; raises `DecodeError` if the tokens are none."""
        return Generated(
            tokenizer.decode(self.tokens),
            self.tokens,
            sum(self.logprobs),
            self.finish,
            self.num_forced,
            self.logprobs,
            self.closed_by,
        )


def sample(
    run: Run, settings: SamplingSettings, kept: Iterable[Sampled], log: Callable[[str], None]
) -> Iterator[Sampled]:
    """Yield the documents that are not kept yet, as they are finished; `log` says how many are left, and how long."""
    numbers = sorted({*range(settings.num_samples)} - {each.number for each in kept})
    log(f"sampling {counted(len(numbers), 'document')}")
    if not numbers:
        return
    engine, sampling = Engine(run, min(BATCH_SIZE, len(numbers))), settings.sampling()
    requests = (Request(number, settings.seed, settings.max_tokens, sampling=sampling) for number in numbers)
    started = said = time.monotonic()
    num_done = 0
    for piece in engine.write(requests):
        if piece.generated is None:
            continue
        num_done += 1
        yield Sampled.of(piece.number, piece.generated)
        if time.monotonic() - said > SECONDS_BETWEEN_LINES:
            said = time.monotonic()
            seconds_left = (said - started) / num_done * (len(numbers) - num_done)
            log(f"sampled {num_done:,} of {len(numbers):,}, about {duration(seconds_left)} left")
