"""The documents of an experiment, drawn once for each seed and then the same for all of its arms.

    OUT/corpus/SEED/train.jsonl.zst        every valid training document once, in the order that the seed draws
    OUT/corpus/SEED/validation.jsonl.zst   the validation documents, the same for every seed
    OUT/corpus/SEED/corpus.json            what they were drawn by, key orders, counts and hashes; written last

A run sees the first documents of an order, and tokenizers and key orders learn from the first of them: so intervals
over seeds say how much hangs on the choice of documents, not on the initial weights alone.

Named keys stand in one canonical order, learned from training documents, so that no tokenizer has to predict an order
that another need not. No source of the validation corpus is in training, be its rows chosen or not. Once drawn, the
corpora that the documents came from are not read again.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import zstandard

from schemalm.compilation import compile_schema
from schemalm.dataset.reading import SourceDocument, valid_documents
from schemalm.dataset.selection import evenly_spaced
from schemalm.dataset.store import hash_file
from schemalm.documents import CorpusRow, LeftOut, Rejection, canonical_json, deduplicate, read_corpus
from schemalm.documents.left_out import left_out_error
from schemalm.errors import ConfigurationError, DataError, InvalidDocument, LimitError
from schemalm.experiments.digests import digest
from schemalm.experiments.recipe import Recipe
from schemalm.files.locks import locked_file
from schemalm.files.toml_table import Scalar
from schemalm.files.typed_json import CheckedFile
from schemalm.files.writing import named_errors, write_atomically
from schemalm.grammar import Grammar
from schemalm.schema.file_names import path_matcher
from schemalm.schema.merge_keys import uses_merge_keys
from schemalm.schema.sources import Schema
from schemalm.tokenizer import Tokenizer
from schemalm.tokenizer.key_order import learn_key_orders

DESCRIPTION_FILE, TRAIN_FILE, VALIDATION_FILE = "corpus.json", "train.jsonl.zst", "validation.jsonl.zst"
COMPRESSION_LEVEL = 10

Tell = Callable[[str], None]


@dataclass(frozen=True)
class DrawnCorpus:
    """The documents that one seed drew; `digest` stands for their contents, `left_out` says what is not among them."""

    folder: Path
    digest: str
    schema: str
    key_orders: Mapping[frozenset[str], tuple[str, ...]]
    left_out: LeftOut = field(default_factory=LeftOut)

    def train_documents(self) -> Iterator[SourceDocument]:
        """Training documents, in the order drawn."""
        return _read(self.folder / TRAIN_FILE)

    def validation_documents(self) -> list[SourceDocument]:
        """All validation documents."""
        return list(_read(self.folder / VALIDATION_FILE))

    def grammar(self) -> Grammar:
        """The schema's grammar, compiled anew, with the canonical key orders."""
        return compile_schema(self.schema).with_key_orders(self.key_orders)


def obtain_corpus(recipe: Recipe, seed: int, out: Path, tell: Tell) -> DrawnCorpus:
    """The documents of a seed of the experiment in the folder `out`, drawn now where they are not there yet.

    Raises `DataError` where a corpus cannot be read or has no document for the recipe, and `ConfigurationError` where
    `out` holds documents that were drawn otherwise.
    """
    folder = out / "corpus" / str(seed)
    with locked_file(folder / ".lock"):
        if not (folder / DESCRIPTION_FILE).exists():
            _draw(recipe, seed, folder, tell)
        return _open(recipe, seed, folder)


def _open(recipe: Recipe, seed: int, folder: Path) -> DrawnCorpus:
    file = CheckedFile(
        folder, DESCRIPTION_FILE, DataError, f"delete {folder} to draw the documents again", max_bytes=1 << 26
    )
    description = file.load(file.content())
    try:
        drawn_by, orders = description["drawn_by"], file.convert(description["key_orders"], list[list[str]])
        key_orders = {frozenset(order): tuple(order) for order in orders}
        contents = [description["files"], orders]
        # Those drawn before it was written down have none.
        left_out = LeftOut.from_dict(description["left_out"]) if "left_out" in description else LeftOut()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        file.fail(f"{error} is missing or of another type")
    if drawn_by != _drawn_by(recipe, seed):
        raise ConfigurationError(
            f"{folder} holds documents that were drawn by {json.dumps(drawn_by)}, but the recipe says "
            f"{json.dumps(_drawn_by(recipe, seed))}: choose another folder with --out"
        )
    return DrawnCorpus(folder, digest(contents), recipe.schema, key_orders, left_out)


def _drawn_by(recipe: Recipe, seed: int) -> dict[str, Any]:
    """What decides which documents are drawn out of given corpora, as JSON has it."""
    data = {name: value for name, value in asdict(recipe.data).items() if name not in ("train", "validation")}
    return {"schema": Path(recipe.schema).name, **data, "seed": seed}


def _draw(recipe: Recipe, seed: int, folder: Path, tell: Tell) -> None:
    data, grammar = recipe.data, compile_schema(recipe.schema)
    tell(f"drawing documents of {data.train} and {data.validation} by the seed {seed}")
    of_validation = LeftOut()
    rows = _rows(data.validation, data.validation_where, grammar.schema, of_validation)
    validation = list(valid_documents(map(_document, rows), grammar, of_validation))
    chosen = evenly_spaced(len(validation), data.num_validation_documents or len(validation))
    if not validation:
        raise _nothing_left(data.validation, of_validation)
    left_out = LeftOut()  # of the training corpus first: where nothing of it is left, the reasons are its own
    texts = _training_texts(recipe, seed, grammar.schema, left_out)
    refused = LeftOut()  # which all others are noted with when the documents are written
    learners = list(valid_documents(map(_parse, texts[: data.num_tokenizer_documents]), grammar, refused))
    if not learners:
        left_out.extend(refused)
        raise _nothing_left(data.train, left_out)
    key_orders = learn_key_orders(grammar, [document.value for document in learners])
    writer = Tokenizer.from_grammar(grammar.with_key_orders(key_orders))
    num_documents = {
        TRAIN_FILE: _write(folder / TRAIN_FILE, map(_parse, texts), writer, left_out),
        VALIDATION_FILE: _write(folder / VALIDATION_FILE, (validation[index] for index in chosen), writer, left_out),
    }
    left_out.extend(of_validation)
    description = {
        "drawn_by": _drawn_by(recipe, seed),
        "num_documents": num_documents,
        "files": {name: hash_file(folder / name) for name in num_documents},
        "key_orders": list(key_orders.values()),
        "left_out": left_out.to_dict(),
    }
    write_atomically(folder / DESCRIPTION_FILE, json.dumps(description, indent=2).encode())
    tell(f"documents: {num_documents[TRAIN_FILE]:,} to train on, {num_documents[VALIDATION_FILE]:,} for validation")


def _nothing_left(path: Path, left_out: LeftOut) -> DataError:
    problem = f"{path}: no document is left that is valid and has the fields that the recipe asks for"
    return left_out_error(problem, left_out)


def _rows(path: Path, where: Mapping[str, Scalar], schema: Schema, left_out: LeftOut) -> Iterator[CorpusRow]:
    """The different readable rows of a corpus whose fields are as asked."""

    def is_asked_for(row: CorpusRow) -> bool:
        return all(name in row.fields and row.fields[name] == value for name, value in where.items())

    def readable() -> Iterator[CorpusRow]:
        for row in read_corpus(
            [path], merge_keys=uses_merge_keys(schema), left_out=left_out, path_matcher=path_matcher(schema)
        ):
            if row.error is not None and (is_asked_for(row) or not row.fields):
                left_out.reject(row.rejection(row.error))
            elif row.error is None and is_asked_for(row):
                yield row

    return deduplicate(readable(), left_out)


def _training_texts(recipe: Recipe, seed: int, schema: Schema, left_out: LeftOut) -> list[bytes]:
    """Lines of training documents in the order drawn, none of a validation source; as text they take least memory."""
    held_out = {row.repository for row in read_corpus([recipe.data.validation], path_matcher=path_matcher(schema))}
    rows = _rows(recipe.data.train, recipe.data.train_where, schema, left_out)
    texts: list[bytes] = []
    for row in rows:
        if row.repository in held_out:
            left_out.pass_over("training documents of a validation source", row.name)
        else:
            texts.append(_line(_document(row)))
    random.Random(seed).shuffle(texts)
    return texts


def _document(row: CorpusRow) -> SourceDocument:
    return SourceDocument(row.value, row.repository, row.path)


def _line(document: SourceDocument) -> bytes:
    """A document as a row of JSON Lines."""
    return canonical_json({"repo": document.source, "path": document.name, "value": document.value})


def _parse(line: bytes) -> SourceDocument:
    fields = json.loads(line)
    return SourceDocument(fields["value"], fields["repo"], fields["path"])


def _write(path: Path, documents: Iterable[SourceDocument], writer: Tokenizer, left_out: LeftOut) -> int:
    """Writes the valid ones of the documents with their keys in the writer's order, and returns how many they are."""
    num_written = 0
    compressor = zstandard.ZstdCompressor(COMPRESSION_LEVEL)
    with named_errors(path), path.open("wb") as file, compressor.stream_writer(file) as stream:
        for document in documents:
            try:
                value = writer.decode(writer.encode(document.value))
            except (InvalidDocument, LimitError) as error:
                left_out.reject(Rejection.of(document.name, error))
                continue
            stream.write(_line(SourceDocument(value, document.source, document.name)) + b"\n")
            num_written += 1
    return num_written


def _read(path: Path) -> Iterator[SourceDocument]:
    return (_document(row) for row in read_corpus([path]))
