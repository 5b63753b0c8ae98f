"""Puts the rules files together: from GitHub's definitions, and from the parts by hand beside this file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from github_rules.cron import cron_pattern
from github_rules.definitions import ROOT, read_definitions
from github_rules.places import Form, PlaceFinder
from github_rules.schema import Schema, SchemaWriter

Rules = dict[str, Any]

FOLDER = Path(__file__).parent
# Stands for the pattern of a schedule's times in the parts by hand.
CRON = "(cron)"


def default_rules(definitions_file: Path) -> Rules:
    """What GitHub's parser and language service refuse."""
    by_hand = _by_hand("by_hand.json")
    definitions = read_definitions(definitions_file, by_hand["left_out"])
    writer = SchemaWriter(definitions, by_hand["own"], by_hand["never_expressions"])
    root = writer.body(ROOT, expression=False)
    if root["required"] != ["on", "jobs"]:
        raise ValueError(f"the published schema requires on and jobs, GitHub's definition {root['required']}")
    finder = PlaceFinder(
        definitions,
        tuple(by_hand["functions"]),
        frozenset(by_hand["conditions"]),
        frozenset(by_hand["never_expressions"]),
        frozenset(by_hand["patterns"]),
    )
    return {
        "rules": 1,
        "title": "GitHub Actions workflows",
        "schema": "github-workflow",
        "amend": _amendments(root, writer.written) | by_hand["amend"],
        "expressions": by_hand["expressions"] | {"places": _places(finder.places(ROOT))},
        "names": by_hand["names"],
    }


def strict_rules(default: Rules) -> Rules:
    """What actionlint calls an error, too."""
    del default
    return {"rules": 1, "title": "GitHub Actions workflows, as actionlint checks them", "extends": "github-workflow"}


def _by_hand(name: str) -> dict[str, Any]:
    text = (FOLDER / name).read_text(encoding="utf-8")
    part: dict[str, Any] = json.loads(text.replace(f'"{CRON}"', json.dumps(cron_pattern())))
    return part


def _amendments(root: Schema, definitions: dict[str, Schema]) -> Rules:
    return {
        "definitions": {
            "pointer": "/definitions",
            "operation": "replace",
            "value": dict(sorted(definitions.items())),
            "reason": "GitHub's own definitions of the parts of a workflow",
        },
        "workflow": {
            "pointer": "/properties",
            "operation": "replace",
            "value": root["properties"],
            "reason": "GitHub's own definition of a workflow",
        },
    }


def _places(forms: dict[Form, list[str]]) -> list[Rules]:
    places = []
    for form, paths in forms.items():
        place: Rules = {"at": paths, "form": form.form}
        if form.form != "none":
            place |= {"contexts": list(form.contexts), "functions": list(form.functions)}
        places.append(place)
    return places
