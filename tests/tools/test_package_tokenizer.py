"""The tool that learns the packaged tokenizer."""

from __future__ import annotations

from package_tokenizer import train_packaged_tokenizer, without_remarks
from schemalm.integrations.nanochat import packaged


def test_it_can_be_made_again_byte_for_byte() -> None:
    schema = packaged.packaged_tokenizer().grammar.schema
    assert isinstance(schema, dict)
    assert train_packaged_tokenizer(schema).to_json() == packaged.packaged_content()


def test_its_schema_is_that_of_workflows_without_what_only_people_read() -> None:
    schema = packaged.packaged_tokenizer().grammar.schema
    assert schema == without_remarks(schema)
    assert isinstance(schema, dict)
    assert schema["$id"].endswith("github-workflow.json")


def test_names_of_properties_are_no_remarks() -> None:
    schema = {"title": "a", "properties": {"title": {"description": "b", "enum": ["description"]}, "description": True}}
    assert without_remarks(schema) == {"properties": {"title": {"enum": ["description"]}, "description": True}}
