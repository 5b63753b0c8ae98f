"""Collected corpora: nothing is lost, kept documents are unchanged, and equal inputs give equal bytes."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import resource
import string
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemalm.compilation import compile_schema
from schemalm.dataset import collected
from schemalm.dataset.collect import CollectionSummary, collect, finished, open_collection
from schemalm.dataset.collect_settings import CollectSettings
from schemalm.dataset.collected import COLUMNS, TableWriter, collected_split, read_manifest
from schemalm.dataset.secrets import MASK
from schemalm.dataset.shards import WORKING_FOLDER
from schemalm.documents import LeftOut, canonical_json, read_corpus
from schemalm.documents import pieces as reading
from schemalm.engines import Engine, open_engine
from schemalm.errors import ConfigurationError, DataError
from schemalm.grammar import Grammar

SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 60},
        "values": {"type": "array", "items": {"type": "number"}},
        "run": {"type": "string"},
    },
    "required": ["name"],
    "additionalProperties": False,
}
TOKEN = "gh" + "p_" + "".join(random.Random(0).choices(string.ascii_letters, k=36))


@pytest.fixture(scope="module")
def grammar() -> Grammar:
    return compile_schema(SCHEMA)


def document(number: int, **more: Any) -> dict[str, Any]:
    """A document that is near to no other."""
    chooser = random.Random(number)
    return {"name": f"n{number}", "values": [chooser.random() for _ in range(5)], **more}


def row(number: int, value: Any, **more: Any) -> dict[str, Any]:
    return {"repo": f"owner{number % 5}/name{number % 10}", "path": f"{number}.json", "value": value, **more}


def rows(count: int = 40) -> list[dict[str, Any]]:
    return [row(number, document(number)) for number in range(count)]


def write_rows(path: Path, content: Iterable[Any]) -> Path:
    path.write_text("".join((each if isinstance(each, str) else json.dumps(each)) + "\n" for each in content))
    return path


def run(
    paths: list[Path], grammar: Grammar, out: Path, engine: Engine | None = None, **settings: Any
) -> CollectionSummary:
    with open_engine("local", workers=1) as here:
        return collect(paths, grammar, out, CollectSettings(**settings), engine or here)


def kept(out: Path, split: str = "*") -> list[dict[str, Any]]:
    return [found for path in sorted(out.glob(f"{split}/*.parquet")) for found in pq.read_table(path).to_pylist()]


def left_out(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "rejected.jsonl").read_text().splitlines()]


def content(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


def check_sums(out: Path) -> dict[str, Any]:
    """Every document is kept or left out, and the manifest describes every file."""
    manifest = read_manifest(out)
    assert manifest is not None
    counts = manifest["counts"]
    why = Counter(found["why"] for found in left_out(out))
    names = {
        "rejected": "rejected",
        "duplicate": "duplicates",
        "near duplicate": "near_duplicates",
        "secret": "secrets",
    }
    assert {names[reason]: count for reason, count in why.items()} == {
        name: counts[name] for name in names.values() if counts[name]
    }
    assert counts["documents"] == counts["kept"] + why.total()
    assert counts["kept"] == len(kept(out)) == sum(split["num_documents"] for split in manifest["splits"].values())
    hashes = {name: hashlib.sha256(found).hexdigest() for name, found in content(out).items()}
    assert manifest["files"] == {name: digest for name, digest in hashes.items() if name != "manifest.json"}
    return manifest


def test_documents_are_kept_as_they_were(tmp_path: Path, grammar: Grammar) -> None:
    given = [row(1, {"values": [1, 1.0, 1e300, -0.0], "name": "ä\u2028\x7f"}, license="MIT"), *rows()]
    write_rows(tmp_path / "in.jsonl", given)
    run([tmp_path / "in.jsonl"], grammar, tmp_path / "out")
    found = {(each["repo"], each["path"]): each for each in kept(tmp_path / "out")}
    assert len(found) == 41 - 1  # two have the same path
    for each in [*given[2:], given[0]]:
        there = found[each["repo"], each["path"]] if each is not given[0] else None
        there = there or next(one for one in kept(tmp_path / "out") if one["license"])
        assert there["json"].encode() == canonical_json(each["value"])  # keys keep their order
        assert there["sha256"] == hashlib.sha256(canonical_json(each["value"], sort_keys=True)).hexdigest()
        assert there["license"] == each.get("license", "")
        assert tuple(there) == COLUMNS
    check_sums(tmp_path / "out")


def test_what_is_left_out_is_named_with_its_location_and_reason(tmp_path: Path, grammar: Grammar) -> None:
    same = document(3)
    near = document(4, values=[*range(30)])
    (tmp_path / "in").mkdir()
    write_rows(
        tmp_path / "in" / "rows.jsonl",
        [
            *rows(3),
            row(3, same),
            row(50, {"values": same["values"], "name": same["name"]}),  # equal except for the order of keys
            row(4, near),
            row(51, {**near, "values": [*range(29), 77]}),
            row(52, {"name": 1}),
            "no row",
            row(53, document(53, run=f"curl {TOKEN}")),
        ],
    )
    (tmp_path / "in" / "broken.yml").write_text("name: a\nname: b\n")
    (tmp_path / "in" / "wrong.yml").write_text("name: a\nother: 1\n")
    (tmp_path / "in" / "list.json").write_text("[]")
    (tmp_path / "in" / "notes.txt").touch()
    summary = run([tmp_path / "in"], grammar, tmp_path / "out")
    found = {each["name"]: each for each in left_out(tmp_path / "out")}
    file = str(tmp_path / "in" / "rows.jsonl")
    broken, wrong = found["broken.yml"], found["wrong.yml"]
    assert (broken["why"], broken["line"], broken["pointer"], broken["keyword"]) == ("rejected", 2, None, None)
    assert "name" in broken["reason"]
    assert broken["file"] == str(tmp_path / "in" / "broken.yml")
    assert (wrong["pointer"], wrong["keyword"]) == ("/other", "additionalProperties")
    assert (found["list.json"]["pointer"], found["list.json"]["keyword"]) == ("", "type")  # the whole document
    typed = found["owner2/name2/52.json"]
    assert (typed["file"], typed["line"], typed["pointer"], typed["keyword"]) == (file, 8, "/name", "type")
    assert found["rows.jsonl:9"]["line"] == 9
    equal = found["owner0/name0/50.json"]
    assert equal["why"] == "duplicate"
    assert equal["original"] == {"name": "owner3/name3/3.json", "file": file, "line": 4}
    alike = found["owner1/name1/51.json"]
    assert (alike["why"], alike["original"]["name"]) == ("near duplicate", "owner4/name4/4.json")
    secret = found["owner3/name3/53.json"]
    assert (secret["why"], secret["reason"]) == ("secret", "it holds secrets: GitHub token (1)")
    assert len(found) == 8
    check_sums(tmp_path / "out")
    assert summary.left_out.num_rejected == 5
    assert [(one.name, one.original) for one in summary.left_out.duplicates] == [
        ("owner0/name0/50.json", "owner3/name3/3.json")
    ]
    assert summary.manifest["passed_over"] == [{"kind": ".txt files", "count": 1, "names": ["notes.txt"]}]
    text = (tmp_path / "out" / "README.md").read_text()
    for part in ("| rejected | 5 |", "| duplicate | 1 |", "GitHub token (1)", ".txt files (1): notes.txt"):
        assert part in text


@pytest.mark.parametrize("policy", ["drop", "mask"])
def test_no_secret_gets_into_a_corpus(tmp_path: Path, grammar: Grammar, policy: str) -> None:
    given = [
        *rows(),
        row(41, document(41, run=f"curl -H 'Authorization: {TOKEN}'")),
        row(42, {"name": TOKEN}),  # 40 characters: a masked name is still a name
        row(43, {"name": 1, "run": TOKEN}),  # violates the schema as well
        row(44, {"name": "key", TOKEN: 1}),
        {"repo": "o/n", "path": "p", "yaml": f"name: a\n{TOKEN}: 1\n{TOKEN}: 2\n"},  # not a document
    ]
    write_rows(tmp_path / "in.jsonl", given)
    summary = run([tmp_path / "in.jsonl"], grammar, tmp_path / "out", secrets=policy)
    manifest = check_sums(tmp_path / "out")
    assert manifest["counts"]["secrets"] == (4 if policy == "drop" else 2)
    assert manifest["secrets_by_kind"] == {"GitHub token": 4}
    texts = [each["json"] for each in kept(tmp_path / "out")]
    assert sum(MASK in text for text in texts) == (0 if policy == "drop" else 2)
    for name, found in content(tmp_path / "out").items():
        plain = json.dumps(kept(tmp_path / "out")).encode() if name.endswith(".parquet") else found
        assert TOKEN.encode() not in plain
        assert TOKEN[4:20].encode() not in plain
    assert TOKEN not in str(summary)


def test_a_document_whose_masks_violate_the_schema_is_dropped(tmp_path: Path) -> None:
    strict = compile_schema({"type": "object", "additionalProperties": {"type": "string", "minLength": 40}})
    write_rows(tmp_path / "in.jsonl", [row(number, {f"k{number}": "x" * (40 + number)}) for number in range(9)])
    write_rows(tmp_path / "more.jsonl", [row(10, {"k": TOKEN})])
    run([tmp_path / "in.jsonl", tmp_path / "more.jsonl"], strict, tmp_path / "out", secrets="mask", similarity=1)
    assert check_sums(tmp_path / "out")["counts"]["secrets"] == 1


def test_similar_documents_are_kept_on_request(tmp_path: Path, grammar: Grammar) -> None:
    near = [row(60 + number, document(4, values=[*range(30), number])) for number in range(5)]
    write_rows(tmp_path / "in.jsonl", [*rows(), *near])
    for similarity, number in ((0.9, 4), (1, 0), (0.99, 0)):
        out = tmp_path / str(similarity)
        run([tmp_path / "in.jsonl"], grammar, out, similarity=similarity)
        assert check_sums(out)["counts"]["near_duplicates"] == number


@pytest.mark.parametrize("split_by", ["owner", "repository"])
def test_no_source_is_in_both_splits(tmp_path: Path, grammar: Grammar, split_by: str) -> None:
    write_rows(tmp_path / "in.jsonl", rows(100))
    manifests = []
    for seed in (0, 1, 2):
        out = tmp_path / str(seed)
        run([tmp_path / "in.jsonl"], grammar, out, split_by=split_by, seed=seed)
        manifests.append(check_sums(out))
        sources = [
            {each["repo"].partition("/")[0] if split_by == "owner" else each["repo"] for each in kept(out, split)}
            for split in ("train", "val")
        ]
        assert not sources[0] & sources[1]
        assert [len(one) for one in sources] == [
            manifests[-1]["splits"][name]["num_sources"] for name in ("train", "val")
        ]
        assert 10 <= len(kept(out, "val")) <= 40
    assert len({json.dumps(manifest["files"]) for manifest in manifests}) > 1


def test_too_few_documents_are_one_error_with_what_was_left_out_and_no_output(tmp_path: Path, grammar: Grammar) -> None:
    out = tmp_path / "out"
    write_rows(tmp_path / "none.jsonl", [row(1, {"other": 1}), row(2, {"name": TOKEN})])
    with pytest.raises(
        DataError, match=r"no document is left; 1 document contained secrets; is the schema the right one\?\n.*1 rej"
    ):
        run([tmp_path / "none.jsonl"], grammar, out)
    one = [{**each, "repo": f"Owner/{number}"} for number, each in enumerate([*rows(4), *rows(4)])]
    write_rows(tmp_path / "one.jsonl", one)
    with pytest.raises(
        DataError, match=r"fewer than two.*4 .*one owner.*--split-by repository[\s\S]*4 exact duplicates"
    ):
        run([tmp_path / "one.jsonl"], grammar, out)
    with pytest.raises(DataError, match="no such file"):
        run([tmp_path / "nowhere"], grammar, out)
    assert not out.exists()
    run([tmp_path / "one.jsonl"], grammar, out, split_by="repository")


@pytest.mark.parametrize(
    "setting", [{"similarity": 0.4}, {"similarity": 1.1}, {"train_split": 0}, {"train_split": 1.0}]
)
def test_settings_out_of_range_are_refused(setting: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError, match=f"{next(iter(setting))} must"):
        CollectSettings(**setting)


def test_a_corpus_and_other_files_are_never_overwritten(tmp_path: Path, grammar: Grammar) -> None:
    write_rows(tmp_path / "in.jsonl", rows())
    run([tmp_path / "in.jsonl"], grammar, tmp_path / "out")
    before = content(tmp_path / "out")
    with pytest.raises(DataError, match="already contains a collected corpus"):
        run([tmp_path / "in.jsonl"], grammar, tmp_path / "out", seed=1)
    assert content(tmp_path / "out") == before
    (tmp_path / "mine" / "train").mkdir(parents=True)
    with pytest.raises(DataError, match="already contains train"):
        run([tmp_path / "in.jsonl"], grammar, tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["train"]


@dataclass
class Mortal:
    """An engine that is killed after some shards."""

    engine: Engine
    num_shards: int

    def map(self, task: Any, items: Iterable[Any]) -> Iterator[Any]:
        for number, result in enumerate(self.engine.map(task, items)):
            if number == self.num_shards:
                raise KeyboardInterrupt
            yield result


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_ROWS", 7)


@pytest.mark.slow
def test_engines_and_resuming_do_not_change_the_bytes(tmp_path: Path, grammar: Grammar, small_shards: None) -> None:
    given = [*rows(60), *["no row"] * 20, *rows(10), row(61, {"name": 1}), row(62, document(4, values=[*range(30)]))]
    given += [row(63, document(4, values=[*range(30), 1]), license="MIT")]
    write_rows(tmp_path / "in.jsonl", given)
    run([tmp_path / "in.jsonl"], grammar, tmp_path / "here")
    check_sums(tmp_path / "here")
    expected = content(tmp_path / "here")
    with open_engine("local", workers=2) as pool:
        run([tmp_path / "in.jsonl"], grammar, tmp_path / "pool", pool)
        assert content(tmp_path / "pool") == expected
        out = tmp_path / "killed"
        for engine, steps in ((Mortal(pool, 3), 1), (Mortal(pool, 4), 1), (pool, 1), (pool, 2), (pool, 3)):
            with open_collection([tmp_path / "in.jsonl"], grammar, out, CollectSettings(), resume=True) as collection:
                try:
                    collection.examine(engine)
                except KeyboardInterrupt:
                    continue
                for step in (collection.compare, collection.write)[: steps - 1]:
                    step()
    assert content(out) == expected


def test_a_ray_cluster_gives_the_same_bytes(
    tmp_path: Path, grammar: Grammar, small_shards: None, ray_engine: Engine
) -> None:
    paths = [write_rows(tmp_path / "in.jsonl", [*rows(60), "no row", *rows(10)])]
    run(paths, grammar, tmp_path / "here")
    run(paths, grammar, tmp_path / "ray", ray_engine)
    assert content(tmp_path / "ray") == content(tmp_path / "here")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["train", "val", "rejected.jsonl", "README.md", "manifest.json"])
def test_a_kill_while_files_are_moved_is_repaired(
    tmp_path: Path, grammar: Grammar, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    write_rows(tmp_path / "in.jsonl", rows())
    run([tmp_path / "in.jsonl"], grammar, tmp_path / "whole")
    arguments = ([tmp_path / "in.jsonl"], grammar, tmp_path / "out", CollectSettings())
    replace: Callable[[Path, Path], Path] = Path.replace

    def killed(source: Path, target: Path) -> Path:
        if target == tmp_path / "out" / name:
            raise KeyboardInterrupt
        return replace(source, target)

    with open_engine("local", workers=1) as engine:
        monkeypatch.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            collect(*arguments, engine)
        assert read_manifest(tmp_path / "out") is None
        monkeypatch.setattr(Path, "replace", replace)
        with open_collection(*arguments, resume=True) as collection:
            collection.examine(engine)
            collection.compare()
            collection.write()
    assert content(tmp_path / "out") == content(tmp_path / "whole")


def test_a_kill_at_the_very_end_leaves_a_finished_corpus(tmp_path: Path, grammar: Grammar) -> None:
    paths, out = [write_rows(tmp_path / "in.jsonl", [*rows(), "no row"])], tmp_path / "out"
    made = run(paths, grammar, out)
    before = content(out)
    (out / WORKING_FOLDER / "shards").mkdir(parents=True)
    assert finished(paths, grammar, out, CollectSettings(seed=1)) is None
    found = finished(paths, grammar, out, CollectSettings())
    assert found is not None
    assert found.manifest == made.manifest
    assert found.left_out.num_rejected == 1
    assert content(out) == before
    assert finished(paths, grammar, tmp_path / "none", CollectSettings()) is None


def test_a_corpus_is_read_back_without_its_reports(tmp_path: Path, grammar: Grammar) -> None:
    (tmp_path / "in").mkdir()
    write_rows(tmp_path / "in" / "rows.jsonl", [*rows(), "no row"])
    (tmp_path / "in" / "own.yml").write_text("name: own\n---\nname: second\n")
    run([tmp_path / "in"], grammar, tmp_path / "in" / "out")  # the output is inside the input
    found = collected_split(tmp_path / "in" / "out")
    assert found is not None
    again = [(one.name, one.repository, one.value) for one in read_corpus([found.train, found.val])]
    first = [
        (one.name, one.repository, one.value) for one in read_corpus([tmp_path / "in" / "rows.jsonl"]) if not one.error
    ]
    own = [(one.name, one.repository, one.value) for one in read_corpus([tmp_path / "in" / "own.yml"])]
    assert sorted(again, key=str) == sorted([*first, *own], key=str)
    noted = LeftOut()
    assert sorted(one.name for one in read_corpus([tmp_path / "in" / "out"], left_out=noted)) == sorted(
        name for name, _, _ in again
    )
    assert noted.num_rejected == 0
    assert noted.passed_over["reports of collected corpora"].names == ["manifest.json", "rejected.jsonl"]
    assert collected_split(tmp_path / "in") is None
    run([tmp_path / "in" / "out"], grammar, tmp_path / "again")
    assert check_sums(tmp_path / "again")["counts"]["kept"] == 42


def test_a_corpus_of_another_version_is_refused(tmp_path: Path, grammar: Grammar) -> None:
    run([write_rows(tmp_path / "in.jsonl", rows())], grammar, tmp_path / "out")
    path = tmp_path / "out" / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 99}))
    with pytest.raises(DataError, match="of format 99, not 1"):
        collected_split(tmp_path / "out")
    path.write_text("[" * 100_000)
    assert collected_split(tmp_path / "out") is None


def test_a_number_of_rows_is_taken_evenly(tmp_path: Path, grammar: Grammar) -> None:
    run([write_rows(tmp_path / "in.jsonl", rows())], grammar, tmp_path / "out", max_files=14)
    assert sorted(int(one["path"].partition(".")[0]) for one in kept(tmp_path / "out")) == [*range(0, 40, 3)]


def test_documents_whose_json_is_too_large_to_read_are_rejected(tmp_path: Path, grammar: Grammar) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "large.yml").write_text("name: large\nrun: '" + '"' * 600_000 + "'\n")
    write_rows(tmp_path / "in" / "rows.jsonl", rows())
    run([tmp_path / "in"], grammar, tmp_path / "out")
    assert [(one["name"], "1,048,576" in one["reason"]) for one in left_out(tmp_path / "out")] == [("large.yml", True)]


def test_hostile_input_is_rejected_by_name(tmp_path: Path, grammar: Grammar) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write_rows(folder / "rows.jsonl", rows())
    bomb = "a: &a [x, x]\n" + "".join(f"b{n}: &b{n} [*{'b' + str(n - 1) if n else 'a'}, *a]\n" for n in range(40))
    hostile = {
        "bomb.yml": bomb.encode(),
        "deep.json": b"[" * 10_000,
        "nul.yml": b"name: a\0b\n",
        "latin.yml": b"name: \xff\n",
        "huge.yml": b"name: " + b"x" * (2 << 20),
        "empty.yml": b"",
        "\udcff|`<b>.yml": b"name: 1\n",
    }
    for name, text in hostile.items():
        (folder / name).write_bytes(text)
    run([folder], grammar, tmp_path / "out")
    assert check_sums(tmp_path / "out")["counts"]["rejected"] == len(hostile)
    assert "<b>" not in (tmp_path / "out" / "README.md").read_text()
    names = {one["name"] for one in left_out(tmp_path / "out")}
    assert names == {name.replace("\udcff", "\\xff") for name in hostile}


def test_files_that_cannot_be_read_are_counted_and_named(
    tmp_path: Path, grammar: Grammar, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write_rows(folder / "rows.jsonl", rows())
    write_rows(folder / "locked.jsonl", rows())
    is_open: Callable[..., Any] = Path.open

    def locked(path: Path, *arguments: Any, **options: Any) -> Any:
        if path.name == "locked.jsonl":
            raise PermissionError(13, "Permission denied", str(path))
        return is_open(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", locked)
    summary = run([folder], grammar, tmp_path / "out")
    manifest = check_sums(tmp_path / "out")
    assert (manifest["counts"]["documents"], manifest["counts"]["rejected"]) == (41, 1)
    unread, *_ = left_out(tmp_path / "out")
    assert (unread["name"], unread["repo"], unread["pointer"], unread["keyword"]) == ("locked.jsonl", None, None, None)
    assert len(left_out(tmp_path / "out")) == 1
    assert summary.left_out.num_rejected == 1


def test_a_damaged_input_is_one_error_without_output(tmp_path: Path, grammar: Grammar) -> None:
    whole = gzip.compress(write_rows(tmp_path / "in.jsonl", rows(2000)).read_bytes())
    (tmp_path / "cut.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"cut\.jsonl\.gz"):
        run([tmp_path / "cut.jsonl.gz"], grammar, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_only_the_rows_determine_where_files_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collected, "_ROWS", 10)
    monkeypatch.setattr(collected, "_BYTES", 300)
    monkeypatch.setattr(collected, "_GROUPS", 3)
    chooser = random.Random(0)
    texts = ["x" * chooser.choice([5, 20, 100, 400]) for _ in range(200)]
    table = pa.table({name: texts if name == "json" else ["s"] * 200 for name in COLUMNS})
    files = []
    for size in (1, 3, 11, 200):
        writer = TableWriter(tmp_path / str(size))
        for start in range(0, 200, size):
            writer.add(table.slice(start, size))
        files.append(writer.finish())
    assert all(found == files[0] for found in files)
    assert [each["json"] for each in kept(tmp_path, "1")] == texts
    groups = [pq.ParquetFile(path).metadata for path in sorted((tmp_path / "1").iterdir())]
    sizes = [one.row_group(index).num_rows for one in groups for index in range(one.num_row_groups)]
    assert max(sizes) <= 10
    assert all(one.num_row_groups == 3 for one in groups[:-1])
    assert TableWriter(tmp_path / "none").finish() == {}


@pytest.mark.slow
def test_a_full_disk_is_an_error_with_the_path_and_can_be_resumed(
    tmp_path: Path, grammar: Grammar, small_shards: None
) -> None:
    paths = [write_rows(tmp_path / "in.jsonl", rows(200))]
    run(paths, grammar, tmp_path / "whole")
    out = tmp_path / "out"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    for size in (1 << 10, 1 << 13, 1 << 14, 1 << 15):
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
            with (
                pytest.raises(OSError, match="too large") as caught,
                open_engine("local", workers=1) as engine,
                open_collection(paths, grammar, out, CollectSettings(), resume=True) as collection,
            ):
                collection.examine(engine)
                collection.compare()
                collection.write()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert str(caught.value.filename).startswith(str(out))
        assert read_manifest(out) is None
    with (
        open_engine("local", workers=1) as engine,
        open_collection(paths, grammar, out, CollectSettings(), resume=True) as collection,
    ):
        collection.examine(engine)
        collection.compare()
        collection.write()
    assert content(out) == content(tmp_path / "whole")
