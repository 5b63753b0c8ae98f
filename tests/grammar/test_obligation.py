"""Obligations split at a child into the child's obligation and the rest, which the child's outcome settles."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemalm.grammar.obligation import Move, Obligation, must_hold, split_at_child
from schemalm.schema.formula import (
    FALSE,
    TRUE,
    Atom,
    Formula,
    Question,
    all_of,
    any_of,
    child_has,
    exactly_one,
    negate,
)

P, Q, R = Atom("p"), Atom("q"), Atom("r")
A, B = Atom("a"), Atom("b")


def moving(table: dict[Formula, tuple[Formula, Formula]]) -> Move:
    """Returns a move by a table: for each assertion, the shape of the child and what the assertion becomes."""
    return lambda atom: all_of([child_has(table[atom][0]), table[atom][1]])


def truths(obligation: Obligation, known: dict[Formula, bool]) -> int | None:
    """Returns the outcome of an obligation whose assertions are known."""
    return obligation.map(lambda atom: TRUE if known[atom] else FALSE).outcome()


def test_a_conjunction_asks_one_question() -> None:
    split = split_at_child(must_hold(all_of([P, Q])), moving({P: (A, P), Q: (B, TRUE)}))
    assert split is not None
    child, rest = split
    assert child == must_hold(all_of([A, B]))
    assert rest.formulas == (P,)
    assert not rest.needs_outcome


def test_an_undecided_disjunction_waits_for_the_outcome() -> None:
    split = split_at_child(must_hold(any_of([P, Q])), moving({P: (A, P), Q: (B, Q)}))
    assert split is not None
    child, rest = split
    assert child.formulas == (TRUE, A, B)
    assert rest.needs_outcome
    assert rest.after_child(0b010 | 1).formulas == (P,)
    assert rest.after_child(0b100 | 1).formulas == (Q,)
    assert rest.after_child(0b110 | 1).formulas == (any_of([P, Q]),)
    assert not rest.after_child(1).is_open
    assert not child.admits(1)
    assert child.admits(0b011)


def test_a_forced_answer_becomes_part_of_the_child() -> None:
    split = split_at_child(must_hold(all_of([P, negate(Q)])), moving({P: (A, TRUE), Q: (B, TRUE)}))
    assert split is not None
    assert split[0] == must_hold(all_of([A, negate(B)]))
    assert split[1].formulas == (TRUE,)


def test_an_obligation_that_cannot_be_fulfilled_has_no_split() -> None:
    assert split_at_child(must_hold(P), moving({P: (FALSE, TRUE)})) is None
    assert split_at_child(must_hold(all_of([P, negate(Q)])), moving({P: (A, TRUE), Q: (TRUE, TRUE)})) is None


def test_equal_shapes_are_asked_once() -> None:
    split = split_at_child(must_hold(exactly_one([P, Q, R])), moving({P: (A, P), Q: (A, Q), R: (B, R)}))
    assert split is not None
    assert split[0].formulas == (TRUE, A, B)


def test_an_outcome_has_a_bit_for_every_formula() -> None:
    either = Obligation((TRUE, FALSE, TRUE), any_of([Question(1), Question(2)]))
    assert either.outcome() == 0b101
    assert Obligation((TRUE, TRUE), negate(Question(1))).outcome() is None


def test_nested_obligations_compose_the_allowed_outcomes() -> None:
    obligation = Obligation((P, Q), exactly_one([Question(0), Question(1)]))
    split = split_at_child(obligation, moving({P: (A, TRUE), Q: (A, TRUE)}))
    assert split is None, "both formulas have the same answer, so exactly one of them cannot hold"


def test_a_child_may_end_an_assertion_in_either_of_two_ways() -> None:
    counts = any_of([all_of([child_has(A), Q]), all_of([negate(child_has(A)), P])])
    split = split_at_child(must_hold(P), lambda atom: counts)
    assert split is not None
    child, rest = split
    assert child.formulas == (TRUE, A)
    assert rest.after_child(0b11).formulas == (Q,)
    assert rest.after_child(0b01).formulas == (P,)
    assert rest.needs_outcome
    assert not rest.after_child(0b01).needs_outcome


def test_an_obligation_of_one_formula_accepts_one_outcome() -> None:
    assert must_hold(P).is_single
    assert not Obligation((P, Q), Question(0)).is_single
    assert not must_hold(FALSE).is_open
    assert must_hold(P).is_open


formulas = st.recursive(
    st.sampled_from([P, Q, R, TRUE, FALSE]),
    lambda inner: st.one_of(
        inner.map(negate),
        *(st.lists(inner, min_size=1, max_size=3).map(make) for make in (all_of, any_of, exactly_one)),
    ),
    max_leaves=6,
)
SHAPES = (A, B, negate(A), all_of([A, B]), TRUE, FALSE)


@pytest.mark.slow
@settings(max_examples=300)
@given(
    st.lists(formulas, min_size=1, max_size=2),
    st.dictionaries(
        st.sampled_from([P, Q, R]), st.tuples(st.sampled_from(SHAPES), st.sampled_from([P, Q, TRUE, FALSE])), min_size=3
    ),
)
def test_splitting_at_a_child_keeps_the_outcome(
    asked_for: list[Formula], table: dict[Formula, tuple[Formula, Formula]]
) -> None:
    """For every child and rest, the outcome through the split is the outcome without it."""
    obligation = Obligation(tuple(asked_for), Question(0))
    split = split_at_child(obligation, moving(table))
    for bits in product([False, True], repeat=5):
        known: dict[Formula, bool] = dict(zip((A, B, P, Q, R), bits, strict=True))
        answered = {atom: all_of([_truth(shape, known), after]) for atom, (shape, after) in table.items()}
        expected = truths(obligation.map(answered.__getitem__), known)
        found = None
        if split is not None and (outcome := truths(split[0], known)) is not None:
            found = truths(split[1].after_child(outcome), known)
        assert found == expected


def _truth(formula: Formula, known: dict[Formula, bool]) -> Formula:
    return FALSE if truths(must_hold(formula), known) is None else TRUE
