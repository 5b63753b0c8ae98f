"""Findings for programs: SARIF 2.1.0, which code hosts and editors read, and the commands of a GitHub workflow.

Sources: OASIS Static Analysis Results Interchange Format 2.1.0, sections 3.14 to 3.58; GitHub's documentation of
workflow commands, for the characters that they escape.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import schemalm
from schemalm.checking.findings import DocumentFindings, Finding
from schemalm.cli.check_text import cut_message

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
# The rule of findings without a keyword: the text is no document.
SYNTAX = "syntax"


def github_commands(documents: Sequence[DocumentFindings], unreadable: Mapping[str, str]) -> Iterator[str]:
    """Yield one command for each finding and each unreadable file, which GitHub shows as an annotation."""
    for document in documents:
        for finding in document.findings:
            fields = {
                "file": document.file,
                "line": finding.line,
                "col": finding.column,
                "title": _title(finding),
            }
            yield _command(fields, _message(finding))
        if document.is_cut:
            yield cut_message(document.name)
    for name, reason in unreadable.items():
        yield _command({"file": name}, reason)


def _command(fields: Mapping[str, str | int | None], message: str) -> str:
    properties = ",".join(f"{name}={_escaped(str(value), ':,')}" for name, value in fields.items() if value is not None)
    return f"::error {properties}::{_escaped(message)}"


def _escaped(text: str, also: str = "") -> str:
    """Return the text with the characters that would end it in percent form."""
    return "".join(f"%{ord(character):02X}" if character in f"%\r\n{also}" else character for character in text)


def _title(finding: Finding) -> str:
    return "not a document" if finding.keyword is None else finding.keyword


def _message(finding: Finding) -> str:
    return finding.reason if not finding.pointer else f"{finding.pointer}: {finding.reason}"


def sarif_log(documents: Sequence[DocumentFindings], unreadable: Mapping[str, str]) -> dict[str, Any]:
    """Return the log of one run; the files that cannot be read are notifications of the tool."""
    findings = [(document.file, finding) for document in documents for finding in document.findings]
    rules = sorted({finding.keyword or SYNTAX for _, finding in findings})
    notes = [_note(_location(name), f"{name}: {reason}", "error") for name, reason in unreadable.items()]
    cut = [document for document in documents if document.is_cut]
    notes += [_note(_location(document.file), cut_message(document.name), "warning") for document in cut]
    run = {
        "tool": {
            "driver": {
                "name": "schemalm",
                "version": schemalm.__version__,
                "informationUri": "https://github.com/schemalm/schemalm",
                "rules": [_rule(rule) for rule in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": not unreadable, "toolExecutionNotifications": notes}],
        "results": [_result(file, finding, rules) for file, finding in findings],
    }
    return {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(name: str) -> dict[str, Any]:
    words = "The text is not a YAML or JSON document." if name == SYNTAX else f"The value breaks the rule {name!r}."
    return {"id": name, "shortDescription": {"text": words}, "defaultConfiguration": {"level": "error"}}


def _result(file: str, finding: Finding, rules: Sequence[str]) -> dict[str, Any]:
    rule = finding.keyword or SYNTAX
    location = _location(file)
    if finding.line is not None:
        location["physicalLocation"]["region"] = {"startLine": finding.line, "startColumn": finding.column}
    if finding.pointer is not None:
        location["logicalLocations"] = [{"fullyQualifiedName": finding.pointer or "/"}]
    return {
        "ruleId": rule,
        "ruleIndex": rules.index(rule),
        "level": "error",
        "message": {"text": finding.reason},
        "locations": [location],
    }


def _note(location: dict[str, Any], message: str, level: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": message}, "locations": [location]}


def _location(name: str) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": {"uri": _uri(name)}}}


def _uri(name: str) -> str:
    """Return the address of a file: relative to the working folder if it is inside, else absolute."""
    path = Path(os.path.normpath(Path.cwd() / name))
    if path.is_relative_to(Path.cwd()):
        return quote(path.relative_to(Path.cwd()).as_posix(), errors="surrogateescape")
    return path.as_uri()
