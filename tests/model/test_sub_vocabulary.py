"""A sub-vocabulary numbers the tokens that some masks admit."""

from __future__ import annotations

import torch

from schemalm.model.sub_vocabulary import SubVocabulary, narrow_masks

MASKS_UV = torch.zeros(3, 40, dtype=torch.bool)
MASKS_UV[0, 7] = MASKS_UV[1, [3, 7]] = MASKS_UV[2, 5:30] = True


def test_masks_of_a_sixteenth_of_the_vocabulary_are_narrow() -> None:
    assert narrow_masks(MASKS_UV).tolist() == [True, True, False]


def test_admitted_tokens_have_places_of_their_own_and_all_others_share_one() -> None:
    part = SubVocabulary(MASKS_UV[:2])
    assert part.places(torch.tensor([3, 7, 0, 39])).tolist() == [0, 1, 2, 2]


def test_masks_admit_the_places_of_the_same_tokens() -> None:
    masks_UW = SubVocabulary(MASKS_UV[:2]).masks_UW
    assert [mask.nonzero().flatten().tolist() for mask in masks_UW] == [[1], [0, 1]]


def test_rows_of_the_head_stand_at_the_places_of_their_tokens() -> None:
    part = SubVocabulary(MASKS_UV[:2])
    head_VD = torch.arange(40.0)[:, None].expand(40, 2)
    assert part.rows(head_VD)[part.places(torch.tensor([7, 3]))].tolist() == [[7.0, 7.0], [3.0, 3.0]]


def test_without_masks_there_is_nothing_but_the_shared_place() -> None:
    part = SubVocabulary(MASKS_UV[:0])
    assert part.places(torch.tensor([3])).tolist() == [0]
    assert not part.masks_UW.numel()
