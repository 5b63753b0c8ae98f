"""What the ratchet calls worse, and how a case is measured and written down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.baseline import compare, describe_outcome, is_worse, read_baseline, write_baseline
from conformance.calls import CallTimes, merged
from conformance.cases import Case, Instance
from conformance.measure import BadWalk, Outcome, Refusal, measure
from conformance.summary import summarize, targets
from conformance.support import support_page
from schemalm.machine import Machine

PUBLISHED = Path(__file__).parents[2] / "docs" / "support.md"
RIGHT = Outcome("a", "s")
REFUSED = Outcome("b", "s", status="refused", keyword="format")
WRONG = Outcome(
    "c", "s", valid_refused=(Refusal(2, "", "type", ""), Refusal(5, "", "type", "")), invalid_accepted=(3,), num_valid=4
)
CRASHED = Outcome("d", "s", status="crashed")
EMPTY = Outcome("e", "s", status="unsatisfiable")


def case_of(*instances: tuple[object, bool], schema: dict[str, object] | bool) -> Case:
    return Case("made-up", "s", schema, "assert", tuple(Instance(value, valid) for value, valid in instances))


def test_outcomes_are_stated_on_one_line() -> None:
    lines = [describe_outcome(outcome) for outcome in (RIGHT, REFUSED, WRONG, CRASHED, EMPTY)]
    assert lines == ["right", "refused format", "wrong valid:2,5 invalid:3", "crashed", "unsatisfiable"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("right", "refused format"),
        ("right", "wrong valid:1"),
        ("right", "unsatisfiable"),
        ("right", "timed out"),
        ("wrong valid:1", "wrong valid:1,2"),
        ("wrong valid:1", "refused type"),
        ("refused type", "wrong invalid:1"),
        ("refused type", "crashed"),
        ("wrong invalid:1", "wrong invalid:2"),
    ],
)
def test_new_faults_are_worse(before: str, after: str) -> None:
    assert is_worse(before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("refused format", "right"),
        ("refused format", "wrong valid:0"),
        ("wrong valid:1,2", "wrong valid:2"),
        ("crashed", "refused type"),
        ("crashed", "out of memory"),
        ("unsatisfiable", "right"),
        ("refused format", "refused type"),
        ("right", "right"),
    ],
)
def test_fewer_or_like_faults_are_not_worse(before: str, after: str) -> None:
    assert not is_worse(before, after)


def test_changes_are_sorted_into_better_worse_other_and_new() -> None:
    baseline = {"a": "refused type", "b": "refused type", "c": "wrong valid:2", "d": "crashed"}
    found = compare(baseline, [RIGHT, REFUSED, WRONG, CRASHED, EMPTY])
    assert [str(change) for change in found.better] == ["a: refused type -> right"]
    assert [change.id for change in found.other] == ["b"]
    assert [str(change) for change in found.worse] == ["c: wrong valid:2 -> wrong valid:2,5 invalid:3"]
    assert found.new == ("e",)


def test_a_baseline_reads_back_and_keeps_cases_that_were_not_run(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "x.txt"
    assert read_baseline(file) == {}
    write_baseline(file, [CRASHED, REFUSED])
    write_baseline(file, [RIGHT, Outcome("d", "s", status="timed out")])
    assert read_baseline(file) == {"a": "right work:0", "b": "refused format", "d": "timed out"}
    assert [line.split(" ")[0] for line in file.read_text().splitlines()] == ["#", "a", "b", "d"]


def test_a_case_is_measured_by_encoding_alone() -> None:
    schema: dict[str, object] = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    # The third verdict and the fourth are false, so that the grammar is the one that departs.
    case = case_of(({"a": "x"}, True), ({}, False), ({"a": 1}, True), ({"a": "y", "b": 1}, False), schema=schema)
    found = measure(case, num_walks=3)
    assert found.status == "compiled"
    assert [(refusal.instance, refusal.pointer, refusal.keyword) for refusal in found.valid_refused] == [
        (2, "/a", "type")
    ]
    assert found.invalid_accepted == (3,)
    assert (found.num_walks, found.bad_walks, found.changed) == (3, (), ())
    assert found.uses["type"] == {"construction": 2}
    assert found.compile_milliseconds > 0
    assert found.num_tokens > 256


def test_what_no_value_satisfies_is_right_where_no_instance_is_valid() -> None:
    assert measure(case_of((1, False), schema=False), 0).is_right
    wrong = measure(case_of((1, False), (2, True), schema=False), 0)
    assert describe_outcome(wrong) == "wrong valid:1"


def test_a_refused_schema_names_keyword_and_place() -> None:
    found = measure(case_of((1, True), schema={"properties": {"a": {"$ref": "https://example.org/a.json"}}}), 0)
    assert (found.status, found.keyword, found.pointer) == ("refused", "$ref", "/properties/a/$ref")
    assert not found.is_right


def test_figures_count_verdicts_only_where_there_is_a_grammar() -> None:
    walked = Outcome("f", "s", num_walks=2, bad_walks=(BadWalk(1, "type"),), uses={"type": {"construction": 3}})
    summary = summarize([RIGHT, REFUSED, WRONG, CRASHED, EMPTY, walked])
    assert (summary.num_schemas, summary.num_compiled, summary.num_refused, summary.num_right) == (6, 3, 1, 3)
    assert (summary.num_valid, summary.num_valid_refused, summary.num_invalid_accepted) == (4, 2, 1)
    assert (summary.refused_by, summary.broken) == ({"format": 1}, {"crashed": 1})
    met = {target.figure: target.met for target in targets({"jsonschemabench": [RIGHT, WRONG, walked]})}
    assert not met["invalid instances accepted"]
    assert not met["random walks that are invalid"]
    assert met["valid instances refused"]


def test_the_support_page_counts_occurrences_and_official_groups() -> None:
    official = [Outcome(f"draft7/type/{number}", "draft7 required", uses={"type": {"guard": 1}}) for number in (0, 1)]
    page = support_page({"jsonschemabench": [RIGHT, REFUSED, WRONG], "json-schema-test-suite": official})
    assert "| `type` | 0 | 2 | 0 | 2 of 2 | 0 |" in page
    assert "| `format` | 0 | 0 | 0 | 0 of 0 | 1 |" in page
    assert "| `type` | 2 of 2 |" in page
    assert "valid refused, invalid accepted" in page


def test_the_support_page_names_the_patterns_that_are_commonly_misread() -> None:
    page = support_page({})
    section = page[page.index("## Patterns that are commonly misread") :]
    assert "| `\\A` | `\\A` is the letter A in JSON Schema; the anchors are ^ and $ |" in section
    assert PUBLISHED.read_text(encoding="utf-8").endswith(section)


def test_the_support_page_names_the_labels_that_are_doubtful() -> None:
    page = support_page({})
    first = page.index("These labels of the data sets are doubtful.")
    section = page[first : page.index("## Departures from the specification")]
    assert "| schemastore | pre-commit-config | local-missing-entry.json | invalid | " in section
    assert section in PUBLISHED.read_text(encoding="utf-8")


def test_the_published_page_has_every_departure() -> None:
    section = support_page({}).split("## ")[-2]
    assert section.startswith("Departures")
    assert section in PUBLISHED.read_text(encoding="utf-8")


def worked(units: int, walks: int | None = None, **changes: Any) -> Outcome:
    return Outcome("a", "s", num_units=units, num_walk_units=walks, **changes)


def test_the_baseline_states_the_work_of_a_case_to_two_digits(tmp_path: Path) -> None:
    file = tmp_path / "baseline.txt"
    write_baseline(file, [worked(123_456, 78)])
    assert read_baseline(file) == {"a": "right work:120000+78"}
    write_baseline(file, [worked(9_999)])  # a run without walks
    assert read_baseline(file) == {"a": "right work:10000+78"}


@pytest.mark.parametrize(
    ("outcome", "slower"),
    [
        (worked(100_000, 50_000), []),
        (worked(126_000, 50_000), []),
        (worked(128_000, 50_000), ["a: instances 100,000 -> 128,000 units of work"]),
        (worked(100_000, 70_000), ["a: walks 50,000 -> 70,000 units of work"]),
        (worked(500), []),
        (worked(10**9, status="crashed"), []),
    ],
)
def test_a_case_that_takes_more_work_is_slower(outcome: Outcome, slower: list[str]) -> None:
    found = compare({"a": "right work:100000+50000"}, [outcome])
    assert [str(change) for change in found.slower] == slower
    assert found.fails == bool(slower or found.worse)


def test_a_baseline_without_work_holds_verdicts_alone() -> None:
    found = compare({"a": "right"}, [worked(10**9)])
    assert (found.fails, found.work_share) == (False, None)


def test_a_call_that_meets_a_limit_is_worse_than_one_that_does_not() -> None:
    limited = worked(5, limited={"mask": "call_work", "explanation": "call_work"})
    assert describe_outcome(limited) == "right limited:explanation,mask"
    assert is_worse("right", "right limited:mask")
    assert is_worse("right limited:mask", "right limited:encode,mask")
    assert not is_worse("right limited:encode,mask", "right limited:mask")
    assert not is_worse("refused oneOf", "right limited:mask")
    assert summarize([limited]).num_limited == 1


def test_walks_ask_for_masks_and_completions_and_every_call_is_timed() -> None:
    schema: dict[str, object] = {"type": "array", "items": {"enum": [1, 2]}, "minItems": 2}
    found = measure(case_of(([1, 2], True), ([3], False), schema=schema), num_walks=3)
    assert {"encode", "explanation", "mask", "advance", "completion", "decode"} == found.calls.keys()
    assert found.calls["mask"].num_calls == found.calls["advance"].num_calls > 3
    assert found.calls["completion"].num_calls >= 6
    assert found.num_walk_units is not None
    assert measure(case_of(schema=schema), num_walks=0).num_walk_units is None


def test_a_walk_that_meets_a_limit_ends_and_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    def costly(machine: Machine) -> list[int]:
        machine.grammar.budget._max_units = 0
        machine.grammar.budget.work(1)
        return []

    monkeypatch.setattr(Machine, "completion", costly)
    found = measure(case_of(([1], True), schema=True), num_walks=2)
    assert (found.status, found.limited, found.num_walks) == ("compiled", {"completion": "call_work"}, 0)


def test_percentiles_of_calls_are_told_to_an_eighth() -> None:
    times = CallTimes()
    for milliseconds in range(1, 1001):
        times.add(float(milliseconds))
    for share in (0.01, 0.5, 0.99):
        assert share * 1000 <= times.percentile(share) <= share * 1000 * 1.125
    assert (times.percentile(1.0), times.num_calls, times.total_milliseconds) == (1000.0, 1000, 500_500.0)
    whole = merged([{"mask": times}, {"mask": times, "encode": CallTimes()}])
    assert (whole["mask"].num_calls, whole["encode"].percentile(0.5)) == (2000, 0.0)
