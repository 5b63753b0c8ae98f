"""The figures of an evaluation as tables of words, for pages and Markdown alike; samples always beside real documents.

Real documents are the unseen ones, which were held out of training.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from schemalm.evaluation.evaluate import Evaluation
from schemalm.evaluation.report.pages import interval, number, percent
from schemalm.evaluation.samples.statistics import SampleStatistics
from schemalm.messages.wording import counted, shortened
from schemalm.training.scoring import Score

NUM_FIELDS = 12
NUM_BAR_FIELDS, NUM_BARS = 9, 6
NUM_VALUES = 5
NUM_UNKNOWN = 5
MAX_VALUE_CHARACTERS = 60  # before the ellipsis


@dataclass(frozen=True)
class Table:
    """A table: its title, a sentence about it, the names of its columns, and rows of as many cells.

    ends_in_text: whether the last column has text, not figures.
    """

    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    ends_in_text: bool = False


def yardstick(evaluation: Evaluation) -> Table:
    """Return what each judge accepts, absolute and relative to real documents."""
    rows = [
        (
            found.name,
            percent(found.samples.share),
            interval(found.samples.interval),
            percent(found.held_out.share),
            percent(found.relative),
            interval(found.relative_interval),
            "; ".join(f"{group.num_documents} x {group}" for group in found.reasons[:3]),
        )
        for found in evaluation.acceptance
    ]
    samples, held_out = len(evaluation.samples), evaluation.statistics.num_held_out
    return Table(
        "What independent judges accept",
        f"{counted(samples, 'sample')} and {counted(held_out, 'real document')} that the model has not seen, judged by "
        "the same programs. Real documents are the yardstick: some of them are refused as well. Intervals are of 95 %.",
        ("judge", "samples", "%", "real", "relative to real", "%", "most frequent reasons"),
        tuple(rows),
        ends_in_text=True,
    )


def likelihood_tables(evaluation: Evaluation) -> Iterator[Table]:
    """Yield the likelihood of unseen documents: as a whole, by kind of token, at choices, and by number format."""
    found = evaluation.likelihood
    scores = [("among the tokens that the grammar admits", found.with_mask), ("among all tokens", found.without_mask)]
    yield Table(
        "How well it predicts unseen documents",
        f"{counted(found.num_documents, 'unseen document')}, {found.score.num_tokens:,} tokens, "
        f"{found.score.num_bytes:,} bytes of compact JSON. Each token is predicted from at least half a context "
        "before it.",
        ("", "bits per byte", "nats per token", "perplexity"),
        tuple((name, *_score(score)) for name, score in scores if score is not None)
        or (("all tokens", *_score(found.score)),),
    )
    if found.kinds:
        yield Table(
            "What costs the bits",
            "The share of all bits, and what one token of the kind costs.",
            ("kind of token", "tokens", "share of bits", "bits per byte", "bits per token"),
            tuple(
                (
                    kind.kind,
                    number(kind.score.num_tokens),
                    percent(kind.share),
                    number(kind.score.bits_per_byte, 3),
                    number(kind.bits_per_token, 2),
                )
                for kind in found.kinds
            ),
        )
    if found.choices:
        yield Table(
            "Where the schema lists the alternatives",
            "How often the likeliest, or one of the three likeliest, is the real one. A calibrated model is right as "
            "often as it says; the error is how far it is from that.",
            ("choice", "number", "first is right", "one of three", "calibration error"),
            tuple(
                (
                    each.kind,
                    number(each.num_choices),
                    percent(each.top_1),
                    percent(each.top_3),
                    percent(each.calibration_error),
                )
                for each in found.choices
            ),
        )
    if evaluation.number_formats:
        exact = evaluation.number_formats["float32"]
        yield Table(
            "The price of number formats",
            "Bits per byte as the model generates.",
            ("format", "bits per byte", "more than float32"),
            tuple((name, f"{bits:.5f}", f"{bits - exact:+.5f}") for name, bits in evaluation.number_formats.items()),
        )


def _score(score: Score) -> tuple[str, str, str]:
    return number(score.bits_per_byte, 3), number(score.loss, 3), number(score.perplexity, 2)


def sample_tables(statistics: SampleStatistics) -> Iterator[Table]:
    """Yield what samples have beside real documents."""
    yield _lengths(statistics)
    yield _originality(statistics)
    if statistics.references:
        yield Table(
            "References that find their name",
            "Names that one part of a document declares and another refers to.",
            ("kind of name", "in samples", "resolved", "in real documents", "resolved"),
            tuple(
                (
                    each.kind,
                    number(each.num_samples),
                    percent(each.resolved.samples),
                    number(each.num_held_out),
                    percent(each.resolved.held_out),
                )
                for each in statistics.references
            ),
        )
    if statistics.known_values:
        yield _known_values(statistics)
    if statistics.pairs:
        yield Table(
            "Texts that fit each other",
            "How often two texts of one object, each known from training, stand together there as well.",
            ("at", "keys", "samples", "real", "paired at random"),
            tuple(
                (
                    each.path or "/",
                    " and ".join(each.keys),
                    percent(each.fitting.samples),
                    percent(each.fitting.held_out),
                    percent(each.at_random),
                )
                for each in statistics.pairs
            ),
        )


def _lengths(statistics: SampleStatistics) -> Table:
    rows = []
    for length in statistics.lengths:
        samples, real = (
            [some.quantile(share) for share in (0.1, 0.5, 0.9)] for some in (length.samples, length.held_out)
        )
        rows.append((length.name, *(number(each) for each in (*samples, *real)), number(length.medians.ratio, 2)))
    return Table(
        "Lengths",
        "Lines of YAML, tokens, and the sizes of objects and lists: a tenth of the documents has less than the first "
        "figure, half less than the second, a tenth more than the third.",
        ("", "samples 10 %", "median", "90 %", "real 10 %", "median", "90 %", "ratio of medians"),
        tuple(rows),
    )


def _originality(statistics: SampleStatistics) -> Table:
    figures = [
        ("different from each other", statistics.distinct),
        ("not a whole training document", statistics.novel),
        ("tokens in copied stretches (32 or more from one training document)", statistics.copied.shares),
        ("tokens that repeat an earlier stretch of the same document", statistics.repeated.shares),
    ]
    rows: list[tuple[str, ...]] = [
        (name, percent(side.samples), percent(side.held_out), percent(side.train)) for name, side in figures
    ]
    nearest = [percent(some.quantile(0.5)) for some in statistics.similarity]
    rows.append(("similarity to the nearest training document, median", *nearest, "-"))
    ends = ", ".join(f"{name} {percent(count / statistics.num_samples)}" for name, count in statistics.ends.items())
    return Table(
        "New, copied or repeated",
        f"How the samples ended: {ends}. Complete is an end that the model wrote, steered one near the budget of "
        "tokens, closed one that the grammar wrote. The nearest document is searched for among "
        f"{statistics.num_searched:,} of {statistics.num_train:,} training documents, copied stretches among all.",
        ("", "samples", "real", "training documents"),
        tuple(rows),
    )


def _known_values(statistics: SampleStatistics) -> Table:
    rows = []
    for each in statistics.known_values:
        unknown = ", ".join(_shown(value) for value in each.unknown[:NUM_UNKNOWN])
        for name, side in (("", each.whole), (" without version", each.without_version)):
            if side is not None:
                rows.append(
                    (f"{each.path}{name}", percent(side.samples), percent(side.held_out), "" if name else unknown)
                )
    return Table(
        "Values that are known from training",
        "Texts that real documents mostly take from a common stock, such as the names of actions.",
        ("at", "samples", "real", "unknown values of samples"),
        tuple(rows),
        ends_in_text=True,
    )


def field_table(statistics: SampleStatistics) -> Table:
    """Return the fields where samples differ most from real documents, beyond chance."""
    fields = sorted(statistics.fields, key=lambda field: field.chance.total_variation - field.samples.total_variation)
    return Table(
        "Fields that differ most",
        f"Of {len(fields)} fields that were found, those whose values differ most: total variation is 0 for equal "
        "distributions and 1 for disjoint ones. Part of it is chance, and part tells training from unseen sources.",
        (
            "field",
            "samples",
            "by chance",
            "training documents",
            "coverage of real values",
            "most frequent values, samples / real",
        ),
        tuple(
            (
                field.path,
                number(field.samples.total_variation, 2),
                number(field.chance.total_variation, 2),
                number(field.train.total_variation, 2),
                percent(field.samples.coverage),
                "; ".join(
                    f"{_shown(value.value)} {percent(value.shares.samples)} / {percent(value.shares.held_out)}"
                    for value in field.values[:NUM_VALUES]
                ),
            )
            for field in fields[:NUM_FIELDS]
        ),
        ends_in_text=True,
    )


@dataclass(frozen=True)
class FieldBars:
    """A field with its most frequent real values: each with its share of samples and of real documents."""

    path: str
    bars: tuple[tuple[str, float, float], ...]


def field_bars(statistics: SampleStatistics) -> list[FieldBars]:
    """Return the fields that most real documents have."""
    return [
        FieldBars(
            field.path,
            tuple(
                (
                    _shown(value.value),
                    value.shares.samples or 0.0,
                    value.shares.held_out or 0.0,
                )
                for value in field.values[:NUM_BARS]
            ),
        )
        for field in statistics.fields[:NUM_BAR_FIELDS]
    ]


def _shown(value: str) -> str:
    return shortened(value, MAX_VALUE_CHARACTERS + 1)
