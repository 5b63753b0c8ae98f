"""The part of an experiment's report about the documents that models wrote.

In go the rows of `written_figures`; out come lines of Markdown, with means over seeds and half of the 95 % interval by
Student's t.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from schemalm.evaluation.report.pages import escape_markdown
from schemalm.experiments.estimate import Estimate
from schemalm.experiments.results import Result
from schemalm.experiments.text_masks import NO_MASK
from schemalm.experiments.written_figures import WrittenRow

_HEAD = ("arm", "mask", "seeds", "JSON")
_TAIL = (
    "cut off",
    "distance of fields",
    "tokens",
    "documents per CPU second",
    "accepted per CPU second",
    "real documents admitted",
)


def written_lines(
    rows: Sequence[WrittenRow], held_out: Mapping[str, float], results: Sequence[Result]
) -> Iterator[str]:
    """Yield the section of the report; nothing if no documents were judged.

    held_out: the share of real documents that each judge accepts.
    """
    if not rows:
        return
    yield "\n## Written documents\n"
    yield (
        "Cut off: what reached the budget before the model ended it. Typed documents are completed then, text is not. "
        "Distance of fields: mean total variation from held-out documents, of the documents that are JSON. "
        "Accepted: by the first judge. Real documents admitted: the share of held-out documents that the mask admits "
        "whole."
    )
    yield ""
    yield from written_table(rows)
    yield f"\n{yardstick(held_out)}"
    if any(row.admitted is not None for row in rows):
        yield "\nBits per byte of the real documents that a mask admits, with the mask and without:\n"
        yield from scores_table(rows)
    yield "\nWhy the first judge refuses documents, with the share of all documents:\n"
    yield from reason_lines(rows)
    yield from engine_lines(results)


def written_table(rows: Sequence[WrittenRow]) -> Iterator[str]:
    """Yield the lines of the main table."""
    judges = list(dict.fromkeys(judge for row in rows for judge in row.accepted))
    head = (*_HEAD, *judges, *_TAIL)
    yield f"| {' | '.join(map(escape_markdown, head))} |"
    yield f"|---|---|{'---:|' * (len(head) - 2)}"
    for row in rows:
        cells = (
            escape_markdown(row.arm),
            escape_markdown("" if row.mask == NO_MASK else row.mask),
            str(row.num_seeds),
            _percentage(row.is_json),
            *(_percentage(row.accepted.get(judge)) for judge in judges),
            _percentage(row.cut_off),
            _quantity(row.field_distance, 3),
            _quantity(row.tokens, 0),
            _quantity(row.per_second, 2),
            _quantity(row.accepted_per_second, 2),
            _percentage(row.admitted),
        )
        yield f"| {' | '.join(cells)} |"


def yardstick(held_out: Mapping[str, float]) -> str:
    """Return a sentence with the share of real documents that each judge accepts."""
    shares = ", ".join(f"{escape_markdown(judge)} {100 * share:.1f} %" for judge, share in held_out.items())
    return f"Of the real held-out documents, judges accept: {shares}."


def scores_table(rows: Sequence[WrittenRow]) -> Iterator[str]:
    """Yield the bits per byte of real documents under the masks that models were trained without."""
    yield "| arm | mask | bits per byte with the mask | without |"
    yield "|---|---|---:|---:|"
    for row in rows:
        if row.admitted is not None:
            figures = f"{_quantity(row.bits_per_byte, 4)} | {_quantity(row.plain_bits_per_byte, 4)}"
            yield f"| {escape_markdown(row.arm)} | {escape_markdown(row.mask)} | {figures} |"


def reason_lines(rows: Sequence[WrittenRow]) -> Iterator[str]:
    """Yield the most frequent reasons for refusing, as a list."""
    for row in rows:
        label = row.arm if row.mask == NO_MASK else f"{row.arm}, {row.mask}"
        named = ", ".join(f"{escape_markdown(reason)} {100 * share:.1f} %" for reason, share in row.reasons)
        yield f"- {escape_markdown(label)}: {named or 'none is refused'}"


def engine_lines(results: Sequence[Result]) -> Iterator[str]:
    """Name what each engine does not get of the schema, and what it says that it does not enforce."""
    sets = [written for result in results for written in result.written or ()]
    for engine in dict.fromkeys(written.engine for written in sets if written.cuts or written.warnings):
        chosen = [written for written in sets if written.engine == engine]
        pointers: dict[tuple[str, str], dict[str, None]] = {}
        for cut in (cut for written in chosen for cut in written.cuts):
            pointers.setdefault((cut.change, cut.reason), {})[f"`{cut.pointer}`"] = None
        yield f"\n### What {escape_markdown(engine)} does not enforce\n"
        for (change, reason), found in pointers.items():
            yield f"- {change}, since {escape_markdown(reason)}: {', '.join(found)}"
        for warning in dict.fromkeys(warning for written in chosen for warning in written.warnings):
            yield f"- it says: {escape_markdown(warning)}"


def _percentage(estimate: Estimate | None) -> str:
    """Return a share with its interval, in percent; nothing if there is none."""
    if estimate is None:
        return ""
    interval = "" if estimate.half_width is None else f" ± {100 * estimate.half_width:.1f}"
    return f"{100 * estimate.mean:.1f}{interval} %"


def _quantity(estimate: Estimate | None, num_digits: int) -> str:
    """Return a number with its interval; nothing if there is none."""
    if estimate is None:
        return ""
    interval = "" if estimate.half_width is None else f" ± {estimate.half_width:,.{num_digits}f}"
    return f"{estimate.mean:,.{num_digits}f}{interval}"
