"""Shapes of one kind: what is left of a formula once the kind of the value is known.

Assertions about other kinds are true by definition, references are opened, and the formulas about strings and numbers
become languages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from schemalm.grammar.assertions import (
    Assertion,
    Format,
    Is,
    KindIs,
    MaxLength,
    MinLength,
    Pattern,
    Reference,
    StringIn,
)
from schemalm.grammar.containers import Prompt, StringIs
from schemalm.grammar.dialects import DRAFT7
from schemalm.grammar.formula import (
    FALSE,
    TRUE,
    And,
    Atom,
    Constant,
    ExactlyOne,
    Formula,
    Not,
    Or,
    atoms_in_doubt,
    children,
    conjuncts,
    substitute,
)
from schemalm.grammar.limits import Budget, Limits
from schemalm.grammar.number_languages import exactly_one_of, misjudged, number_language
from schemalm.grammar.texts.automaton import Automaton
from schemalm.grammar.texts.formats import doubtful_texts, format_language
from schemalm.grammar.texts.language import (
    ANY_CHARACTER,
    ANY_TEXT,
    EVERYTHING,
    NOTHING,
    Derivatives,
    Language,
    Lengths,
    Repetition,
    complement,
    derivative,
    intersection,
    lengths,
    literal,
    repeat,
    union,
    words,
)
from schemalm.grammar.texts.pattern import disputed_texts, finite_texts, pattern_language


class Patterns:
    """The languages of ECMA-262 expressions; remembers them.

    most_finite: so many texts or fewer are listed.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.most_finite = limits.finite_pattern_keys
        self._languages: dict[str, Language] = {}
        self._finite: dict[str, list[str]] = {}

    def language(self, source: str) -> Language:
        """The texts in which an expression has a match; raises PatternError."""
        if source not in self._languages:
            self._languages[source] = pattern_language(source, self._limits.pattern_repeat)
        return self._languages[source]

    def finite_texts(self, source: str) -> list[str]:
        """Every text that matches, where these are few; none for other expressions."""
        if source not in self._finite:
            self._finite[source] = finite_texts(source, self.most_finite) or []
        return self._finite[source]


class Shapes:
    """Restricts formulas to kinds and turns text formulas into languages; remembers what it did."""

    def __init__(self, resolve: Callable[[str], Formula], patterns: Patterns, budget: Budget) -> None:
        self._resolve = resolve
        self.patterns = patterns
        self.automaton = Automaton(budget)
        self._restricted: dict[tuple[Formula, str], Formula] = {}
        self._languages: dict[tuple[Formula, str], Language] = {}
        self._judged: dict[tuple[Formula, str], bool] = {}
        self._finite_keys: dict[Formula, list[str]] = {}
        self._derivatives: Derivatives = {}
        self._lengths: dict[Language, Lengths] = {}

    def restrict(self, formula: Formula, kind: str) -> Formula:
        """The formula for a value of `kind`."""
        key = (formula, kind)
        if key not in self._restricted:
            parts = conjuncts(formula)
            is_other = any(isinstance(part, KindIs) and _of_kind(part, kind) == FALSE for part in parts)
            # Most formulas ask for one kind: there is nothing to be looked at for the others.
            self._restricted[key] = (
                FALSE if is_other else substitute(formula, lambda atom: self._restrict_atom(atom, kind))
            )
        return self._restricted[key]

    def _restrict_atom(self, atom: Atom, kind: str) -> Formula:
        if isinstance(atom, Reference):
            return self.restrict(self._resolve(atom.location), kind)
        if isinstance(atom, KindIs):
            return _of_kind(atom, kind)
        if isinstance(atom, Prompt):
            return atom.of_kind(kind)
        if isinstance(atom, Is):
            return atom if kind in ("null", "boolean") else FALSE
        return TRUE if isinstance(atom, Assertion) and atom.kind != kind else atom

    def texts(self, formulas: tuple[Formula, ...], kind: str) -> int:
        """The place of the strings or numbers that satisfy the first formula, judged by the others."""
        within, *judged = (self.language(formula, kind) for formula in formulas)
        excluded = misjudged(formulas) if kind == "number" else self._doubtful(formulas)
        if excluded != NOTHING:
            within = intersection([within, complement(excluded)])
        return self.automaton.place((within, *judged))

    def _doubtful(self, formulas: tuple[Formula, ...]) -> Language:
        """Strings on which a formula or its negation might be wrong: a format may hold more than its language."""
        held, *judged = formulas
        in_doubt = [*atoms_in_doubt(held), *(atom for formula in judged for atom in atoms_in_doubt(formula, False))]
        return self._doubtful_texts(in_doubt)

    def _doubtful_texts(self, in_doubt: Iterable[Atom]) -> Language:
        doubtful = []
        for atom in dict.fromkeys(in_doubt):
            if isinstance(atom, Format):
                possible, certain = doubtful_texts(atom.name), complement(self.language(atom, "string"))
                doubtful.append(certain if possible == ANY_TEXT else intersection([possible, certain]))
            elif isinstance(atom, Pattern):
                doubtful.append(disputed_texts(atom.source))
        return union(doubtful)

    def keys(self, formulas: tuple[Formula, ...], names: tuple[str, ...]) -> int:
        """The place of the keys other than `names`, judged by formulas over string assertions."""
        others: Language = ANY_TEXT
        if names:
            others = intersection([ANY_TEXT, complement(words(name.encode() for name in names))])
        doubtful = self._doubtful_texts(atom for formula in formulas for atom in atoms_in_doubt(formula, False))
        if doubtful != NOTHING:
            others = intersection([others, complement(doubtful)])
        return self.automaton.place((others, *(self.language(formula, "string") for formula in formulas)))

    def language(self, formula: Formula, kind: str) -> Language:
        """The texts of strings or numbers that satisfy a formula over assertions about that kind."""
        key = (formula, kind)
        if key not in self._languages:
            self._languages[key] = number_language(formula) if kind == "number" else self._string_language(formula)
        return self._languages[key]

    def _string_language(self, formula: Formula) -> Language:
        if isinstance(formula, Constant):
            return ANY_TEXT if formula == TRUE else NOTHING
        if isinstance(formula, And):
            return self._conjunction(children(formula))
        if isinstance(formula, Atom | Not):
            return self._conjunction((formula,))
        parts = [self.language(part, "string") for part in children(formula)]
        if isinstance(formula, Or):
            return union(parts)
        return exactly_one_of(parts)

    def _conjunction(self, parts: tuple[Formula, ...]) -> Language:
        """What all parts have in common; lengths are left out where the rest keeps them anyway."""
        minimum = max((part.count for part in parts if isinstance(part, MinLength)), default=0)
        maximum = min((part.count for part in parts if isinstance(part, MaxLength)), default=None)
        if maximum is not None and minimum > maximum:
            return NOTHING
        excluded = [self.language(children(part)[0], "string") for part in parts if isinstance(part, Not)]
        others = [part for part in parts if not isinstance(part, MinLength | MaxLength | Not)]
        held = intersection(self._text_language(part) for part in others)
        if held == EVERYTHING:
            held = repeat(ANY_CHARACTER, minimum, maximum)
        else:
            held = _bounded(held, minimum, maximum, self._lengths)
        return intersection([held, *(complement(part) for part in excluded)])

    def _text_language(self, formula: Formula) -> Language:
        if isinstance(formula, StringIn):
            return words(text.encode() for text in formula.texts)
        if isinstance(formula, StringIs):
            return literal(formula.text.encode())
        if isinstance(formula, Pattern):
            return self.patterns.language(formula.source)
        if isinstance(formula, Format):
            return format_language(formula.name, reserves_labels=formula.draft >= DRAFT7)
        return self.language(formula, "string")

    def finite_keys(self, formula: Formula) -> list[str]:
        """The keys that satisfy a formula that few texts satisfy, as far as it shows; none for others."""
        if formula not in self._finite_keys:
            restricted = self.restrict(formula, "string")
            texts = self._finite_texts(restricted) or ()
            self._finite_keys[formula] = [text for text in dict.fromkeys(texts) if self.holds(restricted, text)]
        return self._finite_keys[formula]

    def _finite_texts(self, formula: Formula) -> Sequence[str] | None:
        """Few texts, among which are all that satisfy a formula; None where it does not show that they are few."""
        if isinstance(formula, Pattern):
            return self.patterns.finite_texts(formula.source) or None
        if isinstance(formula, StringIn):
            return formula.texts if len(formula.texts) <= self.patterns.most_finite else None
        if isinstance(formula, And):
            return next((texts for part in children(formula) if (texts := self._finite_texts(part)) is not None), None)
        if isinstance(formula, Or | ExactlyOne):
            found = [self._finite_texts(part) for part in children(formula)]
            texts = [text for part in found for text in part or ()]
            return texts if None not in found and len(texts) <= self.patterns.most_finite else None
        return None

    def key_satisfies(self, name: str, formula: Formula) -> bool:
        """Whether a key satisfies a formula, of which only what is said of strings matters."""
        return self.holds(self.restrict(formula, "string"), name)

    def holds(self, formula: Formula, text: str) -> bool:
        """Whether a string satisfies a formula over string assertions; none does that is no Unicode text."""
        key = (formula, text)
        if key not in self._judged:
            self._judged[key] = self._judge(formula, text)
        return self._judged[key]

    def _judge(self, formula: Formula, text: str) -> bool:
        if isinstance(formula, Atom):
            return self._judge_atom(formula, text)
        if isinstance(formula, Constant):
            return formula == TRUE
        num_held = sum(self.holds(part, text) for part in children(formula))
        if isinstance(formula, And):
            return num_held == len(children(formula))
        if isinstance(formula, Not):
            return num_held == 0
        return num_held > 0 if isinstance(formula, Or) else num_held == 1

    def _judge_atom(self, atom: Atom, text: str) -> bool:
        if isinstance(atom, StringIn):
            return text in atom
        if isinstance(atom, MinLength):
            return len(text) >= atom.count
        if isinstance(atom, MaxLength):
            return len(text) <= atom.count
        return self.contains(self.language(atom, "string"), text)

    def contains(self, language: Language, text: str) -> bool:
        """Whether a language holds a text."""
        for byte in text.encode(errors="surrogatepass"):
            language = derivative(language, byte, self._derivatives)
            if language == NOTHING:
                return False
        return language.nullable


def _of_kind(atom: KindIs, kind: str) -> Formula:
    """What an assertion about kinds says of a value of one kind."""
    if kind in atom.kinds:
        return TRUE
    return atom.integer if kind == "number" and "integer" in atom.kinds else FALSE


def _bounded(held: Language, minimum: int, maximum: int | None, memo: dict[Language, Lengths]) -> Language:
    """The texts of `held` with a number of characters in bounds; bounds that it keeps anyway cost nothing."""
    if held.is_plain and held != NOTHING:
        least, most = lengths(held, memo)
        minimum = 0 if least >= minimum else minimum
        maximum = None if maximum is not None and most is not None and most <= maximum else maximum
        if isinstance(held, Repetition) and lengths(held.parts[0], memo) == (1, 1):
            part, fewest, largest = held.parts
            bounds = [bound for bound in (maximum, largest) if bound is not None]
            if not bounds or min(bounds) >= max(minimum, fewest):
                return repeat(part, max(minimum, fewest), min(bounds, default=None))
    if minimum == 0 and maximum is None:
        return held
    return intersection([held, repeat(ANY_CHARACTER, minimum, maximum)])
