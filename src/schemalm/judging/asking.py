"""Asks judges about documents: values, texts, or what was read from files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from schemalm.compilation import compile_schema
from schemalm.documents import JSONValue
from schemalm.errors import SchemaLMError
from schemalm.judging.interface import Document, Judge, Verdict
from schemalm.judging.known import chosen_judges, judges_for
from schemalm.schema.merge_keys import uses_merge_keys
from schemalm.schema.sources import Schema


def judge(
    documents: Iterable[JSONValue | Document],
    judges: Sequence[Judge | str] | None = None,
    *,
    schema: Schema | str | Path = "github-workflow",
) -> dict[str, list[Verdict]]:
    """Return the verdicts of independent judges on documents, in their order, by the name of the judge.

    documents: values, or texts of YAML or JSON; a string is a text.
    judges: objects with the members of `schemalm.judging.Judge`, names of known ones, or commands as `NAME=COMMAND`;
    by default all known ones for the schema that can be asked. `schemalm judges` lists them.
    schema: as in `compile_schema`.
    Raises `ConfigurationError` if a judge is not known or cannot be asked, and the errors of `compile_schema`.
    """
    grammar = compile_schema(schema)
    chosen = chosen_judges(judges_for(grammar), judges)
    merge_keys = uses_merge_keys(grammar.schema)
    read = [_document(document, str(number), merge_keys) for number, document in enumerate(documents, start=1)]
    return {each.name: ask(each, read) for each in chosen}


def ask(judge: Judge, documents: Sequence[Document]) -> list[Verdict]:
    """Return one verdict for each document; a judge that raises an error of its own gives none."""
    try:
        verdicts = list(judge.judge(documents))
    except SchemaLMError:
        raise
    except Exception as error:  # of other people's code, which may raise anything
        return [Verdict(failure=f"{type(error).__name__}: {error}")] * len(documents)
    if len(verdicts) != len(documents):
        failure = f"{len(verdicts):,} verdicts for {len(documents):,} documents"
        return [Verdict(failure=failure)] * len(documents)
    return verdicts


def _document(given: JSONValue | Document, name: str, merge_keys: bool) -> Document:
    if isinstance(given, Document):
        return given
    if isinstance(given, str):
        return Document.of_text(given, name, merge_keys=merge_keys)
    return Document.of_value(given, name)
