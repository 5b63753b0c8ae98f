"""The schemas of formats that resolve the YAML merge key `<<`.

YAML 1.2 has no merge keys, and GitHub refuses them in workflows; the formats listed here document them. A schema is
recognized by its `$id`, else its title, so a copy in a file or in a tokenizer counts as the built-in schema.
"""

from __future__ import annotations

import json
from functools import cache

from schemalm.schema.naming import identity_of
from schemalm.schema.sources import VENDOR, Schema, built_in_folder

# Built-in schemas of formats whose documentation or schema mentions `<<`.
MERGING_FORMATS = ("bitbucket-pipelines", "circle-ci", "compose-spec", "gitlab-ci", "travis", "woodpecker-ci")


def uses_merge_keys(schema: Schema) -> bool:
    """Whether documents of this schema may use `<<` as in YAML 1.1."""
    return identity_of(schema) in _merging()


def resolves_merge_keys(schema: Schema, setting: bool | None) -> bool:
    """Whether `<<` is resolved in documents of a schema: `setting`, or what the schema says if that is None."""
    return uses_merge_keys(schema) if setting is None else setting


@cache
def _merging() -> frozenset[tuple[str, str]]:
    folder = built_in_folder(VENDOR)
    files = (folder / f"{name}.json" for name in MERGING_FORMATS)
    identities = (identity_of(json.loads(file.read_bytes())) for file in files if file.is_file())
    return frozenset(identity for identity in identities if identity)
