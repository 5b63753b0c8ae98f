"""The text baseline encodes any JSON value and keeps it, and its two engines agree."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemalm.baselines import ByteBPETokenizer
from schemalm.baselines.byte_bpe import (
    FIRST_TOKEN_ID,
    MAX_BLANKS,
    MAX_RUN,
    SPLIT_PATTERNS,
    Split,
    learn_merges,
)
from schemalm.baselines.text_tokenizer import TextFormat
from schemalm.documents import canonical_json, dump_document, json_equal, load_document
from schemalm.errors import ConfigurationError, DataError, DecodeError, InvalidDocument

FORMATS: tuple[TextFormat, ...] = ("json", "yaml")
BYTES = [bytes([byte]) for byte in range(256)]
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=12
)


@pytest.fixture(scope="module", params=FORMATS)
def baseline(request: pytest.FixtureRequest, documents: list[Any]) -> ByteBPETokenizer:
    return ByteBPETokenizer.train(documents, vocab_size=380, text=request.param)


@pytest.mark.slow
@given(value=values)
def test_values_round_trip(baseline: ByteBPETokenizer, value: Any) -> None:
    assert json_equal(baseline.decode(baseline.encode(value)), value)


@pytest.mark.parametrize(
    "value", [10**40, -0.0, 1.0, "on", "README.md", "2024-01-01", "<pad>", {"on": [1, {"é": None}]}]
)
def test_values_that_readers_misread_round_trip(baseline: ByteBPETokenizer, value: Any) -> None:
    assert json_equal(baseline.decode(baseline.encode(value)), value)


def test_documents_over_the_default_limits_round_trip(baseline: ByteBPETokenizer) -> None:
    value = {"a": " " * (MAX_BLANKS + 1) + "x" * (1 << 20)}
    assert baseline.decode(baseline.encode(value)) == value


@pytest.mark.parametrize("split", SPLIT_PATTERNS)
def test_white_space_that_would_crash_the_engine_is_encoded(split: Split) -> None:
    bare = ByteBPETokenizer(BYTES, split=split)
    text = "a" + " " * 1_500_000 + "\n"
    assert bare.decode_text(bare.encode_text(text)) == text


def test_yaml_is_the_text_that_a_person_would_write(documents: list[Any]) -> None:
    tokenizer = ByteBPETokenizer.train(documents, vocab_size=300, text="yaml")
    assert tokenizer.decode_text(tokenizer.encode(documents[0])) == dump_document(documents[0])


def test_comments_and_trailing_commas_are_refused_when_decoding() -> None:
    bare = ByteBPETokenizer(BYTES)
    assert bare.decode(bare.encode_text('{"a": [1]}')) == {"a": [1]}
    for text in ('{"a": [1,]}', '{"a": [1]} // c'):
        with pytest.raises(DecodeError):
            bare.decode(bare.encode_text(text))


@pytest.mark.parametrize("text", FORMATS)
def test_both_engines_give_the_same_tokens(documents: list[Any], text: TextFormat) -> None:
    texts = [dump_document(value) if text == "yaml" else canonical_json(value).decode() for value in documents]
    engine = learn_merges(texts, 380 - FIRST_TOKEN_ID)
    tokenizer = ByteBPETokenizer.train(documents, vocab_size=380, text=text)
    unseen = ["1234567 don't  go\r\n\n", "a" * 50, "ab" * 20, "naïve 𝄞𝄞 été"]
    for written in [*texts, *unseen]:
        assert [token - FIRST_TOKEN_ID for token in tokenizer.encode_text(written)] == engine.encode(written).ids


def test_both_engines_give_the_same_tokens_for_real_workflows(shared_data: Path) -> None:
    files = sorted((shared_data / "workflows" / "sample-100").glob("*.yml"))
    documents = [load_document(file) for file in files]
    texts = [canonical_json(document).decode() for document in documents]
    engine = learn_merges(texts[::2], 2000)
    tokenizer = ByteBPETokenizer.train(documents[::2], vocab_size=2000 + FIRST_TOKEN_ID)
    for text in texts:
        assert [token - FIRST_TOKEN_ID for token in tokenizer.encode_text(text)] == engine.encode(text).ids


# Texts that are one long word: one character, characters of one class, and classes next to each other.
RUNS = [
    "a",
    "éÄ",
    "abcdefghij",
    "字漢語",
    "\u0301",
    "e\u0301",
    "-",
    "#!=~*",
    " ",
    "\t ",
    "\n",
    "\r\n",
    " \n",
    "\u00a0\u2003",
    "𝄞",
]


@pytest.mark.parametrize("run", RUNS)
def test_a_long_run_is_cut_into_short_words(run: str) -> None:
    engine = learn_merges([run], 260)
    assert engine.pre_tokenizer is not None
    words = engine.pre_tokenizer.pre_tokenize_str(run * 5_000)
    # A sign or blank before the run, the run, and line ends after it.
    assert max(end - begin for _, (begin, end) in words) <= 2 * MAX_RUN + 1


@pytest.mark.slow
@pytest.mark.parametrize("run", RUNS)
def test_a_long_run_is_encoded_as_it_was_learned(run: str) -> None:
    value = f"x {run * 500} y{run * 60}1{run * 50}\n{run * 47} {run * 48}  {run * 49}"
    engine = learn_merges([canonical_json(value).decode()], 300 - FIRST_TOKEN_ID)
    tokenizer = ByteBPETokenizer.train([value], vocab_size=300)
    for text in (canonical_json(value).decode(), value, value[::-1]):
        ids = tokenizer.encode_text(text)
        assert [token - FIRST_TOKEN_ID for token in ids] == engine.encode(text).ids
        assert tokenizer.decode_text(ids) == text


def test_a_file_with_the_old_split_pattern_keeps_its_tokens(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    tokens = [*LATIN, "aa", "a" * 4, "a" * 8, "a" * 16, "a" * 32, "a" * 64]
    path.write_text(json.dumps({**GOOD, "tokens": tokens}))
    assert ByteBPETokenizer.load(path).encode_text("a" * 64) == [FIRST_TOKEN_ID + len(tokens) - 1]


def test_at_most_three_digits_share_a_token(documents: list[Any]) -> None:
    tokenizer = ByteBPETokenizer.train([*documents, *[1234567] * 100], vocab_size=400)
    assert all(len(token) <= 3 for token in tokenizer.tokens if token.isdigit())


def test_merges_shorten_repeated_text(baseline: ByteBPETokenizer, documents: list[Any]) -> None:
    assert baseline.vocab_size == 380
    assert len(baseline.encode(documents[0])) < 120


def test_no_document_has_the_ids_of_padding_and_beginning(baseline: ByteBPETokenizer, documents: list[Any]) -> None:
    ids = {token for document in documents for token in baseline.encode(document)}
    assert not ids & {baseline.pad_id, baseline.bos_id}
    assert max(ids) < baseline.vocab_size


def test_saving_and_loading_gives_the_same_bytes(baseline: ByteBPETokenizer, tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    baseline.save(path)
    loaded = ByteBPETokenizer.load(path)
    assert loaded.digest == baseline.digest
    assert loaded.encode({"a": "b"}) == baseline.encode({"a": "b"})
    assert loaded.decode(loaded.encode({"a": "b"})) == {"a": "b"}


def test_training_twice_gives_the_same_bytes(baseline: ByteBPETokenizer, documents: list[Any]) -> None:
    assert ByteBPETokenizer.train(documents, vocab_size=380, text=baseline.text).digest == baseline.digest


def test_a_batch_holds_each_value_or_its_error(baseline: ByteBPETokenizer) -> None:
    first, second = baseline.encode_batch([1, float("nan")], on_error="return")
    assert first == baseline.encode(1)
    assert isinstance(second, InvalidDocument)
    with pytest.raises(InvalidDocument):
        baseline.encode_batch([1, float("nan")])


@pytest.mark.parametrize("value", [float("inf"), "\ud800", {1}, object()])
def test_other_objects_than_json_values_are_refused(baseline: ByteBPETokenizer, value: Any) -> None:
    with pytest.raises(InvalidDocument):
        baseline.encode(value)


def test_a_truncated_sequence_is_not_a_json_document(documents: list[Any]) -> None:
    tokenizer = ByteBPETokenizer(BYTES)
    ids = tokenizer.encode(documents[0])
    with pytest.raises(DecodeError) as caught:
        tokenizer.decode(ids[:-1])
    assert caught.value.position == len(ids) - 1


@pytest.mark.parametrize("stranger", [0, 1, 380, -1, 1 << 40])
def test_ids_without_text_are_refused(baseline: ByteBPETokenizer, stranger: int) -> None:
    with pytest.raises(DecodeError) as caught:
        baseline.decode([*baseline.encode("a"), stranger])
    assert caught.value.position == len(baseline.encode("a"))


def test_bytes_that_are_not_utf8_are_refused() -> None:
    tokenizer = ByteBPETokenizer(BYTES)
    with pytest.raises(DecodeError, match="UTF-8"):
        tokenizer.decode([0xFF + FIRST_TOKEN_ID])


def test_tokens_are_described_for_people() -> None:
    tokenizer = ByteBPETokenizer([*BYTES, b"uses"])
    assert [tokenizer.describe(token) for token in (0, 1, 258, 0xFF + FIRST_TOKEN_ID)] == [
        *("PAD", "BOS", "'uses'", r"'\\xff'")
    ]


def test_a_vocabulary_too_small_for_bytes_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="258"):
        ByteBPETokenizer.train([], vocab_size=257)


GOOD = {"kind": "byte-bpe", "format": 2, "text": "json", "split": "cl100k_base"}
LATIN = [chr(byte) for byte in range(256)]


@pytest.mark.parametrize(
    "content",
    [
        *("", "[]", "{}"),
        json.dumps(GOOD),
        json.dumps({**GOOD, "tokens": LATIN, "kind": "typed"}),
        json.dumps({**GOOD, "tokens": LATIN[1:]}),
        json.dumps({**GOOD, "tokens": [*LATIN, "a"]}),
        json.dumps({**GOOD, "tokens": [*LATIN, "\u0100"]}),
        json.dumps({**GOOD, "tokens": [*LATIN, 1]}),
        json.dumps({**GOOD, "tokens": LATIN, "text": "toml"}),
        json.dumps({**GOOD, "tokens": LATIN, "split": ".*"}),
        json.dumps({**GOOD, "tokens": LATIN, "split": []}),
    ],
)
def test_a_file_that_is_not_a_baseline_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "baseline.json"
    path.write_text(content)
    with pytest.raises(DataError):
        ByteBPETokenizer.load(path)


def test_a_file_of_an_older_format_is_refused_with_the_format(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    path.write_text('{"kind":"byte-bpe","format":1,"engine":{}}')
    with pytest.raises(DataError, match="format 1, this version reads 2: train it again"):
        ByteBPETokenizer.load(path)


def test_split_patterns_keep_whole_texts() -> None:
    text = "don't 12345  naïve_x/\r\n\n\tUPPERlower "
    for split in SPLIT_PATTERNS:
        tokenizer = ByteBPETokenizer(BYTES, split=split)
        assert tokenizer.decode_text(tokenizer.encode_text(text)) == text
