"""Every error that SchemaLM raises on purpose, each with its fields.

    SchemaLMError
    ├── SchemaError        a schema that is not valid, or that no value satisfies
    │   ├── LimitError     work that exceeds a limit, during compiling or later
    │   └── RulesError     a rules file that cannot be used
    ├── DocumentError      text that is not a document (YAML or JSON)
    ├── InvalidDocument    a value that breaks the schema
    ├── DecodeError        token ids that are not a whole document
    ├── GuardError         the beginning of a document that cannot be completed without breaking a guard
    ├── PromptError        a partial value that no document can contain, or a text that a model cannot read
    ├── DataError          a corpus or a prepared data set that cannot be used
    ├── ConfigurationError a setting that is out of range or conflicts with another
    ├── TrainingError      a training run that cannot continue because of its loss, its memory or another process
    └── CheckpointError    a run or checkpoint that is missing, is damaged or has another configuration

A message says what was found, where, what was expected and what to do. Fields are plain values, so tests and tools
compare them without parsing the message; the message shortens long values and escapes invisible characters. Errors are
values: two of the same class with equal messages and fields are equal, and a copy, by pickle or otherwise, equals its
original.
"""

from __future__ import annotations

import copy
import copyreg
from typing import Any

from schemalm.messages.visible import visible_line, visible_name


class SchemaLMError(Exception):
    """The root of every error that SchemaLM raises on purpose."""

    def __reduce__(self) -> tuple[Any, ...]:
        # Constructors build the message from the fields; a copy already has both.
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SchemaLMError):
            return NotImplemented
        return (type(self), self.args, self.__dict__) == (type(other), other.args, other.__dict__)

    def __hash__(self) -> int:
        return hash((type(self), self.args))


class SchemaError(SchemaLMError):
    """A schema that cannot be compiled; `pointer` and `keyword` say where the fault is, if it is in one location.

    `source` is the file or the name that the schema was read from; it is empty if the schema was passed as a value.
    """

    _subject = "schema"

    def __init__(self, message: str, *, pointer: str = "", keyword: str = "", source: str = "") -> None:
        place = f"{self._subject} at {visible_name(pointer) or '/'}" if pointer or keyword else ""
        place = " of ".join(part for part in (place, visible_line(source)) if part)
        super().__init__(f"{place}: {message}" if place else message)
        self.pointer = pointer
        self.keyword = keyword
        self.source = source
        self.message = message

    def of_source(self, source: str) -> SchemaError:
        """Return the same error with the file or the name of its schema."""
        found = copy.copy(self)
        SchemaError.__init__(found, self.message, pointer=self.pointer, keyword=self.keyword, source=source)
        return found


class LimitError(SchemaError):
    """Work that exceeds a limit, while a schema is compiled or in a call on the compiled grammar.

    limit: the field of `Limits`; its value is `maximum`. operation: what was running, such as "mask". place: where in
    the document, in the form of `Machine.path`, or as a JSON pointer if a value was being encoded; empty if it is
    unknown, and while compiling.
    """

    def __init__(
        self, message: str, *, limit: str, maximum: float, operation: str = "compile", place: str = "", **where: str
    ) -> None:
        self.reason = message
        self.limit = limit
        self.maximum = maximum
        self.operation = operation
        self.place = place
        at = f" at {visible_name(place)}" if place else ""
        begun = "" if operation == "compile" else f"{operation}{at}: "
        super().__init__(begun + self.explanation, **where)

    @property
    def explanation(self) -> str:
        """The message without the place: the reason and the limit."""
        return f"{self.reason} (limit {self.limit} = {self.maximum:,})"

    def during(self, operation: str, place: str = "") -> LimitError:
        """Return the same error for a call on a compiled grammar; an operation and a place already set are kept."""
        return LimitError(
            self.reason,
            limit=self.limit,
            maximum=self.maximum,
            operation=operation if self.operation == "compile" else self.operation,
            place=self.place or place,
            pointer=self.pointer,
            keyword=self.keyword,
        )


class RulesError(SchemaError):
    """A rules file that cannot be used; `pointer` leads into it, and `source` is its file or its built-in name."""

    _subject = "rules"

    def __init__(self, message: str, *, pointer: str = "", source: str = "") -> None:
        super().__init__(message, pointer=pointer, source=source)


class DocumentError(SchemaLMError):
    """Text that is not a document; `line` and `column` count from 1."""

    def __init__(self, message: str, *, line: int = 1, column: int = 1, source: str = "") -> None:
        place = f"{visible_line(source)}:{line}:{column}" if source else f"line {line}, column {column}"
        super().__init__(f"{place}: {message}")
        self.line = line
        self.column = column
        self.source = source
        self.message = message


class InvalidDocument(SchemaLMError):  # noqa: N818 (the contract's name)
    """A value that breaks the schema keyword `keyword` at the JSON pointer `pointer`."""

    def __init__(self, message: str, *, pointer: str = "", keyword: str = "") -> None:
        super().__init__(f"{visible_name(pointer) or '/'}: {message} ({keyword})")
        self.pointer = pointer
        self.keyword = keyword
        self.message = message


class DecodeError(SchemaLMError):
    """Token ids that are not a whole document; `position` is the index of the offending token."""

    def __init__(self, message: str, *, position: int) -> None:
        super().__init__(f"token {position}: {message}")
        self.position = position
        self.message = message


class GuardError(SchemaLMError):
    """A beginning for which no completion was found that keeps a guard: its `keyword`, at the `path` of keys."""

    def __init__(self, keyword: str, path: str) -> None:
        super().__init__(
            f"{keyword} at {visible_name(path) or 'the document'}: no way was found to continue without breaking it"
        )
        self.keyword = keyword
        self.path = path


class PromptError(SchemaLMError):
    """A partial value that no document of the schema can contain; `pointer` is None if the prompt is text."""

    def __init__(self, message: str, *, pointer: str | None = "") -> None:
        place = "prompt" if pointer is None else f"prompt at {visible_name(pointer) or '/'}"
        super().__init__(f"{place}: {message}")
        self.pointer = pointer
        self.message = message


class DataError(SchemaLMError):
    """A corpus or a prepared data set that cannot be used."""


class ConfigurationError(SchemaLMError):
    """A setting that is out of its range or conflicts with another."""


class TrainingError(SchemaLMError):
    """A training run that cannot continue."""


class CheckpointError(SchemaLMError):
    """A run or checkpoint that is missing, is damaged or has another configuration."""
