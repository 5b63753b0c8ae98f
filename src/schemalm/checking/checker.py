"""Checks values: finds what is wrong by the schema, and by what a schema cannot say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from schemalm.errors import InvalidDocument, LimitError
from schemalm.grammar.grammar import Grammar
from schemalm.json_pointer import parts_of
from schemalm.rules.violations import NAMES
from schemalm.tokenizer.compiled_rules import CompiledRules
from schemalm.tokenizer.encoder import Encoder

if TYPE_CHECKING:
    from schemalm.schema.explanation import Failure

# Failures of these keywords say that a value must not be there, or not of this kind. What is inside does not count.
_ABOUT_THE_WHOLE = frozenset({"additionalProperties", "propertyNames", "false schema", "type"})


class Checker:
    """Finds the independent failures of values of one grammar."""

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        self._encoder = Encoder(CompiledRules(grammar), _no_piece)

    def failures(self, value: Any) -> list[Failure]:
        """The failures of a value; empty if it is valid. Its schema's come first, and none follows from another one."""
        try:
            found = self._encoder.failures(value)
        except (InvalidDocument, LimitError) as error:
            return [failure_of(error)]
        moot = {failure.path for failure in found if failure.keyword in _ABOUT_THE_WHOLE}
        return [one for one in dict.fromkeys(found) if one.keyword != NAMES or not _is_inside(one, moot)]


def failure_of(error: InvalidDocument | LimitError) -> Failure:
    """The failure that an error about a value reports."""
    from schemalm.schema.explanation import Failure  # noqa: PLC0415 (not needed for valid documents)

    if isinstance(error, LimitError):
        return Failure(tuple(parts_of(error.place)), "limit", error.explanation)
    return Failure(tuple(parts_of(error.pointer)), error.keyword, error.message)


def _is_inside(failure: Failure, moot: set[tuple[str | int, ...]]) -> bool:
    return any(failure.path[:depth] in moot for depth in range(len(failure.path) + 1))


def _no_piece(kind: str, text: str) -> tuple[None]:
    """Encode nothing; raises UnicodeEncodeError if the text is not valid Unicode."""
    if kind != "structure":
        text.encode()
    return (None,)
