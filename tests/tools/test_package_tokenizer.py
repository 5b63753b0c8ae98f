"""The tool that trains the packaged tokenizer."""

from __future__ import annotations

from package_tokenizer import train_packaged_tokenizer, without_remarks
from schemalm.integrations.nanochat import packaged


def test_it_is_reproducible_byte_for_byte() -> None:
    schema = packaged.packaged_tokenizer().grammar.schema
    assert isinstance(schema, dict)
    assert train_packaged_tokenizer(schema).to_json() == packaged.packaged_content()


def test_its_schema_is_that_of_workflows_without_texts_for_people() -> None:
    schema = packaged.packaged_tokenizer().grammar.schema
    assert schema == without_remarks(schema)
    assert isinstance(schema, dict)
    assert schema["$id"].endswith("github-workflow.json")


def test_property_names_are_not_dropped_as_remarks() -> None:
    schema = {"title": "a", "properties": {"title": {"description": "b", "enum": ["description"]}, "description": True}}
    assert without_remarks(schema) == {"properties": {"title": {"enum": ["description"]}, "description": True}}
