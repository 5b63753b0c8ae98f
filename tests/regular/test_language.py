"""Languages form a Boolean algebra with concatenation, in spite of the normal forms."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemalm.regular.language import (
    ANY_TEXT,
    EMPTY,
    EVERYTHING,
    NOTHING,
    Language,
    byte_classes,
    byte_set,
    character_bounds,
    complement,
    derivative,
    digest,
    intersection,
    meet,
    min_bytes,
    repeat,
    sequence,
    union,
)
from schemalm.regular.multiples import multiples
from schemalm.regular.utf8 import code_points
from schemalm.regular.words import literal, words

Member = Callable[[bytes], bool]
texts = st.binary(max_size=4).map(lambda data: bytes(b"abc"[byte % 3] for byte in data))


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
    texts.map(lambda text: (literal(text), lambda word: word == text)),
    st.sets(texts, max_size=4).map(lambda listed: (words(listed), lambda word: word in listed)),
    st.sets(st.sampled_from(b"abc")).map(
        lambda chosen: (byte_set(sum(1 << byte for byte in chosen)), lambda word: len(word) == 1 and word[0] in chosen)
    ),
    st.just((EMPTY, lambda word: word == b"")),
    st.just((NOTHING, lambda word: False)),
    st.just((EVERYTHING, lambda word: True)),
)


@given(st.recursive(leaves, _grown, max_leaves=5), st.lists(texts, min_size=3, max_size=8))
def test_membership_follows_the_construction(pair: tuple[Language, Member], read: list[bytes]) -> None:
    language, member = pair
    for word in read:
        assert holds(language, word) == member(word)


@given(st.recursive(leaves, _grown, max_leaves=5))
def test_nullable_says_whether_the_empty_text_is_a_member(pair: tuple[Language, Member]) -> None:
    assert pair[0].nullable == pair[1](b"")


def _plain(inner: st.SearchStrategy[tuple[Language, Member]]) -> st.SearchStrategy[tuple[Language, Member]]:
    return st.one_of(
        st.builds(lambda a, b: (union([a[0], b[0]]), lambda w: a[1](w) or b[1](w)), inner, inner),
        st.builds(lambda a, b: (sequence(a[0], b[0]), _concatenated(a[1], b[1])), inner, inner),
        st.builds(_repeated, inner, st.integers(0, 2), st.integers(0, 1)),
    )


nonempty = leaves.filter(lambda pair: pair[0] not in (NOTHING, EVERYTHING))


@pytest.mark.slow
@given(st.recursive(nonempty, _plain, max_leaves=4))
def test_the_shortest_text_and_the_lengths_of_a_plain_expression_are_known(pair: tuple[Language, Member]) -> None:
    language, member = pair
    assert language.is_plain
    least, most = character_bounds(language, {})
    held = [length for length in range(7) for word in product(b"abc", repeat=length) if member(bytes(word))]
    if held:
        assert min_bytes(language, {}) == least == held[0]
        assert most is not None
        assert most >= held[-1]
    else:
        assert least > 6


def test_lengths_count_characters_and_bytes_count_bytes() -> None:
    word = sequence(literal("é𝄞".encode()), repeat(code_points([(0, 0x10FFFF)]), 2, 5))
    assert character_bounds(word, {}) == (4, 7)
    assert min_bytes(word, {}) == 8
    assert character_bounds(words(["é".encode(), b"abc", b""]), {}) == (0, 3)
    assert character_bounds(ANY_TEXT, {}) == (0, None)


@pytest.mark.parametrize("maximum", [10**6, 10**9])
def test_a_large_count_is_a_small_expression(maximum: int) -> None:
    counted = repeat(byte_set(1 << ord("a")), maximum - 1, maximum)
    assert derivative(counted, ord("a"), {}) == repeat(byte_set(1 << ord("a")), maximum - 2, maximum - 1)
    assert min_bytes(counted, {}) == maximum - 1
    assert character_bounds(counted, {}) == (maximum - 1, maximum)


def test_only_arithmetic_intersections_and_complements_need_a_search() -> None:
    assert union([literal(b"a"), words([b"b", b"c"])]).is_plain
    assert not intersection([words([b"a", b"b"]), literal(b"a")]).is_plain
    assert intersection([ANY_TEXT, literal(b"a")]) == literal(b"a")
    assert not repeat(complement(literal(b"a")), 0, 3).is_plain


def test_words_are_one_expression_however_they_are_listed() -> None:
    assert words([b"b", b"a", b"b"]) == words([b"a", b"b"])
    assert words([b"a"]) == literal(b"a")
    assert words([]) == NOTHING
    assert words([b""]) == EMPTY
    assert words([b"a", b""]).nullable
    assert not words([b"a", b"b"]).nullable
    assert derivative(words([b"ab", b"ac", b"b"]), ord("a"), {}) == words([b"b", b"c"])


def test_normal_forms_of_equal_meaning_are_equal() -> None:
    a, b, c = literal(b"a"), words([b"x", b"y"]), repeat(byte_set(1 << ord("c")), 0, None)
    assert union([a, union([b, c])]) == union([c, b, a, b])
    assert intersection([a, intersection([b, c])]) == intersection([c, b, a])
    assert sequence(a, sequence(b, c)) == sequence(sequence(a, b), c)
    assert complement(complement(b)) == b
    assert union([a, EVERYTHING]) == EVERYTHING
    assert intersection([a, EVERYTHING]) == a
    assert sequence(a, NOTHING) == intersection([a, NOTHING]) == NOTHING
    assert sequence(EMPTY, a) == union([a, NOTHING]) == repeat(a, 1, 1) == a
    assert repeat(a, 0, 0) == repeat(EMPTY, 3, None) == EMPTY
    assert intersection([complement(a), complement(b)]) == complement(union([a, b]))


@given(st.recursive(leaves, _grown, max_leaves=5), st.recursive(leaves, _grown, max_leaves=5))
def test_equal_expressions_have_equal_digests(first: tuple[Language, Member], second: tuple[Language, Member]) -> None:
    assert (digest(first[0], {}) == digest(second[0], {})) == (first[0] == second[0])


A, XYZ = byte_set(1 << ord("a")), words([b"x", b"yz"])


# The expressions contain every class that can be part of a language.
@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (A, "76d6ecbe0320f319"),
        (EMPTY, "598b784b94021c2d"),
        (ANY_TEXT, "e66a86cc627f56a2"),
        (XYZ, "3b3fe165598b93d8"),
        (words(str(number).encode() for number in range(300)), "3f20724b4047251b"),
        (sequence(A, XYZ), "2b1ae3d5b957191e"),
        (union([A, XYZ]), "f07d32621d98396e"),
        (intersection([repeat(A, 0, None), repeat(XYZ, 0, None)]), "45681706716e1ba4"),
        (repeat(A, 2, 5), "c91b4736389a805d"),
        (complement(XYZ), "628d9d03f8aae539"),
        (multiples(3), "ad0161e2307e3916"),
        (multiples(0.01), "1dc75ce0c65db925"),
        (derivative(derivative(multiples(0.01), ord("1"), {}), ord("."), {}), "a9c1ccf1a7f54de0"),
    ],
)
def test_digests_stay_those_of_tokenizer_files(language: Language, expected: str) -> None:
    assert digest(language, {}) == expected


@pytest.mark.slow
def test_digests_are_the_same_in_every_process(outputs_in_processes: Callable[[str], set[str]]) -> None:
    program = (
        "from schemalm.regular.language import ANY_TEXT, byte_set, complement, digest\n"
        "from schemalm.regular.language import repeat, union\n"
        "from schemalm.regular.words import literal, words\n"
        "parts = [literal(b'one'), words([b'two', b'three', b'']), repeat(byte_set(62), 1, None), ANY_TEXT]\n"
        "print(digest(union([*parts, complement(union(parts))]), {}))\n"
    )
    assert len(outputs_in_processes(program)) == 1


@given(st.lists(st.sets(st.integers(0, 255)).map(lambda members: sum(1 << byte for byte in members)), max_size=4))
def test_the_common_refinement_of_partitions_keeps_every_byte_once(masks: list[int]) -> None:
    everything = (1 << 256) - 1
    partitions = [tuple(part for part in (mask, everything & ~mask) if part) for mask in masks]
    common = meet(partitions)
    assert sum(common) == everything
    for part in common:
        assert all(part & mask in (0, part) for mask in masks)


@given(st.recursive(leaves, _grown, max_leaves=5))
def test_bytes_of_one_class_have_equal_derivatives(pair: tuple[Language, Member]) -> None:
    classes = byte_classes(pair[0], {})
    assert sum(classes) == (1 << 256) - 1
    for mask in classes:
        members = [byte for byte in range(256) if mask >> byte & 1]
        assert len({derivative(pair[0], byte, {}) for byte in members}) == 1


@given(st.tuples(st.integers(0, 0x10FFFF), st.integers(0, 0x10FFFF)).map(sorted), st.characters(codec="utf-8"))
def test_code_points_become_their_utf8_bytes(bounds: list[int], character: str) -> None:
    low, high = bounds
    assert holds(code_points([(low, high)]), character.encode()) == (low <= ord(character) <= high)


@given(st.binary(max_size=6))
def test_any_text_is_all_valid_utf8(data: bytes) -> None:
    try:
        data.decode()
    except UnicodeDecodeError:
        assert not holds(ANY_TEXT, data)
    else:
        assert holds(ANY_TEXT, data)


@pytest.mark.parametrize("surrogate", [0xD800, 0xDBFF, 0xDC00, 0xDFFF])
def test_surrogates_are_not_characters(surrogate: int) -> None:
    assert code_points([(surrogate, surrogate)]) == NOTHING
