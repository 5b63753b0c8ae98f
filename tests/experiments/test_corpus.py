from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from schemalm.documents import canonical_json, deduplicate, read_corpus
from schemalm.errors import ConfigurationError, DataError
from schemalm.experiments.corpus import DrawnCorpus, obtain_corpus
from schemalm.experiments.recipe import Recipe


def silent(message: str) -> None:
    pass


@pytest.fixture(scope="module")
def corpus(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> DrawnCorpus:
    return obtain_corpus(recipe, 0, tmp_path_factory.mktemp("drawn"), silent)


def test_every_training_document_occurs_once_in_the_order_of_the_seed(recipe: Recipe, corpus: DrawnCorpus) -> None:
    rows = list(read_corpus([recipe.data.train]))
    documents = list(corpus.train_documents())
    assert {(document.source, document.name) for document in documents} == {(row.repository, row.path) for row in rows}
    assert [document.name for document in documents] != [row.path for row in rows]
    texts = {canonical_json(row.value, sort_keys=True) for row in rows}
    assert {canonical_json(document.value, sort_keys=True) for document in documents} == texts


def test_validation_has_only_rows_with_the_required_fields(recipe: Recipe, corpus: DrawnCorpus) -> None:
    heads = [row.path for row in read_corpus([recipe.data.validation]) if row.fields["kind"] == "head"]
    chosen = [document.name for document in corpus.validation_documents()]
    assert chosen == [heads[0], heads[-1]]


def test_named_keys_have_one_order(corpus: DrawnCorpus) -> None:
    ranks = {key: rank for order in corpus.key_orders.values() if "jobs" in order for rank, key in enumerate(order)}
    for document in corpus.train_documents():
        keys = [ranks[key] for key in document.value]
        assert keys == sorted(keys)


@pytest.mark.slow
def test_sources_of_validation_are_not_in_training(recipe: Recipe, tmp_path: Path) -> None:
    both = tmp_path / "both.jsonl"
    both.write_bytes(recipe.data.train.read_bytes() + recipe.data.validation.read_bytes())
    mixed = replace(recipe, data=replace(recipe.data, train=both))
    corpus = obtain_corpus(mixed, 0, tmp_path, silent)
    held_out = {row.repository for row in read_corpus([recipe.data.validation])}
    assert not held_out & {document.source for document in corpus.train_documents()}
    num_held_out = len(list(deduplicate(read_corpus([recipe.data.validation]))))
    assert corpus.left_out.passed_over["training documents of a validation source"].count == num_held_out


def test_documents_are_drawn_once_and_then_read_without_their_corpora(recipe: Recipe, tmp_path: Path) -> None:
    first = obtain_corpus(recipe, 0, tmp_path, silent)
    elsewhere = replace(recipe, data=replace(recipe.data, train=tmp_path / "gone", validation=tmp_path / "gone"))
    assert obtain_corpus(elsewhere, 0, tmp_path, silent) == first


def test_seeds_draw_the_same_documents_in_another_order(recipe: Recipe, corpus: DrawnCorpus, tmp_path: Path) -> None:
    other = obtain_corpus(recipe, 1, tmp_path, silent)
    first, second = ([document.name for document in drawn.train_documents()] for drawn in (corpus, other))
    assert first != second
    assert sorted(first) == sorted(second)
    names = [[document.name for document in drawn.validation_documents()] for drawn in (corpus, other)]
    assert names[0] == names[1]


def test_documents_drawn_with_other_settings_are_refused(recipe: Recipe, tmp_path: Path) -> None:
    obtain_corpus(recipe, 0, tmp_path, silent)
    with pytest.raises(ConfigurationError, match="choose another folder"):
        obtain_corpus(replace(recipe, data=replace(recipe.data, num_tokenizer_documents=5)), 0, tmp_path, silent)


def test_a_drawing_that_was_interrupted_is_done_again(recipe: Recipe, tmp_path: Path) -> None:
    first = obtain_corpus(recipe, 0, tmp_path, silent)
    (tmp_path / "corpus" / "0" / "corpus.json").unlink()
    (tmp_path / "corpus" / "0" / "train.jsonl.zst").write_bytes(b"torn")
    assert obtain_corpus(recipe, 0, tmp_path, silent) == first


def test_fields_that_no_row_has_are_an_error_with_the_corpus(recipe: Recipe, tmp_path: Path) -> None:
    nowhere = replace(recipe, data=replace(recipe.data, validation_where={"kind": "other"}))
    with pytest.raises(DataError, match=r"validation\.jsonl: no document is left"):
        obtain_corpus(nowhere, 0, tmp_path, silent)


@pytest.mark.slow
def test_invalid_documents_are_left_out(recipe: Recipe, tmp_path: Path) -> None:
    spoiled = tmp_path / "spoiled.jsonl"
    row = {"repo": "a/b", "path": "bad.yml", "value": {"jobs": 1}}
    spoiled.write_bytes(json.dumps(row).encode() + b"\n" + recipe.data.train.read_bytes())
    corpus = obtain_corpus(replace(recipe, data=replace(recipe.data, train=spoiled)), 0, tmp_path, silent)
    assert "bad.yml" not in {document.name for document in corpus.train_documents()}
