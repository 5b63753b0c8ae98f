"""The language of texts with expressions: what it contains, its shortest ends, and its states."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rules.expressions.slow_parser import is_allowed
from tests.rules.expressions.workflow_places import PLACES, checked_place, free_place

from schemalm.limits import Budget, Limits
from schemalm.regular.automaton import Automaton
from schemalm.regular.language import Language, digest
from schemalm.rules.expressions import ExpressionLanguage, ExpressionPlace, expression_language

ALLOWED = {
    "free text": [
        "",
        "no expression, } $ ${ or }}",
        "${{ github.ref }} and ${{env.a-b}}",
        "${{ 'it''s }}' }}",
        "${{ github.event['a'].b[0].*.c }}",
        "${{ needs.build.outputs.x || steps['a b'].outputs.y }}",
        "${{ needs.*.result }}${{ needs[env.x].outputs.y }}",
        "${{ GitHub.REF == null && !(1 < 2) || -1.5e3 >= 0xFF }}",
        "${{\n  format('{0} {{ {1}', 1, 2)\n}}",
        "${{ case(1, 2, 3, 4, 5) }}",
        "${{ (github).x }}",
        "é${{ 'é😀' }}",
    ],
    "free condition": [
        "github.ref",
        " always() ",
        " ${{ always() }}\n",
        "github.ref == format('a{0}', 1)",
        "'}}' == 'x'",
    ],
    "free whole": ["${{ github }}"],
    "checked text": [
        "${{ github.repositoryurl }}",
        '${{ contains(fromJSON(\'["a", {"b": [1.5e3, null]}]\'), env.x) }}',
        "${{ github.event.a && 'x' || github.ref }}",
        "${{ github['ref'] }}",
        "${{ vars.GITHU }}",
        """${{ fromJSON('{"a": 1}').b && fromJSON('["a"]')[0] && fromJSON('{}')[env.x] }}""",
        "${{ format('{1}{0}', 1, 2) }}",
    ],
    "checked number": ["${{ github.event.x && 5 || 10 }}", "${{ fromJSON(env.x) }}"],
    "checked object": ["${{ github }}", "${{ fromJSON('{}') }}"],
}
REFUSED = {
    "free text": [
        "${{",
        "${{ }}",
        "${{ github.ref }",
        '${{ "a" }}',
        "${{ other.x }}",
        "${{ contains(1) }}",
        "${{ contains(1, 2,) }}",
        "${{ case(1, 2) }}",
        "${{ format('{1}', 1) }}",
        "${{ format('{a}') }}",
        "${{ 1 = 1 }}",
        "${{ 'a'.b }}",
        "${{ .5 }}${{ 1. }}",
        "${{ +1 }}",
        "${{ 010 }}",
        "${{ 2147483648 }}",
        "${{ needs .a }}",
        "${{ needs.a. outputs }}",
        "${{ needs.a.output }}",
        "${{ steps[''] }}",
        "${{ github[*] }}",
        "${{ True }}",
        "${{ true() }}",
        "${{ ${{ 1 }} }}",
    ],
    "free condition": [
        "",
        " ",
        "${{ a }} == b",
        "${{ github }}${{ github }}",
        "contains('${{ a }}', 1)",
        "format('a {0}', 1)",
        "github ==",
    ],
    "free whole": ["", "x${{ 1 }}", "${{ 1 }} "],
    "free none": ["a ${{ 1 }}"],
    "checked text": [
        "${{ github }}",
        "${{ null }}",
        "${{ github.other }}",
        "${{ github['REF'] }}",
        "${{ github.ref.x }}",
        "${{ 1 < true }}",
        "${{ 1 < 2 < 3 }}",
        "${{ github == 1 }}",
        "${{ contains(github, 'a') }}",
        "${{ fromJSON('{]') }}",
        "${{ fromJSON(('x')) }}",
        "${{ fromJSON('[]') }}",
        "${{ fromJSON('1').a }}",
        "${{ format('{0}', 1, 2) }}",
        "${{ format('{1}', 1, 2) }}",
        "${{ vars.a-b }}",
        "${{ vars.github_x }}",
        "${{ vars['GITHUB_x'] }}",
        "${{ vars['a-b'] }}",
    ],
    "checked number": ["${{ 'a' }}", "${{ github.ref }}"],
    "checked object": ["${{ 1 }}"],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in ALLOWED.items() for text in texts])
def test_texts_that_are_allowed(name: str, text: str) -> None:
    assert expression_language(PLACES[name]).contains(text)


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in REFUSED.items() for text in texts])
def test_texts_that_are_refused(name: str, text: str) -> None:
    assert not expression_language(PLACES[name]).contains(text)


def test_brackets_nest_as_deep_as_the_place_says() -> None:
    language = expression_language(free_place("text", depth=3))
    assert language.contains("${{ (((1))) }}")
    assert not language.contains("${{ ((((1)))) }}")


def test_a_kind_without_names_leaves_its_context_standing_alone() -> None:
    language = expression_language(free_place("text"), frozenset({"job"}))
    assert language.contains("${{ needs }}")
    assert not language.contains("${{ needs.a }}")
    assert not language.contains("${{ needs['a'] }}")
    assert not language.contains("${{ needs.* }}")
    assert language.contains("${{ steps.a }}")


def test_names_of_states_do_not_depend_on_closed_kinds() -> None:
    closed = expression_language(free_place("text"), frozenset({"job"}))
    for text in (b"", b"${{ ne", b"${{ needs", b"${{ format('{0}', (steps['a"):
        first, second = expression_language(free_place("text")).run(text), closed.run(text)
        assert first is not None and second is not None
        assert first != second
        assert first.told() == second.told()


def test_names_of_states_are_the_same_in_every_process() -> None:
    program = (
        "from tests.rules.expressions.workflow_places import PLACES\n"
        "from schemalm.rules.expressions import expression_language\n"
        "for place in PLACES.values():\n"
        "    print(expression_language(place).run(b'').told())\n"
        "print(expression_language(PLACES['checked text']).run(b\"${{ format('{0}', github.ev\").told())\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(["src", "."])},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def steps(language: ExpressionLanguage, memo: dict[Language, tuple[int, ...]]) -> list[list[int]]:
    """The bytes that may come, in groups with one outcome."""
    groups = [[byte for byte in range(256) if mask >> byte & 1] for mask in language.classes(memo)]
    return [group for group in groups if language.next(group[0]) is not None]


def walk(place: ExpressionPlace, seed: int, num_bytes: int) -> tuple[list[ExpressionLanguage], bytes]:
    """The states of a random text, and the text."""
    drawn = random.Random(seed)
    language = expression_language(place)
    states, text = [language], b""
    if place.form == "text":
        text = b"${{"
        opened = language.run(text)
        assert opened is not None
        language = opened
    for _ in range(num_bytes):
        if not (groups := steps(language, {})):
            break
        byte = drawn.choice(drawn.choice(groups))
        after = language.next(byte)
        assert after is not None
        language, text = after, text + bytes([byte])
        states.append(language)
    return states, text


@pytest.mark.parametrize("name", PLACES)
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**6), num_bytes=st.integers(1, 60))
def test_every_prefix_with_its_shortest_end_is_allowed(name: str, seed: int, num_bytes: int) -> None:
    for state in walk(PLACES[name], seed, num_bytes)[0]:
        end = state.example({})
        assert end is not None
        assert len(end) == state.min_bytes({})
        assert state.nullable == (not end)
        current = state
        for position, byte in enumerate(end):
            after = current.next(byte)
            assert after is not None
            current = after
            assert current.min_bytes({}) == len(end) - position - 1
        assert current.nullable


@pytest.mark.parametrize("name", PLACES)
@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_no_byte_shortens_the_end_by_more_than_itself(name: str, seed: int) -> None:
    for state in walk(PLACES[name], seed, 30)[0]:
        for byte in range(256):
            after = state.next(byte)
            assert after is None or after.min_bytes({}) >= state.min_bytes({}) - 1


@pytest.mark.parametrize("name", PLACES)
@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_bytes_of_one_class_lead_to_one_state(name: str, seed: int) -> None:
    for state in walk(PLACES[name], seed, 30)[0]:
        outcomes: dict[ExpressionLanguage | None, int] = {}
        for byte in range(256):
            outcomes[state.next(byte)] = outcomes.get(state.next(byte), 0) | 1 << byte
        assert sorted(outcomes.values()) == sorted(state.classes({}))


@pytest.mark.parametrize("name", [name for name in PLACES if name.startswith("free")])
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), num_bytes=st.integers(1, 50))
def test_random_texts_are_allowed_by_a_slow_parser(name: str, seed: int, num_bytes: int) -> None:
    states, text = walk(PLACES[name], seed, num_bytes)
    whole = (text + (states[-1].example({}) or b"")).decode()
    assert is_allowed(PLACES[name].form, whole), whole


CHARACTERS = st.sampled_from([*"(){}[].,'!=<>&|*- $01a_\"", "needs", "steps.", "{0}", "''", "format(", "${{", "}}"])


@pytest.mark.parametrize("name", [name for name in PLACES if name.startswith("free")])
@settings(max_examples=60, deadline=None)
@given(data=st.data(), seed=st.integers(0, 10**6), num_bytes=st.integers(1, 40))
def test_changed_texts_are_allowed_as_a_slow_parser_says(
    name: str, data: st.DataObject, seed: int, num_bytes: int
) -> None:
    states, text = walk(PLACES[name], seed, num_bytes)
    whole = (text + (states[-1].example({}) or b"")).decode()
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(whole)))
        whole = whole[:start] + data.draw(CHARACTERS) + whole[start + data.draw(st.integers(0, 2)) :]
    assert expression_language(PLACES[name]).contains(whole) == is_allowed(PLACES[name].form, whole), whole


def test_an_automaton_reads_and_completes_texts() -> None:
    automaton = Automaton(Budget(Limits()))
    start = automaton.state((expression_language(free_place("text")),))
    state = automaton.run(b"${{ contains(github", start)
    assert automaton.distance(state, frozenset({1})) == len(",1)}}")
    text = b""
    while not automaton.outcome(state):
        byte = automaton.closest_byte(state, frozenset({1}))
        state, text = automaton.step(state, byte), text + bytes([byte])
    assert len(text) == len(",1)}}")


def test_states_have_different_names() -> None:
    first = expression_language(free_place("text"))
    second = first.run(b"${{ ")
    assert second is not None
    assert digest(first, {}) != digest(second, {})
    assert digest(first, {}) != digest(expression_language(checked_place("text")), {})
