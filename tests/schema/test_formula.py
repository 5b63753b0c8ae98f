"""Simplification keeps the truth table."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st
from tests.garbage import left_by

from schemalm.schema.formula import (
    FALSE,
    TRUE,
    Atom,
    Constant,
    ExactlyOne,
    Formula,
    Not,
    Or,
    Question,
    all_of,
    answer,
    any_of,
    atoms,
    children,
    exactly_one,
    negate,
    possible,
    substitute,
)

NAMES = ("p", "q", "r")
NUM_QUESTIONS = 2
ATOMS: list[Formula] = [*map(Atom, NAMES), *map(Question, range(NUM_QUESTIONS))]
Table = dict[Formula, bool]

# A formula from our constructors, with the equivalent plain nested tuple.
Plain = tuple[str, tuple["Plain", ...]] | Formula


def evaluate(plain: Plain, known: Table) -> bool:
    """The truth value of an expression that was not simplified."""
    if isinstance(plain, Formula):
        return plain == TRUE if isinstance(plain, Constant) else known[plain]
    kind, parts = plain
    truths = [evaluate(part, known) for part in parts]
    table = {"and": all(truths), "or": any(truths), "one": sum(truths) == 1, "not": not truths[0]}
    return table[kind]


def truth(formula: Formula, known: Table) -> bool:
    """The truth value of a formula, by its class."""
    if isinstance(formula, Constant):
        return formula == TRUE
    if isinstance(formula, Atom):
        return known[formula]
    truths = [truth(part, known) for part in children(formula)]
    if isinstance(formula, Not):
        return not truths[0]
    if isinstance(formula, ExactlyOne):
        return sum(truths) == 1
    return any(truths) if isinstance(formula, Or) else all(truths)


def _grown(inner: st.SearchStrategy[tuple[Formula, Plain]]) -> st.SearchStrategy[tuple[Formula, Plain]]:
    several = st.lists(inner, max_size=4)
    makers = {"and": all_of, "or": any_of, "one": exactly_one}
    return st.one_of(
        *(
            several.filter(bool).map(
                lambda pairs, kind=kind, make=make: (make(p[0] for p in pairs), (kind, tuple(p[1] for p in pairs)))
            )
            for kind, make in makers.items()
        ),
        inner.map(lambda pair: (negate(pair[0]), ("not", (pair[1],)))),
    )


leaves = st.sampled_from([*ATOMS, TRUE, FALSE]).map(lambda leaf: (leaf, leaf))
formulas = st.recursive(leaves, _grown, max_leaves=12)


def tables() -> list[Table]:
    return [dict(zip(ATOMS, truths, strict=True)) for truths in product([False, True], repeat=len(ATOMS))]


@given(formulas)
def test_simplification_keeps_the_truth_table(pair: tuple[Formula, Plain]) -> None:
    formula, plain = pair
    for known in tables():
        assert truth(formula, known) == evaluate(plain, known)


@given(formulas, st.sampled_from(NAMES), st.booleans())
def test_substitution_fixes_atoms(pair: tuple[Formula, Plain], name: str, value: bool) -> None:
    replaced = substitute(pair[0], lambda atom: (TRUE if value else FALSE) if atom == Atom(name) else atom)
    assert Atom(name) not in list(atoms([replaced]))
    for known in tables():
        assert truth(replaced, known) == evaluate(pair[1], {**known, Atom(name): value})


@given(formulas, st.integers(0, 2**NUM_QUESTIONS - 1))
def test_answers_are_the_bits_of_an_outcome(pair: tuple[Formula, Plain], outcome: int) -> None:
    answered = answer(pair[0], outcome)
    assert not any(isinstance(atom, Question) for atom in atoms([answered]))
    bits = {Question(index): bool(outcome >> index & 1) for index in range(NUM_QUESTIONS)}
    for known in tables():
        assert truth(answered, known) == evaluate(pair[1], {**known, **bits})


@given(formulas)
def test_possible_is_an_upper_bound(pair: tuple[Formula, Plain]) -> None:
    bound = possible(pair[0])
    assert all(isinstance(atom, Question) for atom in atoms([bound]))
    for known in tables():
        assert truth(bound, known) or not evaluate(pair[1], known)


@given(formulas, formulas)
def test_equal_formulas_have_equal_hashes_and_texts(left: tuple[Formula, Plain], right: tuple[Formula, Plain]) -> None:
    if left[0] == right[0]:
        assert hash(left[0]) == hash(right[0])
        assert repr(left[0]) == repr(right[0])
    else:
        assert repr(left[0]) != repr(right[0])


def test_possible_is_quick_for_deeply_nested_exactly_one() -> None:
    formula: Formula = Atom("x")
    for index in range(40):
        formula = exactly_one([formula, Atom(f"{index}a"), Atom(f"{index}b")])
    assert possible(formula) == TRUE


def test_a_substitution_leaves_nothing_to_the_garbage_collector() -> None:
    formula = all_of([any_of(ATOMS[:3]), negate(all_of(ATOMS[1:4]))])
    assert left_by(lambda: substitute(formula, lambda atom: TRUE if atom == ATOMS[0] else atom)) == []
