"""Digits that make a number a multiple of several divisors at once, found by arithmetic instead of a search.

In: a language of number texts that contains conditions such as those of `multiples.py`. Out: a few texts of digits
that meet one choice of the conditions; the rest of the language may still exclude them. Source of the arithmetic: the
Chinese remainder theorem.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import reduce
from itertools import islice, product

from schemalm.regular.language import Computed, Congruence, Intersection, Language, Union

# All numbers with one remainder for a modulus: (modulus, remainder).
Class = tuple[int, int]
# Choices of conditions that are tried, and numbers of digits that are tried for each choice.
MAX_CHOICES = 12
MAX_LENGTHS = 3


def completions(language: Language, least: int) -> Iterator[bytes]:
    """Yield texts of at least `least` digits that complete numbers to meet the conditions inside a language.

    They are guesses: each meets one choice of conditions, and the language may have others. The caller has to check
    that the language contains them.
    """
    choices = dict.fromkeys(frozenset(choice) for choice in islice(_choices(language), MAX_CHOICES))
    for choice in choices:
        if choice:
            fewest = max(1, least, *(missing for _, _, missing in choice))
            for num_digits in range(fewest, fewest + MAX_LENGTHS):
                yield from _digits(choice, num_digits)


def _choices(language: Language) -> Iterator[tuple[Congruence, ...]]:
    """Yield sets of conditions: one alternative of each union, all parts of each intersection."""
    if isinstance(language, Computed):
        condition = language.congruence()
        yield () if condition is None else (condition,)
    elif isinstance(language, Union):
        for part in language.operands():
            yield from _choices(part)
    elif isinstance(language, Intersection):
        several = product(*(list(islice(_choices(part), MAX_CHOICES)) for part in language.operands()))
        yield from (tuple(condition for choice in chosen for condition in choice) for chosen in several)
    else:
        yield ()


def _digits(conditions: Iterable[Congruence], num_digits: int) -> Iterator[bytes]:
    """Yield the smallest and the largest `num_digits` digits that meet all conditions."""
    power = 10**num_digits
    needed = ((modulus, -remainder * power % modulus) for modulus, remainder, _ in conditions)
    every: Class | None = (1, 0)
    common = reduce(_combine, needed, every)
    if common is None:
        return
    modulus, smallest = common
    if smallest < power:
        for number in dict.fromkeys([smallest, power - 1 - (power - 1 - smallest) % modulus]):
            yield str(number).zfill(num_digits).encode()


def _combine(first: Class | None, second: Class) -> Class | None:
    """The numbers with one remainder for the first modulus and another for the second; None if there are none."""
    if first is None:
        return None
    (modulus, remainder), (other_modulus, other_remainder) = first, second
    divisor = math.gcd(modulus, other_modulus)
    if (other_remainder - remainder) % divisor:
        return None
    steps = (other_remainder - remainder) // divisor * pow(modulus // divisor, -1, other_modulus // divisor)
    common = modulus // divisor * other_modulus
    return common, (remainder + modulus * steps) % common
