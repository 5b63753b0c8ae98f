"""Fuzzes the reader of corpora: JSON Lines whose documents are texts or values."""

from __future__ import annotations

import tempfile
from pathlib import Path

import atheris  # type: ignore[import-not-found]

with atheris.instrument_imports(include=["schemalm"]):
    from schemalm.documents import LeftOut, canonical_json
    from schemalm.documents.pieces import read_pieces, rows_of

from fuzz.harness import fuzz

SEEDS = (
    b'{"value": {"a": [1, 2.0]}, "repo": "o/r", "path": "a.yml"}\n{"yaml": "a: 1\\n", "license": "MIT"}\n',
    b'{"json": "{\\"a\\": 1e400}"}\n\n{"value": null}\n{"yaml": "a: 1\\n---\\nb: 2"}\n[1]\n{"repo": 3, "value": 1}\n',
)
FILE = Path(tempfile.mkdtemp()) / "rows.jsonl"


def read(content: bytes) -> None:
    """Read a file of rows, and all documents in it."""
    FILE.write_bytes(content)
    left_out = LeftOut()
    for piece in read_pieces([FILE], left_out):
        for row in rows_of(piece, merge_keys=True, left_out=left_out):
            if row.error is None:
                canonical_json(row.value)
            else:
                left_out.reject(row.rejection(row.error))


if __name__ == "__main__":
    fuzz("rows", read, SEEDS)
