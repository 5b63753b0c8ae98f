"""Paths tell named keys from free ones, also where a free key has a name that the schema knows from elsewhere."""

from __future__ import annotations

from typing import Any

from schemalm.compilation import compile_schema
from schemalm.evaluation.samples.paths import Paths
from schemalm.tokenizer import Tokenizer

SCHEMA = {
    "type": "object",
    "properties": {
        "on": {"enum": ["push", "release"]},
        "jobs": {"additionalProperties": {"properties": {"steps": {"items": {"properties": {"uses": {}}}}}}},
    },
}


def test_nodes_have_named_keys_free_keys_and_items_in_their_paths() -> None:
    value: Any = {"on": "push", "jobs": {"build": {"steps": [{"uses": "x"}, {}]}}}
    scalars = {
        (node.path, str(node.value)) for node in Paths(["on", "jobs", "steps", "uses"]).nodes(value) if node.is_scalar
    }
    assert scalars == {
        ("on", "push"),
        ("jobs.*(key)", "build"),
        ("jobs.*.steps[].uses", "x"),
        ("jobs.*.steps[]", "{}"),
    }


def test_a_free_key_with_a_name_of_the_schema_is_free_where_training_documents_have_free_keys() -> None:
    grammar = compile_schema(SCHEMA)
    documents: list[Any] = [{"on": "push", "jobs": {name: {"steps": [{}]}}} for name in ("build", "test", "uses")]
    value: Any = {"jobs": {"on": {"steps": [{"uses": 1}]}}}
    paths = Paths.of(Tokenizer.train(grammar, documents, vocab_size=400))
    assert [node.path for node in paths.nodes(value)] == [
        "",
        "jobs",
        "jobs.*",
        "jobs.*(key)",
        "jobs.*.steps",
        "jobs.*.steps[]",
        "jobs.*.steps[].uses",
    ]
    untrained = Paths.of(Tokenizer.from_grammar(grammar))
    assert untrained.nodes(value)[2].path == "jobs.on"


def test_a_deep_value_has_paths_of_bounded_length() -> None:
    value: Any = 1
    for _ in range(5_000):
        value = [{"a": value}]
    nodes = Paths(["a"]).nodes(value)
    assert len(nodes) == 10_001
    assert max(len(node.path) for node in nodes) < 2_100
