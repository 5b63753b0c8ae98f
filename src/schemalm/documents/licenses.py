"""The licence of a repository, found in the licence files of its top folder.

It recognizes SPDX identifiers, the titles of the most common licences and, if the title is missing, the text of the
shortest ones. If nothing is recognized, the licence is unknown; that says nothing about the repository.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

_FILES = re.compile(r"(?:(?:un)?licen[cs]es?|copying)(?:[-._].*)?", re.IGNORECASE)
# Licences of third-party code in the repository, and programs about licences.
_OTHER_FILES = re.compile(
    r"third|3rd|part(?:y|ies)|vendor|\.(?:[a-z]?js|ts|py|go|rs|rb|java|cs|sh|ya?ml|json|toml)$", re.IGNORECASE
)
_NUM_FILES, _NUM_ENTRIES, _NUM_BYTES = 8, 10_000, 1 << 16
_NUM_HEAD = 1000  # characters at the beginning, in which the title is searched
_IDENTIFIER = re.compile(
    r"SPDX-License-Identifier:[ \t]*"
    r"(?P<expression>\(?[A-Za-z0-9.+-]+\)?(?:[ \t]+(?:AND|OR|WITH)[ \t]+\(?[A-Za-z0-9.+-]+\)?)*)"
)
_TITLES = {
    "0BSD": r"\bbsd zero clause license|zero-clause bsd",
    "AGPL-3.0": r"\bgnu affero general public license,? (?:version|v) ?3",
    "Apache-2.0": r"\bapache license,? version 2\.0|\bapache license 2\.0",
    "Artistic-2.0": r"\bartistic license,? (?:version )?2\.0",
    "BSD-2-Clause": r'\bbsd 2-clause|\b2-clause bsd|"simplified" bsd license',
    "BSD-3-Clause": r'\bbsd 3-clause|\b3-clause bsd|"new" bsd license',
    "BSL-1.0": r"\bboost software license - version 1\.0",
    "BUSL-1.1": r"\bbusiness source license 1\.1",
    "CC-BY-4.0": r"\battribution 4\.0 international",
    "CC-BY-NC-4.0": r"\battribution-noncommercial 4\.0 international",
    "CC-BY-SA-4.0": r"\battribution-sharealike 4\.0 international",
    "CC0-1.0": r"\bcc0 1\.0 universal",
    "ECL-2.0": r"\beducational community license,? version 2\.0",
    "EPL-2.0": r"\beclipse public license - v 2\.0",
    "EUPL-1.2": r"\beuropean union public licence v\. ?1\.2",
    "GPL-2.0": r"\bgnu general public license,? (?:version|v) ?2",
    "GPL-3.0": r"\bgnu general public license,? (?:version|v) ?3",
    "ISC": r"\bisc license\b|\bthe isc licence\b",
    "LGPL-2.1": r"\bgnu lesser general public license,? (?:version|v) ?2\.1",
    "LGPL-3.0": r"\bgnu lesser general public license,? (?:version|v) ?3",
    "MIT": r"\bmit license\b(?! no attribution)|\bexpat license\b",
    "MIT-0": r"\bmit no attribution|\bmit-0\b",
    "MPL-2.0": r"\bmozilla public license,? version 2\.0",
    "MulanPSL-2.0": r"\bmulan permissive software license,? version 2",
    "PostgreSQL": r"\bpostgresql licen[cs]e\b",
    "Unlicense": r"\bfree and unencumbered software released into the public domain",
    "WTFPL": r"\bdo what the fuck you want to public license",
    "Zlib": r"\bzlib license\b",
}
_TITLE_PATTERNS = {name: re.compile(title) for name, title in _TITLES.items()}
# A licence without a title is the first one here whose sentences all occur in the text.
_WORDS = (
    ("BSD-4-Clause", "redistribution and use in source and binary forms", "all advertising materials"),
    ("BSD-3-Clause", "redistribution and use in source and binary forms", "neither the name"),
    ("BSD-2-Clause", "redistribution and use in source and binary forms", "redistributions in binary form"),
    (
        "MIT",
        "free of charge, to any person obtaining a copy of this software and associated documentation files",
        "this permission notice shall be included",
    ),
    ("ISC", "permission to use, copy, modify, and/or distribute this software", "provided that the above copyright"),
    ("ISC", "permission to use, copy, modify, and distribute this software", "provided that the above copyright"),
)


def license_of(folder: Path) -> str:
    """Return the licences in the files of a folder, joined by `OR`; empty if none is recognized."""
    found = {license_in(_text(file)) for file in _license_files(folder)}
    return " OR ".join(sorted(found - {""}))


def license_in(text: str) -> str:
    """Return the SPDX identifier of the licence in a text; empty if it is not a known one."""
    if stated := _IDENTIFIER.search(text):
        return stated["expression"]
    words = " ".join(re.sub(r"[#*=_>]+", " ", text).lower().split())
    head = words[:_NUM_HEAD]
    titles = [(found.start(), name) for name, title in _TITLE_PATTERNS.items() if (found := title.search(head))]
    if titles:
        return min(titles)[1]  # later titles may be mentioned in passing
    return next((name for name, *sentences in _WORDS if all(sentence in words for sentence in sentences)), "")


def _license_files(folder: Path) -> list[Path]:
    """Return the files named like a licence, sorted; links are left out, since they may lead anywhere."""
    found: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry, _ in zip(entries, range(_NUM_ENTRIES), strict=False):
                if _FILES.fullmatch(entry.name) and not _OTHER_FILES.search(entry.name):
                    found += [entry.name] if entry.is_file(follow_symlinks=False) else []
    except OSError:
        return []
    return [folder / name for name in sorted(found)[:_NUM_FILES]]


def _text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(_NUM_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
