"""What commands do with the documents that a model wrote: show them, write them to files, keep the best."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from schemalm.files.writing import write_atomically

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemalm.generation import Generated, Piece, Run

    # A document with its text.
    Written = tuple[Generated, str]

# Lines of JSON hold tokens and probabilities as well.
DocumentFormat = Literal["yaml", "json", "jsonl"]
Rank = Literal["logprob", "judges"]
LINES_FILE = "documents.jsonl"


def text_in(document: Generated | Piece, format: DocumentFormat) -> str:
    """Return the text of a document; in lines of JSON it is YAML."""
    return document.text("json" if format == "json" else "yaml")


def best(written: Sequence[Written], keep: int | None, rank: Rank, run: Run) -> list[Written]:
    """Return the `keep` best documents, the best first; all as they came if `keep` is None."""
    if keep is None:
        return list(written)
    ranked = sorted(written, key=lambda each: -each[0].mean_logprob)
    if rank == "judges":
        from schemalm.judging import Document, ask, judges_for  # noqa: PLC0415

        texts = [Document.of_value(document.value) for document, _ in ranked]
        verdicts = [ask(judge, texts) for judge in judges_for(run.tokenizer.grammar) if not judge.why_not]
        refusals = [sum(found[index].accepted is False for found in verdicts) for index in range(len(ranked))]
        ranked = [ranked[index] for index in sorted(range(len(ranked)), key=refusals.__getitem__)]
    return ranked[:keep]


def joined(written: Sequence[Written], format: DocumentFormat) -> str:
    """Return the texts of all documents as one, without the last line break."""
    if format == "jsonl":
        return _lines(written).removesuffix("\n")
    return separator(format).join(text for _, text in written).removesuffix("\n")


def separator(format: DocumentFormat) -> str:
    """Return what stands between two documents."""
    return "---\n" if format == "yaml" else ""


def write_files(folder: Path, written: Sequence[Written], format: DocumentFormat) -> list[str]:
    """Write one file per document, 0001.yaml, 0002.yaml, ..., or one of JSON Lines; return the names."""
    if format == "jsonl":
        write_atomically(folder / LINES_FILE, _lines(written).encode())
        return [LINES_FILE]
    names = [f"{number:04}.{format}" for number in range(1, len(written) + 1)]
    for name, (_, text) in zip(names, written, strict=True):
        write_atomically(folder / name, text.encode())
    return names


def described(document: Generated, text: str) -> dict[str, Any]:
    """Return a document and how it was written, as plain values, without its tokens."""
    return {
        "value": document.value,
        "text": text,
        "num_tokens": len(document.tokens),
        "logprob": document.logprob,
        "finish": document.finish,
        "closed_by": document.closed_by,
    }


def _lines(written: Sequence[Written]) -> str:
    """Return a line of JSON per document; the last tokens of a closed document have no log-probability."""
    rows = (
        {**described(document, text), "tokens": document.tokens, "logprobs": document.logprobs}
        for document, text in written
    )
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
