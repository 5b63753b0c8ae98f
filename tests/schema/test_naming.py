"""The name of a schema in messages and reports."""

from __future__ import annotations

from typing import Any

import pytest

from schemalm.schema.naming import schema_name


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        ({"title": "Workflow", "$id": "https://example.com/a.json"}, "Workflow"),
        ({"title": "JSON schema for the Stylelint configuration files"}, "Stylelint configuration files"),
        ({"title": "Schema for .prettierrc"}, ".prettierrc"),
        ({"title": "Netlify config schema"}, "Netlify config"),
        ({"$id": "https://example.com/github-workflow.json"}, "github-workflow"),
        ({"id": "http://example.com/old#"}, "old"),
        ({"title": 3}, "untitled schema"),
        (True, "untitled schema"),
    ],
)
def test_a_schema_is_called_by_its_title_or_identifier(schema: Any, name: str) -> None:
    assert schema_name(schema) == name
