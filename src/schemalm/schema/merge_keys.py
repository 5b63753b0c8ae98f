"""Which schemas describe a format whose own program resolves the YAML merge key `<<`.

YAML 1.2 has no merge keys, and GitHub refuses them in workflows; the formats listed here document them. A schema is
known by its `$id`, or by its title where it has none, so a copy in a file or in a tokenizer counts as the built-in one.
"""

from __future__ import annotations

import importlib.resources
import json
from functools import cache

from schemalm.schema.naming import identity_of
from schemalm.schema.sources import VENDOR, Schema

# The built-in schemas of these formats; each format's documentation or schema speaks of `<<`.
MERGING_FORMATS = ("bitbucket-pipelines", "circle-ci", "compose-spec", "gitlab-ci", "travis", "woodpecker-ci")


def knows_merge_keys(schema: Schema) -> bool:
    """Tell whether documents of this schema may use `<<` as YAML 1.1 has it."""
    return identity_of(schema) in _merging()


def resolves_merge_keys(schema: Schema, asked: bool | None) -> bool:
    """Whether `<<` is resolved in documents of a schema: as was `asked`, by the schema where nobody did."""
    return knows_merge_keys(schema) if asked is None else asked


@cache
def _merging() -> frozenset[tuple[str, str]]:
    folder = importlib.resources.files(VENDOR)
    files = (folder / f"{name}.json" for name in MERGING_FORMATS)
    identities = (identity_of(json.loads(file.read_bytes())) for file in files if file.is_file())
    return frozenset(identity for identity in identities if identity)
