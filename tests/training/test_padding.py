"""Windows that are mostly padding are remarked upon, with the context that would fit; others are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from schemalm.dataset.store import Metadata, Split, SplitWriter
from schemalm.dataset.windows import IGNORED_TARGET, training_windows
from schemalm.training.padding import padding_remark


def make_split(folder: Path, lengths: list[int], context_size: int, stride: int) -> Split:
    with SplitWriter(folder / "train", vocab_size=300, context_size=context_size, stride=stride) as writer:
        for length in lengths:
            writer.add([5] * length, None, None, num_bytes=length)
        counts = writer.finish()
    metadata = Metadata(
        context_size=context_size,
        stride=stride,
        vocab_size=300,
        pad_id=0,
        num_nonterminals=0,
        num_states=0,
        tokenizer_sha256="",
        files={},
        splits={"train": counts},
    )
    return Split(folder, "train", metadata)


def share_of_padding(split: Split) -> float:
    windows = training_windows(split)
    return float((windows.rows(np.arange(len(windows))).targets_BT == IGNORED_TARGET).mean())


@pytest.mark.parametrize(
    ("lengths", "context_size", "stride", "advice"),
    [
        ([3, 3], 2048, 32, "at most 3 tokens; prepare the data with --context-size 16 --stride 8"),
        ([3, 3], 2048, 2048, "--context-size 16 --stride 8"),
        ([3, 40, 41, 45], 2048, 8, "at most 45 tokens; prepare the data with --context-size 48"),
        (
            [20] * 19 + [600],
            512,
            512,
            "90% of the documents have at most 20 tokens; prepare the data with",
        ),
    ],
)
def test_mostly_padding(tmp_path: Path, lengths: list[int], context_size: int, stride: int, advice: str) -> None:
    split = make_split(tmp_path, lengths, context_size, stride)
    remark = padding_remark(split)
    assert remark is not None
    assert remark.startswith(f"{share_of_padding(split):.0%} of the places of the windows are padding")
    assert advice in remark


@pytest.mark.parametrize(
    ("lengths", "context_size", "stride"), [([9, 16], 16, 4), ([3, 3], 6, 2), ([900], 64, 16), ([1000, 3], 64, 64)]
)
def test_windows_that_are_well_filled(tmp_path: Path, lengths: list[int], context_size: int, stride: int) -> None:
    split = make_split(tmp_path, lengths, context_size, stride)
    assert share_of_padding(split) <= 0.5
    assert padding_remark(split) is None


def test_padding_that_no_smaller_context_would_help_is_said_all_the_same(tmp_path: Path) -> None:
    remark = padding_remark(make_split(tmp_path, [3, 3], 8, 2))
    assert remark == "62% of the places of the windows are padding, which takes as long to compute as tokens do"
