"""The masks of a batch are those of its machines, for any forbidden tokens and any size of the table."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from schemalm.compilation import compile_schema
from schemalm.machine import Machine, Tables
from schemalm.machine.batch import BatchMasks, advance
from schemalm.machine.mask_tensors import unpack_masks
from schemalm.machine.masks import pack_masks
from schemalm.tokenizer import Tokenizer

SCHEMAS: dict[str, Any] = {
    "free keys": {"type": "object", "additionalProperties": {"type": ["null", "object"]}},
    "keys that are used up": {
        "type": "object",
        "patternProperties": {"^(include|x[ab]?)$": {"type": "boolean"}},
        "propertyNames": {"maxLength": 7},
        "additionalProperties": False,
    },
    "items that have to differ": {
        "type": "array",
        "uniqueItems": True,
        "items": {"anyOf": [{"enum": ["red", "green", "blue"]}, {"type": "array", "uniqueItems": True}]},
    },
    "branches": {
        "oneOf": [
            {"type": "object", "properties": {"a": {"const": 1}}, "required": ["a"]},
            {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["b"]},
        ]
    },
}


def expected(machines: list[Machine]) -> list[list[bool]]:
    return [machine.mask().tolist() for machine in machines]


@pytest.mark.slow
@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("limit_bytes", [0, 32 << 20])
@settings(max_examples=5)
@given(seed=st.integers(0, 2**32))
def test_the_masks_of_a_batch_are_those_of_its_machines(name: str, limit_bytes: int, seed: int) -> None:
    tokenizer = Tokenizer.from_grammar(compile_schema(SCHEMAS[name]))
    tables = Tables(tokenizer.grammar, tokenizer.vocabulary, limit_bytes)
    machines, batch, chance = [Machine(tables) for _ in range(5)], BatchMasks(tables), random.Random(seed)
    for _ in range(25):
        masks_BV = batch.masks(machines)
        assert masks_BV.dtype == torch.bool
        assert masks_BV.tolist() == expected(machines)
        machines = [Machine(tables) if machine.is_complete else machine for machine in machines]
        chosen = [chance.choice(np.flatnonzero(machine.mask()).tolist()) for machine in machines]
        advance(machines, torch.tensor(chosen))


def test_a_row_is_copied_to_the_device_once() -> None:
    tokenizer = Tokenizer.from_grammar(compile_schema(SCHEMAS["free keys"]))
    machines, batch = [tokenizer.machine() for _ in range(100)], BatchMasks(tokenizer.tables)
    batch.masks(machines)
    num_rows = batch.num_rows
    batch.masks(machines[:3])
    assert batch.num_rows == num_rows == 2


def test_the_table_grows_up_to_the_limit_and_no_further() -> None:
    tokenizer = Tokenizer.from_grammar(compile_schema({"type": "string", "maxLength": 120}))
    for limit_bytes, most in ((0, 2), (32 << 20, 200)):
        tables = Tables(tokenizer.grammar, tokenizer.vocabulary, limit_bytes)
        machine, batch = Machine(tables), BatchMasks(tables)
        for token in tokenizer.encode("a" * 120):
            assert batch.masks([machine]).tolist() == expected([machine])
            machine.advance(token)
        assert batch.masks([machine]).any().item() is False
        assert batch.num_rows <= most
    assert batch.num_rows > 100


def test_a_forbidden_token_is_refused() -> None:
    tokenizer = Tokenizer.from_grammar(compile_schema(SCHEMAS["free keys"]))
    with pytest.raises(ValueError, match="not admitted"):
        advance([tokenizer.machine()], torch.tensor([0]))


@pytest.mark.parametrize("vocab_size", [1, 8, 13, 300])
def test_rows_are_unpacked_as_they_were_packed(vocab_size: int) -> None:
    masks = np.random.default_rng(1).random((3, vocab_size)) < 0.5
    assert unpack_masks(torch.from_numpy(pack_masks(masks)), vocab_size).tolist() == masks.tolist()
