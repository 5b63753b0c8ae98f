"""Text to value and back: YAML 1.2 and JSON documents, and corpora of them."""

from __future__ import annotations

from schemalm.documents.corpus import CorpusRow, deduplicate, read_corpus
from schemalm.documents.limits import DocumentLimits
from schemalm.documents.reading import load_document, parse_document
from schemalm.documents.values import JSONValue, canonical_json, json_equal
from schemalm.documents.writing import dump_document

__all__ = [
    "CorpusRow",
    "DocumentLimits",
    "JSONValue",
    "canonical_json",
    "deduplicate",
    "dump_document",
    "json_equal",
    "load_document",
    "parse_document",
    "read_corpus",
]
