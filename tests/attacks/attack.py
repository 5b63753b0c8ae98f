"""The description of an attack: hostile input as data, with the only outcomes that are allowed for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Operation = Literal["schema", "document", "command", "tokenizer", "data", "run"]
# How a call ended: "value" if it returned, the class of the error that it raised, or "exit 2" for a command.
End = str


@dataclass(frozen=True)
class Link:
    """A symbolic link to `target`, relative to the scratch folder of the attack."""

    target: str


@dataclass(frozen=True)
class Zeros:
    """A sparse file of zero bytes, which takes no space on the disk."""

    num_bytes: int


@dataclass(frozen=True)
class Fifo:
    """A pipe without a writer: a reader of it would wait forever."""


@dataclass(frozen=True)
class Members:
    """Changes in a JSON file: new values by JSON pointer."""

    values: Mapping[str, Any]


@dataclass(frozen=True)
class Removed:
    """A file that does not exist."""


# The replacement of a file: its content as text or bytes, or one of the above.
Content = str | bytes | Link | Zeros | Fifo | Members | Removed


@dataclass(frozen=True)
class Attack:
    """One hostile input.

    operation: the function of `tests.attacks.operations` to call; given: its input, or a function that makes a large
    one; ends_in: every outcome that is allowed; files: the content of the scratch folder, by path. For "tokenizer",
    "data" and "run" the files replace parts of a valid `tokenizer.json`, `data/` and `run/`.
    """

    operation: Operation
    ends_in: tuple[End, ...]
    given: Any | Callable[[], Any] = None
    files: Mapping[str, Content] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """How an attack ended, and its cost: CPU seconds, and the growth of memory in MiB."""

    end: End
    message: str = ""
    processor_seconds: float = 0.0
    peak_mebibytes: float = 0.0
