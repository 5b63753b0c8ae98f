"""Misspellings are recognised; a name that is not similar to any known one gets no guess."""

from __future__ import annotations

import pytest

from schemalm.messages.suggestions import close_names, did_you_mean

KNOWN = ["github-workflow", "github-action", "gitlab-ci", "compose-spec", "batch_size", "travis"]


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("github-workflw", "github-workflow"),
        ("GitHub_Workflow", "github-workflow"),
        ("workflow", "github-workflow"),
        ("gitlab", "gitlab-ci"),
        ("docker-compose", "compose-spec"),
        ("batchsize", "batch_size"),
        ("batch-size", "batch_size"),
        ("trvais", "travis"),
    ],
)
def test_a_misspelling_is_recognised(name: str, first: str) -> None:
    assert close_names(name, KNOWN)[0] == first


@pytest.mark.parametrize("name", ["", "x", "nosuch", "zzzzzzzzzz"])
def test_a_name_like_no_known_one_gets_no_guess(name: str) -> None:
    assert close_names(name, KNOWN) == []


def test_guesses_replace_the_whole_list() -> None:
    assert did_you_mean(["a", "b"], KNOWN) == "did you mean a or b?"
    assert did_you_mean([], ["x", "y"]) == "known are x, y"
    assert did_you_mean([], []) == "known are none"
