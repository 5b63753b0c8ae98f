"""Inquiries split at a child: what it is asked, and what its verdict settles."""

from __future__ import annotations

from schemalm.grammar.formula import FALSE, TRUE, Atom, Formula, Question, all_of, any_of, exactly_one, negate
from schemalm.grammar.inquiry import Inquiry, ask, must_hold

P, Q, R = Atom("p"), Atom("q"), Atom("r")
A, B = Atom("a"), Atom("b")


def moving(table: dict[Formula, tuple[Formula, Formula]]):
    """A move by a table: what each assertion asks of the child, and what it becomes."""
    return lambda atom: table[atom]


def test_a_conjunction_asks_one_question() -> None:
    split = ask(must_hold(all_of([P, Q])), moving({P: (A, P), Q: (B, TRUE)}))
    assert split is not None
    child, rest = split
    assert child == must_hold(all_of([A, B]))
    assert rest.formulas == (P,)
    assert not rest.waits


def test_an_undecided_disjunction_waits_for_the_verdict() -> None:
    split = ask(must_hold(any_of([P, Q])), moving({P: (A, P), Q: (B, Q)}))
    assert split is not None
    child, rest = split
    assert child.formulas == (TRUE, A, B)
    assert rest.waits
    assert rest.answered(0b010 | 1).formulas == (P,)
    assert rest.answered(0b100 | 1).formulas == (Q,)
    assert rest.answered(0b110 | 1).formulas == (any_of([P, Q]),)
    assert not rest.answered(1).is_open
    assert not child.admits(1)
    assert child.admits(0b011)


def test_a_forced_answer_is_asked_for_and_not_waited_for() -> None:
    split = ask(must_hold(all_of([P, negate(Q)])), moving({P: (A, TRUE), Q: (B, TRUE)}))
    assert split is not None
    assert split[0] == must_hold(all_of([A, negate(B)]))
    assert split[1].formulas == (TRUE,)


def test_without_a_way_on_there_is_no_split() -> None:
    assert ask(must_hold(P), moving({P: (FALSE, TRUE)})) is None
    assert ask(must_hold(all_of([P, negate(Q)])), moving({P: (A, TRUE), Q: (TRUE, TRUE)})) is None


def test_equal_shapes_are_asked_once() -> None:
    split = ask(must_hold(exactly_one([P, Q, R])), moving({P: (A, P), Q: (A, Q), R: (B, R)}))
    assert split is not None
    assert split[0].formulas == (TRUE, A, B)


def test_a_verdict_has_a_bit_for_every_formula() -> None:
    either = Inquiry((TRUE, FALSE, TRUE), any_of([Question(1), Question(2)]))
    assert either.verdict() == 0b101
    assert Inquiry((TRUE, TRUE), negate(Question(1))).verdict() is None


def test_an_inquiry_inside_an_inquiry_composes_what_is_allowed() -> None:
    inquiry = Inquiry((P, Q), exactly_one([Question(0), Question(1)]))
    split = ask(inquiry, moving({P: (A, TRUE), Q: (A, TRUE)}))
    assert split is None, "both formulas have the same answer, so exactly one of them cannot hold"
