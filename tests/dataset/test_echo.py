"""What came next last time after the same tokens at the same path, for whole documents and for those under way."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from schemalm.dataset.echo import NEVER, ORDERS, EchoMemory, echoes


def test_an_echo_is_what_last_followed_the_same_token() -> None:
    tokens = np.array([5, 6, 5, 7, 5, 6])
    assert echoes(tokens, None)[:, 0].tolist() == [NEVER, NEVER, NEVER, 6, NEVER, 7]


def test_longer_contexts_tell_places_apart_that_shorter_ones_do_not() -> None:
    tokens = np.array([1, 5, 8, 2, 5, 9, 1, 5, 8])
    assert echoes(tokens, None)[-1].tolist() == [9, 8, NEVER, NEVER] * 2


def test_the_same_token_at_another_path_is_another_place() -> None:
    tokens, paths = np.array([5, 6, 5, 7]), np.array([1, 1, 2, 2])
    assert echoes(tokens, paths)[-1].tolist() == [NEVER] * len(ORDERS) + [6, NEVER, NEVER, NEVER]


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3)), min_size=1, max_size=60))
def test_a_document_under_way_has_the_echoes_of_the_whole_one(steps: list[tuple[int, int]]) -> None:
    memory, found = EchoMemory(), []
    for path, token in steps:
        found.append(list(memory.echoes(path)))
        memory.add(path, token)
    paths, tokens = np.array(steps).T
    assert found == echoes(tokens, paths).tolist()
