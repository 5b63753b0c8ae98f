"""The rules files that the package contains, in the folder `built_in`, each under the name that people give.

A built-in schema has at most one file of rules that applies to it by default: the one that names this schema and does
not extend another. Files are read when they are first asked for.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from schemalm.errors import RulesError
from schemalm.messages.suggestions import close_names, did_you_mean
from schemalm.messages.visible import visible_name
from schemalm.schema.sources import ALIASES

PACKAGE = "schemalm.rules"
FOLDER = "built_in"
SUFFIX = ".json"


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


def default_rules(schema: str) -> str | None:
    """The name of the rules that apply to a built-in schema by default; None if there are none."""
    return _defaults().get(ALIASES.get(schema, schema))


@cache
def _defaults() -> dict[str, str]:
    found = {}
    for name in built_in_rules():
        content = json.loads(built_in_text(name))
        if content.get("schema") and not content.get("extends"):
            found[ALIASES.get(content["schema"], content["schema"])] = name
    return found
