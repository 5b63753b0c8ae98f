"""What a stream has sent stays: the text that is said to be certain is the beginning of the whole document's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.generation.conftest import documents, workflows

from schemalm import dump_document
from schemalm.documents import JSONValue
from schemalm.documents.cut import read_cut
from schemalm.errors import DocumentError
from schemalm.generation import Run
from schemalm.generation.completing import continued, requests_beyond
from schemalm.generation.engine import Engine
from schemalm.generation.sampling import Sampling
from schemalm.hosting.growth import Growth, Variants, certain, variants
from schemalm.machine.derivation import Derivation
from schemalm.tokenizer import Tokenizer

TEXTS = ("plain", "on", "with: colon", "two\nlines", "kept\n\n", " space", "null", "3", "", "é # not a comment")


def of(value: JSONValue, tokenizer: Tokenizer, write: Callable[[JSONValue], str]) -> list[str]:
    """What is certain of a document after each of its symbols."""
    derivation, found = Derivation(tokenizer.grammar), []
    for token in tokenizer.encode(value):
        for symbol in tokenizer.vocabulary.symbols[token]:
            derivation.push(symbol)
            if not derivation.is_complete:
                found.append(certain(variants(derivation.open_parts()), write))
    return found


def values() -> list[JSONValue]:
    steps: list[Any] = [{"run": text, "name": "n"} for text in TEXTS]
    own: list[JSONValue] = [
        {"name": text, "kind": "job", "env": dict.fromkeys(TEXTS[:size], text), "steps": steps[: size + 1]}
        for size, text in enumerate(TEXTS)
    ]
    return own + [document.value for document in documents()[:4]]


@pytest.mark.parametrize("format", ["yaml", "json"])
def test_it_is_the_beginning_of_the_document_after_every_symbol(run: Run, format: Any) -> None:
    for given in values():
        value = run.tokenizer.decode(run.tokenizer.encode(given))  # in the order in which it is written
        whole = dump_document(value, format)
        found = of(value, run.tokenizer, lambda value: dump_document(value, format))
        assert [text for text in found if not whole.startswith(text)] == []
        assert [len(text) for text in found] == sorted(len(text) for text in found)
        assert whole.count("\n") - found[-1].count("\n") <= whole.count("\n") / 2 + 8


@pytest.mark.parametrize(
    "beginning",
    [
        "",
        "kind: job\nname: serv",
        "kind: job\nsteps:\n- name: a",
        '{"kind": "job",\n "steps": [\n',
        "env: {A: 1,",
        "kind: job\nsteps:\n  - run: |\n      make\n",
    ],
)
def test_it_is_the_beginning_of_the_text_that_goes_on_with_a_cut_one(run: Run, beginning: str) -> None:
    cut = read_cut(beginning)
    requests = requests_beyond(run, continued(run, cut), 6, 60, 3, Sampling(1.2))
    told: dict[Any, list[Variants]] = {request: [] for request in requests}
    growths = {request: Growth(run.tokenizer, told[request].append) for request in requests}
    engine, num_sure = Engine(run, 6), 0
    waiting = iter(requests)
    while True:
        for request, piece in engine.step(waiting):
            growths[request]._told_at = -1e9
            growths[request].wants_next = True
            growths[request].follow(piece)
            if piece.generated is None:
                continue
            try:
                whole = cut.finish(piece.generated.value)
            except DocumentError:  # the style of the text cannot hold it
                continue
            for each in told[request]:
                text = certain(each, cut.finish)
                assert whole.startswith(text)
                num_sure += len(text) > len(beginning)
        if not engine.active:
            break
    assert num_sure > 0


@pytest.mark.slow
def test_it_is_the_beginning_of_workflows(shared_data: Any) -> None:
    from schemalm.compilation import compile_schema  # noqa: PLC0415

    tokenizer = Tokenizer.from_grammar(compile_schema("github-workflow"))
    for document in workflows():
        value = tokenizer.decode(tokenizer.encode(document.value))
        whole = dump_document(value)
        assert all(whole.startswith(text) for text in of(value, tokenizer, dump_document))
