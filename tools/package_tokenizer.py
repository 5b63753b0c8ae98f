"""Trains the tokenizer that the package contains: `make packaged-tokenizer`.

It has no rules, so that its ids do not change with the built-in rules, and so that it encodes every workflow that is
valid under the published schema.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import zstandard

from schemalm.compilation import compile_schema
from schemalm.dataset.embedded import embedded_workflows
from schemalm.integrations.nanochat import packaged
from schemalm.tokenizer import Tokenizer

FILE = Path(packaged.__file__).with_name(packaged.ASSET)
NUM_WORKFLOWS = 2000
SEED = 0
# The strings of embedded workflows rarely occur in real ones. With the usual share of whole values, 0.15 of the learned
# tokens, 487 real workflows take 3.5 % more tokens.
WHOLE_VALUES = 0.05
# Keywords that only people read.
_REMARKS = frozenset({"$comment", "description", "title"})


def train_packaged_tokenizer(schema: dict[str, Any]) -> Tokenizer:
    """Train on embedded workflows for a schema of workflows; the same schema yields the same bytes."""
    workflows = embedded_workflows(NUM_WORKFLOWS)
    return Tokenizer.train(
        compile_schema(without_remarks(schema)),
        [workflow.value for workflow in workflows],
        packaged.VOCAB_SIZE,
        SEED,
        sources=[workflow.source for workflow in workflows],
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


def main() -> None:
    schema = compile_schema("github-workflow", rules=None).schema
    tokenizer = train_packaged_tokenizer(schema)
    FILE.write_bytes(zstandard.ZstdCompressor(level=19).compress(tokenizer.to_json()))
    print(f"{tokenizer.vocab_size:,} entries, sha256 {tokenizer.digest}, {FILE.stat().st_size:,} bytes: {FILE}")


if __name__ == "__main__":
    main()
