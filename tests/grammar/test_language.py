"""Languages are a Boolean algebra with concatenation, whatever the normal forms do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemalm.grammar.language import (
    ANY_TEXT,
    EMPTY,
    EVERYTHING,
    NOTHING,
    Language,
    byte_classes,
    byte_set,
    code_points,
    complement,
    derivative,
    intersection,
    literal,
    repeat,
    sequence,
    size,
    union,
)

Member = Callable[[bytes], bool]
words = st.binary(max_size=4).map(lambda data: bytes(b"abc"[byte % 3] for byte in data))


def holds(language: Language, word: bytes) -> bool:
    """Membership by derivatives."""
    for byte in word:
        language = derivative(language, byte, {})
    return language.nullable


def _concatenated(first: Member, second: Member) -> Member:
    return lambda word: any(first(word[:cut]) and second(word[cut:]) for cut in range(len(word) + 1))


def _power(member: Member, count: int) -> Member:
    result: Member = lambda word: word == b""  # noqa: E731
    for _ in range(count):
        result = _concatenated(member, result)
    return result


def _repeated(pair: tuple[Language, Member], low: int, more: int) -> tuple[Language, Member]:
    language, member = pair
    powers = [_power(member, count) for count in range(low, low + more + 1)]
    return repeat(language, low, low + more), lambda word: any(power(word) for power in powers)


def _grown(inner: st.SearchStrategy[tuple[Language, Member]]) -> st.SearchStrategy[tuple[Language, Member]]:
    return st.one_of(
        st.builds(lambda a, b: (union([a[0], b[0]]), lambda w: a[1](w) or b[1](w)), inner, inner),
        st.builds(lambda a, b: (intersection([a[0], b[0]]), lambda w: a[1](w) and b[1](w)), inner, inner),
        st.builds(lambda a, b: (sequence(a[0], b[0]), _concatenated(a[1], b[1])), inner, inner),
        st.builds(lambda a: (complement(a[0]), lambda w: not a[1](w)), inner),
        st.builds(_repeated, inner, st.integers(0, 2), st.integers(0, 2)),
    )


leaves: st.SearchStrategy[tuple[Language, Member]] = st.one_of(
    words.map(lambda text: (literal(text), lambda word: word == text)),
    st.sets(st.sampled_from(b"abc")).map(
        lambda chosen: (byte_set(sum(1 << byte for byte in chosen)), lambda word: len(word) == 1 and word[0] in chosen)
    ),
    st.just((EMPTY, lambda word: word == b"")),
    st.just((NOTHING, lambda word: False)),
    st.just((EVERYTHING, lambda word: True)),
)


@settings(deadline=None)
@given(st.recursive(leaves, _grown, max_leaves=5), st.lists(words, min_size=3, max_size=8))
def test_membership_follows_the_construction(pair: tuple[Language, Member], texts: list[bytes]) -> None:
    language, member = pair
    for word in texts:
        assert holds(language, word) == member(word)


@settings(deadline=None)
@given(st.recursive(leaves, _grown, max_leaves=5))
def test_bytes_of_one_class_have_equal_derivatives(pair: tuple[Language, Member]) -> None:
    classes = byte_classes(pair[0], {})
    assert sum(classes) == (1 << 256) - 1
    for mask in classes:
        members = [byte for byte in range(256) if mask >> byte & 1]
        assert len({derivative(pair[0], byte, {}) for byte in members}) == 1
    assert size(pair[0], {}) >= 1


@given(st.tuples(st.integers(0, 0x10FFFF), st.integers(0, 0x10FFFF)).map(sorted), st.characters(codec="utf-8"))
def test_code_points_become_their_utf8_bytes(bounds: list[int], character: str) -> None:
    low, high = bounds
    assert holds(code_points([(low, high)]), character.encode()) == (low <= ord(character) <= high)


@given(st.binary(max_size=6))
def test_any_text_is_what_decodes_as_utf8(data: bytes) -> None:
    try:
        data.decode()
    except UnicodeDecodeError:
        assert not holds(ANY_TEXT, data)
    else:
        assert holds(ANY_TEXT, data)


@pytest.mark.parametrize("surrogate", [0xD800, 0xDBFF, 0xDC00, 0xDFFF])
def test_surrogates_are_no_characters(surrogate: int) -> None:
    assert code_points([(surrogate, surrogate)]) == NOTHING
