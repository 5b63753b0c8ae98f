from __future__ import annotations

import json
from pathlib import Path

import pytest

import schemalm
from schemalm.limits import Limits
from schemalm.schema.merge_keys import MERGING_FORMATS, uses_merge_keys
from schemalm.schema.sources import read_schema


@pytest.mark.parametrize("name", MERGING_FORMATS)
def test_formats_that_document_merge_keys_are_known(name: str) -> None:
    assert uses_merge_keys(read_schema(name, Limits()))


@pytest.mark.parametrize("name", ["github-workflow", "github-action", "dependabot", "azure-pipelines", "renovate"])
def test_other_formats_are_not(name: str) -> None:
    assert not uses_merge_keys(read_schema(name, Limits()))


@pytest.mark.parametrize("schema", [True, {}, {"title": ""}, {"$id": 3}, {"title": "Compose Specification"}])
def test_schemas_of_other_names_are_not(schema) -> None:
    assert not uses_merge_keys(schema)


def test_a_copy_of_a_schema_in_a_file_or_tokenizer_is_recognized(tmp_path: Path) -> None:
    for name in ("compose-spec", "circle-ci"):
        (tmp_path / "copy.json").write_text(json.dumps(read_schema(name, Limits())))
        grammar = schemalm.compile_schema(tmp_path / "copy.json")
        schemalm.Tokenizer.from_grammar(grammar).save(tmp_path / "tokenizer.json")
        assert uses_merge_keys(grammar.schema)
        assert uses_merge_keys(schemalm.Tokenizer.load(tmp_path / "tokenizer.json").grammar.schema)
