"""The name of a schema for people, and its identity."""

from __future__ import annotations

import re
from typing import Any

_COMMON_WORDS = re.compile(r"^(json )?schema (for |of )?(the )?|( json)? schema$", re.IGNORECASE)


def schema_name(schema: dict[str, Any] | bool) -> str:
    """A name for the documents of a schema: its title without "JSON schema for", else the last part of its `$id`."""
    fields = schema if isinstance(schema, dict) else {}
    title = fields.get("title")
    identifier = fields.get("$id", fields.get("id"))
    if isinstance(title, str) and (name := _COMMON_WORDS.sub("", title)):
        return name
    if isinstance(identifier, str) and identifier:
        return identifier.rstrip("/#").rsplit("/", 1)[-1].removesuffix(".json")
    return "untitled schema"


def identity_of(schema: dict[str, Any] | bool) -> tuple[str, str] | None:
    """The identity of a schema in any file, as a keyword and its text; None if it has no name."""
    if isinstance(schema, dict):
        for keyword in ("$id", "id", "title"):
            if isinstance(name := schema.get(keyword), str) and name:
                return keyword, name.rstrip("#/")
    return None
