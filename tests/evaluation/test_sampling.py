"""The settings of an evaluation's samples."""

from __future__ import annotations

from schemalm.evaluation.sampling import SamplingSettings


def test_the_choice_of_tokens_is_put_in_words() -> None:
    assert SamplingSettings(1, 0.8, 10, 0).choices == "temperature 0.8"
    assert SamplingSettings(1, 1.0, 10, 0, min_p=0.07).choices == "temperature 1.0 and min-p 0.07"
