"""A document's tokens depend on its own request: not on the batch, the other documents, or drafts."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
import torch

from schemalm.errors import LimitError
from schemalm.generation import Generated, Run, generate
from schemalm.generation.engine import Engine, Request
from schemalm.generation.prompts import prompt_tables
from schemalm.generation.sampling import MARGIN, Sampling

# So large that many choices are made again with logits of the document alone.
LARGE_MARGIN = 0.3


def written(run: Run, requests: list[Request], sampling: Sampling, batch_size: int, **settings: Any) -> list[Generated]:
    """The documents of some requests, in their order."""
    engine = Engine(run, batch_size, **settings)
    asked = [replace(request, sampling=sampling) for request in requests]
    found = {piece.number: piece.generated for piece in engine.write(asked)}
    return [generated for request in requests if (generated := found[request.number]) is not None]


def tokens_of(documents: list[Generated]) -> list[list[int]]:
    return [document.tokens for document in documents]


@pytest.mark.slow
@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(1.0),
        Sampling(0.5, top_p=0.9),
        Sampling(1.5, top_k=20, min_p=0.02),
        Sampling(0.0),
    ],
)
@pytest.mark.parametrize("margin", [MARGIN, LARGE_MARGIN])
def test_neither_the_batch_nor_drafts_change_a_document(run: Run, sampling: Sampling, margin: float) -> None:
    requests = [Request(number, 5, 20 + 3 * number) for number in range(16)]
    expected = tokens_of(written(run, requests, sampling, 1, drafts=False, margin=margin))
    for batch_size, drafts in [(1, True), (3, False), (3, True), (16, False), (16, True)]:
        found = written(run, requests, sampling, batch_size, drafts=drafts, margin=margin)
        assert tokens_of(found) == expected


def test_a_sample_is_the_same_whatever_the_number_of_samples(run: Run) -> None:
    few, many = (generate(run, num_samples=n, seed=9, max_tokens=40) for n in (2, 30))
    assert tokens_of(few) == tokens_of(many)[:2]


def test_requests_of_one_batch_have_their_own_prompts_seeds_and_budgets(run: Run) -> None:
    prompts = [None, {"name": "first"}, {"kind": "job", "replicas": 4}]
    requests = [
        Request(number, seed=number, max_tokens=15 + number, tables=prompt_tables(run.tokenizer, prompts[number % 3]))
        for number in range(9)
    ]
    together = written(run, requests, Sampling(1.0), 4)
    alone = [written(run, [request], Sampling(1.0), 1)[0] for request in requests]
    assert tokens_of(together) == tokens_of(alone)
    for request, document in zip(requests, together, strict=True):
        prompt = prompts[request.number % 3] or {}
        assert prompt.items() <= document.value.items()
        assert len(document.logprobs) <= request.max_tokens


def test_new_tables_change_no_document(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    requests = [Request(number, 5, 60) for number in range(4)]
    before = written(run, requests, Sampling(), 2)
    monkeypatch.setattr("schemalm.machine.shared_tables.MAX_STATES_ADDED", -1)
    assert tokens_of(written(run, requests, Sampling(), 2)) == tokens_of(before)


def test_requests_are_taken_when_a_row_is_free(run: Run) -> None:
    taken: list[int] = []

    def requests() -> Any:
        for number in range(5):
            taken.append(number)
            yield Request(number, 0, 12)

    done = [piece.number for piece in Engine(run, 2).write(requests()) if piece.generated is not None]
    assert sorted(done) == taken == [*range(5)]
    pieces = Engine(run, 2).write(requests())
    taken.clear()
    next(pieces)
    assert taken == [0, 1]


def test_pieces_are_the_documents_and_each_has_a_valid_value(run: Run) -> None:
    tokens: dict[int, list[int]] = {}
    for piece in Engine(run, 3).write([Request(number, 2, 50) for number in range(5)]):
        tokens.setdefault(piece.number, []).extend(piece.tokens)
        assert piece.value == run.tokenizer.decode_prefix(tokens[piece.number])
        if piece.generated is not None:
            assert piece.generated.tokens == tokens[piece.number]
            assert piece.text() == piece.generated.text()
    assert tokens.keys() == {*range(5)}


def echoing(run: Run) -> Run:
    """The run with a model that nearly always chooses what its echoes say."""
    model = copy.deepcopy(run.model).requires_grad_(False)
    assert model.echo is not None
    torch.nn.init.normal_(model.head_weight, std=0.3, generator=torch.Generator().manual_seed(0))
    model.echo[1] = 0.2
    return replace(run, model=model)


def test_drafts_save_passes(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    passes: list[int] = []
    step = Engine._step

    def counted(self: Engine, *arguments: Any) -> None:
        passes.append(1)
        step(self, *arguments)

    monkeypatch.setattr(Engine, "_step", counted)
    requests = [Request(number, 0, 60) for number in range(10)]
    counts = []
    for drafts in (False, True):
        passes.clear()
        written(echoing(run), requests, Sampling(0.8), 1, drafts=drafts)
        counts.append(len(passes))
    assert counts[1] < 0.8 * counts[0]


def test_documents_join_and_leave_a_batch_that_is_running(run: Run) -> None:
    requests = [Request(number, 7, 30) for number in range(6)]
    expected = {request.number: request for request in requests}
    engine, found = Engine(run, 3), dict[int, list[int]]()
    waiting = list(requests)
    while waiting or engine.active:
        num_come = min(1, len(waiting), 3 - len(engine.active))
        for request, piece in engine.step(iter([waiting.pop(0) for _ in range(num_come)])):
            assert request is expected[piece.number]
            if piece.generated is not None:
                found[piece.number] = piece.generated.tokens
    alone = generate(run, num_samples=6, seed=7, max_tokens=30)
    assert [found[number] for number in range(6)] == tokens_of(alone)


def test_a_dropped_document_leaves_its_row_and_a_closed_one_ends(run: Run) -> None:
    kept, dropped, closed = requests = [Request(number, 7, 60) for number in range(3)]
    engine = Engine(run, 3)
    ended = {request: piece for request, piece in engine.step(iter(requests)) if piece.generated is not None}
    assert ended == {}
    engine.drop({dropped})
    engine.close({closed})
    assert engine.active == [kept, closed]
    while engine.active:
        ended |= {request: piece for request, piece in engine.step(iter(())) if piece.generated is not None}
    assert ended.keys() == {kept, closed}
    assert ended[closed].generated.closed_by == "time"
    assert ended[kept].generated.tokens == generate(run, num_samples=1, seed=7, max_tokens=60)[0].tokens


def test_an_error_about_one_document_frees_its_row_and_the_others_go_on(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, broken = requests = [Request(number, 7, 30) for number in range(2)]
    engine, begin = Engine(run, 2), Engine._open

    def failing(engine: Engine, request: Request) -> Any:
        if request is broken:
            raise LimitError("too much", limit="call_work", maximum=1)
        return begin(engine, request)

    monkeypatch.setattr(Engine, "_open", failing)
    with pytest.raises(LimitError):
        list(engine.step(iter(requests)))
    assert engine.active == [first]
    pieces = [piece for piece in engine.write([]) if piece.generated is not None]
    assert [piece.generated.tokens for piece in pieces] == tokens_of(generate(run, seed=7, max_tokens=30))
