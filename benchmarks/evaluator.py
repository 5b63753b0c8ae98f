"""Shows that the statistics of samples expose generators that are broken on purpose, on prepared real data.

    python benchmarks/evaluator.py DATA [--documents 200] [--seed 0] [--publish]

DATA is a prepared folder of workflows. Part of its held-out documents stand for samples of a perfect model; each broken
generator makes its samples from them or from the training documents. A generator is exposed by the figure that its
function names; the table has all figures, beside those of the rest of the held-out documents. Seconds are CPU time.
`--publish` writes `benchmarks/results/evaluator.json` and a section of `docs/benchmarks.md`.
"""

from __future__ import annotations

import json
import random
import re
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markdown import Markdown

from page import replace_section
from schemalm.dataset.store import Split, read_tokenizer
from schemalm.documents.value_paths import replaced
from schemalm.errors import GuardError, InvalidDocument, LimitError
from schemalm.evaluation.samples import SampleStatistics, Written, sample_statistics
from schemalm.evaluation.samples.diversity import decode_documents
from schemalm.evaluation.samples.side_by_side import SideBySide
from schemalm.files.writing import write_atomically
from schemalm.tokenizer import Tokenizer

REPOSITORY = Path(__file__).resolve().parents[1]
RESULTS = REPOSITORY / "benchmarks" / "results" / "evaluator.json"
PAGE = REPOSITORY / "docs" / "benchmarks.md"
# So many times a loop repeats its piece.
NUM_ROUNDS = 20
# What is left of a document that closes early.
KEPT_SHARE = 0.2
_NAME = re.compile(r"\b(needs|steps|inputs|matrix)\.[A-Za-z_][\w-]*")
_SENTENCE = "any words"

Generator = Callable[[Sequence[Written], Split, Tokenizer, random.Random], list[Written]]
Place = tuple[str | int, ...]


def copies(samples: Sequence[Written], train: Split, tokenizer: Tokenizer, chosen: random.Random) -> list[Written]:
    """Writes training documents; exposed by novelty and copied stretches."""
    numbers = chosen.sample(range(train.num_documents), min(len(samples), train.num_documents))
    tokens = (tuple(train.document(number)[0].tolist()) for number in numbers)
    values = decode_documents(tokenizer, train, numbers)
    return [Written(value, ids) for value, ids in zip(values, tokens, strict=True)]


def shuffles(samples: Sequence[Written], train: Split, tokenizer: Tokenizer, chosen: random.Random) -> list[Written]:
    """Exchanges the free texts of a document; exposed by the distance of fields, pairs and known values."""

    def shuffled(value: Any) -> Any:
        places = [place for place, _ in _texts(value) if _is_valid(tokenizer, replaced(value, place, _SENTENCE))]
        texts = [text for place, text in _texts(value) if place in places]
        chosen.shuffle(texts)
        for place, text in zip(places, texts, strict=True):
            value = replaced(value, place, text)
        return value

    return _changed(samples, tokenizer, lambda value: [shuffled(value)])


def loops(samples: Sequence[Written], train: Split, tokenizer: Tokenizer, chosen: random.Random) -> list[Written]:
    """Repeats an item of the largest list; exposed by repetition and lengths."""

    def looped(value: Any) -> Iterator[Any]:
        lists = [(place, part) for place, part in _parts(value) if isinstance(part, list) and part]
        for place, items in sorted(lists, key=lambda found: -len(json.dumps(found[1]))):
            for index in range(len(items)):
                yield replaced(value, place, items[: index + 1] + NUM_ROUNDS * [items[index]])

    return _changed(samples, tokenizer, looped)


def closes_early(
    samples: Sequence[Written], train: Split, tokenizer: Tokenizer, chosen: random.Random
) -> list[Written]:
    """Lets the machine complete a document that has hardly begun; exposed by ends and lengths."""
    cut = []
    for sample in samples:
        with suppress(LimitError):
            value = tokenizer.decode_prefix(sample.tokens[: int(KEPT_SHARE * len(sample.tokens))])
            cut.append(Written(value, tuple(tokenizer.encode(value)), "budget"))
    return cut


def breaks_names(
    samples: Sequence[Written], train: Split, tokenizer: Tokenizer, chosen: random.Random
) -> list[Written]:
    """Refers to names that nothing declares; exposed by the share of references that resolve."""

    def broken(value: Any) -> Any:
        for place, text in _texts(value):
            value = replaced(value, place, _NAME.sub(r"\g<0>_other", text))
        return value

    # A tokenizer with rules about these names refuses the result: then it has the tokens of the original.
    made = []
    for sample in samples:
        value = broken(sample.value)
        is_valid = _is_valid(tokenizer, value)
        made.append(Written(value, tuple(tokenizer.encode(value)) if is_valid else sample.tokens))
    return made


GENERATORS: dict[str, Generator] = {
    "copies training documents": copies,
    "shuffles values": shuffles,
    "loops": loops,
    "closes early": closes_early,
    "breaks names": breaks_names,
}


def _changed(samples: Sequence[Written], tokenizer: Tokenizer, changes: Callable[[Any], Any]) -> list[Written]:
    """The first valid change of each sample; samples without one are left out."""
    found = []
    for sample in samples:
        value = next((value for value in changes(sample.value) if _is_valid(tokenizer, value)), None)
        if value is not None:
            found.append(Written(value, tuple(tokenizer.encode(value))))
    return found


def _is_valid(tokenizer: Tokenizer, value: Any) -> bool:
    try:
        tokenizer.encode(value)
    except (InvalidDocument, LimitError, GuardError):
        return False
    return True


def _parts(value: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    yield place, value
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in members:
        yield from _parts(part, (*place, key))


def _texts(value: Any) -> list[tuple[Place, str]]:
    return [(place, part) for place, part in _parts(value) if isinstance(part, str)]


def figures(found: SampleStatistics) -> dict[str, str]:
    """The figures of one comparison, as cells of a table: samples / held-out documents / training documents."""
    lengths = {length.name: length for length in found.lengths}
    distances = [None if one is None else asdict(one) for one in (found.distance, found.chance, found.train_distance)]
    cells = {
        f"fields, {name}": SideBySide(*(None if one is None else one[figure] for one in distances))
        for name, figure in (("distance", "total_variation"), ("modes match", "mode_matches"), ("coverage", "coverage"))
    }
    cells |= {
        "references resolve": found.references[0].resolved if found.references else SideBySide(None, None),
        "lines, median": lengths["lines"].medians,
        "tokens, mean": lengths["tokens"].means,
        "ended by the model": SideBySide(found.complete_share, 1.0),
        "distinct": found.distinct,
        "novel": found.novel,
        "copied stretches": found.copied.shares,
        "copied, mean of documents": found.copied.mean_shares,
        "repeated stretches": found.repeated.shares,
        "repeated, mean of documents": found.repeated.mean_shares,
        "similarity": SideBySide(found.similarity[0].mean, found.similarity[1].mean),
    }
    for known in found.known_values[:3]:
        cells[f"known `{known.path}`"] = known.whole
        if known.without_version is not None:
            cells[f"known `{known.path}`, no version"] = known.without_version
    for pair in found.pairs[:2]:
        cells[f"fit `{pair.path}` {' + '.join(pair.keys)}"] = pair.fitting
    return {name: _cell(cell) for name, cell in cells.items()}


def _cell(cell: SideBySide) -> str:
    shown = (cell.samples, cell.held_out, *([] if cell.train is None else [cell.train]))
    return " / ".join(map(_number, shown))


def _number(figure: float | None) -> str:
    return "-" if figure is None else f"{figure:.3f}" if abs(figure) < 10 else f"{figure:.0f}"


def halves(data: Path, num_samples: int, seed: int) -> tuple[Tokenizer, Split, list[Written], list[Written]]:
    """The tokenizer and the training split of a folder, and its held-out documents in two random parts."""
    tokenizer = Tokenizer.from_json(read_tokenizer(data), str(data))
    train, held_out = Split(data, "train"), Split(data, "val")
    tokens = [tuple(held_out.document(number)[0].tolist()) for number in range(held_out.num_documents)]
    written = [Written(tokenizer.decode(ids), ids) for ids in tokens]
    random.Random(seed).shuffle(written)
    num_samples = min(num_samples, len(written) // 2)
    return tokenizer, train, written[:num_samples], written[num_samples:]


def table(results: dict[str, dict[str, str]]) -> str:
    """The figures of all generators, as Markdown."""
    lines = [f"| samples / held-out / training | {' | '.join(results)} |", "|" + " --- |" * (1 + len(results))]
    for figure in next(iter(results.values())):
        lines.append(f"| {figure} | {' | '.join(cells.get(figure, '-') for cells in results.values())} |")
    return "\n".join(lines)


def main(
    data: Annotated[Path, typer.Argument(exists=True, help="A prepared folder.")],
    documents: Annotated[int, typer.Option(min=1, help="The number of samples.")] = 200,
    seed: Annotated[int, typer.Option(help="Chooses the samples, and what is broken.")] = 0,
    publish: Annotated[bool, typer.Option("--publish", help="Write the results and the page.")] = False,
) -> None:
    """Print the figures of a perfect generator and of each broken one."""
    tokenizer, train, samples, held_out = halves(data, documents, seed)
    results: dict[str, dict[str, str]] = {}
    for name, generator in {"real documents": None, **GENERATORS}.items():
        made = samples if generator is None else generator(samples, train, tokenizer, random.Random(seed))
        started = time.process_time()
        found = sample_statistics(made, held_out, train, tokenizer)
        cost = {"documents": str(len(made)), "CPU seconds": f"{time.process_time() - started:.1f}"}
        results[name] = cost | figures(found)
        Console(stderr=True).print(f"{name}: {cost}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sizes = f"{train.num_documents:,} training documents, {len(held_out)} held-out documents, peak {peak:.0f} MiB."
    section = f"{table(results)}\n\n{sizes}"
    Console(width=200).print(Markdown(section))
    if publish:
        write_atomically(RESULTS, (json.dumps({"sizes": sizes, "figures": results}, indent=2) + "\n").encode())
        write_atomically(PAGE, replace_section(PAGE.read_text(), "evaluator", section).encode())


if __name__ == "__main__":
    typer.run(main)
