"""Endings, parts written anew, what may come next, and all errors, over HTTP as in Python."""

from __future__ import annotations

import math
from typing import Any

import pytest

pytest.importorskip("starlette", reason="needs the extra `serve`")
pytest.importorskip("uvicorn", reason="needs the extra `serve`")
from tests.generation.conftest import SCHEMA
from tests.serving.conftest import Server

from schemalm import complete
from schemalm.documents import parse_document, value_digest
from schemalm.generation import Run, score
from schemalm.judging import Message, Verdict

BEGINNING = "kind: job  # a comment\nname: serv"
DOCUMENT = "kind: job  # a comment\nname: service\nsteps:\n  - uses: checkout\n  - run: make\n"


def test_endings_keep_every_byte_and_the_likeliest_comes_first(server: Server, run: Run) -> None:
    settings = {"alternatives": 2, "seed": 4, "max_tokens": 40}
    found = server.answer("/schemalm/v1/complete", {"text": BEGINNING, **settings})
    expected = complete(run, BEGINNING, **settings)
    assert [ending["text"] for ending in found["endings"]] == [ending.text for ending in expected]
    assert all(ending["text"] == BEGINNING + ending["added"] for ending in found["endings"])
    assert sum(ending["share"] for ending in found["endings"]) == pytest.approx(1)
    assert (found["valid"], found["schema_sha256"]) == (True, value_digest(SCHEMA).hex())


def test_json_goes_on_as_json(server: Server) -> None:
    found = server.answer("/schemalm/v1/complete", {"text": '{"kind": "jo', "format": "json", "max_tokens": 30})
    (ending,) = found["endings"]
    assert ending["value"] == parse_document(ending["text"], json_only=True)
    status, error = server.error("/schemalm/v1/complete", {"text": "kind: job", "format": "json"})
    assert (status, error["line"]) == (400, 1)


def test_a_part_is_written_anew_and_the_rest_stays_as_it_is(server: Server) -> None:
    asked = {"text": DOCUMENT, "parts": ["steps[1]"], "tries": 2, "max_tokens": 30, "seed": 1}
    found = server.answer("/schemalm/v1/regenerate", asked)
    assert found["text"].startswith(DOCUMENT.partition("  - run")[0])
    assert parse_document(found["text"]) == found["value"]
    assert found["value"]["steps"][0] == {"uses": "checkout"}
    assert found == server.answer("/schemalm/v1/regenerate", asked)


@pytest.mark.parametrize(
    ("text", "parts", "code"),
    [
        (DOCUMENT, ["steps[7]"], "impossible_prompt"),
        ("kind: worker", ["name"], "impossible_prompt"),
        ("a: '", ["a"], "unreadable_document"),
    ],
)
def test_a_part_that_is_not_there_is_refused(server: Server, text: str, parts: list[str], code: str) -> None:
    status, error = server.error("/schemalm/v1/regenerate", {"text": text, "parts": parts})
    assert (status, error["code"]) == (400, code)


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [
        ("kind: ", "kind", {("value", "service"), ("value", "job")}),
        ("kind: job\nst", "", {("key", "steps")}),
        ("kind: job\nsteps:\n  - uses: checkout\n    ", "steps[]", {("end", "")}),
        ("kind: job\nname: x\n", "", {("key", "replicas"), ("key", "env"), ("key", "steps")}),
    ],
)
def test_what_may_come_next_is_told_with_probabilities(
    server: Server, text: str, place: str, expected: set[tuple[str, str]]
) -> None:
    found = server.answer("/schemalm/v1/next", {"text": text})
    assert found["place"] == place
    assert {(choice["what"], choice["text"]) for choice in found["choices"]} == expected
    assert sum(choice["probability"] for choice in found["choices"]) == pytest.approx(1)


def test_as_many_choices_are_told_as_asked_for(server: Server) -> None:
    found = server.answer("/schemalm/v1/next", {"text": "kind: ", "limit": 1})
    assert (len(found["choices"]), found["num_choices"]) == (1, 2)


def test_the_end_of_a_text_that_is_unlikely_still_has_choices(server: Server) -> None:
    found = server.answer("/schemalm/v1/next", {"text": "kind: job\nsteps:\n  - run: zqxj vkwy\n"})
    assert found["choices"][0]["what"] in ("end", "key")


def test_an_item_that_is_begun_is_told_by_its_keys(server: Server) -> None:
    found = server.answer("/schemalm/v1/next", {"text": "kind: job\nsteps:\n  - "})
    assert found["place"] == "steps[]"
    assert {(choice["what"], choice["text"]) for choice in found["choices"]} == {
        ("key", "name"),
        ("key", "run"),
        ("key", "uses"),
    }


def test_tokens_have_their_places_and_probabilities(server: Server, run: Run) -> None:
    found = server.answer("/schemalm/v1/tokens", {"text": DOCUMENT, "limit": 3})["tokens"]
    ids = run.tokenizer.encode(parse_document(DOCUMENT))
    assert [token["token"] for token in found] == [run.tokenizer.describe(token) for token in ids]
    (logprobs,) = score(run, [ids])
    assert [token["probability"] for token in found] == pytest.approx([math.exp(each) for each in logprobs], abs=1e-6)
    written = " ".join(DOCUMENT[start:end] for token in found for start, end in token["spans"])
    assert {"kind:", "job", "steps", "uses", "checkout"} <= {*written.split()}
    assert "comment" not in written
    chosen = [token for token in found if token["likeliest"]]
    assert chosen
    assert all(token["probability"] == 1 for token in found if not token["likeliest"])
    assert all(len(token["likeliest"]) <= 3 for token in chosen)


@pytest.mark.parametrize(
    ("text", "code"),
    [("kind: worker", "invalid_document"), ("kind: 'x", "unreadable_document"), ("", "unreadable_document")],
)
def test_only_valid_documents_have_tokens(server: Server, text: str, code: str) -> None:
    status, error = server.error("/schemalm/v1/tokens", {"text": text})
    assert (status, error["code"]) == (400, code)


def test_all_errors_have_their_places(server: Server) -> None:
    found = server.answer("/schemalm/v1/check", {"text": "kind: worker\nsteps: []\nsize: 3\n"})
    assert [(error["line"], error["pointer"], error["keyword"]) for error in found["findings"]] == [
        (1, "/kind", "enum"),
        (2, "/steps", "minItems"),
        (3, "/size", "additionalProperties"),
    ]
    assert found["valid"] is False
    assert server.answer("/schemalm/v1/check", {"text": DOCUMENT})["valid"] is True
    (unreadable,) = server.answer("/schemalm/v1/check", {"text": "kind: 'x"})["findings"]
    assert unreadable["pointer"] is None


def test_judges_that_are_installed_are_asked(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    class Strict:
        name, title, meaning, why_not = "strict", "strict 1.0", "it likes it", ""

        def judge(self, documents: Any) -> list[Verdict]:
            errors = (Message("too short", 1, "/kind", "length"), Message("too old", 0, "/steps/0/uses"))
            return [Verdict(errors, advice=(Message("no pointer"),)) for _ in documents]

    (served,) = server.context.runs
    monkeypatch.setitem(served.__dict__, "judges", [*served.judges, Strict()])
    found = server.answer("/schemalm/v1/check", {"text": DOCUMENT, "judges": True})
    verdicts = {judge["name"]: judge for judge in found["judges"]}
    assert verdicts["schema"]["accepted"] is True
    assert verdicts["strict"]["errors"] == [
        {"text": "too short", "line": 1, "pointer": "/kind", "kind": "length"},
        {"text": "too old", "line": 4, "pointer": "/steps/0/uses", "kind": ""},
    ]
    assert [each["line"] for each in verdicts["strict"]["advice"]] == [0]
    assert server.answer("/schemalm/v1/check", {"text": DOCUMENT})["judges"] == []
