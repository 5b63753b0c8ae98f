from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemalm.baselines import ByteBPETokenizer
from schemalm.experiments.text_masks import make_text_mask
from schemalm.experiments.text_run import JSONEnd, TextWriter

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(VALUES, max_size=3) | st.dictionaries(st.text(), VALUES, max_size=3), st.booleans())
def test_a_text_closes_with_its_last_byte_and_not_before(value: Any, ensure_ascii: bool) -> None:
    text = json.dumps(value, ensure_ascii=ensure_ascii).encode("utf-8", "surrogatepass")
    end = JSONEnd()
    end.read(text[:-1])
    assert not end.is_closed
    copied = end.copy()
    end.read(text[-1:])
    assert (end.is_closed, copied.is_closed) == (True, False)


def test_a_machine_is_complete_when_its_text_closes() -> None:
    tokenizer = ByteBPETokenizer.train([{"a": ["é"]}] * 5, 270)
    writer = TextWriter(tokenizer, make_text_mask("none", tokenizer, {}, {}))
    tokens = tokenizer.encode({"a": ["é"]})
    machine = writer.machine()
    for token in tokens:
        assert not machine.is_complete
        assert machine.mask()[token]
        machine.advance(token)
    assert machine.is_complete
    assert machine.completion() == []
    assert writer.decode(tokens) == '{"a":["é"]}'


def test_text_that_is_not_utf_8_has_replacement_characters() -> None:
    tokenizer = ByteBPETokenizer.train([], 258)
    writer = TextWriter(tokenizer, make_text_mask("none", tokenizer, {}, {}))
    assert writer.decode(tokenizer.encode_text("é")[:1]) == "�"


def test_what_is_forced_is_the_only_token_of_the_mask() -> None:
    class Forcing:
        def forced(self) -> int:
            return 70

    class Mask:
        def begin(self) -> Forcing:
            return Forcing()

    tokenizer = ByteBPETokenizer.train([], 258)
    mask = TextWriter(tokenizer, Mask()).machine().mask()  # type: ignore[arg-type]
    assert mask.nonzero()[0].tolist() == [70]
