"""Reading and writing YAML 1.2 and JSON documents, and reading corpora of them.

In goes a file or a text; out come JSON values, or an error with line and column. Values are written as text again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemalm.loading import lazily

if TYPE_CHECKING:
    from schemalm.documents.corpus import deduplicate, read_corpus
    from schemalm.documents.left_out import LeftOut, Rejection
    from schemalm.documents.limits import DocumentLimits
    from schemalm.documents.reading import (
        LoadedDocument,
        LoadedDocuments,
        load_document,
        load_documents,
        parse_document,
        parse_documents,
    )
    from schemalm.documents.rows import CorpusRow
    from schemalm.documents.values import JSONValue, canonical_json, json_equal, value_digest
    from schemalm.documents.writing import dump_document

__all__ = [
    "CorpusRow",
    "DocumentLimits",
    "JSONValue",
    "LeftOut",
    "LoadedDocument",
    "LoadedDocuments",
    "Rejection",
    "canonical_json",
    "deduplicate",
    "dump_document",
    "json_equal",
    "load_document",
    "load_documents",
    "parse_document",
    "parse_documents",
    "read_corpus",
    "value_digest",
]

__getattr__ = lazily(
    __name__,
    {
        "corpus": ("deduplicate", "read_corpus"),
        "left_out": ("LeftOut", "Rejection"),
        "limits": ("DocumentLimits",),
        "reading": (
            "LoadedDocument",
            "LoadedDocuments",
            "load_document",
            "load_documents",
            "parse_document",
            "parse_documents",
        ),
        "rows": ("CorpusRow",),
        "values": ("JSONValue", "canonical_json", "json_equal", "value_digest"),
        "writing": ("dump_document",),
    },
)
