"""A run of byte BPE is exported with a tokenizer of the library that gives the same tokens."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest
import torch
from tests.export.conftest import SCHEMA, text_tokenizer

from schemalm.baselines import ByteBPETokenizer
from schemalm.errors import DataError
from schemalm.export.exporting import export_run
from schemalm.export.text_tokenizer import transformers_tokenizer

TEXTS = ('{"name":"dish 12","price":3.5}', "Grüße, 世界!\n\n  \t it's  x", "", "a" * 200, "<|start|")


def test_the_same_tokens_follow_the_position() -> None:
    ours = text_tokenizer()
    theirs = transformers_tokenizer(ours)
    for text in TEXTS:
        assert theirs.encode(text).ids == [0, *ours.encode_text(text)]
        assert theirs.decode(theirs.encode(text).ids) == text


def test_tokens_that_no_merge_makes_are_refused() -> None:
    tokens = [*(bytes([byte]) for byte in range(256)), b"abc", b"ab"]
    with pytest.raises(DataError, match="no merge"):
        transformers_tokenizer(ByteBPETokenizer(tokens))


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_an_exported_run_of_text_writes_valid_documents_under_the_schema(text_run: Path, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers", reason="needs the extra `transformers`")
    from schemalm.integrations.transformers import SchemaLogitsProcessor  # noqa: PLC0415

    export = export_run(text_run, tmp_path / "out")
    assert (export.architecture, export.schema_sha256) == ("NanoChatForCausalLM", None)
    model = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "out")
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "out")
    processor = SchemaLogitsProcessor(SCHEMA, tokenizer)
    torch.manual_seed(0)
    rows = model.generate(
        **tokenizer("", return_tensors="pt", return_token_type_ids=False),
        logits_processor=[processor],
        num_return_sequences=20,
    )
    is_valid = jsonschema_rs.validator_for(SCHEMA).is_valid
    assert all(is_valid(json.loads(processor.document(row[1:]))) for row in rows.tolist())
