"""A machine writes the same in every process, whatever the hash seed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

SCRIPT = """
import schemalm
SCHEMAS = (
    {"type": "array", "uniqueItems": True, "items": {"type": "integer", "minimum": 1, "maximum": 7}, "minItems": 7},
    {"type": "string", "allOf": [{"pattern": "a[ab]{5}a"}, {"pattern": "b[ab]{4}b"}]},
    {"type": "string", "pattern": "^(one|two|three)+$", "not": {"pattern": "one"}, "minLength": 12},
    {"type": "number", "multipleOf": 3, "exclusiveMinimum": 100},
    {"type": "object", "minProperties": 3, "propertyNames": {"pattern": "^(x|y|z)[0-9]$"}},
    {"oneOf": [{"type": "object", "required": [name], "properties": {"t": {"const": name}}} for name in "abcdef"]},
)
for schema in SCHEMAS:
    tokenizer = schemalm.Tokenizer.from_grammar(schemalm.compile_schema(schema))
    machine = tokenizer.machine()
    print(tokenizer.decode(machine.completion()), machine.mask().tobytes().hex(), tokenizer.grammar.budget.num_units)
"""


@pytest.mark.slow
def test_completions_masks_and_work_do_not_depend_on_the_hash_seed(
    outputs_in_processes: Callable[[str], set[str]],
) -> None:
    assert len(outputs_in_processes(SCRIPT)) == 1
