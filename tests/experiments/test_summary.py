from __future__ import annotations

import pytest

from schemalm.experiments.summary import summarize

from .conftest import MakeResult


def test_ratios_are_taken_seed_by_seed(make_result: MakeResult) -> None:
    results = [make_result(arm="bpe", seed=seed, bits_per_byte=bits) for seed, bits in ((0, 2.0), (1, 4.0))]
    results += [make_result(seed=seed, bits_per_byte=bits) for seed, bits in ((0, 1.0), (1, 2.0))]
    typed, baseline = summarize(results)
    assert (typed.arm, typed.num_seeds, typed.is_baseline) == ("typed", 2, False)
    assert typed.ratio is not None
    assert (typed.ratio.mean, typed.ratio.half_width) == (0.5, 0.0)
    assert baseline.is_baseline
    assert baseline.ratio is None
    assert baseline.bits_per_byte.mean == 3.0


def test_equal_documents_are_compared_with_the_baseline_at_equal_compute(make_result: MakeResult) -> None:
    results = [make_result(arm="bpe", bits_per_byte=2.0), make_result(measure="documents", bits_per_byte=1.8)]
    row = next(row for row in summarize(results) if row.measure == "documents")
    assert row.ratio is not None
    assert row.ratio.mean == pytest.approx(0.9)


def test_models_are_compared_with_the_baseline_of_their_size(make_result: MakeResult) -> None:
    results = [
        make_result(arm=arm, model=model, bits_per_byte=bits)
        for arm, model, bits in (("bpe", "tiny", 2.0), ("bpe", "small", 1.0), ("typed", "small", 0.9))
    ]
    row = next(row for row in summarize(results) if row.arm == "typed")
    assert row.ratio is not None
    assert row.ratio.mean == pytest.approx(0.9)


def test_an_arm_without_its_baseline_has_no_ratio(make_result: MakeResult) -> None:
    (row,) = summarize([make_result()])
    assert row.ratio is None


def test_the_later_result_of_a_repeated_run_counts(make_result: MakeResult) -> None:
    (row,) = summarize([make_result(key="old", bits_per_byte=2.0), make_result(key="new", bits_per_byte=1.0)])
    assert (row.num_seeds, row.bits_per_byte.mean) == (1, 1.0)
