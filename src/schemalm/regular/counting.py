"""Languages that depend only on the number of characters, such as the texts of at least 5 characters.

In: an expression. Out: the number of characters in its shortest text, found without a search.
"""

from __future__ import annotations

from schemalm.regular.language import (
    ANY_CHARACTER,
    EMPTY,
    NOTHING,
    AnyText,
    Complement,
    Intersection,
    Language,
    Repetition,
    Union,
)


def is_counter(language: Language) -> bool:
    """Whether a language contains exactly the texts whose number of characters is within bounds."""
    return isinstance(language, Repetition) and language.parts[0] == ANY_CHARACTER


def least_count(language: Language) -> int | None:
    """The characters of the shortest text of an intersection that depends only on their number, however large.

    -1 if it is empty; None for other languages.
    """
    if not isinstance(language, Intersection):
        return None
    if (numbers := _critical_counts(language)) is None:
        return None
    return next((number for number in sorted(numbers) if _contains_count(language, number)), -1)


def _critical_counts(language: Language) -> set[int] | None:
    """The numbers of characters at which the language may change; None if it depends on more than the number."""
    if isinstance(language, AnyText) or language in (EMPTY, NOTHING):
        return {0, 1}
    if is_counter(language):
        _, minimum, maximum = language.parts
        return {0, minimum, *(() if maximum is None else (maximum + 1,))}
    if not isinstance(language, Union | Intersection | Complement):
        return None
    numbers: set[int] = set()
    for part in language.operands():
        if (found := _critical_counts(part)) is None:
            return None
        numbers |= found
    return numbers


def _contains_count(language: Language, number: int) -> bool:
    if is_counter(language):
        _, minimum, maximum = language.parts
        return bool(minimum <= number and (maximum is None or number <= maximum))
    held = (_contains_count(part, number) for part in language.operands())
    if isinstance(language, Complement):
        return not next(held)
    if isinstance(language, Union | Intersection):
        return all(held) if isinstance(language, Intersection) else any(held)
    return isinstance(language, AnyText) or (language == EMPTY and number == 0)
