"""The ratchet: one line of text per case, and which changes of it are for the worse.

    <id> right                          every instance is judged as it should
    <id> unsatisfiable                  refused because no value satisfies the schema, and no instance is valid
    <id> refused <keyword>              the schema is refused
    <id> wrong valid:2,5 invalid:3      instances 2 and 5 are refused though valid, 3 is accepted though invalid;
                                        changed:4 decodes to another value
    <id> crashed | timed out | out of memory

A file holds the cases of one data set, sorted; lines that begin with `#` are comments.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from conformance.measure import Outcome
from schemalm.files import write_atomically

BROKEN = ("crashed", "timed out", "out of memory")
HEADER = "# Outcomes by case; `make conformance UPDATE=1` writes this file.\n"


@dataclass(frozen=True)
class Change:
    """A case whose outcome is not the committed one."""

    id: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.id}: {self.before} -> {self.after}"


@dataclass(frozen=True)
class Comparison:
    """Changes against the baseline. other: neither better nor worse, such as another keyword. new: unknown cases."""

    worse: tuple[Change, ...]
    better: tuple[Change, ...]
    other: tuple[Change, ...]
    new: tuple[str, ...]


def describe_outcome(outcome: Outcome) -> str:
    """The outcome as the baseline states it."""
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
    """Whether `after` has a fault that `before` had not; a refused schema already refuses every valid instance."""
    excused = _faults(before)
    if "broken" in excused:
        return False
    return any(
        fault not in excused and not ("refused" in excused and fault.startswith(("valid:", "changed:")))
        for fault in _faults(after)
    )


def compare(baseline: Mapping[str, str], outcomes: Iterable[Outcome]) -> Comparison:
    """Compares outcomes, all or some, with the baseline."""
    found: dict[str, list[Change]] = {"worse": [], "better": [], "other": []}
    new = []
    for outcome in outcomes:
        after = describe_outcome(outcome)
        before = baseline.get(outcome.id)
        if before is None:
            new.append(outcome.id)
        elif before != after:
            kind = "worse" if is_worse(before, after) else "better" if is_worse(after, before) else "other"
            found[kind].append(Change(outcome.id, before, after))
    return Comparison(tuple(found["worse"]), tuple(found["better"]), tuple(found["other"]), tuple(new))


def read_baseline(path: Path) -> dict[str, str]:
    """Outcomes by case id; empty where the file is missing."""
    if not path.exists():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = (line.partition(" ") for line in lines if line and not line.startswith("#"))
    return {case: outcome for case, _, outcome in pairs}


def write_baseline(path: Path, outcomes: Iterable[Outcome]) -> None:
    """Writes the outcomes; cases of the present file that are not among them stay."""
    lines = read_baseline(path) | {outcome.id: describe_outcome(outcome) for outcome in outcomes}
    write_atomically(path, (HEADER + "".join(f"{case} {line}\n" for case, line in sorted(lines.items()))).encode())


def _faults(line: str) -> set[str]:
    if line in BROKEN:
        return {"broken"}
    kind, *rest = line.split(" ")
    if kind != "wrong":
        return set() if kind == "right" else {kind}
    groups = (part.split(":") for part in rest)
    return {f"{group}:{index}" for group, indexes in groups for index in indexes.split(",")}
