from __future__ import annotations

from typing import Any

import pytest

from schemalm.baselines import ByteBPETokenizer
from schemalm.documents import canonical_json
from schemalm.errors import DataError
from schemalm.inspection import count_units
from schemalm.tokenizer import Tokenizer


def test_units_are_counted_for_each_tokenizer_and_for_compact_json(
    typed: Tokenizer, text_tokenizer: ByteBPETokenizer, documents: list[dict[str, Any]]
) -> None:
    value = {**documents[0], "run": "é"}
    counts = count_units(value, {"a": typed, "b": text_tokenizer})
    size = len(canonical_json(value))
    assert [count.count for count in counts] == [
        len(typed.encode(value)),
        len(text_tokenizer.encode(value)),
        size - 1,
        size,
    ]
    assert counts[0].unit == "typed tokens"
    assert counts[1].unit == f"byte-bpe tokens of {text_tokenizer.text.upper()}"
    assert counts[0].bytes_per_unit == size / counts[0].count


def test_a_tokenizer_that_refuses_the_document_is_named(typed: Tokenizer) -> None:
    with pytest.raises(DataError, match=r"^other\.json refuses the document: /kind: "):
        count_units({"kind": "gamma"}, {"other.json": typed})
