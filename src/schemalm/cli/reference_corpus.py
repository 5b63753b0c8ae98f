"""What the commands of `schemalm reference` read: a text, or documents where the name says so, in chosen tokens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from schemalm.cli.rejections import report_rejections
from schemalm.cli.terminal import Terminal

if TYPE_CHECKING:
    from schemalm.dataset.prepare import Rejection
    from schemalm.reference.data import Corpus

DOCUMENT_SUFFIXES = (".yml", ".yaml", ".json", ".jsonl", ".jsonl.zst")


def read_corpus(terminal: Terminal, path: Path, tokenizer: str, schema: str) -> tuple[Corpus, list[Rejection]]:
    """The corpus of a text file, or of documents, and the documents that were left out.

    tokenizer: `character` and `typed` (the symbols of the schema without merges) are made from what is read; anything
    else is a tokenizer file. Raises `DataError` where there is nothing to read.
    """
    if path.is_dir() or path.name.endswith(DOCUMENT_SUFFIXES):
        return _read_documents(terminal, path, tokenizer, schema)
    return _read_text(path, tokenizer), []


def _read_text(path: Path, tokenizer: str) -> Corpus:
    from schemalm.errors import DataError  # noqa: PLC0415
    from schemalm.reference.data import text_corpus  # noqa: PLC0415
    from schemalm.tokenizer import CharacterTokenizer, TextTokenizer, load_tokenizer  # noqa: PLC0415

    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is no text: byte {error.start} is not UTF-8") from None
    if tokenizer == "character":
        return text_corpus(text, CharacterTokenizer(text))
    loaded = None if tokenizer == "typed" else load_tokenizer(tokenizer)
    if not isinstance(loaded, TextTokenizer):
        raise DataError(
            f"typed tokens spell documents, and {path} is text: give a folder, or a file that ends in "
            f"{', '.join(DOCUMENT_SUFFIXES)}"
        )
    return text_corpus(text, loaded)


def _read_documents(terminal: Terminal, path: Path, name: str, schema: str) -> tuple[Corpus, list[Rejection]]:
    from schemalm.dataset.prepare import read_documents, valid_documents  # noqa: PLC0415
    from schemalm.errors import DataError  # noqa: PLC0415
    from schemalm.grammar import compile_schema  # noqa: PLC0415
    from schemalm.reference.data import document_corpus  # noqa: PLC0415
    from schemalm.tokenizer import AnyTokenizer, CharacterTokenizer, Tokenizer, load_tokenizer  # noqa: PLC0415

    documents, rejections = read_documents([path])
    tokenizer: AnyTokenizer
    if name == "character":
        tokenizer = CharacterTokenizer.train(document.value for document in documents)
    else:
        tokenizer = Tokenizer.from_grammar(compile_schema(schema)) if name == "typed" else load_tokenizer(name)
    if isinstance(tokenizer, Tokenizer):
        documents, invalid = valid_documents(documents, tokenizer.grammar)
        rejections += invalid
    report_rejections(terminal, rejections)
    if not documents:
        raise DataError(f"{path}: no document is left, {len(rejections):,} were rejected")
    return document_corpus(documents, tokenizer), rejections
