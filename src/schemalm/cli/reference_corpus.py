"""Read and tokenize the input of the commands of `schemalm reference`: a text, or documents."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from schemalm.cli.left_out import report_left_out
from schemalm.cli.options import schema_of
from schemalm.cli.terminal import Terminal

if TYPE_CHECKING:
    from schemalm.documents import LeftOut
    from schemalm.reference.data import Corpus

_MAX_TEXT_BYTES = 1 << 28  # the whole text is kept in memory


def read_corpus(
    terminal: Terminal, path: Path, tokenizer: str, schema: str, rules: str | None, merge_keys: bool | None
) -> tuple[Corpus, LeftOut]:
    """Read the corpus of a text file or of documents, and return it with the documents that were left out.

    tokenizer: `character` and `typed` (the symbols of the schema without merges) are made for the input; anything else
    is a tokenizer file.
    rules: a file or a built-in name; None for none.
    merge_keys: whether `<<` in documents is resolved or refused; with None the schema decides.
    Raises `DataError` if nothing can be read.
    """
    from schemalm.documents import LeftOut  # noqa: PLC0415
    from schemalm.documents.corpus_files import is_corpus  # noqa: PLC0415

    if is_corpus(path):
        return _read_documents(terminal, path, tokenizer, schema, rules, merge_keys)
    return _read_text(path, tokenizer), LeftOut()


def _read_text(path: Path, tokenizer: str) -> Corpus:
    from schemalm.baselines import CharacterTokenizer, TextTokenizer, load_tokenizer  # noqa: PLC0415
    from schemalm.documents.corpus_files import CORPUS_SUFFIXES  # noqa: PLC0415
    from schemalm.errors import DataError  # noqa: PLC0415
    from schemalm.files.reading import read_bounded  # noqa: PLC0415
    from schemalm.reference.data import text_corpus  # noqa: PLC0415

    try:
        text = read_bounded(path, _MAX_TEXT_BYTES).decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not a text file: byte {error.start} is not UTF-8") from None
    if tokenizer == "character":
        return text_corpus(text, CharacterTokenizer(text))
    loaded = None if tokenizer == "typed" else load_tokenizer(tokenizer)
    if not isinstance(loaded, TextTokenizer):
        raise DataError(
            f"typed tokens need documents, but {path} is text: give a folder, or a file that ends in "
            f"{', '.join(CORPUS_SUFFIXES)}"
        )
    return text_corpus(text, loaded)


def _read_documents(
    terminal: Terminal, path: Path, name: str, schema: str, rules: str | None, merge_keys: bool | None
) -> tuple[Corpus, LeftOut]:
    from schemalm.baselines import AnyTokenizer, CharacterTokenizer, load_tokenizer  # noqa: PLC0415
    from schemalm.compilation import compile_schema  # noqa: PLC0415
    from schemalm.dataset.reading import read_documents, valid_documents  # noqa: PLC0415
    from schemalm.dataset.shard_merging import schema_question  # noqa: PLC0415
    from schemalm.documents.left_out import left_out_error  # noqa: PLC0415
    from schemalm.limits import Limits  # noqa: PLC0415
    from schemalm.reference.data import document_corpus  # noqa: PLC0415
    from schemalm.schema.sources import read_schema  # noqa: PLC0415
    from schemalm.tokenizer import Tokenizer  # noqa: PLC0415

    given: AnyTokenizer | None = None
    if name != "character":
        given = Tokenizer.from_grammar(compile_schema(schema, rules=rules)) if name == "typed" else load_tokenizer(name)
    described = schema_of(given) if given else read_schema(schema, Limits())
    documents, left_out = read_documents([path], described, merge_keys=merge_keys)
    tokenizer = given or CharacterTokenizer.train(document.value for document in documents)
    if isinstance(tokenizer, Tokenizer):
        documents = list(valid_documents(documents, tokenizer.grammar, left_out))
    report_left_out(terminal, left_out)
    if not documents:
        raise left_out_error(f"{path}: no document is left{schema_question(tokenizer, left_out)}", left_out)
    return document_corpus(documents, tokenizer, left_out), left_out
