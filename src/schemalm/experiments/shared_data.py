"""Tokenizers and prepared data that runs share: the first run that needs them makes them.

    OUT/tokenizers/KIND-DIGEST.json   learned from the first documents drawn
    OUT/data/DIGEST/                  a prepared folder (`dataset.store`), named by a hash of all that determines it

The training data are the first documents drawn: enough for a budget of tokens, or a given number. Windows do not
overlap, so one pass over the data sees every token once. If a document cannot be encoded, preparation fails, so that
every tokenizer is scored on the same documents.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from schemalm.baselines import AnyTokenizer, load_tokenizer
from schemalm.dataset.prepare import prepare
from schemalm.dataset.reading import SourceDocument
from schemalm.dataset.store import METADATA_FILE, Metadata
from schemalm.documents.left_out import left_out_error
from schemalm.experiments.corpus import DrawnCorpus
from schemalm.experiments.tokenizer_kinds import KINDS, TokenizerSettings
from schemalm.files.digests import digest
from schemalm.files.locks import locked_file


@dataclass(frozen=True)
class SharedData:
    """The tokenizers and data of the experiment in the folder `out`."""

    out: Path
    corpus: DrawnCorpus
    context_size: int
    num_tokenizer_documents: int

    def tokenizer(self, settings: TokenizerSettings) -> Path:
        """Return the file of a tokenizer, trained if it does not exist; raises `ConfigurationError` if that fails."""
        name = digest([settings.kind, settings.options, self.corpus.digest, self.num_tokenizer_documents])
        path = self.out / "tokenizers" / f"{settings.kind}-{name}.json"
        with locked_file(path.with_name(f".{name}.lock")):
            if not path.exists():
                documents = list(islice(self.corpus.train_documents(), self.num_tokenizer_documents))
                KINDS[settings.kind].train(self.corpus.grammar(), documents, settings.options).save(path)
        return path

    def data_of_tokens(self, settings: TokenizerSettings, num_tokens: int) -> Path:
        """Return data of the first documents with `num_tokens` tokens in total, or of all if they have fewer."""
        return self._data(settings, num_tokens=num_tokens, num_documents=None)

    def data_of_documents(self, settings: TokenizerSettings, num_documents: int | None) -> Path:
        """Return data of the first `num_documents` documents; None for all."""
        return self._data(settings, num_tokens=None, num_documents=num_documents)

    def _data(self, settings: TokenizerSettings, *, num_tokens: int | None, num_documents: int | None) -> Path:
        path = self.tokenizer(settings)
        name = digest([path.name, self.context_size, num_tokens, num_documents])
        folder = self.out / "data" / name
        with locked_file(folder.with_name(f".{name}.lock")):
            if not (folder / METADATA_FILE).exists():
                tokenizer = load_tokenizer(path)
                documents = islice(self.corpus.train_documents(), num_documents)
                chosen = documents if num_tokens is None else _until(documents, tokenizer, num_tokens)
                self._prepare(tokenizer, list(chosen), folder)
        return folder

    def _prepare(self, tokenizer: AnyTokenizer, documents: list[SourceDocument], folder: Path) -> None:
        validation = self.corpus.validation_documents()
        shutil.rmtree(folder, ignore_errors=True)
        summary = prepare(
            [*documents, *validation],
            tokenizer,
            folder,
            context_size=self.context_size,
            stride=self.context_size,
            held_out={document.source for document in validation},
        )
        if summary.rejections:
            (folder / METADATA_FILE).unlink()
            raise left_out_error("all documents must be encodable, but some are not", summary.left_out)


def _until(documents: Iterator[SourceDocument], tokenizer: AnyTokenizer, num_tokens: int) -> Iterator[SourceDocument]:
    """Yield the first documents until they have `num_tokens` tokens in total."""
    num_left = num_tokens
    for document in documents:
        yield document
        num_left -= len(tokenizer.encode(document.value))
        if num_left <= 0:
            return


def tokens_per_document(metadata: Metadata, split: str) -> float:
    """Return the mean number of tokens per document of a split."""
    counts = metadata.splits[split]
    return counts.num_tokens / counts.num_documents
