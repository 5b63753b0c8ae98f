"""What of a folder that SchemaLM writes is no document, though it looks like one.

Collected corpora (`schemalm collect`) are read like other folders, but for the reports in them; what a command works
with until it is finished is not read.
"""

from __future__ import annotations

import json
from pathlib import Path

CORPUS_KIND = "schemalm corpus"
MANIFEST_FILE, REJECTED_FILE = "manifest.json", "rejected.jsonl"
WORKING_FOLDER, LOCK_FILE = ".work", "lock"

REPORTS = "reports of collected corpora"
UNFINISHED_WORK = "folders of unfinished work"
MAX_MANIFEST_BYTES = 1 << 24  # of a manifest: a file of that name may be anything


def kinds_in(folder: Path, names: list[str]) -> dict[str, str]:
    """The entries of a folder that are never read, by their names, each with what it is."""
    kinds = {}
    if WORKING_FOLDER in names and (folder / WORKING_FOLDER / LOCK_FILE).is_file():
        kinds[WORKING_FOLDER] = UNFINISHED_WORK
    if MANIFEST_FILE in names and is_corpus_manifest(folder / MANIFEST_FILE):
        kinds |= dict.fromkeys((MANIFEST_FILE, REJECTED_FILE), REPORTS)
    return kinds


def is_corpus_manifest(path: Path) -> bool:
    """Whether a file is the manifest of a collected corpus."""
    try:
        if not path.is_file():  # a pipe could block for ever
            return False
        with path.open("rb") as file:
            manifest = json.loads(file.read(MAX_MANIFEST_BYTES))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(manifest, dict) and manifest.get("kind") == CORPUS_KIND
