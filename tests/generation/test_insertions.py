"""What an editor may insert: all keys and constants that the schema leaves, and texts that the model finds likely."""

from __future__ import annotations

from typing import Any

import pytest
from tests.generation.conftest import SCHEMA

from schemalm.documents import parse_document
from schemalm.documents.cut import read_cut
from schemalm.documents.cut.word import read_word
from schemalm.documents.writing import YAMLWriter
from schemalm.errors import PromptError
from schemalm.generation import Run
from schemalm.generation.completing import continued
from schemalm.generation.insertions import MAX_INSERTIONS, Insertion, insertions
from schemalm.generation.prompts import prompt_tables


def found_at(run: Run, text: str, **settings: Any) -> list[Insertion]:
    word = read_word(text)
    assert word is not None
    return insertions(run, word, **settings)


def keys(found: list[Insertion]) -> set[Any]:
    return {each.value for each in found if each.is_key}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kind: ", {"service", "job"}),
        ("kind: j", {"job"}),
        ('kind: "', {"service", "job"}),
        ('{"kind": "j', {"job"}),
    ],
)
def test_all_constants_are_found(run: Run, text: str, expected: set[str]) -> None:
    found = found_at(run, text)
    assert {each.value for each in found} == expected
    assert not keys(found)
    assert sum(each.probability for each in found) == pytest.approx(1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # `kind` and `steps` are required, and nevertheless any key may be written first.
        ("", {"name", "kind", "replicas", "env", "steps"}),
        ("na", {"name", "kind", "replicas", "env", "steps"}),
        # The usual order is name, kind, replicas, env, steps; a person may write another one.
        ("steps: [{run: a}]\n", {"name", "kind", "replicas", "env"}),
        ("kind: job\nsteps: [{run: a}]\nreplicas: 1\n", {"name", "env"}),
        ('{"kind": "job", "', {"name", "replicas", "env", "steps"}),
        ("kind: job\nsteps:\n  - ", {"run", "uses", "name"}),
        ("kind: job\nsteps:\n  - run: a\n    ", {"name"}),
        ("kind: job\nsteps:\n  - run: a\n", {"name", "replicas", "env"}),
        ("{kind: job, ", {"name", "replicas", "env", "steps"}),
    ],
)
def test_all_keys_are_found_in_any_order(run: Run, text: str, expected: set[str]) -> None:
    found = found_at(run, text)
    assert keys(found) == expected
    assert [each.probability for each in found] == sorted((each.probability for each in found), reverse=True)


def test_the_keys_are_those_with_which_a_document_exists(run: Run) -> None:
    given = "kind: job\nenv: {A: b}\n"
    possible = set()
    for key in SCHEMA["properties"]:
        try:
            prompt_tables(run.tokenizer, {**parse_document(given), key: ...})
        except PromptError:
            continue
        possible.add(key)
    assert keys(found_at(run, given)) == possible - {"kind", "env"}


def test_a_free_key_is_a_text_that_the_model_finds_likely(run: Run) -> None:
    found = found_at(run, "kind: job\nenv:\n  ")
    assert found
    for each in found:
        assert each.is_key
        continued(run, read_cut(f"kind: job\nenv:\n  {YAMLWriter().key(str(each.value))}: "))


def test_texts_go_on_with_what_is_written_and_numbers_are_numbers(run: Run) -> None:
    assert all(str(each.value).startswith("serv") for each in found_at(run, "kind: job\nname: serv"))
    replicas = found_at(run, "kind: job\nreplicas: ")
    assert replicas
    assert {type(each.value) for each in replicas} <= {int, float}
    kinds = {type(each.value) for each in found_at(run, "kind: job\nenv:\n  A: ")}
    assert kinds <= {str, int, float}


@pytest.mark.parametrize("text", ["", "kind: job\n", "kind: job\nsteps:\n  - ", "name: ", "kind: job\nenv:\n  A: "])
def test_everything_that_is_found_has_an_ending(run: Run, text: str) -> None:
    for each in found_at(run, text)[:8]:
        writer = YAMLWriter()
        written = f"{writer.key(str(each.value))}: " if each.is_key else writer.inline(each.value)
        continued(run, read_cut(f"{text}{written}"))


def test_a_search_whose_time_is_over_returns_what_it_has(run: Run) -> None:
    asked = []

    def is_over() -> bool:
        asked.append(1)
        return len(asked) > 1

    assert len(found_at(run, "name: ", is_over=is_over)) <= MAX_INSERTIONS
    with pytest.raises(PromptError):
        found_at(run, "name: ", is_over=lambda: True)


def test_a_place_that_no_document_has_is_refused(run: Run) -> None:
    with pytest.raises(PromptError):
        found_at(run, "size: ")


@pytest.mark.slow
def test_a_free_key_that_is_missing_is_written_whole_before_others_are_looked_for(workflow_run: Run) -> None:
    # `jobs` needs at least one job, whose name takes several tokens.
    found_at(workflow_run, "on: push\njobs:\n  ")
    assert "runs-on" in keys(found_at(workflow_run, "on: push\njobs:\n  test:\n    "))
