"""The description has every endpoint, every field and every answer as they are."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

pytest.importorskip("starlette", reason="needs the extra `serve`")
pytest.importorskip("uvicorn", reason="needs the extra `serve`")
from tests.serving.conftest import Server

from schemalm.serving.application import ENDPOINTS, application
from schemalm.serving.bodies import UNSUPPORTED


@pytest.fixture(scope="module")
def description(server: Server) -> Any:
    return server.answer("/openapi.json", None)


def resolved(description: Any, schema: Any) -> Any:
    """A schema with the records that it refers to."""
    return {**schema, "components": description["components"]}


def test_it_has_every_route_and_no_other(server: Server, description: Any) -> None:
    routes = {
        route.path.replace(":path", "") for route in application(server.context).routes if route.include_in_schema
    }
    assert description["paths"].keys() == routes


def test_it_has_every_field_and_none_that_is_refused_by_name(description: Any) -> None:
    for endpoint in ENDPOINTS:
        schema = description["components"]["schemas"][endpoint.body.__name__]
        assert {*schema["properties"]} == {*endpoint.body.__struct_fields__}
        assert schema["additionalProperties"] is False
        assert not schema["properties"].keys() & UNSUPPORTED.keys()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/health", None),
        ("/v1/models", None),
        ("/v1/models/tiny", None),
        ("/v1/completions", {"prompt": "kind: job\n", "n": 2, "logprobs": 0, "max_tokens": 20}),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": ""}], "logprobs": True, "max_tokens": 20}),
        ("/schemalm/v1/complete", {"text": "kind: ", "alternatives": 2, "max_tokens": 20}),
        ("/schemalm/v1/regenerate", {"text": "kind: job\nsteps: [{uses: a}]\n", "parts": ["steps"], "max_tokens": 20}),
        ("/schemalm/v1/next", {"text": "kind: "}),
        ("/schemalm/v1/tokens", {"text": "kind: job\nsteps: [{uses: a}]\n"}),
        ("/schemalm/v1/tokens", {"text": "kind: x"}),
        ("/schemalm/v1/check", {"text": "kind: x", "judges": True}),
        ("/v1/completions", {"stop": "x"}),
        ("/schemalm/v1/check", {"text": 3}),
        ("/v1/models/other", None),
    ],
)
def test_answers_are_as_it_says(server: Server, description: Any, path: str, body: Any) -> None:
    status, found, _ = server.ask(path, body)
    known = "/v1/models/{model}" if path.startswith("/v1/models/") else path
    operation = description["paths"][known]["get" if body is None else "post"]
    schema = operation["responses"][str(status)]["content"]["application/json"]["schema"]
    jsonschema_rs.validator_for(resolved(description, schema)).validate(found)
