"""Generates many documents at many settings, with prompts and without, and has each judged.

    PYTHONPATH=. python benchmarks/prompts.py RUN CORPUS [--documents 10000] [--seed 0] [--publish]

Half of the documents have a prompt: a random part of a real document of CORPUS, some of its objects and lists closed,
others opened. Temperatures are 0.5, 0.8, 1 and 1.5, budgets 32 to 1,024 tokens. Each document must be valid for
`jsonschema-rs` and for `schemalm check`, and have exactly what its prompt states, by the plain matcher of the tests.
`--publish` writes `benchmarks/results/prompts.json` and a section of `docs/benchmarks.md`.
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import jsonschema_rs
import typer
from rich.console import Console
from tests.partial_values import satisfies

from page import replace_section
from real_documents import accepted, read_texts
from schemalm.checking import Checker
from schemalm.documents.partial import (
    ANYTHING,
    MORE,
    Partial,
    PartialArray,
    PartialObject,
    partial_of,
)
from schemalm.errors import SchemaLMError
from schemalm.files.writing import write_atomically
from schemalm.generation import generate, load_run

REPOSITORY = Path(__file__).resolve().parents[1]
RESULTS = REPOSITORY / "benchmarks" / "results" / "prompts.json"
PAGE = REPOSITORY / "docs" / "benchmarks.md"
TEMPERATURES, BUDGETS = (0.5, 0.8, 1.0, 1.5), (32, 64, 128, 256, 1024)
BATCH, MOST_PROMPTED = 16, 300
console = Console(stderr=True)


def main(
    run: Path,
    corpus: Path,
    documents: int = 10_000,
    seed: int = 0,
    publish: Annotated[bool, typer.Option("--publish")] = False,
) -> None:
    """Generate and judge."""
    loaded = load_run(run)
    grammar = loaded.tokenizer.grammar
    judge, checker = jsonschema_rs.validator_for(grammar.portable_schema()), Checker(grammar)
    values = [value for _, value in islice(accepted(read_texts(corpus), grammar), MOST_PROMPTED)]
    chance = random.Random(seed)
    counts: Counter[str] = Counter()
    begun = time.process_time()
    for number in range(-(-documents // BATCH)):
        prompt = part_of(chance.choice(values), chance) if number % 2 else None
        settings = {"temperature": chance.choice(TEMPERATURES), "max_tokens": chance.choice(BUDGETS)}
        try:
            found = generate(loaded, prompt, num_samples=BATCH, seed=seed * documents + number, **settings)
        except SchemaLMError as error:
            counts["prompts refused, or not generated"] += 1
            console.print(f"{error}", markup=False)
            continue
        for document in found:
            counts["documents"] += 1
            counts["documents with a prompt"] += prompt is not None
            counts["not valid for jsonschema-rs"] += not judge.is_valid(document.value)
            counts["not valid for schemalm check"] += bool(checker.failures(document.value))
            counts["prompt not kept"] += prompt is not None and not satisfies(document.value, prompt)
            counts[f"finish: {document.finish}"] += 1
        if number % 20 == 0:
            console.print(f"{dict(counts)} {time.process_time() - begun:.0f} s", markup=False)
    results = {**counts, "cpu_seconds": round(time.process_time() - begun)}
    table = "\n".join(["| | number |", "|---|---|", *(f"| {name} | {count:,} |" for name, count in results.items())])
    print(table)
    if publish:
        write_atomically(RESULTS, (json.dumps(results, indent=2) + "\n").encode())
        write_atomically(PAGE, replace_section(PAGE.read_text(), "prompts", table).encode())


def part_of(value: Any, chance: random.Random) -> Partial:
    """Return a prompt that a value satisfies: keys and items left out where it is open."""
    if chance.random() < 0.1:
        return ANYTHING
    if isinstance(value, dict):
        if chance.random() < 0.4:
            return PartialObject(tuple((key, part_of(child, chance)) for key, child in value.items()))
        kept = [key for key in value if chance.random() < 0.5]
        return PartialObject(tuple((key, part_of(value[key], chance)) for key in kept), is_open=True)
    if isinstance(value, list):
        if chance.random() < 0.4:
            return PartialArray(tuple(part_of(item, chance) for item in value))
        kept = chance.randint(0, len(value))
        return PartialArray((*(part_of(item, chance) for item in value[:kept]), MORE))
    return partial_of(value)


if __name__ == "__main__":
    typer.run(main)
