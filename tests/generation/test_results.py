"""Documents of different lengths are compared by the mean of what was chosen."""

from __future__ import annotations

import pytest

from schemalm.generation import Run, generate
from schemalm.generation.results import Generated


def test_forced_and_closing_tokens_do_not_count() -> None:
    generated = Generated({}, [1, 2, 3, 4, 5], -3.0, "closed", 1, [-1.0, 0.0, -2.0], "tokens")
    assert generated.mean_logprob == -1.5


def test_a_document_without_a_choice_is_certain() -> None:
    assert Generated({}, [1, 2], 0.0, "complete", 2, [0.0, 0.0]).mean_logprob == 0


def test_it_is_the_mean_over_the_chosen_tokens(run: Run) -> None:
    for written in generate(run, num_samples=5, max_tokens=40):
        num_chosen = len(written.logprobs) - written.num_forced
        assert written.mean_logprob * num_chosen == pytest.approx(sum(written.logprobs))
