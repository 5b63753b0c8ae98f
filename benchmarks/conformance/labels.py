"""Verdicts of the data sets that are doubtful, with the reason: written by hand, in this one place.

They stay in the figures as they are; whoever reads these can tell a doubt of ours from a fault of ours.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Doubt:
    """An instance whose label contradicts what its schema says."""

    data_set: str
    case: str
    instance: str
    label: str
    why: str


DOUBTS = (
    Doubt(
        "schemastore",
        "pre-commit-config",
        "local-missing-entry.json",
        "invalid",
        "The schema requires `entry` beside a `$ref`, and draft 7 ignores what stands beside a `$ref`. By its own "
        "draft the schema accepts the instance, as `jsonschema` and `jsonschema-rs` do.",
    ),
    Doubt(
        "schemastore",
        "web-manifest",
        "W3C Example 1.json",
        "valid",
        "The schema lists orientations as `oneOf` of `const`, which draft 4 does not know: every branch holds, so "
        "`oneOf` does not. By its own draft the schema refuses the instance, as both validators do.",
    ),
)
