"""Cut documents are gone on with, and parts are written anew: all that is given stays."""

from __future__ import annotations

import json
import random
from typing import Any

import jsonschema_rs
import pytest

from schemalm.checking import Checker
from schemalm.documents import dump_document, parse_document
from schemalm.documents.value_paths import outermost, parse_path, replaced, value_at
from schemalm.errors import ConfigurationError, DocumentError, PromptError
from schemalm.generation import Run, complete, regenerate
from schemalm.generation.generate import generate

GIVEN = """\
# A service.
name:   "build"   # its name
kind: job

env: {A: 'on', "B": 2}
steps:
-   uses: checkout
-   name: make
    run: |
      make all
      mak"""
VALUE: dict[str, Any] = {
    "name": "a",
    "kind": "job",
    "env": {"A": "on", "B": 0.5},
    "steps": [{"uses": "checkout"}, {"name": "build", "run": "make all\n"}, {"run": "make test"}],
}


def check_endings(run: Run, text: str, alternatives: int = 1, *, is_json: bool = False, **settings: Any) -> list[Any]:
    """Return the values of the endings of a text, which begin with it byte for byte and are valid."""
    judge = jsonschema_rs.validator_for(run.tokenizer.grammar.schema)
    endings = complete(run, text, alternatives, is_json=is_json, max_tokens=40, **settings)
    for ending in endings:
        assert ending.text.startswith(text)
        assert parse_document(ending.text, json_only=is_json) == ending.value
        assert judge.is_valid(ending.value)
        assert ending.logprob <= 0
    return [ending.value for ending in endings]


def test_the_given_text_is_kept_and_the_scalar_at_the_cursor_goes_on(run: Run) -> None:
    for seed in range(4):
        (value,) = check_endings(run, GIVEN, seed=seed, temperature=1.0)
        assert value["name"] == "build"
        assert value["env"] == {"A": "on", "B": 2}
        assert value["steps"][0] == {"uses": "checkout"}
        assert value["steps"][1]["run"].startswith("make all\nmak")


@pytest.mark.slow
def test_a_text_is_gone_on_with_wherever_it_is_cut(run: Run) -> None:
    text = GIVEN + "e test\n-   run: exit\n"
    for end in range(0, len(text), 3):
        check_endings(run, text[:end], seed=end, temperature=1.0)


@pytest.mark.slow
@pytest.mark.parametrize("indent", [None, 2])
def test_json_is_gone_on_with_wherever_it_is_cut(run: Run, indent: int | None) -> None:
    text = json.dumps(VALUE, indent=indent)
    for end in range(0, len(text), 3):
        check_endings(run, text[:end], seed=end, temperature=1.0, is_json=True)


@pytest.mark.parametrize(
    ("text", "is_begun"),
    [
        ("ki", lambda value: "kind" in value),
        ("kind: serv", lambda value: value["kind"] == "service"),
        ("kind: job\nsteps:\n  - us", lambda value: "uses" in value["steps"][0]),
        ("kind: job\nsteps:\n  -", lambda value: value["steps"]),
        ("kind: job\nenv:\n  LEV", lambda value: any(key.startswith("LEV") for key in value["env"])),
        ("kind: job\nreplicas: 1", lambda value: str(value["replicas"]).startswith("1")),
        ("kind: job\nname: 'it''", lambda value: value["name"].startswith("it")),
        ("", lambda value: value["kind"]),
        ("# only a comment", lambda value: value["kind"]),
    ],
)
def test_what_the_cursor_is_in_goes_on(run: Run, text: str, is_begun: Any) -> None:
    (value,) = check_endings(run, text)
    assert is_begun(value)


def test_json_goes_on_in_json(run: Run) -> None:
    (value,) = check_endings(run, '{\n  "kind": "jo', is_json=True)
    assert value["kind"] == "job"


def test_line_breaks_stay_those_of_the_text(run: Run) -> None:
    text = "kind: job\r\nsteps:\r\n  - uses: x\r\n  -"
    (ending,) = complete(run, text, max_tokens=40)
    assert ending.text.startswith(text)
    assert "\n" not in ending.text.replace("\r\n", "")
    assert parse_document(ending.text) == ending.value


def test_a_whole_document_may_end_where_it_is(run: Run) -> None:
    text = dump_document(VALUE)
    endings = complete(run, text, 3, max_tokens=40, temperature=1.0)
    assert all(ending.text.startswith(text) for ending in endings)
    assert all(ending.value["steps"][: len(VALUE["steps"])] == VALUE["steps"] for ending in endings)


def test_a_text_that_cannot_go_on_is_given_back(run: Run) -> None:
    text = '{"kind": "job", "steps": [{"run": "x"}]}\n'
    (ending,) = complete(run, text, 3, is_json=True)
    assert (ending.text, ending.value) == (text, {"kind": "job", "steps": [{"run": "x"}]})


def test_alternatives_are_different_and_the_likeliest_comes_first(run: Run) -> None:
    endings = complete(run, "name: ser", 3, max_tokens=40, temperature=1.0)
    assert len({ending.text for ending in endings}) == len(endings) == 3
    logprobs = [ending.logprob for ending in endings]
    assert logprobs == sorted(logprobs, reverse=True)


def test_equal_seeds_give_equal_endings(run: Run) -> None:
    first = complete(run, "name: ser", 2, seed=5, max_tokens=40)
    assert first == complete(run, "name: ser", 2, seed=5, max_tokens=40)


def test_what_is_given_does_not_use_up_the_budget(run: Run) -> None:
    text = dump_document(VALUE | {"name": "word " * 200}) + "  - ru"
    (value,) = check_endings(run, text)
    assert "run" in value["steps"][-1]


@pytest.mark.parametrize(
    ("text", "pointer", "reason"),
    [
        ("kind: daemon\n", "/kind", "is not one of"),
        ("kind: job\nreplicas: 1.5\nname: x", "/replicas", "1.5"),
        ("kind: job\nsteps:\n  - run: x\n    uses: y\n  - ", "/steps/0", "uses"),
        ("kin: ", "/kin", "the key 'kin' is not allowed here"),
    ],
)
def test_a_text_that_contradicts_the_schema_is_refused_with_pointer_and_reason(
    run: Run, text: str, pointer: str, reason: str
) -> None:
    with pytest.raises(PromptError) as caught:
        complete(run, text)
    assert caught.value.pointer == pointer
    assert reason in caught.value.message


@pytest.mark.parametrize(
    ("text", "line", "column"), [("kind: job\nname: a: b", 2, 8), ("kind: job\nkind: job\n", 2, 1)]
)
def test_a_text_that_is_wrong_before_the_cursor_is_refused_with_its_place(
    run: Run, text: str, line: int, column: int
) -> None:
    with pytest.raises(DocumentError) as caught:
        complete(run, text, source="cut.yml")
    assert (caught.value.source, caught.value.line, caught.value.column) == ("cut.yml", line, column)


@pytest.mark.parametrize(
    "settings", [{"alternatives": 0}, {"max_tokens": 0}, {"temperature": -1}, {"seed": -1}, {"alternatives": 1.5}]
)
def test_settings_out_of_range_are_refused(run: Run, settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        complete(run, "kind: job\n", **settings)


def without(value: Any, paths: list[tuple[str | int, ...]]) -> Any:
    """Return a value whose parts are all null."""
    for path in outermost(paths):
        value = replaced(value, path, None)
    return value


@pytest.mark.parametrize(
    "parts",
    [
        ["steps[1]"],
        ["/steps/1/run"],
        ["name", "env"],
        ["env.B"],
        ["steps[0]", "steps[2]"],
        ["steps[1].run", "steps[1]"],
        ["steps", "steps[1]"],
        ["steps[0]", "/steps/0"],
    ],
)
def test_all_but_the_parts_is_unchanged(run: Run, parts: list[str]) -> None:
    judge = jsonschema_rs.validator_for(run.tokenizer.grammar.schema)
    paths = [parse_path(part) for part in parts]
    for seed in range(3):
        document = regenerate(run, VALUE, parts, seed=seed, tries=2, max_tokens=30, temperature=1.0)
        assert judge.is_valid(document.value)
        assert run.tokenizer.decode(document.tokens) == document.value
        assert without(document.value, paths) == without(VALUE, paths)


def test_a_part_is_written_anew(run: Run) -> None:
    documents = [regenerate(run, VALUE, ["steps[1]"], seed=seed, tries=1, temperature=1.0) for seed in range(6)]
    assert any(value_at(document.value, ("steps", 1)) != VALUE["steps"][1] for document in documents)


def test_the_whole_document_may_be_written_anew(run: Run) -> None:
    documents = [regenerate(run, VALUE, [""], seed=seed, tries=1, max_tokens=40) for seed in range(4)]
    assert len({str(document.value) for document in documents}) > 1


def test_of_several_tries_the_one_that_fits_what_follows_is_kept(run: Run) -> None:
    asked: dict[str, Any] = {"parts": ["name"], "max_tokens": 30, "temperature": 1.5}
    best = regenerate(run, VALUE, tries=6, **asked)
    assert best == regenerate(run, VALUE, tries=6, **asked)
    assert best.value["steps"] == VALUE["steps"]


@pytest.mark.parametrize(
    ("part", "pointer", "reason"),
    [
        ("steps[3]", "/steps/3", "the list has 3 items"),
        ("jobs", "/jobs", "the object has name, kind, env, steps"),
        ("kind.x", "/kind/x", "'job' has no parts"),
        ("a..b", None, "is no path"),
    ],
)
def test_a_part_that_does_not_exist_is_refused(run: Run, part: str, pointer: str | None, reason: str) -> None:
    with pytest.raises(PromptError, match=reason) as caught:
        regenerate(run, VALUE, ["name", part])
    assert caught.value.pointer == pointer


def test_a_rest_that_contradicts_the_schema_is_refused(run: Run) -> None:
    with pytest.raises(PromptError, match="is not one of") as caught:
        regenerate(run, VALUE | {"kind": "daemon"}, ["name"])
    assert caught.value.pointer == "/kind"


def test_a_wrong_part_may_be_written_anew(run: Run) -> None:
    document = regenerate(run, VALUE | {"kind": "daemon"}, ["kind"])
    assert document.value == VALUE | {"kind": document.value["kind"]}


@pytest.mark.slow
def test_random_parts_of_random_documents_are_written_anew(run: Run) -> None:
    chance = random.Random(1)
    judge = jsonschema_rs.validator_for(run.tokenizer.grammar.schema)
    for document in generate(run, num_samples=20, temperature=1.2, max_tokens=60):
        path: list[str | int] = []
        here = document.value
        while isinstance(here, dict | list) and here and (not path or chance.random() < 0.7):
            part = chance.choice([*here]) if isinstance(here, dict) else chance.randrange(len(here))
            path.append(part)
            here = here[part]
        pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)
        found = regenerate(run, document.value, [pointer], tries=2, max_tokens=30, temperature=1.2)
        assert judge.is_valid(found.value)
        assert replaced(found.value, path, None) == replaced(document.value, path, None)


@pytest.mark.slow
def test_a_reference_at_the_cursor_goes_on_to_a_name_that_is_declared(strict_run: Run) -> None:
    text = "on: push\njobs:\n  first:\n    runs-on: x\n    steps:\n      - run: make\n  second:\n    needs:"
    (ending,) = complete(strict_run, text, max_tokens=20)
    assert ending.text.startswith(text)
    assert not Checker(strict_run.tokenizer.grammar).failures(ending.value)


@pytest.mark.slow
@pytest.mark.parametrize("before", ["", "concurrency: {group: x}\n", "permissions: {}\nconcurrency: {group: x}\n"])
def test_a_reference_that_is_cut_off_may_stand_behind_any_key(strict_run: Run, before: str) -> None:
    text = (
        f"on: push\n{before}jobs:\n  test:\n    strategy:\n      matrix:\n        python: ['3.13']\n"
        "    name: Test ${{ matrix.python }} on ${{ m"
    )
    (ending,) = complete(strict_run, text, max_tokens=20)
    assert ending.text.startswith(text)
    assert not Checker(strict_run.tokenizer.grammar).failures(ending.value)
