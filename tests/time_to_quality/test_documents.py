"""The documents of the benchmark, and what `schemalm prepare` makes of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import zstandard

from quality.configuration import Configuration
from quality.documents import Documents, first_source, obtain_documents, write_documents
from quality.revision import RevisionContender, check_out, commit_of
from schemalm.dataset.embedded import embedded_workflows
from schemalm.documents import canonical_json
from schemalm.errors import DataError
from turns import REPOSITORY

NUM_TRAIN, NUM_VALIDATION = 60, 8


def embedded_rows(num_documents: int) -> list[dict[str, Any]]:
    return [
        {"repo": f"owner/{number % 10}", "path": f"{number}.yml", "json": workflow.value, "valid": True, "kind": "head"}
        for number, workflow in enumerate(embedded_workflows(num_documents))
    ]


def split_rows() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    rows = embedded_rows(NUM_TRAIN + NUM_VALIDATION)
    held_out = [{**row, "repo": f"other/{row['repo'][-1]}"} for row in rows[NUM_TRAIN:]]
    return rows[:NUM_TRAIN], held_out


def contender(documents: Documents, folder: Path, configuration: Configuration) -> RevisionContender:
    return RevisionContender("this", commit_of("HEAD"), REPOSITORY, configuration, documents, folder)


def test_the_validation_source_is_drawn_before_all_others() -> None:
    others = {f"owner/{number}" for number in range(100)}
    name = first_source(others, 0)
    assert name not in others
    assert first_source({*others, name}, 0) != name


def test_the_bytes_are_those_of_the_documents_as_compact_json(tmp_path: Path) -> None:
    train, validation = split_rows()
    documents = write_documents(train, validation, tmp_path / "documents")
    assert documents.num_bytes == sum(len(canonical_json(row["json"])) for row in validation)
    assert documents.num_bytes == sum(len(canonical_json(value)) for value in documents.validation_values())
    assert [*documents.validation_values()] == [row["json"] for row in validation]
    assert [*documents.train_values()] == [row["json"] for row in train]


def test_keys_are_in_one_order(tmp_path: Path) -> None:
    job = {"runs-on": "x", "steps": [{"run": "a"}]}
    one, other = {"on": "push", "jobs": {"a": job}}, {"jobs": {"b": job}, "on": "push"}
    train = [{"repo": "a/a", "path": str(number), "json": one} for number in range(3)]
    documents = write_documents(train, [{"repo": "b/b", "path": "x", "json": other}], tmp_path / "documents")
    (value,) = documents.validation_values()
    assert [*value] == ["on", "jobs"]


def test_a_repository_in_both_parts_is_refused(tmp_path: Path) -> None:
    train, _ = split_rows()
    with pytest.raises(DataError, match="owner/3 are in both parts"):
        write_documents(train, [train[3]], tmp_path / "documents")


def write_corpus(folder: Path) -> None:
    train, validation = split_rows()
    older = {**validation[0], "kind": "history", "json": {"on": "push", "jobs": {}}}
    invalid = {**validation[1], "valid": False, "path": "invalid.yml"}
    parts = {"train": [*train, {**train[0], "valid": False}], "val": [validation[0], older, *validation[1:], invalid]}
    for name, rows in parts.items():
        lines = "\n".join(map(json.dumps, rows))
        (folder / f"{name}.jsonl.zst").write_bytes(zstandard.compress(lines.encode()))


def test_the_newest_valid_version_of_each_file_is_scored(tmp_path: Path) -> None:
    write_corpus(tmp_path)
    documents = obtain_documents(tmp_path, tmp_path / "out", None, None)
    assert (documents.num_train, documents.num_validation) == (NUM_TRAIN, NUM_VALIDATION)
    assert [*documents.validation_values()] == [row["json"] for row in split_rows()[1]]
    assert obtain_documents(tmp_path / "gone", tmp_path / "out", None, None) == documents
    with pytest.raises(DataError, match="were chosen otherwise"):
        obtain_documents(tmp_path, tmp_path / "out", 20, None)


@pytest.mark.slow
def test_prepare_holds_out_exactly_the_validation_documents(tmp_path: Path) -> None:
    documents = write_documents(*split_rows(), tmp_path / "documents")
    configuration = Configuration(tokenizer={"rules": "none", "vocab-size": 1024})
    contender(documents, tmp_path / "this", configuration).prepare()
    result = json.loads((tmp_path / "this" / "prepared.json").read_text())
    found = {name: split["num_documents"] for name, split in result["splits"].items()}
    assert found == {"train": NUM_TRAIN, "val": NUM_VALIDATION}


@pytest.mark.slow
def test_a_document_that_a_contender_cannot_represent_is_named(tmp_path: Path) -> None:
    train, validation = split_rows()
    # The schema admits it; the default rules do not, since GitHub knows no such context.
    job = {"runs-on": "x", "steps": [{"run": "echo ${{ nothing.here }}"}]}
    validation[0] = {**validation[0], "json": {"on": "push", "jobs": {"a": job}}}
    documents = write_documents(train, validation, tmp_path / "documents")
    strict = contender(documents, tmp_path / "this", Configuration(tokenizer={"vocab-size": 2048}))
    with pytest.raises(DataError, match=rf"cannot represent .*{validation[0]['path']}.*nothing"):
        strict.prepare()
    assert not (tmp_path / "this" / "prepared.json").exists()


def test_a_commit_is_checked_out_once(tmp_path: Path) -> None:
    commit = commit_of("HEAD")
    checkout = check_out(commit, tmp_path)
    assert (checkout / "src" / "schemalm" / "__init__.py").exists()
    (checkout / "mark").touch()
    assert (check_out(commit, tmp_path) / "mark").exists()


def test_a_revision_that_does_not_exist_is_named() -> None:
    with pytest.raises(DataError, match="no revision 'nothing'"):
        commit_of("nothing")
