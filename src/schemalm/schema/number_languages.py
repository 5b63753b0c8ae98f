"""Formulas over number assertions as languages of decimal texts.

A text is tested as it is. A float keeps at most 17 digits, so a text and the number that it denotes may be judged
differently; `misjudged` finds these texts, and they are excluded.
"""

from __future__ import annotations

from collections.abc import Iterable

from schemalm.regular.bounds import at_least, at_most, exact_value, misjudged_by_bound
from schemalm.regular.language import (
    EVERYTHING,
    NOTHING,
    Language,
    complement,
    intersection,
    sequence,
    union,
)
from schemalm.regular.multiples import misjudged_by_divisor, multiples
from schemalm.regular.numbers import (
    integer_texts,
    is_integer_text,
    misleading_fractions,
    non_integer_texts,
    number_texts,
    other_spellings,
)
from schemalm.regular.words import MAX_WORDS, literal, words
from schemalm.schema.assertions import IsInteger
from schemalm.schema.formula import TRUE, And, Atom, Constant, Formula, Not, Or, atoms, children, conjuncts
from schemalm.schema.keywords.numbers import Maximum, Minimum, MultipleOf, NumberIn
from schemalm.schema.prompt import NumberBegins


def number_language(formula: Formula) -> Language:
    """The number texts that satisfy a formula over number assertions."""
    parts = conjuncts(formula)
    base = number_texts()
    others = []
    for part in parts:
        inner = children(part)[0] if isinstance(part, Not) else part
        if isinstance(inner, IsInteger) and base == number_texts():
            base = integer_texts(inner.fractions) if inner is part else non_integer_texts(inner.fractions)
        else:
            others.append(part)
    return intersection([base, *_in_common(others)])


def misjudged(formulas: tuple[Formula, ...]) -> Language:
    """Texts whose number a formula may judge differently; the first formula must be true, the others may be false."""
    found = []
    spellings: set[str] = set()
    held, *others = formulas
    parts = conjuncts(held)
    # Of a long list, only the `repr` of its numbers is written.
    is_listed = any(isinstance(part, NumberIn) and len(part.texts) > MAX_WORDS for part in parts)
    for atom in atoms(formulas):
        if isinstance(atom, NumberIn) and not is_listed:
            spellings |= {other for text in atom.texts if not is_integer_text(text) for other in other_spellings(text)}
        elif isinstance(atom, Minimum | Maximum):
            found.append(misjudged_by_bound(atom.parts[0]))
        elif isinstance(atom, MultipleOf):
            found.append(misjudged_by_divisor(atom.parts[0]))
    # `integer_texts` contains no misleading fractions, so an integer conjunct needs no exclusion.
    loose = (part for part in parts if not isinstance(children(part)[0] if isinstance(part, Not) else part, Atom))
    if any(isinstance(atom, IsInteger) and atom.fractions for atom in atoms([*loose, *others])):
        found.append(misleading_fractions())
    return union([*found, words(text.encode() for text in spellings)])


def _language(formula: Formula) -> Language:
    if isinstance(formula, Constant):
        return EVERYTHING if formula == TRUE else NOTHING
    if isinstance(formula, Atom):
        return _atom_language(formula)
    parts = children(formula)
    if isinstance(formula, And):
        return intersection(_in_common(parts))
    if isinstance(formula, Or):
        return union(map(_language, parts))
    if isinstance(formula, Not):
        return _negation(parts[0])
    return exactly_one_of([_language(part) for part in parts])


def _negation(formula: Formula) -> Language:
    """The texts that do not satisfy a formula; bounds are reversed, and connectives are negated by De Morgan's laws."""
    if isinstance(formula, And):
        return union(map(_negation, children(formula)))
    if isinstance(formula, Or):
        return intersection(map(_negation, children(formula)))
    if isinstance(formula, Minimum | Maximum):
        return _atom_language(_negated_bound(formula))
    return complement(_language(formula))


def _negated_bound(bound: Minimum | Maximum) -> Minimum | Maximum:
    """The bound that is true of exactly the numbers that break `bound`."""
    value, exclusive = bound.parts
    return Maximum(value, not exclusive) if isinstance(bound, Minimum) else Minimum(value, not exclusive)


def _in_common(parts: Iterable[Formula]) -> list[Language]:
    """Languages whose intersection satisfies all parts: one for all divisors, and one for each kind of bound."""
    divisors: list[int | float] = []
    bounds: dict[type, Minimum | Maximum] = {}
    found = []
    for part in parts:
        inner = children(part)[0] if isinstance(part, Not) else part
        if isinstance(part, MultipleOf):
            divisors.append(part.parts[0])
        elif isinstance(inner, Minimum | Maximum):
            bound = inner if inner is part else _negated_bound(inner)
            bounds[type(bound)] = _stricter(bound, bounds.get(type(bound), bound))
        else:
            found.append(_language(part))
    found += map(_atom_language, bounds.values())
    return [*found, multiples(*divisors)] if divisors else found


def _stricter(bound: Minimum | Maximum, other: Minimum | Maximum) -> Minimum | Maximum:
    """The stricter bound."""
    (value, exclusive), (other_value, other_exclusive) = bound.parts, other.parts
    difference = exact_value(value).compare(exact_value(other_value))
    if not difference:
        return bound if exclusive >= other_exclusive else other
    return bound if (difference > 0) == isinstance(bound, Minimum) else other


def exactly_one_of(parts: list[Language]) -> Language:
    """The texts that are in exactly one of the languages."""
    # For each group: the texts in none and in exactly one of its languages; pairs are joined, so the depth stays low.
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
    if isinstance(atom, NumberBegins):
        return sequence(literal(atom.parts[0].encode()), EVERYTHING)
    if isinstance(atom, Minimum):
        return at_least(*atom.parts)
    if isinstance(atom, Maximum):
        return at_most(*atom.parts)
    if isinstance(atom, MultipleOf):
        return multiples(atom.parts[0])
    assert isinstance(atom, IsInteger)
    return integer_texts(atom.fractions)
