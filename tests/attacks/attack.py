"""What an attack is, and how one may end: hostile input as data, with the only ends that are admitted for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Operation = Literal["schema", "document", "command", "tokenizer", "data", "run"]
# How a call ended: "value" where it returned, the class of the error that it raised, "exit 2" of a command.
End = str


@dataclass(frozen=True)
class Link:
    """A symbolic link to what is named, relative to the scratch folder of the attack."""

    target: str


@dataclass(frozen=True)
class Zeros:
    """A file of so many zero bytes that takes no room on a disk."""

    num_bytes: int


@dataclass(frozen=True)
class Fifo:
    """A pipe into which nobody writes: whoever reads from it waits for ever."""


@dataclass(frozen=True)
class Members:
    """Changes of members in a file that is JSON: values by JSON pointer."""

    values: Mapping[str, Any]


@dataclass(frozen=True)
class Removed:
    """A file that is not there."""


# What stands in the place of a file: its content as text or bytes, or one of the above.
Content = str | bytes | Link | Zeros | Fifo | Members | Removed


@dataclass(frozen=True)
class Attack:
    """One hostile input.

    operation: what is done, a function of `tests.attacks.operations`; given: what is handed to it, or a function that
    makes it, for what is large; ends_in: every end that is admitted; files: what stands in the scratch folder, by
    path: for "tokenizer", "data" and "run" these are changes of `tokenizer.json`, `data/` and `run/` that are right.
    """

    operation: Operation
    ends_in: tuple[End, ...]
    given: Any | Callable[[], Any] = None
    files: Mapping[str, Content] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """How an attack ended, and what it cost: CPU seconds, and memory above the start in MiB."""

    end: End
    message: str = ""
    processor_seconds: float = 0.0
    peak_mebibytes: float = 0.0
