"""Fuzzes the readers of documents; every value read must be the same after writing and reading it again."""

from __future__ import annotations

import atheris  # type: ignore[import-not-found]

with atheris.instrument_imports(include=["schemalm"]):
    from schemalm.documents import dump_document, json_equal, parse_document, parse_documents

from fuzz.harness import fuzz

SEEDS = (
    b"name: CI\non: [push]\njobs:\n  build:\n    steps:\n      - run: |\n          make\n          make test\n",
    b'{"a": [1, 2.5e3, null, true, "x\\u00e9"], "b": {}}',
    b"a: &x {b: 1}\nc: *x\n---\nd: !!str 5\n",
    b"- 'it''s'\n- \"\\x41\\n\"\n- >-\n  folded\n  text\n- 0x1F\n- .inf\n- ~\n",
    b"<<: {a: 1}\nb: 2\n",
    b'{"a": 1, // note\n "b": [1,],}',
    "\ufeffkey: v\u00e4lue # comment\r\nother: 'x'\r\n".encode(),
)


def read(content: bytes) -> None:
    """Read a text with every reader."""
    text = content.decode("utf-8", "replace")
    parse_documents(text, merge_keys=True)
    value = parse_document(text)
    for format in ("yaml", "json"):
        again = parse_document(dump_document(value, format=format))  # type: ignore[arg-type]
        assert json_equal(value, again), (format, value, again)


if __name__ == "__main__":
    fuzz("documents", read, SEEDS)
