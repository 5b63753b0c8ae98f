"""Promises: demands for what is declared later."""

from __future__ import annotations

import pytest

from schemalm.compilation import compile_schema
from schemalm.rules.places import Promised, in_order
from schemalm.schema.formula import TRUE, all_of
from schemalm.schema.prompt import stated_keys
from schemalm.tokenizer import Tokenizer


def test_promises_are_kept_in_their_order() -> None:
    first, second = Promised("a", TRUE), Promised("b", TRUE)
    assert in_order(all_of([first, second])) == stated_keys((("a", TRUE), ("b", TRUE)))
    assert in_order(first) == first


def test_promises_below_one_key_are_one_demand() -> None:
    below = [Promised(name, TRUE) for name in "ab"]
    formula = all_of([Promised("jobs", part) for part in below])
    assert in_order(formula) == stated_keys((("jobs", all_of(below)),))


@pytest.mark.slow
def test_many_names_with_many_letters_may_be_promised_at_once() -> None:
    tokenizer = Tokenizer.from_grammar(compile_schema("github-workflow"))
    later = [f"a-job-with-a-long-name-{number}" for number in range(12)]
    jobs = {"all": {"runs-on": "x", "needs": later}} | {name: {"runs-on": "x"} for name in later}
    ids = tokenizer.encode({"on": "push", "jobs": jobs})
    machine = tokenizer.machine()
    for token in ids:
        assert machine.mask()[token]
        machine.advance(token)
    assert machine.is_complete
