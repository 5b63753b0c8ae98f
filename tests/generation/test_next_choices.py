"""What may come next at the cursor: what the schema leaves, with the probabilities of the model."""

from __future__ import annotations

import pytest

from schemalm.documents.cut import read_cut
from schemalm.errors import PromptError
from schemalm.generation import Run, complete
from schemalm.generation.next_choices import Cursor, NextChoices, next_choices


def found_at(run: Run, text: str, *, is_json: bool = False) -> NextChoices:
    return next_choices(run, read_cut(text, is_json=is_json))


def meanings(found: NextChoices) -> set[tuple[str, str]]:
    return {(choice.what, choice.text) for choice in found.choices}


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [
        ("", "", {("key", "name"), ("key", "kind")}),
        ("{", "", {("key", "name"), ("key", "kind")}),
        ("kind: ", "kind", {("value", "service"), ("value", "job")}),
        ("kind: j", "kind", {("value", "job")}),
        ('{"kind": "j', "kind", {("value", "job")}),
        ("kind: job\n", "", {("key", "replicas"), ("key", "env"), ("key", "steps")}),
        ("kind: job\nre", "", {("key", "replicas")}),
        # `kind` is missing before the cursor: the model writes it.
        ("name: x\nst", "", {("key", "steps")}),
        ("kind: job\nsteps: [", "steps", {("item", "")}),
        ("kind: job\nsteps: [{uses: a}", "steps", {("item", ""), ("end", "")}),
        ("kind: job\nsteps:\n  - uses: a\n", "steps[]", {("end", "")}),
    ],
)
def test_the_choices_are_those_that_the_schema_leaves(
    run: Run, text: str, place: str, expected: set[tuple[str, str]]
) -> None:
    found = found_at(run, text)
    assert (found.place, meanings(found)) == (place, expected)
    chances = [choice.probability for choice in found.choices]
    assert sum(chances) == pytest.approx(1)
    assert chances == sorted(chances, reverse=True)


def test_a_text_goes_on_with_what_is_written_of_it(run: Run) -> None:
    found = found_at(run, "kind: job\nname: ser")
    assert found.place == "name"
    assert all(choice.text.startswith("ser") for choice in found.choices)
    assert {choice.what for choice in found.choices} <= {"text", "value"}


def test_choices_at_an_empty_beginning_are_found_in_the_current_tables(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = found_at(run, "")
    monkeypatch.setattr("schemalm.machine.shared_tables.MAX_STATES_ADDED", -1)
    cursor = Cursor(run, read_cut(""))
    assert run.tokenizer.tables not in [machine.tables for machine in cursor.document.machines]
    assert cursor.choices() == expected


def test_the_likeliest_choice_is_what_a_completion_takes(run: Run) -> None:
    for text in ("kind: ", "kind: job\n"):
        likeliest = found_at(run, text).choices[0].text
        (ending,) = complete(run, text, temperature=0, max_tokens=30)
        assert ending.text.removeprefix(text).startswith(likeliest)


def test_a_text_that_no_document_begins_with_is_refused(run: Run) -> None:
    with pytest.raises(PromptError, match="/kind"):
        found_at(run, "kind: worker\n")
