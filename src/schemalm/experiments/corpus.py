"""The documents of an experiment, drawn once for each seed and shared by all of its arms.

    OUT/corpus/SEED/train.jsonl.zst        every valid training document once, in an order drawn with the seed
    OUT/corpus/SEED/validation.jsonl.zst   the validation documents, the same for every seed
    OUT/corpus/SEED/corpus.json            the settings of the draw, key orders, counts and hashes; written last

A run sees the first documents in the order of its seed, and tokenizers and key orders are learned from the first of
them. Intervals over seeds therefore include the effect of the choice of documents, not only of the initial weights.

Named keys are in one canonical order, learned from training documents, so that no tokenizer has to predict an order
that another tokenizer does not. No source of the validation corpus is in training, whether its rows are chosen or not.
Once the documents are drawn, the original corpora are not read again.
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
from schemalm.experiments.recipe import Recipe
from schemalm.files.digests import digest
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

Log = Callable[[str], None]


@dataclass(frozen=True)
class DrawnCorpus:
    """The documents of one seed; `digest` identifies their contents, `left_out` lists the documents left out."""

    folder: Path
    digest: str
    schema: str
    rules: str | None
    key_orders: Mapping[frozenset[str], tuple[str, ...]]
    left_out: LeftOut = field(default_factory=LeftOut)

    def train_documents(self) -> Iterator[SourceDocument]:
        """Return the training documents, in the order drawn."""
        return _read(self.folder / TRAIN_FILE)

    def validation_documents(self) -> list[SourceDocument]:
        """Return all validation documents."""
        return list(_read(self.folder / VALIDATION_FILE))

    def published_schema(self) -> Schema:
        """Return the schema without the amendments of rules."""
        return self.grammar().schema

    def grammar(self) -> Grammar:
        """Compile the schema's grammar with the canonical key orders."""
        return compile_schema(self.schema, rules=self.rules).with_key_orders(self.key_orders)


def obtain_corpus(recipe: Recipe, seed: int, out: Path, log: Log) -> DrawnCorpus:
    """Return the documents of a seed of the experiment in the folder `out`; draw them if they do not exist yet.

    Raises `DataError` if a corpus cannot be read or has no document for the recipe, and `ConfigurationError` if `out`
    contains documents that were drawn with other settings.
    """
    folder = out / "corpus" / str(seed)
    with locked_file(folder / ".lock"):
        if not (folder / DESCRIPTION_FILE).exists():
            _draw(recipe, seed, folder, log)
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
        # Documents that were drawn by an earlier version have no such entry.
        left_out = LeftOut.from_dict(description["left_out"]) if "left_out" in description else LeftOut()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        file.fail(f"{error} is missing or of another type")
    if drawn_by != _drawn_by(recipe, seed):
        raise ConfigurationError(
            f"{folder} contains documents that were drawn with the settings {json.dumps(drawn_by)}, but the recipe has "
            f"{json.dumps(_drawn_by(recipe, seed))}: choose another folder with --out"
        )
    return DrawnCorpus(folder, digest(contents), recipe.schema, recipe.rules, key_orders, left_out)


def _drawn_by(recipe: Recipe, seed: int) -> dict[str, Any]:
    """Return the settings that determine which documents are drawn from given corpora, as JSON values."""
    data = {name: value for name, value in asdict(recipe.data).items() if name not in ("train", "validation")}
    if data["num_train_documents"] is None:  # as in versions that always drew all
        del data["num_train_documents"]
    # Documents that were drawn by versions without rules are those of a recipe without rules.
    rules = {} if recipe.rules is None else {"rules": Path(recipe.rules).name}
    return {"schema": Path(recipe.schema).name, **rules, **data, "seed": seed}


def _draw(recipe: Recipe, seed: int, folder: Path, log: Log) -> None:
    data, grammar = recipe.data, compile_schema(recipe.schema, rules=recipe.rules)
    log(f"drawing documents from {data.train} and {data.validation} with the seed {seed}")
    validation_left_out = LeftOut()
    rows = _rows(data.validation, data.validation_where, grammar.schema, validation_left_out)
    validation = list(valid_documents(map(_document, rows), grammar, validation_left_out))
    chosen = evenly_spaced(len(validation), data.num_validation_documents or len(validation))
    if not validation:
        raise _nothing_left(data.validation, validation_left_out)
    left_out = LeftOut()  # of the training corpus only at first, so that an error names reasons from that corpus
    texts = _training_texts(recipe, seed, grammar.schema, left_out)
    refused = LeftOut()  # these documents are recorded again when all documents are written
    learners = list(valid_documents(map(_parse, texts[: data.num_tokenizer_documents]), grammar, refused))
    if not learners:
        left_out.extend(refused)
        raise _nothing_left(data.train, left_out)
    key_orders = learn_key_orders(grammar, [document.value for document in learners])
    writer = Tokenizer.from_grammar(grammar.with_key_orders(key_orders))
    num_documents = {
        TRAIN_FILE: _write(folder / TRAIN_FILE, map(_parse, texts), writer, left_out, data.num_train_documents),
        VALIDATION_FILE: _write(folder / VALIDATION_FILE, (validation[index] for index in chosen), writer, left_out),
    }
    left_out.extend(validation_left_out)
    description = {
        "drawn_by": _drawn_by(recipe, seed),
        "num_documents": num_documents,
        "files": {name: hash_file(folder / name) for name in num_documents},
        "key_orders": list(key_orders.values()),
        "left_out": left_out.to_dict(),
    }
    write_atomically(folder / DESCRIPTION_FILE, json.dumps(description, indent=2).encode())
    log(f"documents: {num_documents[TRAIN_FILE]:,} for training, {num_documents[VALIDATION_FILE]:,} for validation")


def _nothing_left(path: Path, left_out: LeftOut) -> DataError:
    problem = f"{path}: no document is left that is valid and has the fields that the recipe requires"
    return left_out_error(problem, left_out)


def _rows(path: Path, where: Mapping[str, Scalar], schema: Schema, left_out: LeftOut) -> Iterator[CorpusRow]:
    """Yield the distinct readable rows of a corpus whose fields have the values of `where`."""

    def matches(row: CorpusRow) -> bool:
        return all(name in row.fields and row.fields[name] == value for name, value in where.items())

    def readable() -> Iterator[CorpusRow]:
        for row in read_corpus(
            [path], merge_keys=uses_merge_keys(schema), left_out=left_out, path_matcher=path_matcher(schema)
        ):
            if row.error is not None and (matches(row) or not row.fields):
                left_out.reject(row.rejection(row.error))
            elif row.error is None and matches(row):
                yield row

    return deduplicate(readable(), left_out)


def _training_texts(recipe: Recipe, seed: int, schema: Schema, left_out: LeftOut) -> list[bytes]:
    """Return training documents in the order drawn, without validation sources, as text to save memory."""
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
    """Return a document as a row of JSON Lines."""
    return canonical_json({"repo": document.source, "path": document.name, "value": document.value})


def _parse(line: bytes) -> SourceDocument:
    fields = json.loads(line)
    return SourceDocument(fields["value"], fields["repo"], fields["path"])


def _write(
    path: Path,
    documents: Iterable[SourceDocument],
    writer: Tokenizer,
    left_out: LeftOut,
    num_wanted: int | None = None,
) -> int:
    """Write the valid documents, or the first of them, with keys in the writer's order, and return their number."""
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
            if num_written == num_wanted:
                break
    return num_written


def _read(path: Path) -> Iterator[SourceDocument]:
    return (_document(row) for row in read_corpus([path]))
