"""Samples for the report: their text line by line, with the probability of each token, and reasons at their lines.

`shown_samples` chooses which are shown: the first ones without selection, and the worst of all.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from schemalm.checking.positions import Positions
from schemalm.errors import DocumentError
from schemalm.evaluation.evaluate import Evaluation, Sample
from schemalm.inspection.tokens import TextRun, inspect_tokens
from schemalm.judging.interface import to_text
from schemalm.messages.wording import shortened
from schemalm.pages import PROBABILITY_BOUNDS
from schemalm.tokenizer import Tokenizer

NUM_SHOWN, NUM_WORST = 20, 6
MAX_LINES = 150
MAX_REASONS = 12
MAX_NEAREST_CHARACTERS = 6000  # before the ellipsis


@dataclass(frozen=True)
class Piece:
    """A part of a line: `level` is 0 for likely and forced tokens, up to 4 for the unlikeliest."""

    text: str
    level: int


@dataclass(frozen=True)
class Line:
    """A line of a document, with what judges say about it."""

    pieces: tuple[Piece, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Shown:
    """A sample as it is shown: its number from 1, why it is shown, its lines, and reasons without a line.

    num_hidden: how many lines were left out at the end.
    """

    number: int
    why: str
    sample: Sample
    lines: tuple[Line, ...]
    reasons: tuple[str, ...]
    num_hidden: int
    nearest: str


def shown_samples(evaluation: Evaluation, tokenizer: Tokenizer) -> tuple[list[Shown], list[Shown]]:
    """Return the first samples as they came, and the worst of all."""
    numbered = list(enumerate(evaluation.samples, start=1))
    first = [_show(number, "", sample, tokenizer) for number, sample in numbered[:NUM_SHOWN]]
    return first, [_show(number, why, sample, tokenizer) for number, sample, why in _worst(numbered)]


def _worst(numbered: list[tuple[int, Sample]]) -> list[tuple[int, Sample, str]]:
    """Return the samples that most is wrong with, each with what it is."""
    found = [(*_badness(sample), number, sample) for number, sample in numbered]
    bad = sorted((each for each in found if each[0] > 0), key=lambda each: (-each[0], each[2]))
    return [(number, sample, why) for _, why, number, sample in bad[:NUM_WORST]]


def _badness(sample: Sample) -> tuple[float, str]:
    """Return how bad a sample is, and the largest part of it in words; 0 if nothing is wrong."""
    num_tokens = max(len(sample.generated.tokens), 1)
    copied, repeated = (
        sum(end - begin for begin, end in spans) / num_tokens for spans in (sample.copied, sample.repeated)
    )
    faults = [
        (float(sample.num_refusing), f"refused by {sample.num_refusing} of {len(sample.verdicts)} judges"),
        (repeated if repeated > 0.5 else 0.0, f"{100 * repeated:.0f} % of it repeats earlier parts"),
        (copied if copied > 0.5 else 0.0, f"{100 * copied:.0f} % of it stands in one training document"),
        (0.5 * (sample.generated.finish == "closed"), "closed by the grammar"),
    ]
    return sum(badness for badness, _ in faults), max(faults)[1]


def _show(number: int, why: str, sample: Sample, tokenizer: Tokenizer) -> Shown:
    lines = list(_lines(sample, tokenizer))
    at_lines, elsewhere = _reasons(sample, len(lines))
    marked = [Line(tuple(pieces), tuple(at_lines[index])) for index, pieces in enumerate(lines, start=1)]
    nearest = "" if sample.nearest is None else shortened(to_text(sample.nearest.value), MAX_NEAREST_CHARACTERS + 1)
    return Shown(
        number, why, sample, tuple(marked[:MAX_LINES]), tuple(elsewhere), max(len(marked) - MAX_LINES, 0), nearest
    )


def _lines(sample: Sample, tokenizer: Tokenizer) -> Iterator[list[Piece]]:
    """Yield the pieces of each line of a sample's text."""
    try:
        lines = inspect_tokens(tokenizer, sample.generated.tokens).lines()
    except DocumentError:  # nested too deeply for YAML
        lines = [[TextRun(sample.text.removesuffix("\n"), None)]]
    levels = [_level(logprob) for logprob in sample.generated.logprobs]
    for line in lines:
        yield [
            Piece(run.text, levels[run.token] if run.token is not None and run.token < len(levels) else 0)
            for run in line
            if not run.is_mark
        ]


def _level(logprob: float) -> int:
    probability = math.exp(logprob)
    return next(level for level, bound in enumerate(PROBABILITY_BOUNDS) if probability >= bound)


def _reasons(sample: Sample, num_lines: int) -> tuple[dict[int, list[str]], list[str]]:
    """Return what judges say against a sample, by line, and what has no line, such as why there is no verdict."""
    at_lines: dict[int, list[str]] = defaultdict(list)
    elsewhere = [f"{name}: {verdict.reason}" for name, verdict in sample.verdicts.items() if verdict.failure]
    messages = [(name, each) for name, verdict in sample.verdicts.items() for each in verdict.errors]
    positions = Positions(sample.text) if messages else None
    for name, message in messages[:MAX_REASONS]:
        place = positions.locate(message.pointer) if positions and message.pointer and not message.line else None
        line = message.line if place is None else place.line
        where = f" ({message.pointer})" if message.pointer and not line else ""
        reasons = at_lines[line] if 0 < line <= num_lines else elsewhere
        reasons.append(f"{name}: {message}{where}")
    if len(messages) > MAX_REASONS:
        elsewhere.append(f"and {len(messages) - MAX_REASONS} more")
    return at_lines, elsewhere
