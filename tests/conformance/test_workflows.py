"""Real workflows: valid ones round-trip under the mask, invalid ones are refused.

`benchmarks/roundtrip.py` checks all of them.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from rows import read_rows
from schemalm.compilation import compile_schema
from schemalm.documents import json_equal, load_document
from schemalm.errors import InvalidDocument
from schemalm.tokenizer import Tokenizer

STRIDE = 97
MAX_TRAIN_ROWS = 20_000


@pytest.fixture(scope="module")
def sample(shared_data: Path) -> list[Any]:
    folder = shared_data / "workflows" / "sample-100"
    return [load_document(path) for path in sorted(folder.glob("*.yml"))]


@pytest.fixture(scope="module")
def tokenizer(sample: list[Any]) -> Tokenizer:
    return Tokenizer.train(compile_schema("github-workflow"), sample, vocab_size=2048)


@pytest.fixture(scope="module")
def rows(shared_data: Path) -> list[dict[str, Any]]:
    folder = shared_data / "workflows"
    train = islice(read_rows(folder / "train.jsonl.zst"), 0, MAX_TRAIN_ROWS, STRIDE)
    return [*train, *islice(read_rows(folder / "val.jsonl.zst"), 0, None, STRIDE)]


def assert_round_trips(tokenizer: Tokenizer, value: Any) -> None:
    ids = tokenizer.encode(value)
    assert json_equal(tokenizer.decode(ids), value)
    machine = tokenizer.machine()
    for token in ids:
        assert machine.mask()[token]
        machine.advance(token)
    assert machine.is_complete


def test_the_sample_of_a_hundred_round_trips(tokenizer: Tokenizer, sample: list[Any]) -> None:
    assert len(sample) == 100
    for value in sample:
        assert_round_trips(tokenizer, value)


@pytest.mark.slow
def test_the_masks_of_the_strict_rules_admit_what_they_encode(sample: list[Any]) -> None:
    grammar = compile_schema("github-workflow", rules="github-workflow-strict")
    encoded = Tokenizer.from_grammar(grammar).encode_batch(sample, on_error="return")
    kept = [value for value, found in zip(sample, encoded, strict=True) if not isinstance(found, InvalidDocument)]
    strict = Tokenizer.train(grammar, kept, vocab_size=2048)
    assert len(kept) > 80
    for value in kept:
        assert_round_trips(strict, value)


@pytest.mark.slow
def test_rows_are_judged_by_the_schema_alone_as_the_corpus_says(sample: list[Any], rows: list[dict[str, Any]]) -> None:
    published = Tokenizer.train(compile_schema("github-workflow", rules=None), sample, vocab_size=2048)
    assert len(rows) > 200
    for row in rows:
        if row["valid"]:
            assert_round_trips(published, row["json"])
        else:
            with pytest.raises(InvalidDocument):
                published.encode(row["json"])


@pytest.mark.slow
def test_nearly_all_valid_rows_keep_the_rules_and_round_trip(tokenizer: Tokenizer, rows: list[dict[str, Any]]) -> None:
    values = [row["json"] for row in rows if row["valid"]]
    encoded = tokenizer.encode_batch(values, on_error="return")
    kept = [value for value, result in zip(values, encoded, strict=True) if not isinstance(result, InvalidDocument)]
    assert len(kept) > 0.9 * len(values)
    for value in kept:
        assert_round_trips(tokenizer, value)


def test_beginnings_of_real_documents_complete_to_valid_ones(tokenizer: Tokenizer, sample: list[Any]) -> None:
    validator = jsonschema_rs.validator_for(tokenizer.grammar.enforced_schema)
    for value in sample[::10]:
        ids = tokenizer.encode(value)
        for length in range(0, len(ids), max(1, len(ids) // 8)):
            assert validator.is_valid(tokenizer.decode_prefix(ids[:length]))
