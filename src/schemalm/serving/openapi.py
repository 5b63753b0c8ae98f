"""The description of all endpoints, in the form of OpenAPI 3.1; the records of bodies and answers are its schemas."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import msgspec

import schemalm
from schemalm.serving.answers import FaultAnswer, Health, Model, Models

_FAULTS = {
    "400": "A field is unknown or wrong, or no document has what was given.",
    "401": "The token is missing or wrong.",
    "404": "There is no such model or path.",
    "405": "The path takes another method.",
    "408": "The body came too slowly.",
    "413": "The body is too large.",
    "415": "The body is no JSON.",
    "421": "The host name is not one of the server.",
    "429": "The server is busy; ask again after `Retry-After` seconds.",
    "500": "An error of the server.",
}
# Those of requests without a body.
_COMMON_FAULTS = ("401", "404", "405", "421", "429", "500")


class Describable(Protocol):
    """An endpoint that takes a body."""

    @property
    def path(self) -> str: ...  # noqa: D102 (said above)

    @property
    def body(self) -> type[msgspec.Struct]: ...  # noqa: D102

    @property
    def answer(self) -> type[msgspec.Struct]: ...  # noqa: D102

    @property
    def handle(self) -> Any: ...  # noqa: D102


def description(endpoints: Iterable[Describable]) -> dict[str, Any]:
    """Return the description."""
    endpoints = list(endpoints)
    records = [Health, Models, Model, FaultAnswer]
    records += [kind for endpoint in endpoints for kind in (endpoint.body, endpoint.answer)]
    references, schemas = msgspec.json.schema_components(records, ref_template="#/components/schemas/{name}")
    by_record = dict(zip(records, references, strict=True))
    text = {"content": {"text/plain": {"schema": {"type": "string"}}}}
    any_object = {"content": {"application/json": {"schema": {"type": "object"}}}}
    name = {"name": "model", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
    fault = by_record[FaultAnswer]
    paths: dict[str, Any] = {
        "/health": {
            "get": _operation("Say that the server is alive; needs no token.", _content(by_record[Health]), fault)
        },
        "/metrics": {"get": _operation("Counts for Prometheus.", text, fault)},
        "/openapi.json": {"get": _operation("This description.", any_object, fault)},
        "/v1/models": {"get": _operation("List the runs that are served.", _content(by_record[Models]), fault)},
        "/v1/models/{model}": {
            "parameters": [name],
            "get": _operation("Describe one run.", _content(by_record[Model]), fault),
        },
    }
    for endpoint in endpoints:
        answer = _content(by_record[endpoint.answer])
        if "stream" in endpoint.body.__struct_fields__:
            answer["content"]["text/event-stream"] = {"schema": {}}
        operation = _operation(endpoint.handle.__doc__, answer, fault, faults=tuple(_FAULTS))
        operation["requestBody"] = {"required": True, **_content(by_record[endpoint.body])}
        paths[endpoint.path] = {"post": operation}
    return {
        "openapi": "3.1.0",
        "info": {"title": "SchemaLM", "version": schemalm.__version__},
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{}, {"token": []}],
    }


def _operation(
    summary: str, answer: dict[str, Any], fault: Any, *, faults: tuple[str, ...] = _COMMON_FAULTS
) -> dict[str, Any]:
    refused = {status: {"description": _FAULTS[status], **_content(fault)} for status in faults}
    return {"summary": summary, "responses": {"200": {"description": "The answer.", **answer}, **refused}}


def _content(schema: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}
