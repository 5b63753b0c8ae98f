"""Exact duplicates: the same answer as from a dictionary, within the given number of rows in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from schemalm.dataset.duplicates import DIGEST_BYTES, are_first, find_originals


def digests_of(kinds: np.ndarray) -> np.ndarray:
    """Random digests for each kind; some differ only in the last byte."""
    drawn = np.random.default_rng(0).integers(0, 256, (int(kinds.max(initial=0)) + 1, DIGEST_BYTES), dtype=np.uint8)
    drawn[1::7] = drawn[0::7][: len(drawn[1::7])]
    drawn[1::7, -1] ^= 1
    return drawn[kinds]


def obvious(digests: np.ndarray) -> list[int]:
    seen: dict[bytes, int] = {}
    return [seen.setdefault(digest.tobytes(), index) for index, digest in enumerate(digests)]


@pytest.mark.parametrize("rows_at_once", [1, 7, 64, 1000, 5000])
@pytest.mark.parametrize("num_kinds", [1, 2, 40, 3000])
def test_each_digest_gets_its_first_whatever_the_block_size(tmp_path: Path, rows_at_once: int, num_kinds: int) -> None:
    num_rows = 50 if rows_at_once == 1 else 1000
    digests = digests_of(np.random.default_rng(num_kinds).integers(0, num_kinds, num_rows))
    originals = find_originals(digests, tmp_path / "originals.npy", rows_at_once=rows_at_once)
    assert originals.tolist() == obvious(digests)
    assert are_first(originals, 0, len(originals)).sum() == len(set(obvious(digests)))


def test_no_digests_give_no_originals(tmp_path: Path) -> None:
    assert find_originals(np.empty((0, DIGEST_BYTES), np.uint8), tmp_path / "originals.npy").tolist() == []


def test_digests_of_zeros_are_equal_to_each_other_alone(tmp_path: Path) -> None:
    digests = np.zeros((6, DIGEST_BYTES), np.uint8)
    digests[2, 3] = digests[4, 15] = 1
    assert find_originals(digests, tmp_path / "o.npy", rows_at_once=2).tolist() == [0, 0, 2, 0, 4, 0]


def test_the_result_is_in_the_file_and_no_temporary_file_remains(tmp_path: Path) -> None:
    digests = digests_of(np.arange(300) % 100)
    np.save(tmp_path / "digests.npy", digests)
    mapped = np.load(tmp_path / "digests.npy", mmap_mode="r")
    found = find_originals(mapped, tmp_path / "originals.npy", rows_at_once=50)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["digests.npy", "originals.npy"]
    assert np.load(tmp_path / "originals.npy").tolist() == found.tolist() == (np.arange(300) % 100).tolist()
