"""Measures what rules change in learning: bits per byte of the same documents, with rules and without.

    python benchmarks/rules_effect.py ../shared/data/workflows/train.jsonl.zst [--seeds 0,1,2] [--publish]

The documents are real workflows that encode under all of the rules that are compared, spread evenly over the corpus.
For each of these rules, a tokenizer is trained on them, they are prepared, and a narrow model is trained with each
seed on about as many tokens. Validation documents are of other repositories. The probabilities are those under the
mask, as in generation. One thread on a CPU. `--publish` writes `benchmarks/results/rules_effect.json` and the table of
docs/benchmarks.md.
"""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean
from typing import Annotated, Any

import typer
from rich.console import Console

from packing import BATCH_SIZE, configuration_of, learn, narrow_model
from page import replace_section
from rows import read_valid_rows
from schemalm.compilation import compile_schema
from schemalm.dataset.prepare import prepare
from schemalm.dataset.reading import SourceDocument
from schemalm.dataset.selection import evenly_spaced
from schemalm.documents import canonical_json
from schemalm.errors import SchemaLMError
from schemalm.files.writing import write_atomically
from schemalm.grammar import Grammar
from schemalm.rules.built_in import chosen
from schemalm.tokenizer import Tokenizer

SCHEMA = "github-workflow"
REPOSITORY = Path(__file__).resolve().parents[1]
RESULTS = REPOSITORY / "benchmarks" / "results" / "rules_effect.json"
PAGE = REPOSITORY / "docs" / "benchmarks.md"
CONTEXT_SIZE, VOCAB_SIZE, TRAIN_SPLIT = 256, 2048, 0.9
console = Console(stderr=True)


def grammar_of(rules: str) -> Grammar:
    """The grammar of workflows under rules, or under `none`."""
    return compile_schema(SCHEMA, rules=chosen(rules, SCHEMA))


def common_documents(corpus: Path, compared: list[str], count: int, num_seen: int) -> list[SourceDocument]:
    """Returns up to `count` of the documents, spread evenly over `num_seen` rows, that encode under all rules."""
    rows = read_valid_rows(corpus, num_seen)
    tokenizers = [Tokenizer.from_grammar(grammar_of(rules)) for rules in compared]
    found: list[SourceDocument] = []
    for index in evenly_spaced(len(rows), 3 * count).tolist():
        row = rows[index]
        try:
            for tokenizer in tokenizers:
                tokenizer.encode(row["json"])
        except SchemaLMError:
            continue
        found.append(SourceDocument(row["json"], row["repo"], row["path"]))
        if len(found) == count:
            break
    return found


def measure(
    rules: str, documents: list[SourceDocument], folder: Path, num_tokens: int, seeds: list[int]
) -> dict[str, Any]:
    """Trains a tokenizer and the models under rules, and returns their figures."""
    values, sources = [document.value for document in documents], [document.source for document in documents]
    tokenizer = Tokenizer.train(grammar_of(rules), values, VOCAB_SIZE, 0, sources=sources)
    data = folder / rules
    prepare(documents, tokenizer, data, context_size=CONTEXT_SIZE, stride=CONTEXT_SIZE, train_split=TRAIN_SPLIT, seed=0)
    num_steps = num_tokens // (BATCH_SIZE * CONTEXT_SIZE)
    runs = []
    for seed in seeds:
        runs.append(learn(data, configuration_of(narrow_model(data), "documents", num_steps, seed)))
        console.print(f"{rules}, seed {seed}: {runs[-1]['bits_per_byte']:.4f} bits per byte")
    num_bytes = sum(len(canonical_json(value)) for value in values)
    tokens = sum(len(tokenizer.encode(value)) for value in values)
    return {"vocab_size": tokenizer.vocab_size, "bytes_per_token": round(num_bytes / tokens, 3), "runs": runs}


def section(results: dict[str, Any]) -> str:
    """The table of the page."""
    lines = [
        f"Measured on {results['measured']}: {results['documents']:,} real workflows, "
        f"{results['num_tokens']:,} positions in training.",
        "",
        "| rules | bytes per token | bits per byte by seed | mean | CPU s |",
        "| --- | --- | --- | --- | --- |",
    ]
    for rules, found in results["rules"].items():
        by_seed = [run["bits_per_byte"] for run in found["runs"]]
        seconds = mean(run["cpu_seconds"] for run in found["runs"])
        shown = ", ".join(f"{bits:.4f}" for bits in by_seed)
        lines.append(f"| {rules} | {found['bytes_per_token']:.2f} | {shown} | {mean(by_seed):.4f} | {seconds:.0f} |")
    return "\n".join(lines)


def main(
    corpus: Path,
    rules: Annotated[
        str, typer.Option(help="Names of rules, with commas.")
    ] = "none,github-workflow,github-workflow-strict",
    count: Annotated[int, typer.Option(help="Documents.")] = 2000,
    num_seen: Annotated[int, typer.Option(help="Rows of the corpus to choose from.")] = 20_000,
    num_tokens: Annotated[int, typer.Option(help="Positions in training.")] = 1_200_000,
    seeds: str = "0,1,2",
    publish: bool = False,
) -> None:
    """Prints the figures as JSON."""
    compared = rules.split(",")
    documents = common_documents(corpus, compared, count, num_seen)
    results: dict[str, Any] = {
        "measured": datetime.now(UTC).date().isoformat(),
        "documents": len(documents),
        "num_tokens": num_tokens,
        "rules": {},
    }
    with tempfile.TemporaryDirectory() as folder:
        for each in compared:
            numbers = [int(seed) for seed in seeds.split(",")]
            results["rules"][each] = measure(each, documents, Path(folder), num_tokens, numbers)
    typer.echo(json.dumps(results, indent=2))
    if publish:
        write_atomically(RESULTS, (json.dumps(results, indent=2) + "\n").encode())
        write_atomically(PAGE, replace_section(PAGE.read_text(), "rules-effect", section(results)).encode())


if __name__ == "__main__":
    typer.run(main)
