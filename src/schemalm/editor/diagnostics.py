"""All errors of a document as diagnostics, and what judges say of a document that has none.

In goes the text of a document; out come diagnostics in the order of the text.
"""

from __future__ import annotations

from lsprotocol.types import Diagnostic, DiagnosticSeverity, Position, Range

from schemalm.checking import Finding
from schemalm.editor.open_text import OpenText
from schemalm.hosting.hosted_run import HostedRun
from schemalm.judging import Message

SOURCE = "schemalm"


def errors_of(hosted: HostedRun, text: OpenText) -> list[Diagnostic]:
    """Return every error of a text, in its order; waits for the run's worker."""
    found = hosted.findings(text.text, "", is_json=text.is_json)
    return [_of_finding(text, finding) for document in found for finding in document.findings]


def judgements_of(hosted: HostedRun, text: OpenText) -> list[Diagnostic]:
    """Return what the judges that are installed say about a text without errors; they may take seconds."""
    return [
        _of_message(text, message, severity, judge.name)
        for judge, verdict in hosted.verdicts(text.text, is_json=text.is_json)
        for severity, messages in (
            (DiagnosticSeverity.Error, verdict.errors),
            (DiagnosticSeverity.Information, verdict.advice),
        )
        for message in messages
    ]


def too_large(num_characters: int, max_characters: int) -> Diagnostic:
    """Return the diagnostic of a document that is too large to be read while it is edited."""
    message = f"not checked: {num_characters:,} characters, at most {max_characters:,} are read while they are edited"
    start = Position(0, 0)
    return Diagnostic(Range(start, start), message, DiagnosticSeverity.Information, source=SOURCE)


def _of_finding(text: OpenText, finding: Finding) -> Diagnostic:
    offset = text.offset_of(finding.line or 1, finding.column or 1)
    return Diagnostic(
        text.token_at(offset), finding.reason, DiagnosticSeverity.Error, code=finding.keyword, source=SOURCE
    )


def _of_message(text: OpenText, message: Message, severity: DiagnosticSeverity, judge: str) -> Diagnostic:
    start = text.offset_of(message.line or 1, 1)
    line = text.rest_of_line(start)
    indentation = len(line) - len(line.lstrip())
    place = text.range_of(start + indentation, start + len(line))
    return Diagnostic(place, message.text, severity, code=message.kind or None, source=f"{SOURCE}: {judge}")
