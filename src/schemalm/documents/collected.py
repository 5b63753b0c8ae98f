"""Files that look like documents but were written by SchemaLM itself.

Collected corpora (`schemalm collect`) are read like other folders, except for the reports in them and the working files
of an unfinished command.
"""

from __future__ import annotations

import json
from pathlib import Path

CORPUS_KIND = "schemalm corpus"
MANIFEST_FILE, REJECTED_FILE = "manifest.json", "rejected.jsonl"
WORKING_FOLDER, LOCK_FILE = ".work", "lock"

REPORTS = "reports of collected corpora"
UNFINISHED_WORK = "folders of unfinished work"
MAX_MANIFEST_BYTES = 1 << 24  # a file of that name may contain anything


def kinds_in(folder: Path, names: list[str]) -> dict[str, str]:
    """Return the kinds of those entries of a folder that are never read, by name."""
    kinds = {}
    if WORKING_FOLDER in names and (folder / WORKING_FOLDER / LOCK_FILE).is_file():
        kinds[WORKING_FOLDER] = UNFINISHED_WORK
    if MANIFEST_FILE in names and is_corpus_manifest(folder / MANIFEST_FILE):
        kinds |= dict.fromkeys((MANIFEST_FILE, REJECTED_FILE), REPORTS)
    return kinds


def is_corpus_manifest(path: Path) -> bool:
    """Return whether a file is the manifest of a collected corpus."""
    try:
        if not path.is_file():  # a pipe could block forever
            return False
        with path.open("rb") as file:
            manifest = json.loads(file.read(MAX_MANIFEST_BYTES))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(manifest, dict) and manifest.get("kind") == CORPUS_KIND
