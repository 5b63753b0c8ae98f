"""The official client of OpenAI's API gets documents of the served schema, whole and in events."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytest.importorskip("starlette", reason="needs the extra `serve`")
pytest.importorskip("uvicorn", reason="needs the extra `serve`")
from tests.generation.conftest import SCHEMA
from tests.serving.conftest import Server

from schemalm import complete, generate
from schemalm.documents import parse_document, value_digest
from schemalm.generation import Run

openai = pytest.importorskip("openai", reason="needs the package `openai`")

BEGINNING = "kind: job\nname: serv"
FORMAT = {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA, "strict": True}}


@pytest.fixture(scope="module")
def client(server: Server) -> Any:
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as found:
        yield found


def user(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def test_models_are_listed_with_the_hash_of_their_schema(client: Any) -> None:
    (model,) = client.models.list()
    assert (model.id, model.schema_sha256) == ("tiny", value_digest(SCHEMA).hex())
    assert client.models.retrieve("tiny") == model
    with pytest.raises(openai.NotFoundError, match="served are: tiny"):
        client.models.retrieve("other")


def test_a_completion_goes_on_with_the_prompt(client: Any, run: Run) -> None:
    settings = {"temperature": 0.9, "top_p": 0.95, "seed": 5, "max_tokens": 50}
    found = client.completions.create(
        model="tiny", prompt=BEGINNING, n=2, logprobs=0, extra_body={"top_k": 50, "min_p": 0.001}, **settings
    )
    (expected,) = complete(run, BEGINNING, top_k=50, min_p=0.001, **settings)
    assert BEGINNING + found.choices[0].text == expected.text
    for index, choice in enumerate(found.choices):
        value = parse_document(BEGINNING + choice.text)
        assert value["kind"] == "job"
        assert value["name"].startswith("serv")
        assert (choice.index, choice.valid) == (index, True)
        assert choice.finish_reason == ("stop" if choice.finish == "complete" else "length")
        assert len(choice.logprobs.tokens) == len(choice.logprobs.token_logprobs)
        assert sum(choice.logprobs.token_logprobs) == pytest.approx(choice.logprob, abs=1e-4)
    assert found.schema_sha256 == value_digest(SCHEMA).hex()
    assert found.usage.total_tokens == found.usage.prompt_tokens + found.usage.completion_tokens


def test_a_message_is_a_document_that_has_what_the_prompt_states(client: Any, run: Run) -> None:
    found = client.chat.completions.create(
        model="tiny", messages=user("kind: job\nsteps: [..., {uses: checkout}]"), seed=3, max_completion_tokens=60
    )
    value = parse_document(found.choices[0].message.content)
    assert value["kind"] == "job"
    assert value["steps"][-1] == {"uses": "checkout"}
    empty = client.chat.completions.create(model="tiny", messages=user(""), seed=3, max_tokens=40)
    assert parse_document(empty.choices[0].message.content) == generate(run, seed=3, max_tokens=40)[0].value


def test_a_chat_can_go_on_with_a_text(client: Any) -> None:
    found = client.chat.completions.create(
        model="tiny",
        messages=user(BEGINNING),
        seed=1,
        max_tokens=40,
        logprobs=True,
        extra_body={"prompt_is": "beginning"},
    )
    choice = found.choices[0]
    assert parse_document(BEGINNING + choice.message.content)["kind"] == "job"
    assert sum(token.logprob for token in choice.logprobs.content) == pytest.approx(choice.logprob, abs=1e-4)


def test_equal_seeds_give_equal_documents_and_no_seed_is_told(client: Any) -> None:
    first = client.completions.create(model="tiny", prompt="", max_tokens=40)
    again = client.completions.create(model="tiny", prompt="", max_tokens=40, seed=first.seed)
    other = client.completions.create(model="tiny", prompt="", max_tokens=40)
    assert first.choices[0].text == again.choices[0].text
    assert first.seed != other.seed


@pytest.mark.parametrize("format", ["yaml", "json"])
def test_the_events_of_a_stream_are_the_text_of_the_whole_answer(
    client: Any, format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schemalm.hosting.growth.SECONDS_BETWEEN", 0)
    asked = {"model": "tiny", "prompt": "", "seed": 2, "max_tokens": 80, "n": 3, "extra_body": {"format": format}}
    whole = client.completions.create(**asked)
    texts, ends, num_events = [""] * 3, [""] * 3, 0
    for event in client.completions.create(stream=True, stream_options={"include_usage": True}, **asked):
        for choice in event.choices:
            num_events += 1
            texts[choice.index] += choice.text
            ends[choice.index] = choice.finish_reason or ends[choice.index]
    assert texts == [choice.text for choice in whole.choices]
    assert ends == [choice.finish_reason for choice in whole.choices]
    assert num_events > 3
    assert event.usage.total_tokens == whole.usage.total_tokens


def test_a_chat_streams_deltas(client: Any) -> None:
    asked = {"model": "tiny", "messages": user("kind: job"), "seed": 2, "max_tokens": 60}
    events = list(client.chat.completions.create(stream=True, **asked))
    whole = client.chat.completions.create(**asked)
    assert events[0].choices[0].delta.role == "assistant"
    assert "".join(event.choices[0].delta.content for event in events) == whole.choices[0].message.content
    assert events[-1].choices[0].valid is True


@pytest.mark.parametrize(
    "given", [{"response_format": FORMAT}, {"extra_body": {"structured_outputs": {"json": SCHEMA}}}]
)
def test_the_served_schema_may_be_named_and_the_answer_is_json(client: Any, given: dict[str, Any]) -> None:
    found = client.chat.completions.create(model="tiny", messages=user("kind: job"), max_tokens=40, **given)
    assert json.loads(found.choices[0].message.content)["kind"] == "job"


def test_another_schema_is_refused_with_those_that_are_served(client: Any) -> None:
    other = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="tiny", messages=user(""), response_format=other)
    error = caught.value.body
    assert (error["code"], error["param"]) == ("schema_not_served", "response_format.json_schema.schema")
    assert error["served_schemas"] == [{"model": "tiny", "schema_sha256": value_digest(SCHEMA).hex()}]


@pytest.mark.parametrize(
    ("field", "value", "param"),
    [
        ("stop", ["\n"], "stop"),
        ("best_of", 2, "best_of"),
        ("presence_penalty", 0.5, "presence_penalty"),
        ("logit_bias", {"1": 2}, "logit_bias"),
        ("structured_outputs", {"regex": "a"}, "structured_outputs.regex"),
        ("n", 100, "n"),
        ("temperature", -1, "temperature"),
        ("logprobs", 3, "logprobs"),
        ("prompt", ["a", "b"], "prompt"),
        ("response_format", {"type": "json_object"}, "response_format.type"),
        ("response_format", {"type": "json_schema"}, "response_format"),
        ("stream_options", {"include_usage": True}, "stream_options"),
    ],
)
def test_a_field_that_is_not_supported_or_wrong_is_named(server: Server, field: str, value: Any, param: str) -> None:
    status, error = server.error("/v1/completions", {"model": "tiny", field: value})
    assert (status, error["param"], error["type"]) == (400, param, "invalid_request_error")
    assert param.rpartition(".")[2] in error["message"]


@pytest.mark.parametrize(
    ("prompt", "prompt_is", "places"),
    [
        ("kind: worker", "partial", {"pointer": "/kind", "code": "impossible_prompt"}),
        ("kind: worker\n", "beginning", {"pointer": "/kind", "code": "impossible_prompt"}),
        ("kind: job\nname: 'a' b\n", "beginning", {"code": "unreadable_document", "line": 2}),
        ("kind: job\n---\nkind: job", "partial", {"code": "impossible_prompt"}),
    ],
)
def test_a_prompt_that_no_document_has_is_refused_with_the_place(
    server: Server, prompt: str, prompt_is: str, places: dict[str, Any]
) -> None:
    status, error = server.error("/v1/completions", {"prompt": prompt, "prompt_is": prompt_is})
    assert status == 400
    assert places.items() <= error.items()


def test_two_messages_are_refused(client: Any) -> None:
    with pytest.raises(openai.BadRequestError, match="messages"):
        client.chat.completions.create(model="tiny", messages=[*user("a: 1"), *user("b: 1")])
    with pytest.raises(openai.BadRequestError, match=r"messages\[0\]\.role|messages\[\.\.\.\]\.role"):
        client.chat.completions.create(model="tiny", messages=[{"role": "system", "content": ""}])
