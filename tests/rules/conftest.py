"""A rules file with every part, for a small schema of jobs, and the schema."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import jsonschema_rs
import pytest

SCHEMA: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "properties": {
        "title": {"type": "string", "minLength": 3},
        "jobs": {"type": "object", "additionalProperties": {"$ref": "#/definitions/job"}},
    },
    "required": ["jobs"],
    "additionalProperties": False,
    "definitions": {
        "job": {
            "type": "object",
            "properties": {
                "needs": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
                "run": {"type": "string"},
                "if": {"type": "string"},
            },
            "required": ["run"],
            "additionalProperties": False,
        }
    },
}
RULES: dict[str, Any] = {
    "rules": 1,
    "title": "Jobs",
    "amend": {
        "needs-may-repeat": {
            "pointer": "/definitions/job/properties/needs/uniqueItems",
            "operation": "remove",
            "reason": "the program does not care",
        },
        "short-titles": {
            "pointer": "/properties/title",
            "operation": "merge",
            "value": {"minLength": None, "maxLength": 40},
            "reason": "a title fits one line",
        },
    },
    "expressions": {
        "delimiters": ["${{", "}}"],
        "depth": 8,
        "syntax": {"binary": ["==", "&&"], "literals": [True, "null"], "ignore_case": True},
        "types": {"job-members": {"properties": {"result": "string"}}},
        "contexts": {
            "jobs": {"names": "job"},
            "vars": {"values": "string", "plain": True, "reserved": ["CI_"]},
            "event": {"properties": {"number": "number"}, "values": "any"},
            "labels": {"items": "string"},
        },
        "functions": {
            "contains": {"parameters": ["any", "any"], "returns": "boolean"},
            "format": {
                "parameters": ["string"],
                "more": "any",
                "at_most": 9,
                "returns": "string",
                "placeholders": True,
            },
            "fromJSON": {"parameters": ["string"], "returns": "any", "json": True},
            "case": {"parameters": ["any", "any", "any"], "more": "any", "odd": True, "returns": "any"},
        },
        "places": [
            {"at": ["/jobs/*/run"], "form": "text", "contexts": ["jobs", "vars"], "functions": ["format"]},
            {"at": ["/jobs/*/if"], "form": "condition", "contexts": ["jobs"], "accepts": "boolean"},
            {"at": ["/title"], "form": "none"},
        ],
    },
    "names": {
        "job": {
            "declared": [{"keys": "/jobs"}],
            "unique": "ignore-case",
            "members": {"type": "job-members"},
            "referred": [{"values": "/jobs/*/needs/[]", "order": "any", "acyclic": True}],
        }
    },
}


@pytest.fixture(scope="session")
def published() -> jsonschema_rs.Draft202012Validator:
    """The published schema of rules files."""
    text = (files("schemalm.rules") / "rules.schema.json").read_text(encoding="utf-8")
    return jsonschema_rs.Draft202012Validator(json.loads(text))


@pytest.fixture
def rules() -> dict[str, Any]:
    return RULES


@pytest.fixture
def schema() -> dict[str, Any]:
    return SCHEMA
