"""Measures how documents are completed that are cut anywhere, and how parts of documents are written anew.

    python benchmarks/completion.py RUN CORPUS [--documents 300] [--parts 100] [--publish]

CORPUS has real documents that the run has not seen, such as a val.jsonl.zst. Each is cut at a random byte and completed
with the likeliest tokens; documents that the schema or the rules refuse are left out. The table says how many
completions begin with the given bytes and are valid for `jsonschema-rs` and `schemalm check`, and how often the first
added word is the real next one: by the model, and by echoes alone. Then a random job or step of each of other documents
is written anew; the rest must be the same. Seconds are CPU time. `--publish` writes
`benchmarks/results/completion.json` and a section of `docs/benchmarks.md`.
"""

from __future__ import annotations

import json
import random
import re
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import jsonschema_rs
import typer
from rich.console import Console
from rich.markdown import Markdown

from page import replace_section
from real_documents import accepted, read_texts
from schemalm.checking import Checker
from schemalm.dataset.grammar_state import GrammarStateReader
from schemalm.documents.cut import read_cut
from schemalm.documents.reading import parse_document
from schemalm.documents.splicing import with_part
from schemalm.documents.value_paths import replaced, value_at
from schemalm.documents.values import json_equal
from schemalm.errors import SchemaLMError
from schemalm.files.writing import write_atomically
from schemalm.generation import Run, complete, load_run, regenerate
from schemalm.generation.drafts import longest_echo
from schemalm.generation.in_progress import DocumentInProgress, WindowShape
from schemalm.generation.prompts import tables_of
from schemalm.generation.stated_tokens import stated_tokens
from schemalm.machine import Machine

REPOSITORY = Path(__file__).resolve().parents[1]
RESULTS = REPOSITORY / "benchmarks" / "results" / "completion.json"
PAGE = REPOSITORY / "docs" / "benchmarks.md"
WORD = re.compile(r"\s*(?:[\w$@./-]+|[^\w\s]+)?")
MAX_ECHOED = 20
console = Console(stderr=True)


def main(
    run: Path,
    corpus: Path,
    documents: int = 300,
    parts: int = 100,
    max_tokens: int = 64,
    seed: int = 0,
    publish: Annotated[bool, typer.Option("--publish")] = False,
) -> None:
    """Measure a run on real documents."""
    loaded = load_run(run)
    chance = random.Random(seed)
    texts = read_texts(corpus)
    chance.shuffle(texts)
    real = accepted(texts, loaded.tokenizer.grammar)
    cut, anew = [], []
    for number in range(documents + parts):
        if number < documents:
            cut.append(_completed(loaded, next(real)[0], chance, max_tokens))
        else:
            anew.append(_regenerated(loaded, next(real)[0], chance, max_tokens))
        if number % 10 == 9:
            console.print(f"{number + 1} of {documents + parts}: {_counts([*cut, *anew])}", markup=False)
    results = {"completed": _summary(cut), "regenerated": _summary(anew)}
    table = _table(results)
    Console().print(Markdown(table))
    for failed in [case for case in [*cut, *anew] if "error" in case][:10]:
        console.print(failed["error"], markup=False)
    if publish:
        write_atomically(RESULTS, (json.dumps(results, indent=2) + "\n").encode())
        write_atomically(PAGE, replace_section(PAGE.read_text(), "completion", table).encode())


def _completed(run: Run, text: str, chance: random.Random, max_tokens: int) -> dict[str, Any]:
    data = text.encode()
    given = data[: chance.randrange(len(data))].decode(errors="ignore")
    begun = time.process_time()
    try:
        (ending,) = complete(run, given, temperature=0.0, max_tokens=max_tokens)
    except SchemaLMError as error:
        return {"error": f"{error}\n  at {given[-60:]!r}", "seconds": time.process_time() - begun}
    seconds = time.process_time() - begun
    word = _next_word(text[len(given) :])
    return {
        "seconds": seconds,
        "is_kept": ending.text.startswith(given) and json_equal(parse_document(ending.text), ending.value),
        "is_valid": _is_valid(run, ending.value),
        "model_is_right": _next_word(ending.text[len(given) :]) == word,
        "echo_is_right": _next_word(_echoed(run, given)) == word,
    }


def _next_word(text: str) -> str:
    found = WORD.match(text)
    return found[0] if found else ""


def _echoed(run: Run, given: str) -> str:
    """Return what echoes alone add to a text: the longest one after another, until there is none."""
    cut = read_cut(given)
    tables = tables_of(run.tokenizer, cut.partial)
    machines = [run.tokenizer.machine(), Machine(tables)]
    shape = WindowShape(run.model.configuration.context_size, run.configuration["data"]["stride"])
    document = DocumentInProgress(
        machines,
        GrammarStateReader(run.tokenizer),
        shape,
        100_000,
        lambda machine: stated_tokens(run.tokenizer, machine),
    )
    document.take_forced()
    for _ in range(MAX_ECHOED):
        echo = longest_echo(document.side_features[-1])
        if document.admitted is None or echo not in document.admitted:
            break
        document.take(echo, 0.0)
        document.take_forced()
    ending = document.ending()  # may shorten the document
    value = run.tokenizer.decode([*document.tokens, *ending])
    return cut.finish(value)[len(given) :]


def _regenerated(run: Run, text: str, chance: random.Random, max_tokens: int) -> dict[str, Any]:
    value = parse_document(text)
    path = chance.choice(list(_jobs_and_steps(value)))
    pointer = "/" + "/".join(map(str, path))
    begun = time.process_time()
    try:
        document = regenerate(run, value, [pointer], max_tokens=max_tokens)
    except SchemaLMError as error:
        return {"error": f"{error}\n  {pointer}", "seconds": time.process_time() - begun}
    part = value_at(document.value, path)
    return {
        "seconds": time.process_time() - begun,
        "is_kept": json_equal(replaced(document.value, path, value_at(value, path)), value)
        and json_equal(parse_document(with_part(text, path, part)), document.value),
        "is_valid": _is_valid(run, document.value),
        "is_new": not json_equal(part, value_at(value, path)),
    }


def _jobs_and_steps(value: Any) -> Iterator[tuple[str | int, ...]]:
    for name, job in value["jobs"].items():
        yield "jobs", name
        for index in range(len(job.get("steps") or [])):
            yield "jobs", name, "steps", index


def _is_valid(run: Run, value: Any) -> bool:
    grammar = run.tokenizer.grammar
    judge = jsonschema_rs.validator_for(grammar.portable_schema())
    return judge.is_valid(value) and not Checker(grammar).failures(value)


def _counts(cases: list[dict[str, Any]]) -> Counter[str]:
    return Counter(key for case in cases for key, is_so in case.items() if is_so is True)


def _summary(cases: list[dict[str, Any]]) -> dict[str, Any]:
    """Return how many cases there are, how many are so, and the median and largest time."""
    counts = _counts(cases)
    seconds = [case["seconds"] for case in cases]
    return {
        "documents": len(cases),
        "refused": sum("error" in case for case in cases),
        **counts,
        "median_seconds": statistics.median(seconds),
        "most_seconds": max(seconds),
    }


def _table(results: dict[str, dict[str, Any]]) -> str:
    labels = {
        "documents": "documents",
        "refused": "refused",
        "is_kept": "given part kept, byte for byte or value for value",
        "is_valid": "valid for jsonschema-rs and `schemalm check`",
        "model_is_right": "first added word is the real one: model",
        "echo_is_right": "first added word is the real one: echoes alone",
        "is_new": "part differs from the old one",
        "median_seconds": "CPU seconds, median",
        "most_seconds": "CPU seconds, most",
    }
    lines = ["| | completed | part written anew |", "|---|---|---|"]
    for key, label in labels.items():
        shown = [_shown(key, results[column].get(key)) for column in ("completed", "regenerated")]
        lines.append(f"| {label} | {' | '.join(shown)} |")
    return "\n".join(lines)


def _shown(key: str, figure: float | None) -> str:
    if figure is None:
        return "0" if key.startswith("is_") and key != "is_new" else ""
    return f"{figure:.2f}" if isinstance(figure, float) else str(figure)


if __name__ == "__main__":
    typer.run(main)
