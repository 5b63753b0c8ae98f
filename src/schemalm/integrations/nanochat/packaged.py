"""The tokenizer that the package carries: 8,192 entries, learned from the recipe book, for GitHub Actions workflows.

It is a tokenizer file like any other, compressed, and its schema travels with it: whatever version of the schema is
installed, its ids stay the same. `tools/package_tokenizer.py` makes it anew, byte for byte.
The recipe book fills the vocabulary, so nothing is padded. It is no sample of real workflows: a tokenizer that is
trained on a corpus spells that corpus in fewer tokens.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import zstandard

from schemalm.compilation import compile_schema
from schemalm.recipes import compose_workflows
from schemalm.tokenizer import Tokenizer

ASSET = "tokenizer.json.zst"
VOCAB_SIZE = 8192
NUM_RECIPES = 2000
SEED = 0
# Whole texts of the recipe book are rarely those of real workflows: with 0.15 of the learned tokens for them, as is
# usual, 487 real workflows take 3.5 % more tokens.
WHOLE_VALUES = 0.05
# What a schema says to people, which no grammar reads.
_REMARKS = frozenset({"$comment", "description", "title"})


@cache
def packaged_tokenizer() -> Tokenizer:
    """The tokenizer, read from the package once."""
    return Tokenizer.from_json(packaged_content(), "the packaged tokenizer")


def packaged_content() -> bytes:
    """The tokenizer file that the package carries."""
    return zstandard.decompress(files(__package__).joinpath(ASSET).read_bytes())


def train_packaged_tokenizer(schema: dict[str, Any]) -> Tokenizer:
    """What the package carries, learned again for a schema of workflows; the same bytes for the same schema."""
    recipes = list(compose_workflows(NUM_RECIPES, SEED))
    return Tokenizer.train(
        compile_schema(without_remarks(schema)),
        [recipe.value for recipe in recipes],
        VOCAB_SIZE,
        SEED,
        sources=[recipe.repository for recipe in recipes],
        whole_values=WHOLE_VALUES,
    )


def without_remarks(schema: Any) -> Any:
    """The schema without the texts that only people read; names of properties are schemas, so they stay."""
    if isinstance(schema, dict):
        return {
            name: without_remarks(part)
            for name, part in schema.items()
            if not (name in _REMARKS and isinstance(part, str))
        }
    return [*map(without_remarks, schema)] if isinstance(schema, list) else schema
