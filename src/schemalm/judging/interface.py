"""What judges share: documents go in, and out comes a verdict on each.

A verdict either accepts a document, or refuses it with errors, or says why there is none (`failure`). Advice never
refuses: it is what real documents break as often. Any object with the members of `Judge` is a judge.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from schemalm.documents import JSONValue, canonical_json, dump_document
from schemalm.documents.reading import LoadedDocument, is_json, parse_documents
from schemalm.errors import DocumentError

MAX_REASON_CHARACTERS = 300
_BEGINNINGS_OF_JSON = ("{", "[", "/")  # or of a comment before it


@dataclass(frozen=True)
class Message:
    """One finding of a judge, on one line of text.

    line: from 1 in the document's text; 0 if it is unknown. pointer: the JSON pointer of the part, if the judge says
    it. kind: the judge's own word for such findings.
    """

    text: str
    line: int = 0
    pointer: str = ""
    kind: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}" if self.kind else self.text


@dataclass(frozen=True)
class Verdict:
    """What a judge says about one document; `failure`: why there is no verdict, empty if there is one."""

    errors: tuple[Message, ...] = ()
    advice: tuple[Message, ...] = ()
    failure: str = ""

    @property
    def accepted(self) -> bool | None:
        """Whether the judge accepts the document; None if there is no verdict."""
        return None if self.failure else not self.errors

    @property
    def word(self) -> str:
        """The verdict in one or two words: valid, invalid or not judged."""
        return {None: "not judged", True: "valid", False: "invalid"}[self.accepted]

    @property
    def reason(self) -> str:
        """The first error, or why there is no verdict; empty if the document is accepted."""
        if self.failure:
            return f"cannot be judged: {self.failure}"
        return str(self.errors[0]) if self.errors else ""

    @property
    def pointer(self) -> str:
        """The JSON pointer of the first error, if the judge says it."""
        return self.errors[0].pointer if self.errors else ""


@dataclass(frozen=True)
class Document:
    """A document to judge, as text and as value; `name` is for messages.

    fault: why the text is no document, empty if it is one; `fault_line` (from 1) says where. The value is then None.
    """

    text: str
    value: JSONValue = None
    fault: str = ""
    name: str = ""
    fault_line: int = 0

    @property
    def may_be_json(self) -> bool:
        """Whether the text begins as JSON does, with comments or not."""
        return self.text.lstrip().startswith(_BEGINNINGS_OF_JSON)

    @classmethod
    def of_value(cls, value: JSONValue, name: str = "") -> Document:
        """Return the document of a value, with the text of `to_text`."""
        return cls(to_text(value), value, name=name)

    @classmethod
    def of_text(cls, text: str, name: str = "", *, merge_keys: bool = False) -> Document:
        """Return the document of a text; one whose name ends in `.json` or `.jsonc` must be JSON, with comments or not.

        merge_keys: resolve `<<` instead of refusing it.
        """
        first, *others = parse_documents(text, merge_keys=merge_keys, json_only=is_json(name)).documents
        if others:
            return cls(text, fault="a second document begins", name=name, fault_line=others[0].line)
        return cls.of_loaded(first, text, name)

    @classmethod
    def of_loaded(cls, loaded: LoadedDocument, text: str, name: str = "") -> Document:
        """Return the document of what was read from a text."""
        if loaded.error is None:
            return cls(text, loaded.value, name=name)
        line = max(loaded.error.line - loaded.line + 1, 1)
        return cls(text, fault=loaded.error.message, name=name, fault_line=line)


def shorten(text: str) -> str:
    """Return a reason on one line, shortened to a readable length."""
    return textwrap.shorten(text, MAX_REASON_CHARACTERS, placeholder=" …")


def to_text(value: JSONValue) -> str:
    """Return a value as YAML, or as one line of JSON if it is nested too deeply for YAML parsers."""
    try:
        return dump_document(value)
    except DocumentError:
        return canonical_json(value).decode() + "\n"


@runtime_checkable
class Judge(Protocol):
    """A program or a class that judges documents.

    name: for tables and options, unique. title: the program with its version. meaning: what it means to be accepted,
    after a colon. why_not: what is missing to ask it and how to install that; empty if it can be asked.
    """

    @property
    def name(self) -> str: ...  # noqa: D102 (said above)

    @property
    def title(self) -> str: ...  # noqa: D102

    @property
    def meaning(self) -> str: ...  # noqa: D102

    @property
    def why_not(self) -> str: ...  # noqa: D102

    def judge(self, documents: Sequence[Document]) -> list[Verdict]:
        """Return one verdict for each document, in their order."""
