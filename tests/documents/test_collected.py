"""Files that SchemaLM writes next to documents are not read; other files with the same names are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from schemalm.documents import LeftOut, read_corpus
from schemalm.documents.collected import CORPUS_KIND, REPORTS, UNFINISHED_WORK, is_corpus_manifest


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A nested folder with a document and the reports of a corpus."""
    folder = tmp_path / "below" / "corpus"
    folder.mkdir(parents=True)
    (folder / "a.yml").write_text("a: 1\n")
    (folder / "rejected.jsonl").write_text('{"value": 2}\n')
    (folder / "manifest.json").write_text(json.dumps({"kind": CORPUS_KIND}))
    return tmp_path


def values_of(folder: Path) -> tuple[list[object], dict[str, list[str]]]:
    noted = LeftOut()
    values = [row.value for row in read_corpus([folder], left_out=noted)]
    return values, {kind: passed.names for kind, passed in noted.passed_over.items()}


def test_reports_of_a_corpus_are_passed_over_and_named(corpus: Path) -> None:
    names = [f"below/corpus/{name}" for name in ("manifest.json", "rejected.jsonl")]
    assert values_of(corpus) == ([{"a": 1}], {REPORTS: names})


@pytest.mark.parametrize("text", ["{}", '{"kind": "other"}', "[1]", "no json", "[" * 100_000])
def test_files_that_only_have_the_names_are_read(corpus: Path, text: str) -> None:
    (corpus / "below" / "corpus" / "manifest.json").write_text(text)
    values, passed = values_of(corpus)
    assert values[0] == {"a": 1}
    assert values[-1] == 2
    assert not passed
    assert not is_corpus_manifest(corpus / "none")


def test_only_real_unfinished_work_is_passed_over(corpus: Path) -> None:
    for name, holds_lock in (("mine", False), ("theirs", True)):
        work = corpus / "below" / name / ".work"
        work.mkdir(parents=True)
        (work / "b.yml").write_text("b: 1\n")
        if holds_lock:
            (work / "lock").touch()
    values, passed = values_of(corpus)
    assert values == [{"a": 1}, {"b": 1}]
    assert passed[UNFINISHED_WORK] == ["below/theirs/.work"]
