"""Going on with a document that is cut anywhere, and writing parts of a document anew.

In goes the beginning of a text, or a value and the parts of it that shall change; out come documents that keep all the
rest. Several candidates are written and compared by what the model says of them: of two endings the likelier one comes
first, and a part that is written anew is followed by what the document says next, which fits one part better than
another.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemalm.bounds import check_number
from schemalm.documents.cut import CutDocument, read_cut
from schemalm.documents.partial import (
    ANYTHING,
    More,
    Partial,
    PartialArray,
    PartialObject,
    partial_of,
    with_others_last,
)
from schemalm.documents.value_paths import Path, outermost, resolved
from schemalm.errors import DocumentError, PromptError
from schemalm.generation.engine import Request
from schemalm.generation.generate import generate_all
from schemalm.generation.kept_names import kept_names
from schemalm.generation.prompt_faults import cheapest_symbols
from schemalm.generation.prompts import tables_of
from schemalm.generation.results import Generated
from schemalm.generation.run import Run
from schemalm.generation.sampling import Sampling, check_request
from schemalm.generation.scoring import score
from schemalm.machine import Tables

# Alternatives are the best of so many candidates for each.
CANDIDATES_PER_ALTERNATIVE = 2


@dataclass(frozen=True)
class Ending:
    """A document that begins with a given text: its whole text, its value, and its log-probability in nats."""

    text: str
    value: Any
    logprob: float


def complete(
    run: Run,
    text: str,
    alternatives: int = 1,
    *,
    is_json: bool = False,
    source: str = "",
    merge_keys: bool = False,
    max_tokens: int = 512,
    seed: int = 0,
    max_seconds: float | None = None,
    **sampling: Any,
) -> list[Ending]:
    """Return documents that go on with a text, the likeliest first; at most `alternatives`, all different.

    text: the beginning of a document, up to the cursor. It is kept byte for byte, and the scalar or key at the cursor
    goes on. is_json: the text must be JSON. source: its name in errors. max_tokens: the budget for what is added.
    max_seconds: after so long, what was begun is closed. sampling: temperature, top_p, top_k and min_p, as in
    `generate`. Raises DocumentError with line and column if the text is wrong before the cursor, PromptError with
    pointer and reason if no document of the schema begins so.
    """
    check_number("alternatives", alternatives, 1, is_whole=True)
    cut = read_cut(text, is_json=is_json, source=source, merge_keys=merge_keys)
    num_candidates = 1 if alternatives == 1 else CANDIDATES_PER_ALTERNATIVE * alternatives
    check_request(num_candidates, max_tokens, seed, max_seconds)
    requests = requests_beyond(run, continued(run, cut), num_candidates, max_tokens, seed, Sampling(**sampling))
    written = written_after(cut, generate_all(run, requests, max_seconds), source)
    return likeliest(written, score(run, (candidate.tokens for candidate in written.values())))[:alternatives]


def regenerate(
    run: Run,
    value: Any,
    parts: Sequence[str],
    *,
    tries: int = 4,
    max_tokens: int = 512,
    seed: int = 0,
    max_seconds: float | None = None,
    **sampling: Any,
) -> Generated:
    """Return a document that has some parts written anew and is the given value in all others.

    parts: their paths, such as `jobs.build.steps[2]`, or JSON pointers. tries: how many candidates are written; the one
    that makes what follows the parts likeliest is returned. max_tokens: the budget for the parts.
    max_seconds: after so long, the candidates in progress are closed. sampling: temperature, top_p, top_k and min_p, as
    in `generate`. Raises PromptError if a part does not exist, or no document has the rest.
    """
    check_number("tries", tries, 1, is_whole=True)
    check_request(tries, max_tokens, seed, max_seconds)
    tables = around(run, value, outermost([resolved(value, part) for part in parts]))
    requests = requests_beyond(run, tables, tries, max_tokens, seed, Sampling(**sampling))
    candidates = generate_all(run, requests, max_seconds)
    if len(candidates) == 1:
        return candidates[0]
    return best_fitting(candidates, score(run, (candidate.tokens for candidate in candidates)))


def continued(run: Run, cut: CutDocument) -> Tables:
    """Return the tables of the documents that go on with a cut one; raises PromptError if there are none.

    Keys that usually stand before the given ones were left out on purpose, so they come only where the schema needs
    them.
    """
    try:
        return tables_of(run.tokenizer, with_others_last(cut.partial))
    except PromptError:
        return tables_of(run.tokenizer, cut.partial)


def around(run: Run, value: Any, paths: list[Path]) -> Tables:
    """Return the tables of the documents that have other parts at some paths; raises PromptError if there are none.

    Where the rest refers to names that only these parts declare, the parts keep their names.
    """
    stated, rules = partial_of(value), run.tokenizer.grammar.rules
    try:
        return tables_of(run.tokenizer, _with_parts(stated, dict.fromkeys(paths, ANYTHING)))
    except PromptError:
        if rules is None:
            raise
        named = {path: kept_names(rules, value, path) for path in paths}
        return tables_of(run.tokenizer, _with_parts(stated, named))


def requests_beyond(
    run: Run, tables: Tables, num_samples: int, max_tokens: int, seed: int, sampling: Sampling
) -> list[Request]:
    """Return requests under the tables of a prompt, with a budget that what it states does not use up."""
    num_stated = len(run.tokenizer.encode_beginning(cheapest_symbols(tables), is_whole=True))
    budget = num_stated + max_tokens
    return [Request(number, seed, budget, tables, num_stated, sampling) for number in range(num_samples)]


def written_after(cut: CutDocument, candidates: Sequence[Generated], source: str = "") -> dict[str, Generated]:
    """Return different texts that go on with a cut one, each with its document; raises DocumentError if there is none.

    source: the name of the text in the error.
    """
    written = {whole: candidate for candidate in candidates if (whole := _written(cut, candidate)) is not None}
    if not written:
        raise DocumentError("no way was found to go on with this text in its own style", source=source)
    return written


def likeliest(written: Mapping[str, Generated], scores: Sequence[list[float]]) -> list[Ending]:
    """Return what `written_after` returned as endings, the likeliest first; `scores` are those of `score`."""
    endings = [
        Ending(whole, candidate.value, sum(logprobs))
        for (whole, candidate), logprobs in zip(written.items(), scores, strict=True)
    ]
    return sorted(endings, key=lambda ending: -ending.logprob)


def shares(endings: Sequence[Ending]) -> list[float]:
    """Return the probability of each ending as a share of that of all."""
    most = max(ending.logprob for ending in endings)
    weights = [math.exp(ending.logprob - most) for ending in endings]
    return [weight / sum(weights) for weight in weights]


def best_fitting(candidates: Sequence[Generated], scores: Sequence[list[float]]) -> Generated:
    """Return the document whose new parts make what follows them likeliest; `scores` are those of `score`."""
    following = [_score_of_following(*pair) for pair in zip(candidates, scores, strict=True)]
    return candidates[following.index(max(following))]


def _written(cut: CutDocument, candidate: Generated) -> str | None:
    """Return the text of a candidate; None if the style of the given text cannot hold it."""
    try:
        return cut.finish(candidate.value)
    except DocumentError:
        return None


def _with_parts(partial: Partial, parts: Mapping[Path, Partial]) -> Partial:
    """Return what is stated if other things are stated of some parts."""
    if () in parts or not parts:
        return parts.get((), partial)
    below: defaultdict[str | int, dict[Path, Partial]] = defaultdict(dict)
    for (first, *rest), part in parts.items():
        below[first][tuple(rest)] = part
    if isinstance(partial, PartialObject):
        return PartialObject(tuple((key, _with_parts(child, below[key])) for key, child in partial.entries))
    assert isinstance(partial, PartialArray), "a path leads through objects and lists"
    items = (item for item in partial.items if not isinstance(item, More))
    return PartialArray(tuple(_with_parts(item, below[at]) for at, item in enumerate(items)))


def _score_of_following(candidate: Generated, logprobs: list[float]) -> float:
    """Return the log-probability of the stated tokens after the first one that was drawn."""
    drawn = next((at for at, logprob in enumerate(candidate.logprobs) if logprob), len(logprobs))
    pairs = zip(candidate.logprobs[drawn:], logprobs[drawn:], strict=False)
    return sum(logprob for as_drawn, logprob in pairs if not as_drawn)
