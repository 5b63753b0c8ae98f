"""Formulas over string assertions as languages of UTF-8 texts.

`minLength`, `maxLength`, `pattern`, `format` and listed strings become languages for the automaton. Whether one text
satisfies a formula is decided without the automaton.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from schemalm.regular.formats import doubtful_texts, format_language
from schemalm.regular.language import (
    ANY_CHARACTER,
    ANY_TEXT,
    EVERYTHING,
    NOTHING,
    Bounds,
    Derivatives,
    Language,
    Repetition,
    character_bounds,
    complement,
    derivative,
    intersection,
    repeat,
    sequence,
    union,
)
from schemalm.regular.pattern import disputed_texts
from schemalm.regular.words import literal, words
from schemalm.schema.dialects import DRAFT7
from schemalm.schema.formula import TRUE, And, Atom, Constant, ExactlyOne, Formula, Not, Or, children
from schemalm.schema.keywords.strings import Format, InLanguage, MaxLength, MinLength, Pattern, StringIn
from schemalm.schema.number_languages import exactly_one_of
from schemalm.schema.patterns import Patterns
from schemalm.schema.prompt import StringIs, StringLike


class StringLanguages:
    """The languages of formulas over string assertions; results are cached."""

    def __init__(self, patterns: Patterns) -> None:
        self._patterns = patterns
        self._languages: dict[Formula, Language] = {}
        self._satisfied: dict[tuple[Formula, str], bool] = {}
        self._derivatives: Derivatives = {}
        self._character_bounds: dict[Language, Bounds] = {}

    def language(self, formula: Formula) -> Language:
        """The strings that satisfy a formula."""
        if formula not in self._languages:
            self._languages[formula] = self._find_language(formula)
        return self._languages[formula]

    def _find_language(self, formula: Formula) -> Language:
        if isinstance(formula, Constant):
            return ANY_TEXT if formula == TRUE else NOTHING
        if isinstance(formula, And):
            return self._conjunction(children(formula))
        if isinstance(formula, Atom | Not):
            return self._conjunction((formula,))
        parts = [self.language(part) for part in children(formula)]
        if isinstance(formula, Or):
            return union(parts)
        return exactly_one_of(parts)

    def _conjunction(self, parts: tuple[Formula, ...]) -> Language:
        """The intersection of all parts; a length bound that the rest implies is dropped."""
        minimum = max((part.count for part in parts if isinstance(part, MinLength)), default=0)
        maximum = min((part.count for part in parts if isinstance(part, MaxLength)), default=None)
        if maximum is not None and minimum > maximum:
            return NOTHING
        excluded = [self.language(children(part)[0]) for part in parts if isinstance(part, Not)]
        others = [part for part in parts if not isinstance(part, MinLength | MaxLength | Not)]
        held = intersection(self._text_language(part) for part in others)
        if held == EVERYTHING:
            held = repeat(ANY_CHARACTER, minimum, maximum)
        else:
            held = _bounded(held, minimum, maximum, self._character_bounds)
        return intersection([held, *(complement(part) for part in excluded)])

    def _text_language(self, formula: Formula) -> Language:
        if isinstance(formula, StringIn):
            return words(text.encode() for text in formula.texts)
        if isinstance(formula, StringIs | StringLike):
            return self._prompted(formula)
        if isinstance(formula, Pattern):
            return self._patterns.language(formula.source)
        if isinstance(formula, Format):
            return format_language(formula.name, reserves_labels=formula.draft >= DRAFT7)
        if isinstance(formula, InLanguage):
            return formula.language
        return self.language(formula)

    def _prompted(self, like: StringIs | StringLike) -> Language:
        """The strings that a prompt states."""
        if isinstance(like, StringIs):
            return literal(like.text.encode())
        texts = sequence(literal(like.prefix.encode()), self._patterns.language(like.rest))
        if like.excluded is None:
            return texts
        return intersection([texts, complement(self._patterns.language(like.excluded))])

    def doubtful_texts(self, in_doubt: Iterable[Atom]) -> Language:
        """Strings that an assertion may judge differently from its language; that of a format may be too small."""
        doubtful = []
        for atom in dict.fromkeys(in_doubt):
            if isinstance(atom, Format):
                possible, certain = doubtful_texts(atom.name), complement(self.language(atom))
                doubtful.append(certain if possible == ANY_TEXT else intersection([possible, certain]))
            elif isinstance(atom, Pattern):
                doubtful.append(disputed_texts(atom.source))
        return union(doubtful)

    def finite_texts(self, formula: Formula) -> Sequence[str] | None:
        """Candidates that include every text of a formula; None if it does not show that they are few."""
        if isinstance(formula, Pattern):
            return self._patterns.finite_texts(formula.source) or None
        if isinstance(formula, StringIn):
            return formula.texts if len(formula.texts) <= self._patterns.max_finite else None
        if isinstance(formula, And):
            return next((texts for part in children(formula) if (texts := self.finite_texts(part)) is not None), None)
        if isinstance(formula, Or | ExactlyOne):
            found = [self.finite_texts(part) for part in children(formula)]
            texts = [text for part in found for text in part or ()]
            return texts if None not in found and len(texts) <= self._patterns.max_finite else None
        return None

    def holds(self, formula: Formula, text: str) -> bool:
        """Whether a string satisfies a formula over string assertions; False for strings with lone surrogates."""
        key = (formula, text)
        if key not in self._satisfied:
            self._satisfied[key] = self._test(formula, text)
        return self._satisfied[key]

    def _test(self, formula: Formula, text: str) -> bool:
        if isinstance(formula, Atom):
            return self._test_atom(formula, text)
        if isinstance(formula, Constant):
            return formula == TRUE
        num_held = sum(self.holds(part, text) for part in children(formula))
        if isinstance(formula, And):
            return num_held == len(children(formula))
        if isinstance(formula, Not):
            return num_held == 0
        return num_held > 0 if isinstance(formula, Or) else num_held == 1

    def _test_atom(self, atom: Atom, text: str) -> bool:
        if isinstance(atom, StringIn | InLanguage):
            return text in atom
        if isinstance(atom, MinLength):
            return len(text) >= atom.count
        if isinstance(atom, MaxLength):
            return len(text) <= atom.count
        return self.contains(self.language(atom), text)

    def contains(self, language: Language, text: str) -> bool:
        """Whether a language contains a text."""
        for byte in text.encode(errors="surrogatepass"):
            language = derivative(language, byte, self._derivatives)
            if language == NOTHING:
                return False
        return language.nullable


def _bounded(held: Language, minimum: int, maximum: int | None, memo: dict[Language, Bounds]) -> Language:
    """The texts of `held` with a number of characters within bounds; implied bounds are dropped."""
    if held.is_plain and held != NOTHING:
        least, most = character_bounds(held, memo)
        minimum = 0 if least >= minimum else minimum
        maximum = None if maximum is not None and most is not None and most <= maximum else maximum
        if isinstance(held, Repetition) and character_bounds(held.parts[0], memo) == (1, 1):
            part, fewest, largest = held.parts
            bounds = [bound for bound in (maximum, largest) if bound is not None]
            if not bounds or min(bounds) >= max(minimum, fewest):
                return repeat(part, max(minimum, fewest), min(bounds, default=None))
    if minimum == 0 and maximum is None:
        return held
    return intersection([held, repeat(ANY_CHARACTER, minimum, maximum)])
