"""Errors as clients get them: one JSON object, in the form of OpenAI's API, with the fields of the error.

In goes any exception; out comes a status, an object and headers. Faults of a request say what was found and what to
do. Faults of the server say nothing of its inside.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from schemalm.errors import (
    CheckpointError,
    ConfigurationError,
    DocumentError,
    GuardError,
    InvalidDocument,
    LimitError,
    PromptError,
    SchemaLMError,
)
from schemalm.hosting.worker import BusyError, WorkerError

RETRY_SECONDS = 1
_CODES: dict[type[SchemaLMError], str] = {
    PromptError: "impossible_prompt",
    DocumentError: "unreadable_document",
    InvalidDocument: "invalid_document",
    LimitError: "too_much_work",
    GuardError: "no_ending",
    ConfigurationError: "invalid_value",
}
_KINDS = {401: "authentication_error", 429: "rate_limit_error", 500: "server_error"}


@dataclass(eq=False)
class Refusal(Exception):  # noqa: N818 (not a fault of the server)
    """An answer that is an error: `param` is the field at fault, `code` a word for programs."""

    status: int
    message: str
    param: str | None = None
    code: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The body of the answer."""
        kind = _KINDS.get(self.status, "invalid_request_error")
        described = {"message": self.message, "type": kind, "param": self.param, "code": self.code}
        return {"error": described | self.more}


def refusal_of(error: Exception) -> Refusal:
    """Return what a client is told about an error; anything unknown is a fault of the server."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, BusyError):
        return busy(str(error))
    if isinstance(error, WorkerError):
        return Refusal(500, "the document was lost because its worker ended; ask again", code="worker_ended")
    if isinstance(error, SchemaLMError) and not isinstance(error, CheckpointError):
        code = next((word for kind, word in _CODES.items() if isinstance(error, kind)), None)
        if code is not None:
            return Refusal(400, str(error), code=code, more=_places(error))
    return Refusal(500, "an error of the server; its log says more", code="internal_error")


def busy(reason: str) -> Refusal:
    """Return the answer to a request that comes while too much is waiting."""
    headers = {"Retry-After": str(RETRY_SECONDS)}
    return Refusal(429, f"the server is busy: {reason}; ask again later", code="busy", headers=headers)


def _places(error: SchemaLMError) -> dict[str, Any]:
    """Return where in a document an error is."""
    fields = vars(error)
    return {name: fields[name] for name in ("pointer", "line", "column", "keyword", "limit") if fields.get(name)}
