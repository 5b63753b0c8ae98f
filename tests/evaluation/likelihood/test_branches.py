"""Branches arrange tokens so that those of an alternative, and the alternatives of a branch, stand side by side."""

from __future__ import annotations

from itertools import pairwise

import pytest

from schemalm.evaluation.likelihood.branches import CHOICE_LABELS, Branches
from schemalm.grammar.symbols import KEY, NUM_BYTES
from schemalm.machine.vocabulary import Vocabulary

from .documents import tokenizer


@pytest.mark.parametrize("scope", ["word", "value"])
def test_the_tokens_of_an_alternative_stand_side_by_side(scope: str) -> None:
    vocabulary = tokenizer(scope).vocabulary
    branches = Branches(vocabulary)
    structure = [token for token, spelled in enumerate(vocabulary.symbols) if spelled and spelled[0] >= NUM_BYTES]
    assert sorted(branches.tokens) == structure
    for number, branch in enumerate(branches.found):
        columns = pairwise([*branch.begins, branch.end])
        for alternative, (begin, end) in enumerate(columns):
            inside = {*branches.tokens[begin:end]}
            assert inside == {
                token for token, choices in branches.choices_of.items() if (number, alternative) in choices
            }
            assert inside


def test_choices_come_from_the_beginning_of_a_spelling_on() -> None:
    vocabulary = tokenizer().vocabulary
    branches = Branches(vocabulary)
    token = next(
        token for token, spelled in enumerate(vocabulary.symbols) if vocabulary.describe(token) == "KEY:on CONST:push"
    )
    kinds = [[*CHOICE_LABELS][branches.found[branch].kind] for branch, _ in branches.choices_of[token]]
    assert kinds == ["keys", "constants"]
    assert all(label not in branches.choices_of for label in range(2, 2 + NUM_BYTES))


def test_a_long_spelling_takes_no_recursion() -> None:
    grammar = tokenizer().grammar
    key = grammar.symbols.characters[grammar.symbols.ids[KEY("run")]]
    merges = [(key * 2**power, key * 2**power) for power in range(14)]
    assert len(Branches(Vocabulary(grammar, (), merges)).tokens) == len(grammar.symbols) - NUM_BYTES + len(merges)
