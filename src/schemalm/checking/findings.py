"""The findings of a file: what is wrong with each of its documents, and where."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from schemalm.documents.json_comments import blank_comments
from schemalm.documents.reading import LoadedDocument, LoadedDocuments
from schemalm.errors import DocumentError
from schemalm.messages.visible import visible_line, visible_name

if TYPE_CHECKING:
    from schemalm.schema.explanation import Failure

MAX_FINDINGS = 100  # of one document


@dataclass(frozen=True)
class Finding:
    """One error of a document; `pointer` and `keyword` are None if the text is not a document.

    file: the name of the file; the second document of a file is `NAME#2`, the third one `NAME#3`.
    """

    file: str
    line: int | None
    column: int | None
    pointer: str | None
    keyword: str | None
    reason: str
    excerpt: str

    @property
    def position(self) -> str:
        """The file with line and column as far as known, as `file:line:column`."""
        known = (str(number) for number in (self.line, self.column) if number is not None)
        return ":".join((visible_line(self.file), *known))

    @property
    def message(self) -> str:
        """The pointer, the reason and the keyword, as `pointer: reason (keyword)`."""
        if self.pointer is None:
            return self.reason
        return f"{visible_name(self.pointer) or '/'}: {self.reason} ({self.keyword})"

    def to_text(self) -> str:
        """Return `file:line:column: pointer: reason (keyword)`, followed by the excerpt if there is one."""
        return "\n".join(part for part in (f"{self.position}: {self.message}", self.excerpt) if part)


@dataclass(frozen=True)
class DocumentFindings:
    """The findings of one document, in the order of its text.

    file: the name of its file. name: the name of the document, which differs from that of the file for all but the
    first one. is_cut: it has more than `MAX_FINDINGS`.
    """

    file: str
    name: str
    findings: tuple[Finding, ...]
    is_cut: bool = False


def findings_of(
    loaded: LoadedDocuments, name: str, failures: Callable[[Any], Sequence[Failure]]
) -> list[DocumentFindings]:
    """Return the findings of each document of a file; `failures` finds what is wrong with a value."""
    found = []
    for number, document in enumerate(loaded.documents, start=1):
        title = name if number == 1 else f"{name}#{number}"
        if document.error is not None:
            found.append(DocumentFindings(name, title, (_unreadable(title, document, document.error),)))
            continue
        invalid = failures(document.value)
        findings = sorted(_invalid(title, document, loaded.is_jsonc, invalid), key=_order)
        found.append(DocumentFindings(name, title, tuple(findings[:MAX_FINDINGS]), len(findings) > MAX_FINDINGS))
    return found


def _order(finding: Finding) -> tuple[bool, int, int]:
    """The order of the text; findings without a position come last."""
    return finding.line is None, finding.line or 0, finding.column or 0


def _unreadable(name: str, document: LoadedDocument, error: DocumentError) -> Finding:
    from schemalm.checking.positions import SourcePosition, excerpt  # noqa: PLC0415 (not needed for valid documents)

    shown = excerpt(document.text, SourcePosition(error.line, error.column), document.line)
    return Finding(name, error.line, error.column, None, None, error.message, shown)


def _invalid(name: str, document: LoadedDocument, is_jsonc: bool, failures: Sequence[Failure]) -> Iterator[Finding]:
    if not failures:
        return
    from schemalm.checking.positions import Positions, excerpt  # noqa: PLC0415 (not needed for valid documents)

    positions = Positions(blank_comments(document.text) if is_jsonc else document.text, document.line)
    for failure in failures:
        position = positions.locate(failure.pointer, failure.keyword, failure.offset)
        yield Finding(
            name,
            position.line if position else None,
            position.column if position else None,
            failure.pointer,
            failure.keyword,
            failure.message,
            excerpt(document.text, position, document.line) if position else "",
        )
