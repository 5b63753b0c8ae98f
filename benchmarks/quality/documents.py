"""The documents of the benchmark, the same ones for every contender, written once.

    OUT/documents/train.jsonl.zst        every valid training document, to learn tokenizers from
    OUT/documents/validation.jsonl.zst   the valid newest version of every validation file
    OUT/documents/both.jsonl.zst         both, for `schemalm prepare`
    OUT/documents/documents.json         their counts, the bytes to score and a digest; written last

Named keys are in one canonical order, learned from training documents, so that no contender has to predict an order
that another one does not. `schemalm prepare` holds out whole sources by a hash of their names and a seed, and has no
other way to choose a split. So all validation documents are of one source, whose name is chosen to be the first in that
order. Contenders check what `prepare` made of it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any

import zstandard

from rows import read_rows
from schemalm.compilation import compile_schema
from schemalm.dataset.selection import evenly_spaced
from schemalm.documents import canonical_json
from schemalm.errors import DataError
from schemalm.files.writing import write_atomically
from schemalm.tokenizer import Tokenizer
from schemalm.tokenizer.key_order import learn_key_orders

SCHEMA = "github-workflow"
NUM_LEARNERS = 10_000
SPLIT_SEED = 0
DESCRIPTION, TRAIN, VALIDATION, BOTH = "documents.json", "train.jsonl.zst", "validation.jsonl.zst", "both.jsonl.zst"


@dataclass(frozen=True)
class Documents:
    """The documents in a folder; `num_bytes` is the size of all validation documents as compact JSON."""

    folder: Path
    num_train: int
    num_validation: int
    num_bytes: int
    digest: str

    @property
    def train_split(self) -> float:
        """The share of training documents to ask `prepare` for.

        It wants less than all validation documents, so that it takes no other source, and more than half of them, so
        that their source is not too large to be held out.
        """
        return 1 - 0.75 * self.num_validation / (self.num_train + self.num_validation)

    def train_values(self) -> Iterator[Any]:
        """Yield the values of the training documents."""
        return (row["value"] for row in read_rows(self.folder / TRAIN))

    def validation_values(self) -> Iterator[Any]:
        """Yield the values of the validation documents."""
        return (row["value"] for row in read_rows(self.folder / VALIDATION))


def obtain_documents(data: Path, out: Path, num_train: int | None, num_validation: int | None) -> Documents:
    """Return the documents in the folder `out`; write them from the folder `data` unless they are there already.

    num_train, num_validation: as many evenly spaced documents; None for all. Raises `DataError` if `out` has others.
    """
    chosen = {"num_train": num_train, "num_validation": num_validation}
    path = out / DESCRIPTION
    if path.exists():
        found = json.loads(path.read_text())
        if found.pop("chosen") != chosen:
            raise DataError(f"{out} has documents that were chosen otherwise than {chosen}: use another folder")
        return Documents(out, **found)
    train = _some([row for row in read_rows(data / "train.jsonl.zst") if row["valid"]], num_train)
    newest = [row for row in read_rows(data / "val.jsonl.zst") if row["kind"] == "head" and row["valid"]]
    documents = write_documents(train, _some(newest, num_validation), out)
    found = asdict(documents)
    del found["folder"]
    write_atomically(path, json.dumps({"chosen": chosen, **found}, indent=2).encode() + b"\n")
    return documents


def write_documents(train: list[dict[str, Any]], validation: list[dict[str, Any]], out: Path) -> Documents:
    """Write the documents of rows with `repo`, `path` and `json` into the folder `out`.

    Raises `InvalidDocument` for a document that breaks the schema, and `DataError` if a repository is in both parts.
    """
    repositories = {row["repo"] for row in train}
    if shared := repositories & {row["repo"] for row in validation}:
        raise DataError(f"documents of {', '.join(sorted(shared))} are in both parts")
    grammar = compile_schema(SCHEMA, rules=None)
    learners = [train[index]["json"] for index in evenly_spaced(len(train), NUM_LEARNERS)]
    writer = Tokenizer.from_grammar(grammar.with_key_orders(learn_key_orders(grammar, learners)))
    held_out = first_source(repositories, SPLIT_SEED)

    def lines(rows: Iterable[dict[str, Any]], source: str | None) -> list[bytes]:
        found = []
        for row in rows:
            value = writer.decode(writer.encode(row["json"]))
            path = row["path"] if source is None else f"{row['repo']}/{row['path']}"
            found.append(canonical_json({"repo": source or row["repo"], "path": path, "value": value}) + b"\n")
        return found

    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    parts = {TRAIN: lines(train, None), VALIDATION: lines(validation, held_out)}
    parts[BOTH] = parts[TRAIN] + parts[VALIDATION]
    for name, part in parts.items():
        (out / name).write_bytes(zstandard.compress(b"".join(part), 10))
    num_bytes = sum(len(canonical_json(row["json"])) for row in validation)
    digest = hashlib.sha256(b"".join(parts[BOTH])).hexdigest()
    return Documents(out, len(train), len(validation), num_bytes, digest)


def first_source(others: Collection[str], seed: int) -> str:
    """Return a name of a source that `schemalm prepare` draws before all others: its hash is the smallest."""

    def draw(source: str) -> bytes:
        return hashlib.sha256(f"{seed}:{source}".encode()).digest()

    smallest = min(map(draw, others))
    return next(name for number in count() if draw(name := f"validation/{number}") < smallest)


def _some(rows: list[dict[str, Any]], num_chosen: int | None) -> list[dict[str, Any]]:
    return [rows[index] for index in evenly_spaced(len(rows), len(rows) if num_chosen is None else num_chosen)]
