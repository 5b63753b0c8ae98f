"""Near duplicates: the same as from an exhaustive comparison of all pairs, at a bounded cost."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from schemalm.dataset import minhash
from schemalm.dataset.minhash import NUM_HASHES, Banding, features
from schemalm.dataset.near_duplicates import NUM_FIRST, NUM_PRECEDING, NearDuplicates


def similarity_of(left: Any, right: Any) -> float:
    return jaccard(set(features(left).tolist()), set(features(right).tolist()))


def jaccard(left: set[int], right: set[int]) -> float:
    return len(left & right) / len(left | right)


def find(folder: Path, values: list[Any], similarity: float = 0.9, rows_at_once: int = 1 << 20) -> list[int]:
    banding = Banding.of(similarity)
    near = NearDuplicates(folder / "near", similarity, len(values), banding.num_bands, rows_at_once=rows_at_once)
    for start in range(0, len(values), 7):
        found = [features(value) for value in values[start : start + 7]]
        keys = np.stack([banding.keys(one) for one in found])
        sizes = np.array([one.size for one in found])
        near.add(np.arange(start, start + len(found)), keys, np.concatenate(found), sizes)
    return near.find().tolist()


def obvious(values: list[Any], similarity: float) -> list[int]:
    """Drop each document that is near to an earlier one that is kept; the first of these is its original."""
    kept: list[int] = []
    originals = []
    found = [set(features(value).tolist()) for value in values]
    for number, one in enumerate(found):
        near = [other for other in kept if jaccard(found[other], one) >= similarity]
        originals.append(near[0] if near else number)
        kept += [] if near else [number]
    return originals


def family(chooser: random.Random, size: int, changes: int, num_members: int) -> list[Any]:
    """Documents that differ from one another by a few values."""
    first = {f"key{number}": chooser.random() for number in range(size)}
    members = []
    for _ in range(num_members):
        changed = {f"key{chooser.randrange(size)}": chooser.random() for _ in range(changes)}
        members.append({**first, **changed})
    return members


@pytest.mark.slow
@pytest.mark.parametrize("similarity", [0.6, 0.8, 0.9, 0.95])
@pytest.mark.parametrize("rows_at_once", [20, 1 << 20])
def test_the_same_documents_are_dropped_as_by_comparing_all_pairs(
    tmp_path: Path, similarity: float, rows_at_once: int
) -> None:
    chooser = random.Random(int(similarity * 100))
    families = [family(chooser, chooser.randrange(5, 80), chooser.randrange(5), 4) for _ in range(60)]
    values = [member for members in families for member in members]
    chooser.shuffle(values)
    expected = obvious(values, similarity)
    found = find(tmp_path, values, similarity, rows_at_once)
    gone = [number for number, original in enumerate(found) if original != number]
    assert sum(a != b for a, b in zip(found, expected, strict=True)) <= len(values) // 100
    assert len(gone) > 30
    for number in gone:
        assert found[found[number]] == found[number] < number  # an earlier one, which is kept
        assert similarity_of(values[number], values[found[number]]) >= similarity


def test_a_chain_of_small_changes_keeps_more_than_its_first(tmp_path: Path) -> None:
    base = {f"key{number}": 0 for number in range(100)}
    chain = [{**base, **{f"key{number}": 1 for number in range(length)}} for length in range(0, 40, 2)]
    found = find(tmp_path, chain)
    stay = [number for number, original in enumerate(found) if original == number]
    assert stay == [number for number, original in enumerate(obvious(chain, 0.9)) if original == number]
    assert 5 < len(stay) < 15


def test_a_large_group_is_not_compared_pairwise(tmp_path: Path) -> None:
    chooser = random.Random(0)
    crowd = [{**{f"key{number}": 0 for number in range(60)}, "own": chooser.random()} for _ in range(600)]
    found = find(tmp_path, crowd)
    assert found == [0] * 600
    pairs = sum(path.stat().st_size for path in (tmp_path / "near" / "pairs").iterdir()) // 16
    assert pairs <= 600 * 2 * (NUM_FIRST + NUM_PRECEDING)  # 300 for each


def test_a_group_larger_than_memory_keeps_its_first(tmp_path: Path) -> None:
    crowd: list[Any] = [{"same": [*range(50)], "own": number} for number in range(400)]
    assert find(tmp_path, crowd, rows_at_once=32) == [0] * 400


def test_a_document_that_shares_no_key_is_kept(tmp_path: Path) -> None:
    values: list[Any] = [{"name": f"n{number}", "value": number} for number in range(50)]
    assert find(tmp_path, values) == [*range(50)]
    assert find(tmp_path / "..", []) == []


def test_features_are_a_multiset_of_values_with_their_paths() -> None:
    one = features({"a": [1, 1, 2], "b": "x"})
    assert len(one) == 4
    assert features({"b": "x", "a": [2, 1, 1]}).tolist() == one.tolist()  # positions in lists do not count
    assert len(np.intersect1d(one, features({"a": [1, 2], "b": "x"}))) == 3
    assert len(np.intersect1d(one, features({"c": [1, 1, 2], "d": "x"}))) == 0
    assert features(1).tolist() != features("1").tolist() != features(True).tolist()
    assert len(features({})) == len(features([])) == len(features("")) == len(features(None)) == 1
    assert len(features({"a": {}, "b": [], "c": [[]]})) == 3


def test_longer_texts_count_by_lines_and_words() -> None:
    script = "\n".join(f"echo {number}" for number in range(20))
    changed = script.replace("echo 7", "print 7")
    assert similarity_of({"run": script}, {"run": changed}) == 19 / 21
    assert similarity_of({"run": script}, {"run": "  " + script.replace("\n", "  \n\n")}) == 1
    line = " ".join(f"word{number}" for number in range(100))
    assert similarity_of(line, line.replace("word50", "other")) == 99 / 101
    assert len(features("\n \n" * 300)) == 1


def test_equal_features_of_one_document_are_all_different() -> None:
    many = features([0] * 10_000)
    assert len(many) == 10_000
    assert np.all(many[1:] > many[:-1])


def test_keys_are_the_same_everywhere() -> None:
    value = {"on": "push", "jobs": {"build": {"steps": [{"run": "make\nmake test"}, {"uses": "a/b@v1"}]}}}
    assert features(value).tolist() == [201642507, 1094484110, 2886878240, 2934562522]
    keys = Banding.of(0.9).keys(features(value))
    assert (len(keys), int(keys[0]), int(keys[-1])) == (14, 6991765281848926717, 12506797084694582004)


def test_many_features_are_hashed_like_few(monkeypatch: pytest.MonkeyPatch) -> None:
    many, banding = features([*range(10_000)]), Banding.of(0.9)
    keys = banding.keys(many)
    monkeypatch.setattr(minhash, "_FEATURES_AT_ONCE", 7)
    assert banding.keys(many).tolist() == keys.tolist()


@pytest.mark.parametrize("similarity", [0.5, 0.7, 0.9, 0.99])
def test_pairs_at_the_threshold_meet_in_a_band(similarity: float) -> None:
    banding = Banding.of(similarity)
    assert (1 - similarity**banding.rows) ** banding.num_bands <= 0.005
    assert banding.num_bands * banding.rows <= NUM_HASHES
    assert Counter(np.sign(np.diff([Banding.of(x / 100).rows for x in range(50, 100)]))).keys() <= {0, 1}
