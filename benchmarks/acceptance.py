"""How many documents GitHub's parser, its language service and actionlint accept: real, random and written by models.

    python benchmarks/acceptance.py real ../shared/data/workflows/val.jsonl.zst --publish
    python benchmarks/acceptance.py walks github-workflow-strict --count 10000 --publish
    python benchmarks/acceptance.py model "the demo's model" runs/demo/run --publish

Needs `make judges`. Each command judges one set of documents; with `--publish`, its figures replace those of the set in
`benchmarks/results/acceptance.json` and in docs/benchmarks.md. Random walks draw uniformly among the admitted tokens,
are cut at a random place, and completed there. `--documents FILE` keeps the documents, one JSON object a line.
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from page import replace_section
from rows import read_rows
from schemalm.compilation import compile_schema
from schemalm.dataset.grammar_state import UNKNOWN_ROW, GrammarStateReader
from schemalm.dataset.selection import evenly_spaced
from schemalm.documents import dump_document
from schemalm.files.writing import write_atomically
from schemalm.generation import generate, load_run
from schemalm.judging import Document, Verdict
from schemalm.judging.known import workflow_judges
from schemalm.judging.summary import grouped
from schemalm.rules.built_in import chosen
from schemalm.tokenizer import Tokenizer
from undeclared import KINDS, NameCount

SCHEMA = "github-workflow"
ASKED = ("github-parser", "language-service", "actionlint")
RESULTS = Path(__file__).parent / "results" / "acceptance.json"
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
NUM_LISTED_REASONS = 12
application = typer.Typer(add_completion=False, no_args_is_help=True)

Publish = Annotated[bool, typer.Option("--publish", help="Write the figures to the results and the page.")]
Keep = Annotated[Path | None, typer.Option("--documents", help="Keep the documents in this file.")]


@application.command()
def real(file: Path, count: int = 300, publish: Publish = False, documents: Keep = None) -> None:
    """Judges real workflows, spread evenly over those of a file that its schema accepts, as people wrote them."""
    rows = [row for row in read_rows(file) if row["valid"]]
    found = [(rows[index]["yaml"], rows[index]["json"]) for index in evenly_spaced(len(rows), count).tolist()]
    _report(f"{count} real workflows", found, {}, publish, documents)


@application.command()
def walks(
    rules: str,
    count: int = 1000,
    max_tokens: int = 512,
    seed: int = 0,
    publish: Publish = False,
    documents: Keep = None,
) -> None:
    """Judges random walks under rules, or under `none`."""
    tokenizer = Tokenizer.from_grammar(compile_schema(SCHEMA, rules=chosen(rules, SCHEMA)))
    started = time.process_time()
    found = [(dump_document(value), value) for value in _random_values(tokenizer, count, max_tokens, seed)]
    seconds = {"seconds_per_document": round((time.process_time() - started) / count, 3)}
    _report(f"random walks, rules: {rules}", found, seconds, publish, documents)


@application.command()
def model(
    name: str,
    run: Path,
    count: int = 200,
    temperature: float = 0.8,
    max_tokens: int = 512,
    seed: int = 0,
    publish: Publish = False,
    documents: Keep = None,
) -> None:
    """Judges documents of a run's model."""
    loaded = load_run(run)
    started = time.process_time()
    written = generate(loaded, num_samples=count, temperature=temperature, max_tokens=max_tokens, seed=seed)
    seconds = (time.process_time() - started) / count
    more = {
        "seconds_per_document": round(seconds, 3),
        "ended_by_the_model": sum(each.finish == "complete" for each in written),
        "unknown_states": _unknown_states(loaded.tokenizer, [each.tokens for each in written]),
    }
    _report(name, [(each.text(), each.value) for each in written], more, publish, documents)


def _random_values(tokenizer: Tokenizer, count: int, max_tokens: int, seed: int) -> Iterator[Any]:
    generator = random.Random(seed)
    for _ in range(count):
        machine, cut = tokenizer.machine(), generator.randrange(max_tokens)
        tokens: list[int] = []
        while not machine.is_complete and len(tokens) < cut:
            tokens.append(int(generator.choice(np.flatnonzero(machine.mask()))))
            machine.advance(tokens[-1])
        yield tokenizer.decode_prefix(tokens)


def _unknown_states(tokenizer: Tokenizer, documents: Iterable[list[int]]) -> dict[str, int]:
    """How many tokens there are, and how many have a nonterminal or a path before them that training never saw."""
    reader, counts = GrammarStateReader(tokenizer), Counter[str]()
    for tokens in documents:
        machine = tokenizer.machine()
        for token in tokens:
            nonterminal, path = reader.rows(machine)
            counts.update(tokens=1, nonterminal=nonterminal == UNKNOWN_ROW, path=path == UNKNOWN_ROW)
            machine.advance(token)
    return dict(counts)


def _report(
    name: str, found: list[tuple[str, Any]], more: dict[str, Any], publish: bool, documents: Path | None
) -> None:
    """Judges documents, given as text and value, and prints the figures."""
    if documents is not None:
        documents.write_text("".join(json.dumps({"yaml": text, "value": value}) + "\n" for text, value in found))
    figures = {
        **_judged([Document(text, value) for text, value in found]),
        **_names([value for _, value in found]),
        **more,
    }
    figures["measured"] = datetime.now(UTC).date().isoformat()
    typer.echo(json.dumps({name: figures}, indent=2, ensure_ascii=False))
    if publish:
        results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
        results[name] = figures
        write_atomically(RESULTS, (json.dumps(results, indent=2, ensure_ascii=False) + "\n").encode())
        write_atomically(PAGE, replace_section(PAGE.read_text(), "acceptance", section(results)).encode())


def _judged(documents: list[Document]) -> dict[str, Any]:
    judges = workflow_judges()
    verdicts = {name: judges[name].judge(documents) for name in ASKED}
    by_document = list(zip(*verdicts.values(), strict=True))
    return {
        "documents": len(documents),
        "accepted": {name: sum(each.accepted is True for each in verdicts[name]) for name in ASKED},
        "accepted_by_all": sum(all(verdict.accepted for verdict in found) for found in by_document),
        "reasons": {name: _most_frequent(verdicts[name]) for name in ASKED},
    }


def _most_frequent(verdicts: list[Verdict]) -> list[tuple[int, str]]:
    numbers = [str(number) for number in range(len(verdicts))]
    groups = grouped(numbers, [verdict.errors for verdict in verdicts])[:NUM_LISTED_REASONS]
    return [(group.num_documents, f"{group.kind} {group.text}".strip()) for group in groups]


def _names(values: list[Any]) -> dict[str, Any]:
    count = NameCount()
    for value in values:
        count.add(value)
    return {"undeclared": count.to_dict()}


def section(results: dict[str, Any]) -> str:
    """The tables of the page."""
    lines = ["| documents | number | parser | language service | actionlint | all three |", "| --- " * 6 + "|"]
    for name, found in results.items():
        total = found["documents"]
        shares = [*(found["accepted"][judge] for judge in ASKED), found["accepted_by_all"]]
        lines.append(f"| {name} | {total:,} | " + " | ".join(f"{share / total:.1%}" for share in shares) + " |")
    heads = " | ".join(f"`{kind}`" for kind in KINDS)
    lines += ["", f"| undeclared names | in documents | {heads} |", "| --- " * (2 + len(KINDS)) + "|"]
    for name, found in results.items():
        names = found["undeclared"]
        uses = " | ".join(f"{missing:,} of {used:,}" for missing, used in names["names"].values())
        lines.append(f"| {name} | {names['with_undeclared'] / names['documents']:.1%} | {uses} |")
    return "\n".join(lines)


if __name__ == "__main__":
    application()
