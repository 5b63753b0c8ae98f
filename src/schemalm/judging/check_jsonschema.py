"""Asks check-jsonschema, which reads documents itself and judges them with the Python package `jsonschema`.

It gets the schema as it is published, before rules amend it. SchemaLM depends on the program, so it is always there.
Nothing is fetched: a schema that refers outside itself does not compile. It is not asked where a schema has a
`multipleOf` with a fraction: it divides in binary, and refuses 8.6 as no multiple of 0.05.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from schemalm.documents import canonical_json
from schemalm.documents.values import levels
from schemalm.grammar import Grammar
from schemalm.json_pointer import pointer_to
from schemalm.judging.batches import in_batches, limit_seconds, write_text
from schemalm.judging.interface import Document, Message, Verdict, shorten
from schemalm.judging.programs import run_program
from schemalm.judging.schema_judge import with_lines

# In a path of jsonschema: `.name`, `[2]`, or `['any name']`.
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\['((?:\\.|[^'\\])*)'\]")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True)
class CheckJsonschema:
    """The judge for the documents of a schema, which asserts formats or not."""

    schema: dict[str, Any] | bool
    assert_formats: bool

    name = "check-jsonschema"
    meaning = "another reader and validator: the published schema accepts the document"

    @classmethod
    def of(cls, grammar: Grammar) -> CheckJsonschema:
        """Return the judge for the documents of a grammar."""
        return cls(grammar.schema, grammar.formats == "assert")

    @property
    def title(self) -> str:
        """The program and its validator, with their versions."""
        return f"check-jsonschema {version('check-jsonschema')} (jsonschema {version('jsonschema')})"

    @property
    def why_not(self) -> str:
        """Why its verdicts would be wrong; empty if it can be asked."""
        return "it divides in binary, and the schema has a multipleOf with a fraction" if self._has_fractions() else ""

    def _has_fractions(self) -> bool:
        nodes = (node for level in levels(self.schema) for node in level if isinstance(node, dict))
        factors = (node.get("multipleOf") for node in nodes)
        return any(isinstance(factor, float) and not factor.is_integer() for factor in factors)

    def judge(self, documents: Sequence[Document]) -> list[Verdict]:
        """Return one verdict for each document."""
        return in_batches(self._judge_batch, documents)

    def _judge_batch(self, documents: Sequence[Document]) -> list[Verdict]:
        with TemporaryDirectory() as folder:
            names = [_written(Path(folder), index, document) for index, document in enumerate(documents)]
            write_text(Path(folder, "schema"), json.dumps(self.schema))
            formats = () if self.assert_formats else ("--disable-formats", "*")
            options = ("--schemafile", "schema", "--no-cache", "--output-format", "json", *formats)
            command = [sys.executable, "-m", "check_jsonschema", *options, *names]
            done = run_program(command, folder=Path(folder), limit_seconds=limit_seconds(len(documents)))
        if done.code not in (0, 1) or not done.output:
            raise done.failed(self.name)
        report = done.json(self.name)
        errors: dict[str, list[Message]] = {name: [] for name in names}
        for found in report.get("errors", ()):
            errors[found["filename"]].append(_message(found))
        for found in report.get("parse_errors", ()):
            errors[found["filename"]].append(Message("it cannot be read", kind="document"))
        verdicts = [tuple(errors[name]) for name in names]
        return [Verdict(with_lines(found, document.text)) for found, document in zip(verdicts, documents, strict=True)]


def _written(folder: Path, index: int, document: Document) -> str:
    """Write a document as text, or as its value if the text may be JSON with comments; return the file's name."""
    is_json = not document.fault and document.may_be_json
    name = f"{index}.{'json' if is_json else 'yml'}"
    write_text(folder / name, canonical_json(document.value).decode() if is_json else document.text)
    return name


def _message(found: dict[str, Any]) -> Message:
    """Return an error; of failed branches the one of the branch that matched furthest."""
    closest = found.get("best_deep_match") or found
    return Message(shorten(closest["message"]), pointer=pointer_of(closest["path"]))


def pointer_of(path: str) -> str:
    """Return the JSON pointer of a path as jsonschema writes it, such as `$.jobs['a-b'][2]`."""
    steps = _STEP.findall(path)
    return pointer_to(name or index or _ESCAPED.sub(r"\1", quoted) for name, index, quoted in steps)
