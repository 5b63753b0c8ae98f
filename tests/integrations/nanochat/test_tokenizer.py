"""nanochat's names for the tokenizer: what goes in, what comes out, and what errors advise."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from schemalm import Tokenizer, compile_schema, load_document
from schemalm.dataset.embedded import embedded_workflows
from schemalm.errors import ConfigurationError, DataError, DecodeError, DocumentError, InvalidDocument, SchemaLMError
from schemalm.integrations.nanochat import TCTTokenizer

YAML = "name: check\non: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make test\n"
VALUE = load_document(YAML)
ARRAYS = compile_schema({"type": "array", "items": {"type": ["string", "integer"]}})


@pytest.fixture(scope="module")
def tokenizer() -> TCTTokenizer:
    return TCTTokenizer()


@pytest.fixture(scope="module")
def arrays() -> TCTTokenizer:
    """A tokenizer whose documents are arrays."""
    return TCTTokenizer(Tokenizer.from_grammar(ARRAYS))


def test_yaml_json_and_the_value_have_the_same_tokens(tokenizer: TCTTokenizer) -> None:
    ids = tokenizer.encode(YAML)
    assert tokenizer.encode(json.dumps(VALUE)) == tokenizer.encode(VALUE) == ids
    assert tokenizer(YAML) == ids
    assert json.loads(tokenizer.decode(ids)) == VALUE


def test_every_embedded_workflow_comes_back(tokenizer: TCTTokenizer) -> None:
    values = [workflow.value for workflow in embedded_workflows()[-100:]]
    assert [json.loads(tokenizer.decode(ids)) for ids in tokenizer.encode(values)] == values


def test_it_has_nanochats_names(tokenizer: TCTTokenizer) -> None:
    assert tokenizer.get_vocab_size() == 8192
    assert tokenizer.get_special_tokens() == {"<|bos|>", "<|pad|>"}
    assert tokenizer.get_bos_token_id() == tokenizer.encode_special("<|bos|>") == 1
    assert tokenizer.id_to_token(1) == "<|bos|>"
    assert tokenizer.id_to_token(tokenizer.encode(VALUE)[0]) == "KEY:name"


@pytest.mark.parametrize("special", ["<|bos|>", 1])
def test_special_tokens_are_put_around_each_document(tokenizer: TCTTokenizer, special: int | str) -> None:
    ids = tokenizer.encode(YAML)
    assert tokenizer.encode(YAML, prepend=special, append="<|pad|>") == [1, *ids, 0]
    assert tokenizer.encode([YAML, VALUE], special, num_threads=4) == [[1, *ids], [1, *ids]]


def test_a_list_is_a_batch_whatever_is_in_it(tokenizer: TCTTokenizer) -> None:
    assert tokenizer.encode([]) == []
    assert tokenizer.encode([VALUE]) == [tokenizer.encode(VALUE)]


def test_a_document_that_is_an_array_is_a_text_or_a_member_of_a_batch(arrays: TCTTokenizer) -> None:
    ids = arrays.encode('["a", 1]')
    assert arrays.encode([["a", 1], "- a\n- 1\n", []]) == [ids, ids, arrays.encode("[]")]
    assert arrays.decode(ids) == '["a",1]'


def test_a_text_is_never_a_path(tokenizer: TCTTokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ci.yml").write_text(YAML)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidDocument, match=r'found string "ci.yml".*never a path: pass Path\(...\).read_text'):
        tokenizer.encode("ci.yml")


@pytest.mark.parametrize("document", [Path("ci.yml"), YAML.encode(), (YAML,)])
def test_what_is_no_document_is_refused_with_advice(tokenizer: TCTTokenizer, document: Any) -> None:
    with pytest.raises(ConfigurationError, match="a batch is a list of them: pass path"):
        tokenizer.encode(document)


@pytest.mark.parametrize(
    ("batch", "error", "message"),
    [
        ([YAML, "on: ["], DocumentError, "document 1 of the batch: line 1, column 5"),
        ([{"on": 1}], InvalidDocument, "document 0 of the batch: "),
        ([VALUE, VALUE, None], InvalidDocument, "document 2 of the batch: /: expected object, found null"),
    ],
)
def test_an_error_of_a_batch_says_which_document(
    tokenizer: TCTTokenizer, batch: list[Any], error: type[SchemaLMError], message: str
) -> None:
    with pytest.raises(error) as caught:
        tokenizer.encode(batch)
    assert str(caught.value).startswith(message)


def test_merge_keys_are_resolved_where_the_format_has_them() -> None:
    compose = TCTTokenizer(Tokenizer.from_grammar(compile_schema("compose-spec")))
    text = "x-a: &a\n  image: b\nservices:\n  c:\n    <<: *a\n"
    assert json.loads(compose.decode(compose.encode(text)))["services"] == {"c": {"image": "b"}}


def test_arrays_and_tensors_decode_like_lists(tokenizer: TCTTokenizer) -> None:
    ids = tokenizer.encode(VALUE)
    assert tokenizer.decode(np.array(ids)) == tokenizer.decode(torch.tensor(ids)) == tokenizer.decode(tuple(ids))


@pytest.mark.parametrize("number", [np.int64, np.uint16, torch.tensor])
def test_numbers_of_arrays_and_tensors_are_ids(tokenizer: TCTTokenizer, number: Callable[[int], Any]) -> None:
    ids = tokenizer.encode(VALUE, prepend=number(1))
    assert {type(id) for id in ids} == {int}
    assert tokenizer.decode([*map(number, ids)]) == tokenizer.decode(ids)
    assert tokenizer.id_to_token(number(1)) == "<|bos|>"


def test_special_tokens_around_a_document_are_passed_over(tokenizer: TCTTokenizer) -> None:
    assert tokenizer.decode([1, *tokenizer.encode(VALUE), 0, 0]) == tokenizer.decode(tokenizer.encode(VALUE))


def test_errors_of_decoding_say_where_and_what_to_do(tokenizer: TCTTokenizer) -> None:
    ids = tokenizer.encode(VALUE)
    for wrong, position, message in [
        ([1, *ids[:4]], 5, "incomplete after 4 tokens; decode_prefix ends"),
        ([], 0, "incomplete"),
        ([*ids, *ids], len(ids), "one document at a time"),
        ([1, 8191, *ids], 1, "after 0 of"),
        ([9999], 0, "9999 cannot occur"),
        ([ids], 0, "expected a token id"),
        ("text", 0, "expected a token id, got 't'"),
    ]:
        with pytest.raises(DecodeError, match=message) as caught:
            tokenizer.decode(wrong)
        assert caught.value.position == position


def test_a_document_cut_anywhere_is_completed(tokenizer: TCTTokenizer) -> None:
    ids = tokenizer.encode(VALUE)
    for length in range(len(ids) + 1):
        assert tokenizer.encode(tokenizer.decode_prefix([1, *ids[:length], 0]))
    with pytest.raises(DecodeError, match="token 1: "):
        tokenizer.decode_prefix([ids[0], 9999])


@pytest.mark.parametrize("wrong", [-1, 8192, True, 1.0])
def test_ids_beyond_the_vocabulary_are_refused(tokenizer: TCTTokenizer, wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match="id must be a token id from 0 to 8191"):
        tokenizer.id_to_token(wrong)
    with pytest.raises(ConfigurationError, match="append must be a token id"):
        tokenizer.encode(VALUE, append=wrong)


def test_special_tokens_that_there_are_not_are_named(tokenizer: TCTTokenizer) -> None:
    with pytest.raises(ConfigurationError, match=r"'<\|user_start\|>'; expected one of <\|bos\|>, <\|pad\|>"):
        tokenizer.encode(VALUE, prepend="<|user_start|>")


def test_it_loads_a_file_and_a_folder(arrays: TCTTokenizer, tmp_path: Path) -> None:
    arrays.tokenizer.save(tmp_path / "tokenizer.json")
    for path in (tmp_path / "tokenizer.json", tmp_path, str(tmp_path)):
        assert TCTTokenizer(path).encode("[1]") == arrays.encode("[1]")


def test_a_missing_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.json"):
        with pytest.raises(DataError, match=r"\.json: there is no such file.*`schemalm tokenizer train` wrote"):
            TCTTokenizer(path)
