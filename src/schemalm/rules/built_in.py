"""The rules files that the package contains, in the folder `built_in`, each under the name that people give.

A built-in schema has at most one file of rules that applies to it by default: the one that names this schema and does
not extend another. Files are read when they are first asked for.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from pathlib import Path

from schemalm.errors import RulesError
from schemalm.messages.suggestions import close_names, did_you_mean
from schemalm.messages.visible import visible_name
from schemalm.schema.sources import ALIASES, Schema, built_in_name

PACKAGE = "schemalm.rules"
FOLDER = "built_in"
SUFFIX = ".json"
# Settings that are neither a file nor a name.
DEFAULT_RULES = "default"
NO_RULES = "none"


@cache
def built_in_rules() -> tuple[str, ...]:
    """The names of the built-in rules files."""
    folder = files(PACKAGE) / FOLDER
    entries = folder.iterdir() if folder.is_dir() else ()
    return tuple(sorted(entry.name.removesuffix(SUFFIX) for entry in entries if entry.name.endswith(SUFFIX)))


def built_in_text(name: str) -> str:
    """The content of a built-in rules file; raises RulesError if there is none of this name."""
    if name not in built_in_rules():
        advice = did_you_mean(close_names(name, built_in_rules()), built_in_rules())
        raise RulesError(f"{visible_name(name)!r} is neither a file nor the name of built-in rules; {advice}")
    return (files(PACKAGE) / FOLDER / f"{name}{SUFFIX}").read_text(encoding="utf-8")


def default_rules(schema: Schema | str | Path) -> str | None:
    """The name of the rules that apply to a schema by default; None if it is not built in or has none."""
    name = built_in_name(schema)
    return None if name is None else _defaults().get(ALIASES.get(name, name))


def chosen(rules: str, schema: str) -> str | None:
    """The file or the name of the rules that a setting asks for: `default`, `none`, a file or a name."""
    if rules == NO_RULES:
        return None
    return default_rules(schema) if rules == DEFAULT_RULES else rules


@cache
def _defaults() -> dict[str, str]:
    found = {}
    for name in built_in_rules():
        content = json.loads(built_in_text(name))
        if content.get("schema") and not content.get("extends"):
            found[ALIASES.get(content["schema"], content["schema"])] = name
    return found
