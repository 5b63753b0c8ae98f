"""Real documents of a corpus that a grammar and its rules accept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import zstandard

from schemalm.checking import Checker
from schemalm.documents.reading import parse_document
from schemalm.errors import SchemaLMError
from schemalm.grammar import Grammar


def read_texts(corpus: Path) -> list[str]:
    """Returns the texts of a compressed file of JSON Lines, such as `val.jsonl.zst`."""
    with zstandard.open(corpus, "rt", encoding="utf-8") as lines:
        return [json.loads(line)["yaml"] for line in lines]


def accepted(texts: Iterable[str], grammar: Grammar) -> Iterator[tuple[str, Any]]:
    """Yields the texts that `check` does not refuse, with their values."""
    checker = Checker(grammar)
    for text in texts:
        try:
            value = parse_document(text)
        except SchemaLMError:
            continue
        if not checker.failures(value):
            yield text, value
