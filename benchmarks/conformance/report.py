"""Prints the conformance run on the terminal: tables, and each case that is not right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from conformance.baseline import Comparison, describe_outcome
from conformance.cases import Case
from conformance.measure import Outcome
from conformance.summary import Spread, Summary, by_split, call_figures, reason, summarize, targets

MAX_LINES = 100
NUM_SLOWEST = 20
COLUMNS = (
    "schemas",
    "compiled",
    "no value",
    "refused",
    "broken",
    "right",
    "valid refused",
    "invalid accepted",
    "changed",
    "compile ms p50/p99/max",
    "states p50/max",
    "tokens p50/max",
    "walks invalid",
    "by construction",
    "MiB",
)


def print_report(console: Console, outcomes: dict[str, list[Outcome]]) -> None:
    """Prints a whole run: figures by split, reasons, wrong verdicts, invalid walks, targets."""
    for data_set, found in outcomes.items():
        console.print(_figures(data_set, found))
    everything = [outcome for found in outcomes.values() for outcome in found]
    _print_reasons(console, outcomes)
    refused = [outcome for outcome in everything if outcome.status not in ("compiled", "unsatisfiable")]
    _print_lines(console, "Schemas refused", (f"{o.id}: {o.status} {o.keyword} at {o.pointer or '/'}" for o in refused))
    _print_lines(console, "Wrong verdicts", (line for outcome in everything for line in wrong_verdicts(outcome)))
    walks = (f"{o.id}: {walk.reason}: {walk.document!r}"[:500] for o in everything for walk in o.bad_walks)
    _print_lines(console, "Invalid walks", walks)
    limits = (
        f"{o.id}: {', '.join(f'{call} ({limit})' for call, limit in o.limited.items())}"
        for o in everything
        if o.limited
    )
    _print_lines(console, "Calls that reached a limit", limits)
    _print_lines(console, "Slowest calls", slowest_calls(everything))
    _print_lines(console, "Walks without a verdict", (f"{o.id}: {o.unjudged}" for o in everything if o.unjudged))
    console.print(_call_table(everything))
    table = Table("figure", "target", "found", "met", title="Targets")
    for target in targets(outcomes):
        table.add_row(target.figure, target.target, target.found, "yes" if target.met else "[red]no[/]")
    console.print(table)


def print_case(console: Console, case: Case, outcome: Outcome) -> None:
    """Prints one case in full: its schema, its outcome, and the instances with a wrong verdict."""
    console.print_json(data=case.schema)
    shown = {name: value for name, value in outcome.as_json().items() if name != "bad_walks"}
    console.print_json(data=shown)
    wrong = {refusal.instance for refusal in outcome.valid_refused}
    for index in sorted(wrong | {*outcome.invalid_accepted, *outcome.changed}):
        instance = case.instances[index]
        console.print(f"instance {index}, {'valid' if instance.valid else 'invalid'}: {instance.name}", markup=False)
        console.print_json(data=instance.value)
    for walk in outcome.bad_walks:
        console.print(f"invalid walk: {walk.reason}", markup=False)
        console.print_json(data=walk.document)
    console.print(f"{case.id}: {describe_outcome(outcome)}", markup=False)


def print_comparison(console: Console, data_set: str, comparison: Comparison) -> None:
    """Prints the changes against the baseline."""
    _print_lines(console, f"{data_set}: WORSE than the baseline", map(str, comparison.worse), limit=None)
    _print_lines(console, f"{data_set}: SLOWER than the baseline", map(str, comparison.slower), limit=None)
    _print_lines(console, f"{data_set}: better than the baseline", map(str, comparison.better))
    _print_lines(console, f"{data_set}: other changes", map(str, comparison.other))
    if comparison.new:
        console.print(f"\n{data_set}: {len(comparison.new)} cases are not in the baseline")
    if comparison.work_share is not None:
        console.print(f"{data_set}: {comparison.work_share:.2f} of the work in the baseline")
    if comparison.better or comparison.other or comparison.new:
        console.print("to update the baseline: make conformance UPDATE=1")


def slowest_calls(outcomes: list[Outcome]) -> list[str]:
    """Returns a line for each of the longest calls: the case, the operation and the time."""
    found = [(times.max_milliseconds, operation, o.id) for o in outcomes for operation, times in o.calls.items()]
    return [
        f"{case}: {operation} {longest:,.0f} ms"
        for longest, operation, case in sorted(found, reverse=True)[:NUM_SLOWEST]
    ]


def wrong_verdicts(outcome: Outcome) -> list[str]:
    """Returns one line for each wrong verdict."""
    return [
        *(
            f"{outcome.id}: valid {r.instance} refused at {r.pointer or '/'}: {r.message}"
            for r in outcome.valid_refused
        ),
        *(f"{outcome.id}: invalid {index} accepted" for index in outcome.invalid_accepted),
        *(f"{outcome.id}: {index} decodes to another value" for index in outcome.changed),
    ]


def _figures(data_set: str, outcomes: list[Outcome]) -> Table:
    table = Table("split", *COLUMNS, title=data_set)
    for split, group in by_split(outcomes).items():
        table.add_row(split, *_cells(summarize(group)))
    table.add_section()
    table.add_row("all", *_cells(summarize(outcomes)))
    return table


def _call_table(outcomes: list[Outcome]) -> Table:
    """Returns a table of the times of single calls."""
    table = Table("operation", "calls", "p50", "p99", "p99.9", "max", title="CPU of one call, milliseconds")
    for operation, figures in call_figures(outcomes).items():
        times = (f"{figures[name]:.3f}" for name in ("p50", "p99", "p999", "max"))
        table.add_row(operation, f"{figures['num_calls']:,}", *times)
    return table


def _cells(summary: Summary) -> list[str]:
    return [
        f"{summary.num_schemas:,}",
        f"{summary.num_compiled:,}",
        str(summary.num_unsatisfiable),
        str(summary.num_refused),
        str(sum(summary.broken.values())),
        f"{summary.share_right:.1%}",
        f"{summary.num_valid_refused} of {summary.num_valid:,}",
        f"{summary.num_invalid_accepted} of {summary.num_invalid:,}",
        str(summary.num_changed),
        _times(summary.compile_milliseconds),
        f"{summary.num_states.p50:.0f}/{summary.num_states.max:.0f}",
        f"{summary.num_tokens.p50:.0f}/{summary.num_tokens.max:.0f}",
        f"{summary.num_bad_walks} of {summary.num_walks:,}",
        f"{summary.construction_share:.1%}",
        f"{summary.peak_mebibytes:.0f}",
    ]


def _times(spread: Spread) -> str:
    return f"{spread.p50:.1f}/{spread.p99:.0f}/{spread.max:.0f}"


def _print_reasons(console: Console, outcomes: dict[str, list[Outcome]]) -> None:
    for data_set, found in outcomes.items():
        for split, group in [("all", found)] if data_set != "json-schema-test-suite" else by_split(found).items():
            counts = Counter(reason(outcome) for outcome in group if not outcome.is_right)
            if not counts:
                continue
            table = Table("schemas", "reason", title=f"{data_set}, {split}: not right, and why")
            for text, count in counts.most_common(20):
                table.add_row(str(count), text[:160])
            console.print(table)


def _print_lines(console: Console, title: str, lines: Iterable[str], limit: int | None = MAX_LINES) -> None:
    found = list(lines)
    if not found:
        return
    console.print(f"\n{title}: {len(found)}", markup=False)
    for line in found[:limit]:
        console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
    if limit is not None and len(found) > limit:
        console.print(f"  … and {len(found) - limit} more", markup=False)
