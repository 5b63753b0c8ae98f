"""What a judge says about one document."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Message:
    """One finding; `line` counts from 1, or is 0 if the judge names none, and `kind` is the judge's own word."""

    line: int
    text: str
    kind: str = ""


@dataclass(frozen=True)
class Verdict:
    """The reasons to refuse a document, and what is only advice."""

    messages: tuple[Message, ...] = ()
    advice: tuple[Message, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether there is no reason to refuse the document."""
        return not self.messages
