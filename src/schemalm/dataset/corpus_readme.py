"""Writes README.md of a collected corpus: its manifest for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from schemalm.dataset.corpus_writer import kinds_of
from schemalm.documents import LeftOut
from schemalm.messages.visible import visible
from schemalm.messages.wording import counted

_NUM_ROWS = 20  # of a table
_NUM_CHARACTERS = 300  # of an example
_EXPLANATIONS = {
    "rejected": "not a document, or violates the schema",
    "duplicate": "equal to an earlier document",
    "near duplicate": "nearly the same as an earlier document",
    "secret": "contains a token or a private key",
}


def readme(manifest: Mapping[str, Any], left_out: LeftOut) -> str:
    """Return the README in Markdown."""
    return "\n".join(_lines(manifest, left_out)) + "\n"


def _lines(manifest: Mapping[str, Any], left_out: LeftOut) -> Iterator[str]:
    counts, settings = manifest["counts"], manifest["settings"]
    yield f"# A corpus of documents: {_cell(manifest['schema'])}"
    yield ""
    yield (
        f"Collected by SchemaLM {manifest['versions']['schemalm']} from {', '.join(map(_code, manifest['inputs']))}: "
        f"of {counted(counts['documents'], 'document')}, {counts['kept']:,} are valid, different and kept. Each one "
        "keeps the licence of its source."
    )
    yield ""
    yield from _table(
        ("split", "documents", "sources", "bytes of JSON"),
        [
            (name, *(f"{split[key]:,}" for key in ("num_documents", "num_sources", "num_bytes")))
            for name, split in manifest["splits"].items()
        ],
    )
    yield (
        f"No {settings['split_by']} has documents in both splits; validation sources were drawn with seed "
        f"{settings['seed']} until they contained {1 - settings['train_split']:.0%} of the documents, as closely as "
        "whole sources allow."
    )
    yield from _section("What was left out")
    rows = [(why, f"{counts[key]:,}", _EXPLANATIONS[why]) for why, key in REASONS.items()]
    yield from _table(("why", "documents", "meaning"), rows)
    yield f"`rejected.jsonl` has a row for each such document. {_near(settings)} {_secrets(manifest)}"
    if left_out.reasons:
        yield ""
        yield from _table(("rejected because of", "documents", "for example"), _reasons(left_out))
    for line in left_out.unread():
        yield from ("", f"* {_cell(line)}")
    yield from _section("Where the documents come from")
    yield from _table((f"largest {settings['split_by']}s", "documents"), _counts(manifest["largest_sources"]))
    yield from _table(("licence", "documents"), _counts(manifest["licenses"]))
    yield from _section("Next steps")
    yield "In this folder:"
    yield ""
    yield "    schemalm tokenizer train --corpus . --schema SCHEMA --out ../tokenizer.json"
    yield "    schemalm prepare --input . --tokenizer ../tokenizer.json --output ../data"
    yield ""
    yield (
        "Each row of `train/*.parquet` and `val/*.parquet` has `json` (the document as JSON), `repo`, `path`, "
        "`license` and `sha256` (of the JSON with sorted keys). `manifest.json` has the settings "
        "and the sha256 of every file."
    )


# The reasons for leaving documents out, by the name of the count in the manifest.
REASONS = {
    "rejected": "rejected",
    "duplicate": "duplicates",
    "near duplicate": "near_duplicates",
    "secret": "secrets",
}


def _near(settings: Mapping[str, Any]) -> str:
    if settings["similarity"] == 1:
        return "Near duplicates were kept."
    return (
        f"Documents are near duplicates if the Jaccard similarity of their values, each with its path of keys, "
        f"is at least {settings['similarity']}."
    )


def _secrets(manifest: Mapping[str, Any]) -> str:
    found = manifest["secrets_by_kind"]
    if not found:
        return "No secrets were found."
    what = "replaced by `***`" if manifest["settings"]["secrets"] == "mask" else "dropped with their documents"
    return f"Secrets found and {what}: {kinds_of(found)}."


def _section(title: str) -> Iterator[str]:
    yield from ("", f"## {title}", "")


def _reasons(left_out: LeftOut) -> Iterator[tuple[str, ...]]:
    examples = {rejection.kind: rejection for rejection in reversed(left_out.rejections)}
    for kind, count in list(left_out.count_reasons().items())[:_NUM_ROWS]:
        yield kind, f"{count:,}", str(examples.get(kind, ""))[:_NUM_CHARACTERS]


def _counts(counts: Mapping[str, int]) -> list[tuple[str, str]]:
    return [(name, f"{count:,}") for name, count in list(counts.items())[:_NUM_ROWS]]


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield f"|{' --- |' * len(columns)}"
    for row in rows:
        yield f"| {' | '.join(map(_cell, row))} |"
    yield ""


def _cell(text: str) -> str:
    """Return a text on one line, escaped for a Markdown table."""
    line = visible(" ".join(text.split()))
    return line.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("`", "\\`").replace("[", "\\[")


def _code(text: str) -> str:
    line = visible(" ".join(text.replace("`", "").split()))
    return f"`{line}`"
