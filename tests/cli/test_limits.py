"""A document whose work breaks a limit is rejected, counted and named by every command, and the others continue."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from schemalm.compilation import compile_schema
from schemalm.errors import LimitError
from schemalm.grammar.grammar import Grammar
from schemalm.grammar.nonterminals import Step
from schemalm.grammar.states import Text
from schemalm.grammar.symbols import KEY
from schemalm.integrations.nanochat import TCTTokenizer
from schemalm.tokenizer import Tokenizer

KINDS = ["a", "b", "c", "d", "e", "f"]
SCHEMA = {
    "type": "object",
    "properties": {"kind": {"enum": KINDS}, "costly": {"type": "number"}},
    "required": ["kind"],
    "additionalProperties": False,
}
COSTLY = {"kind": "a", "costly": 1}
EXPLANATION = "this takes more work than one call may (limit call_work = 1,000,000)"


@pytest.fixture(autouse=True)
def one_costly_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make reading or masking a number exceed the limit of any call."""
    step = Grammar._step

    def counted(self: Grammar, nonterminal: int, symbol: int) -> Step | None:
        state = self.nonterminals[nonterminal].state
        if isinstance(state, Text) and state.kind == "number":
            self.budget.work(10**7)
        return step(self, nonterminal, symbol)

    monkeypatch.setattr(Grammar, "_step", counted)


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (tmp_path / "schema.json").write_text(json.dumps(SCHEMA))
    for number in range(6):
        (folder / f"{number}.json").write_text(json.dumps({"kind": KINDS[number]} if number else COSTLY))
    return folder


def test_check_tells_of_it_with_its_place_and_continues(corpus: Path, invoke: Callable[..., Result]) -> None:
    files = sorted(corpus.iterdir())
    result = invoke("check", *files, "--schema", corpus.parent / "schema.json", "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (found["num_valid"], len(found["rejected"])) == (5, 1)
    (rejected,) = found["rejected"]
    assert (rejected["file"], rejected["pointer"], rejected["keyword"]) == (str(files[0]), "/costly", "limit")
    assert rejected["reason"] == EXPLANATION
    assert rejected["line"] == 1


@pytest.mark.parametrize("command", ["collect", "tokenizer train", "prepare", "tokenizer stats"])
def test_commands_that_read_a_corpus_leave_it_out_and_continue(
    command: str, corpus: Path, invoke: Callable[..., Result], tmp_path: Path
) -> None:
    schema, tokenizer = tmp_path / "schema.json", tmp_path / "tokenizer.json"
    Tokenizer.from_grammar(compile_schema(SCHEMA)).save(tokenizer)
    arguments: dict[str, tuple[Any, ...]] = {
        "collect": ("collect", corpus, "--schema", schema, "--out", tmp_path / "collected"),
        "tokenizer train": (
            *("tokenizer", "train", "--corpus", corpus, "--schema", schema),
            *("--vocab-size", 300, "--out", tmp_path / "new.json"),
        ),
        "prepare": (
            *("prepare", "--input", corpus, "--output", tmp_path / "data", "--tokenizer", tokenizer),
            *("--context-size", 8, "--stride", 2),
        ),
        "tokenizer stats": ("tokenizer", "stats", "--tokenizer", tokenizer, "--corpus", corpus),
    }
    result = invoke(*arguments[command], "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["num_rejected"] == 1
    (rejected,) = found["rejected"]
    assert rejected["reason"] == f"/costly: {EXPLANATION}"
    assert rejected["name"].endswith("0.json")
    assert list(found["rejected_by_reason"]) == ["this takes more work than one call may (limit call_work = …)"]


def test_an_error_names_the_call_that_reached_the_limit(tmp_path: Path) -> None:
    tokenizer = Tokenizer.from_grammar(compile_schema(SCHEMA))
    with pytest.raises(LimitError, match=r"^encode at /costly: this takes more work") as caught:
        tokenizer.encode(COSTLY)
    assert (caught.value.operation, caught.value.place, caught.value.limit) == ("encode", "/costly", "call_work")
    assert tokenizer.encode_batch([COSTLY, {"kind": "a"}], "return") == [caught.value, tokenizer.encode({"kind": "a"})]
    machine, ids = tokenizer.machine(), tokenizer.encode({"kind": "a"})
    for token in (*ids[:-1], tokenizer.vocabulary.symbol_token(tokenizer.grammar.symbols.ids[KEY("costly")])):
        machine.advance(token)
    stack, digit = list(machine.stack), tokenizer.vocabulary.symbol_token(ord("1"))
    for operation, call in (("mask", machine.mask), ("advance", lambda: machine.advance(digit))):
        with pytest.raises(LimitError) as caught:
            call()
        assert (caught.value.operation, caught.value.place) == (operation, "costly")
        assert machine.stack == stack
    assert tokenizer.decode_prefix(ids[:-1]) == {"kind": "a"}


def test_the_drop_in_for_nanochat_names_the_document_of_the_batch() -> None:
    tokenizer = TCTTokenizer(Tokenizer.from_grammar(compile_schema(SCHEMA)))
    with pytest.raises(LimitError, match=r"^document 1 of the batch: encode at /costly: this takes more work"):
        tokenizer.encode([{"kind": "a"}, COSTLY])
