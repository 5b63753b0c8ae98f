"""The tokenizer that the package carries."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemalm.integrations.nanochat import packaged

ROOT = Path(__file__).resolve().parents[3]
ASSET = Path("src/schemalm/integrations/nanochat") / packaged.ASSET


def test_it_has_exactly_8192_entries() -> None:
    assert packaged.packaged_tokenizer().vocab_size == packaged.VOCAB_SIZE == 8192


@pytest.mark.slow
def test_it_can_be_made_again_byte_for_byte() -> None:
    schema = packaged.packaged_tokenizer().grammar.schema
    assert isinstance(schema, dict)
    assert packaged.train_packaged_tokenizer(schema).to_json() == packaged.packaged_content()


def test_its_schema_is_that_of_workflows_without_what_only_people_read() -> None:
    schema = packaged.packaged_tokenizer().grammar.schema
    assert schema == packaged.without_remarks(schema)
    assert isinstance(schema, dict)
    assert schema["$id"].endswith("github-workflow.json")


def test_names_of_properties_are_no_remarks() -> None:
    schema = {"title": "a", "properties": {"title": {"description": "b", "enum": ["description"]}, "description": True}}
    assert packaged.without_remarks(schema) == {"properties": {"title": {"enum": ["description"]}, "description": True}}


def test_the_wheel_carries_it() -> None:
    wheel = pytest.importorskip("hatchling.builders.wheel")
    included = {file.distribution_path for file in wheel.WheelBuilder(str(ROOT)).recurse_included_files()}
    assert str(ASSET.relative_to("src")) in included


def test_it_is_small() -> None:
    assert (ROOT / ASSET).stat().st_size < 100_000
