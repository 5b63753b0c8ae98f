"""A warning about windows with too much padding names a context that fits; other windows get none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

from schemalm.dataset.loader import rows_once
from schemalm.dataset.packing import PACKINGS
from schemalm.dataset.padding import padding_share, padding_warning
from schemalm.dataset.store import Metadata, Split, SplitWriter
from schemalm.dataset.windows import training_windows
from schemalm.model.inputs import IGNORED_TARGET


def make_split(folder: Path, lengths: list[int], context_size: int, stride: int) -> Split:
    with SplitWriter(folder / "train", vocab_size=300, context_size=context_size, stride=stride) as writer:
        for length in lengths:
            writer.add([5] * length, None, num_bytes=length)
        counts = writer.finish()
    metadata = Metadata(
        context_size=context_size,
        stride=stride,
        vocab_size=300,
        pad_id=0,
        num_masks=0,
        num_places=0,
        num_states=0,
        tokenizer_sha256="",
        files={"tokenizer.json": "0" * 64},
        splits={"train": counts},
    )
    return Split(folder, "train", metadata)


@pytest.mark.parametrize(
    ("lengths", "context_size", "stride"),
    [([3, 3], 2048, 32), ([9, 16], 16, 4), ([900], 64, 16), ([1000, 3], 64, 64), ([20] * 19 + [600], 512, 512)],
)
def test_the_share_is_that_of_the_windows_that_are_read(
    tmp_path: Path, lengths: list[int], context_size: int, stride: int
) -> None:
    split = make_split(tmp_path, lengths, context_size, stride)
    for packing in PACKINGS:
        read = [rows.targets_BT == IGNORED_TARGET for rows in rows_once(training_windows(split), 7, packing)]
        assert padding_share(split, packing) == pytest.approx(float(torch.cat(read).float().mean()))


def test_packed_rows_cause_a_warning_only_if_they_are_padding(tmp_path: Path) -> None:
    many = make_split(tmp_path / "many", [20] * 1900 + [600] * 100, 512, 512)
    assert padding_warning(many, "windows") is not None
    assert padding_warning(many, "documents") is None
    assert padding_warning(make_split(tmp_path / "few", [3, 3], 2048, 2048), "documents") is not None


@pytest.mark.parametrize(
    ("lengths", "context_size", "stride", "advice"),
    [
        (
            [3, 3],
            2048,
            32,
            "99.9 % .* at most 3 tokens: prepare the data with --context-size 16 --stride 8 instead of 2048",
        ),
        ([3, 3], 2048, 2048, "--context-size 16 --stride 8 "),
        ([3, 40, 41, 45], 2048, 8, "at most 45 tokens: prepare the data with --context-size 48 instead of"),
        (
            [20] * 19 + [600],
            512,
            512,
            "90% of the documents have at most 20 tokens: prepare the data with --context-size 32 ",
        ),
    ],
)
def test_a_warning_about_padding_names_a_context_that_fits(
    tmp_path: Path, lengths: list[int], context_size: int, stride: int, advice: str
) -> None:
    warning = padding_warning(make_split(tmp_path, lengths, context_size, stride))
    assert warning is not None
    assert re.search(advice, warning)


@pytest.mark.parametrize(
    ("lengths", "context_size", "stride"),
    [
        ([9, 16], 16, 4),
        ([3, 3], 6, 2),
        ([900], 64, 16),
        ([1000, 3], 64, 64),
        ([200] * 9, 512, 256),
        ([3, 3], 16, 4),
        ([3, 3], 64, 32),
    ],
)
def test_windows_that_are_well_filled_or_cannot_be_smaller_cause_no_warning(
    tmp_path: Path, lengths: list[int], context_size: int, stride: int
) -> None:
    assert padding_warning(make_split(tmp_path, lengths, context_size, stride)) is None
