from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from schemalm.baselines import ByteBPETokenizer
from schemalm.errors import ConfigurationError
from schemalm.experiments import text_masks
from schemalm.experiments.text_masks import (
    check_installed,
    cut_branches_beside_properties,
    in_canonical_order,
    make_text_mask,
)

SCHEMA = {
    "type": "object",
    "properties": {"kind": {"enum": ["red", "blue"]}, "text": {"type": "string", "pattern": "^[a\n]+$"}},
    "required": ["kind"],
    "additionalProperties": False,
    "not": {"required": ["text"]},
}
DOCUMENT = {"kind": "red", "text": "aa"}


@pytest.fixture(scope="module")
def tokenizer() -> ByteBPETokenizer:
    return ByteBPETokenizer.train([DOCUMENT] * 20, 300)


@pytest.mark.parametrize("engine", ["llguidance", "xgrammar"])
def test_engines_admit_documents_of_the_schema_and_no_other_tokens(tokenizer: ByteBPETokenizer, engine: str) -> None:
    pytest.importorskip(engine)
    mask = make_text_mask(engine, tokenizer, SCHEMA, {})
    assert mask.title.startswith(engine)
    assert [cut.pointer for cut in mask.cuts] == (["/not"] if engine == "llguidance" else [])
    matcher = mask.begin()
    for token in tokenizer.encode(DOCUMENT):
        row = matcher.mask()
        assert row.shape == (tokenizer.vocab_size,)
        assert row[token]
        assert not row[[tokenizer.pad_id, tokenizer.bos_id]].any()
        assert matcher.forced() in (None, token)
        copied = matcher.copy()
        copied.advance(int(np.flatnonzero(row)[-1]))
        matcher.advance(token)
    begun = mask.begin()
    (wrong,) = tokenizer.encode_text("x")
    assert not begun.mask()[wrong]
    with pytest.raises(ValueError, match=f"{engine} refuses the token {wrong}"):
        begun.advance(wrong)


def test_no_mask_admits_all_text(tokenizer: ByteBPETokenizer) -> None:
    matcher = make_text_mask("none", tokenizer, SCHEMA, {}).begin()
    matcher.advance(7)
    assert matcher.copy().mask().sum() == tokenizer.vocab_size - 2
    assert matcher.forced() is None


def test_a_missing_engine_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_masks, "find_spec", lambda _: None)
    check_installed(["none", "grammar"])
    with pytest.raises(ConfigurationError, match=r"need the package xgrammar: install schemalm\[compare\]"):
        check_installed(["none", "xgrammar"])


def test_properties_have_the_order_of_the_set_that_knows_most_of_them() -> None:
    orders = {frozenset(order): tuple(order) for order in ("cab", "abcd", "zy")}
    schema: Any = {"anyOf": [{"properties": {"a": {}, "c": {}}}, {"properties": {"e": {}, "d": {}, "a": {}}}]}
    first, second = in_canonical_order(schema, orders)["anyOf"]
    assert list(first["properties"]) == ["c", "a"]
    assert list(second["properties"]) == ["a", "d", "e"]
    assert in_canonical_order({"properties": {"b": {}, "a": {}}}, {}) == {"properties": {"b": {}, "a": {}}}


def test_branches_beside_properties_are_cut_for_xgrammar() -> None:
    inner = {"oneOf": [True], "type": "object"}
    schema = {"items": {"properties": {"a": inner, "oneOf": inner}, "oneOf": [False], "anyOf": [True]}}
    fitted, cuts = cut_branches_beside_properties(schema)
    assert fitted == {"items": {"properties": {"a": inner, "oneOf": inner}}}
    assert [cut.pointer for cut in cuts] == ["/items/anyOf", "/items/oneOf"]
