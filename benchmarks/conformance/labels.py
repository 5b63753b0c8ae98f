"""Doubtful labels of the data sets, each with the reason, written by hand.

The figures count these labels unchanged. The list lets readers distinguish a doubtful label from a fault of SchemaLM.
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
        "The schema requires `entry` beside a `$ref`, and draft 7 ignores keywords beside a `$ref`. By its own "
        "draft, the schema accepts the instance, and so do `jsonschema` and `jsonschema-rs`.",
    ),
    Doubt(
        "schemastore",
        "web-manifest",
        "W3C Example 1.json",
        "valid",
        "The schema lists orientations as `oneOf` of `const`, which draft 4 does not know: every branch holds, so "
        "`oneOf` does not. By its own draft, the schema refuses the instance, and so do both validators.",
    ),
)
