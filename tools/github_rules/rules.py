"""Puts the rules files together: from GitHub's definitions, and from the parts by hand beside this file."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from github_rules.cron import cron_pattern, rare_cron_pattern
from github_rules.definitions import ROOT, Definitions, read_definitions
from github_rules.globs import branch_pattern, path_pattern
from github_rules.places import Form, PlaceFinder
from github_rules.schema import Schema, SchemaWriter

Rules = dict[str, Any]

FOLDER = Path(__file__).parent
TITLE = "GitHub Actions workflows"


@dataclass(frozen=True)
class Source:
    """GitHub's definitions, and the part by hand of the default rules."""

    definitions: Definitions
    by_hand: Rules

    @property
    def places(self) -> dict[Form, list[str]]:
        """The value paths of all texts, by form."""
        finder = PlaceFinder(
            self.definitions,
            tuple(self.by_hand["functions"]),
            frozenset(self.by_hand["conditions"]),
            frozenset(self.by_hand["never_expressions"]),
            frozenset(self.by_hand["patterns"]),
        )
        return finder.places(ROOT)


def read_source(definitions_file: Path) -> Source:
    """Reads GitHub's definitions from a file of the npm package."""
    by_hand = _by_hand("by_hand.json", {"(cron)": cron_pattern()})
    return Source(read_definitions(definitions_file, by_hand["left_out"]), by_hand)


def default_rules(source: Source) -> Rules:
    """What GitHub's parser and language service refuse."""
    by_hand = source.by_hand
    writer = SchemaWriter(source.definitions, by_hand["own"], by_hand["never_expressions"], by_hand["united"])
    root = writer.body(ROOT, expression=False)
    if root["required"] != ["on", "jobs"]:
        raise ValueError(f"the published schema requires on and jobs, GitHub's definition {root['required']}")
    places = [form.place(paths, typed=False) for form, paths in source.places.items()]
    return {
        "rules": 1,
        "title": TITLE,
        "schema": "github-workflow",
        "keys": {"unique": "ignore-case"},
        "amend": _amendments(root, writer.written) | by_hand["amend"],
        "expressions": by_hand["expressions"] | {"places": places},
        "names": by_hand["names"],
    }


def strict_rules(source: Source, default: Rules) -> Rules:
    """What actionlint calls an error, too: the same, with types of expressions, and more by hand."""
    events = default["amend"]["definitions"]["value"]["on-string-strict"]["enum"]
    by_hand = _by_hand("strict.json", {"(branch)": branch_pattern(), "(path)": path_pattern()})
    patterns = {"(rare cron)": rare_cron_pattern(), "(zone)": _zone_pattern(by_hand["zones"])}
    amend = _filled(by_hand["amend"], patterns | {"(events)": _without(events, by_hand["left_out_events"])})
    return {
        "rules": 1,
        "title": f"{TITLE}, as strict as actionlint and the published schema",
        "extends": "github-workflow",
        "amend": amend,
        "expressions": {"delimiters": default["expressions"]["delimiters"]}
        | by_hand["expressions"]
        | {"places": _strict_places(source.places, by_hand["no_steps"], by_hand["no_expressions"])},
        "names": by_hand["names"],
    }


def _strict_places(forms: dict[Form, list[str]], no_steps: list[str], no_expressions: list[str]) -> list[Rules]:
    """The places with types; in some of them, actionlint does not know steps, and some hold names instead."""
    split: dict[Form, list[str]] = {}
    for form, paths in forms.items():
        without = replace(form, contexts=tuple(_without(form.contexts, ["steps"])))
        for path in (path for path in paths if path not in no_expressions):
            split.setdefault(without if path in no_steps else form, []).append(path)
    places = [form.place(paths, typed=True) for form, paths in split.items() if form.form != "none"]
    return [*places, Form("none").place(no_expressions, typed=True)]


def _without(names: Iterable[str], left_out: list[str]) -> list[str]:
    return [name for name in names if name not in left_out]


def _zone_pattern(zones: dict[str, str]) -> str:
    areas = [f"{area}/(?:{'|'.join(names.split())})" for area, names in zones.items()]
    return f"^(?:UTC|{'|'.join(areas)})$"


def _by_hand(name: str, values: dict[str, Any]) -> Rules:
    part: Rules = _filled(json.loads((FOLDER / name).read_text(encoding="utf-8")), values)
    return part


def _filled(part: Any, values: dict[str, Any]) -> Any:
    """The part with a value in the place of each text that names one."""
    if isinstance(part, dict):
        return {key: _filled(member, values) for key, member in part.items()}
    if isinstance(part, list):
        return [_filled(member, values) for member in part]
    return values.get(part, part) if isinstance(part, str) else part


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
