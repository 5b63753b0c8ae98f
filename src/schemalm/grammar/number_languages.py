"""Formulas over number assertions as languages of decimal texts.

Texts are judged as they stand. Those of which the number that they stand for would be judged otherwise, because a float
keeps 17 digits at most, are told by `misjudged` and left out of what may be written.
"""

from __future__ import annotations

from schemalm.grammar.assertions import IsInteger, Maximum, Minimum, MultipleOf, NumberIn
from schemalm.grammar.formula import TRUE, And, Atom, Constant, Formula, Not, Or, atoms, children
from schemalm.grammar.texts.bounds import at_least, at_most, misjudged_by_bound
from schemalm.grammar.texts.language import EVERYTHING, NOTHING, Language, complement, intersection, union, words
from schemalm.grammar.texts.multiples import misjudged_by_divisor, multiples
from schemalm.grammar.texts.numbers import (
    integer_texts,
    is_integer_text,
    misleading_fractions,
    non_integer_texts,
    number_texts,
    other_texts,
)


def number_language(formula: Formula) -> Language:
    """The number texts that satisfy a formula over number assertions."""
    parts = children(formula) if isinstance(formula, And) else (formula,)
    base = number_texts()
    others = []
    for part in parts:
        inner = children(part)[0] if isinstance(part, Not) else part
        if isinstance(inner, IsInteger) and base == number_texts():
            base = integer_texts(inner.fractions) if inner is part else non_integer_texts(inner.fractions)
        else:
            others.append(_language(part))
    return intersection([base, *others])


def misjudged(formulas: tuple[Formula, ...]) -> Language:
    """The texts of numbers on which a formula, or its negation, would be wrong; the first one has to hold."""
    found = []
    for atom in atoms(formulas):
        if isinstance(atom, NumberIn):
            found += [other_texts(text) for text in atom.texts if not is_integer_text(text)]
        elif isinstance(atom, Minimum | Maximum):
            found.append(misjudged_by_bound(atom.parts[0]))
        elif isinstance(atom, MultipleOf):
            found.append(misjudged_by_divisor(atom.parts[0]))
    held, *judged = formulas
    # A conjunct about integers is a language that is free of these.
    parts = children(held) if isinstance(held, And) else (held,)
    loose = (part for part in parts if not isinstance(children(part)[0] if isinstance(part, Not) else part, Atom))
    if any(isinstance(atom, IsInteger) and atom.fractions for atom in atoms([*loose, *judged])):
        found.append(misleading_fractions())
    return union(found)


def _language(formula: Formula) -> Language:
    if isinstance(formula, Constant):
        return EVERYTHING if formula == TRUE else NOTHING
    if isinstance(formula, Atom):
        return _atom_language(formula)
    parts = [_language(part) for part in children(formula)]
    if isinstance(formula, And):
        return intersection(parts)
    if isinstance(formula, Or):
        return union(parts)
    if isinstance(formula, Not):
        return complement(parts[0])
    return exactly_one_of(parts)


def exactly_one_of(parts: list[Language]) -> Language:
    """The texts that are in one of the languages and in no other."""
    # Texts in none and in exactly one of some languages; pairs are joined, so that expressions stay shallow.
    counted = [(complement(part), part) for part in parts]
    while len(counted) > 1:
        pairs = zip(counted[::2], counted[1::2], strict=False)
        joined = [
            (
                intersection([none, other_none]),
                union([intersection([one, other_none]), intersection([none, other_one])]),
            )
            for (none, one), (other_none, other_one) in pairs
        ]
        counted = joined + counted[len(joined) * 2 :]
    return counted[0][1] if counted else NOTHING


def _atom_language(atom: Atom) -> Language:
    if isinstance(atom, NumberIn):
        return words(text.encode() for text in atom.texts)
    if isinstance(atom, Minimum):
        return at_least(*atom.parts)
    if isinstance(atom, Maximum):
        return at_most(*atom.parts)
    if isinstance(atom, MultipleOf):
        return multiples(atom.parts[0])
    assert isinstance(atom, IsInteger)
    return integer_texts(atom.fractions)
