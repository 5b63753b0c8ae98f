"""The committed baseline: one line of text per case, and which changes make a case worse.

    <id> right                          every instance is judged correctly
    <id> unsatisfiable                  refused because no value satisfies the schema, and no instance is valid
    <id> refused <keyword>              the schema is refused
    <id> wrong valid:2,5 invalid:3      instances 2 and 5 are refused though valid, 3 is accepted though invalid;
                                        changed:4 decodes to another value
    <id> crashed | timed out | out of memory

If calls reached a limit of the grammar, ` limited:mask,explanation` follows with their operations. Each line ends with
the work of the case, as in ` work:1200+80` (see `measure`): for its instances and for its first walks, in units,
rounded to two digits. Work is counted and not timed, so a case that takes a quarter more is slower on any machine.

A file contains the cases of one data set, sorted; lines that begin with `#` are comments.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from conformance.measure import Outcome
from schemalm.files.writing import write_atomically

BROKEN = ("crashed", "timed out", "out of memory")
# A case is slower if its work grows by more than this factor plus these units. The units allow for sets of names in
# another order, and for changes outside the case.
WORK_SHARE, WORK_UNITS = 1.25, 2_000
_WORK = " work:"
PARTS = ("instances", "walks")
HEADER = "# Outcomes by case; `make conformance UPDATE=1` writes this file.\n"


@dataclass(frozen=True)
class Change:
    """A case whose outcome differs from the committed one."""

    id: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.id}: {self.before} -> {self.after}"


@dataclass(frozen=True)
class Comparison:
    """Changes against the baseline.

    other: neither better nor worse, such as another keyword. new: cases that the baseline does not have. slower: cases
    that take more work. work_share: all work divided by the baseline's; None if the baseline states none.
    """

    worse: tuple[Change, ...]
    better: tuple[Change, ...]
    other: tuple[Change, ...]
    slower: tuple[Change, ...]
    new: tuple[str, ...]
    work_share: float | None

    @property
    def fails(self) -> bool:
        """Whether a case is worse or slower."""
        return bool(self.worse or self.slower)


def describe_outcome(outcome: Outcome) -> str:
    """Returns the outcome as the baseline writes it, without its work."""
    limited = f" limited:{','.join(sorted(outcome.limited))}" if outcome.limited else ""
    return _verdict(outcome) + limited


def _verdict(outcome: Outcome) -> str:
    wrong = {
        "valid": [refusal.instance for refusal in outcome.valid_refused],
        "invalid": list(outcome.invalid_accepted),
        "changed": list(outcome.changed),
    }
    if outcome.status in BROKEN:
        return outcome.status
    if outcome.status == "refused":
        return f"refused {outcome.keyword}".rstrip()
    if any(wrong.values()):
        return "wrong " + " ".join(f"{kind}:{','.join(map(str, found))}" for kind, found in wrong.items() if found)
    return "unsatisfiable" if outcome.status == "unsatisfiable" else "right"


def is_worse(before: str, after: str) -> bool:
    """Whether `after` has a fault that `before` did not have; a refused schema already refuses every valid one."""
    excused = _faults(before)
    if "broken" in excused:
        return False
    return any(
        fault not in excused and not ("refused" in excused and fault.startswith(("valid:", "changed:", "limited:")))
        for fault in _faults(after)
    )


def compare(baseline: Mapping[str, str], outcomes: Iterable[Outcome]) -> Comparison:
    """Compares some or all outcomes with the baseline."""
    found: dict[str, list[Change]] = {"worse": [], "better": [], "other": [], "slower": []}
    new, work_before, work_after = [], 0, 0
    for outcome in outcomes:
        if outcome.id not in baseline:
            new.append(outcome.id)
            continue
        after = describe_outcome(outcome)
        before, work = parted(baseline[outcome.id])
        if before != after:
            kind = "worse" if is_worse(before, after) else "better" if is_worse(after, before) else "other"
            found[kind].append(Change(outcome.id, before, after))
            continue
        for part, num_before, num_after in zip(PARTS, work, _work_of(outcome), strict=False):
            if num_before is None or num_after is None:
                continue
            work_before, work_after = work_before + num_before, work_after + num_after
            if num_after > WORK_SHARE * num_before + WORK_UNITS:
                found["slower"].append(Change(outcome.id, f"{part} {num_before:,}", f"{num_after:,} units of work"))
    groups = {kind: tuple(changes) for kind, changes in found.items()}
    return Comparison(**groups, new=tuple(new), work_share=work_after / work_before if work_before else None)


def parted(line: str) -> tuple[str, list[int | None]]:
    """Splits a line into its outcome and its work by `PARTS`; work is None if the line states none."""
    outcome, _, work = line.partition(_WORK)
    return outcome, [int(units) if units else None for units in work.split("+")]


def _work_of(outcome: Outcome) -> tuple[int | None, ...]:
    """Returns the work of an outcome by `PARTS`."""
    return (outcome.num_units, outcome.num_walk_units) if outcome.status == "compiled" else (None, None)


def _line(outcome: Outcome, before: str) -> str:
    """Returns the outcome with its work, rounded to two digits; without walks, their former work is kept."""
    stated = [*parted(before)[1], None]
    work = [stated[part] if units is None else _rounded(units) for part, units in enumerate(_work_of(outcome))]
    if outcome.status != "compiled":
        return describe_outcome(outcome)
    return describe_outcome(outcome) + _WORK + "+".join(str(units) for units in work if units is not None)


def _rounded(units: int) -> int:
    return round(units, 2 - len(str(units)))


def read_baseline(path: Path) -> dict[str, str]:
    """Reads the outcomes by case id; empty if the file is missing."""
    if not path.exists():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = (line.partition(" ") for line in lines if line and not line.startswith("#"))
    return {case: outcome for case, _, outcome in pairs}


def write_baseline(path: Path, outcomes: Iterable[Outcome]) -> None:
    """Writes the outcomes; other cases of the existing file are kept."""
    lines = read_baseline(path)
    lines |= {outcome.id: _line(outcome, lines.get(outcome.id, "")) for outcome in outcomes}
    write_atomically(path, (HEADER + "".join(f"{case} {line}\n" for case, line in sorted(lines.items()))).encode())


def _faults(line: str) -> set[str]:
    """Returns the faults of an outcome: each wrong verdict, and each operation that reached a limit."""
    if line in BROKEN:
        return {"broken"}
    kind, *rest = line.split(" ")
    if kind not in ("wrong", "right"):
        return {kind}
    groups = (part.split(":") for part in rest)
    return {f"{group}:{index}" for group, indexes in groups for index in indexes.split(",")}
