"""A small schema of OpenAPI descriptions: the objects that can hold references, and little else."""

from __future__ import annotations

from typing import Any

ANY: dict[str, Any] = {}
TEXT = {"type": "string"}


def _table(of: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": of}


def _list(of: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": of}


def _use(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}"}


def _object(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    """An object with these properties, whose names may end in an underscore, or a reference."""
    named = {name.rstrip("_"): value for name, value in properties.items()}
    return {
        "type": "object",
        "properties": {"$ref": TEXT, **named},
        "anyOf": [{"required": ["$ref"]}, {"required": list(required)}],
        "additionalProperties": False,
    }


SCHEMA_PARTS = ("items", "not", "if", "then", "else", "contains", "additionalProperties", "propertyNames")
DEFINITIONS: dict[str, Any] = {
    "schema": {
        "type": ["object", "boolean"],
        "properties": {
            "$ref": {"type": "string", "format": "uri-reference"},
            "type": {"enum": ["object", "array", "string", "integer", "null"]},
            "properties": _table(_use("schema")),
            "$defs": _table(_use("schema")),
            **{name: _use("schema") for name in SCHEMA_PARTS},
            **{name: _list(_use("schema")) for name in ("allOf", "anyOf", "oneOf", "prefixItems")},
            "example": ANY,
        },
        "additionalProperties": False,
    },
    "example": _object(value=ANY),
    "link": _object(operationId=TEXT),
    "media": _object(schema=_use("schema"), examples=_table(_use("example"))),
    "header": _object(schema=_use("schema"), content=_table(_use("media"))),
    "parameter": _object(
        ("name", "in"), name=TEXT, in_={"enum": ["query", "header", "path"]}, schema=_use("schema"),
        examples=_table(_use("example")),
    ),
    "body": _object(("content",), content=_table(_use("media"))),
    "response": _object(
        ("description",), description=TEXT, headers=_table(_use("header")), content=_table(_use("media")),
        links=_table(_use("link")),
    ),
    "callback": {"type": "object", "properties": {"$ref": TEXT}, "additionalProperties": _use("pathItem")},
    "security": _list(_table(_list(TEXT))),
    "operation": {
        "type": "object",
        "properties": {
            "operationId": TEXT,
            "tags": _list(TEXT),
            "parameters": _list(_use("parameter")),
            "requestBody": _use("body"),
            "responses": _table(_use("response")),
            "callbacks": _table(_use("callback")),
            "security": _use("security"),
        },
        "additionalProperties": False,
    },
    "pathItem": _object(
        parameters=_list(_use("parameter")), get=_use("operation"), put=_use("operation"), post=_use("operation")
    ),
    "scheme": _object(
        ("type",), type={"enum": ["apiKey", "http"]}, name=TEXT, in_={"enum": ["query", "header"]}, scheme=TEXT
    ),
}  # fmt: skip
OPENAPI_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "openapi": {"type": "string", "pattern": r"^3\.1\.\d+$"},
        "info": _object(("title", "version"), title=TEXT, version=TEXT),
        "tags": _list(_object(("name",), name=TEXT)),
        "security": _use("security"),
        "paths": {"type": "object", "patternProperties": {"^/": _use("pathItem")}, "additionalProperties": False},
        "webhooks": _table(_use("pathItem")),
        "components": {
            "type": "object",
            "properties": {
                "schemas": _table(_use("schema")),
                "responses": _table(_use("response")),
                "parameters": _table(_use("parameter")),
                "examples": _table(_use("example")),
                "requestBodies": _table(_use("body")),
                "headers": _table(_use("header")),
                "securitySchemes": _table(_use("scheme")),
                "links": _table(_use("link")),
                "callbacks": _table(_use("callback")),
                "pathItems": _table(_use("pathItem")),
            },
            "additionalProperties": False,
        },
    },
    "required": ["openapi", "info"],
    "additionalProperties": False,
    "$defs": DEFINITIONS,
}
