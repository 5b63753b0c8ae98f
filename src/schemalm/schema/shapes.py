"""Restricts formulas to one kind of value.

Assertions about other kinds are true by definition, references are replaced by their targets, and formulas about
strings and numbers become languages.
"""

from __future__ import annotations

from collections.abc import Callable

from schemalm.limits import Budget
from schemalm.regular.automaton import Automaton
from schemalm.regular.language import ANY_TEXT, NOTHING, Language, complement, intersection
from schemalm.regular.words import words, words_alike
from schemalm.schema.assertions import Assertion, KindIs, Reference
from schemalm.schema.formula import FALSE, Atom, Constant, Formula, atoms_in_doubt, conjuncts, substitute
from schemalm.schema.number_languages import misjudged, number_language
from schemalm.schema.patterns import Patterns
from schemalm.schema.string_languages import StringLanguages


class Shapes:
    """Restricts formulas to kinds, and translates formulas about texts into languages; results are cached."""

    def __init__(
        self,
        resolve: Callable[[str], Formula],
        patterns: Patterns,
        budget: Budget,
        *,
        ignores_key_case: bool = False,
    ) -> None:
        """ignores_key_case: whether no two keys of an object may differ in the case of ASCII letters alone."""
        self.resolve = resolve
        self.ignores_key_case = ignores_key_case
        self.strings = StringLanguages(patterns)
        self.automaton = Automaton(budget)
        self._restricted: dict[tuple[Formula, str], Formula] = {}
        self._numbers: dict[Formula, Language] = {}
        self._finite_keys: dict[Formula, list[str]] = {}

    def restrict(self, formula: Formula, kind: str) -> Formula:
        """The formula for values of `kind`."""
        key = (formula, kind)
        if key not in self._restricted:
            parts = conjuncts(formula)
            is_other = any(isinstance(part, KindIs) and part.of_kind(kind) == FALSE for part in parts)
            # Most formulas require one kind, so nothing is left for the others.
            self._restricted[key] = (
                FALSE if is_other else substitute(formula, lambda atom: self._restrict_atom(atom, kind))
            )
        return self._restricted[key]

    def _restrict_atom(self, atom: Atom, kind: str) -> Formula:
        if isinstance(atom, Reference):
            return self.restrict(self.resolve(atom.location), kind)
        if not isinstance(atom, Assertion):
            return atom
        found = atom.of_kind(kind)
        return found if found is atom or isinstance(found, Constant) else self.restrict(found, kind)

    def text_start(self, formulas: tuple[Formula, ...], kind: str) -> int:
        """The first state of the strings or numbers that satisfy the first formula; the others are predicates."""
        domain, *others = (self.language(formula, kind) for formula in formulas)
        excluded = misjudged(formulas) if kind == "number" else self._doubtful(formulas)
        if excluded != NOTHING:
            domain = intersection([domain, complement(excluded)])
        return self.automaton.state((domain, *others))

    def _doubtful(self, formulas: tuple[Formula, ...]) -> Language:
        """Strings that a format or pattern may judge differently from its language, if an atom may be false."""
        held, *others = formulas
        in_doubt = [*atoms_in_doubt(held), *(atom for formula in others for atom in atoms_in_doubt(formula, False))]
        return self.strings.doubtful_texts(in_doubt)

    def key_start(self, formulas: tuple[Formula, ...], names: tuple[str, ...]) -> int:
        """The first state of the keys other than `names`; formulas over string assertions are predicates on them."""
        others: Language = ANY_TEXT
        if names:
            listed = words_alike if self.ignores_key_case else words
            others = intersection([ANY_TEXT, complement(listed(name.encode() for name in names))])
        doubtful = self.strings.doubtful_texts(atom for formula in formulas for atom in atoms_in_doubt(formula, False))
        if doubtful != NOTHING:
            others = intersection([others, complement(doubtful)])
        return self.automaton.state((others, *(self.strings.language(formula) for formula in formulas)))

    def language(self, formula: Formula, kind: str) -> Language:
        """The strings or numbers, as texts, that satisfy a formula over assertions about that kind."""
        if kind == "string":
            return self.strings.language(formula)
        if formula not in self._numbers:
            self._numbers[formula] = number_language(formula)
        return self._numbers[formula]

    def finite_keys(self, formula: Formula) -> list[str]:
        """The keys that satisfy a formula if it shows that they are few; otherwise empty."""
        if formula not in self._finite_keys:
            restricted = self.restrict(formula, "string")
            texts = self.strings.finite_texts(restricted) or ()
            self._finite_keys[formula] = [text for text in dict.fromkeys(texts) if self.strings.holds(restricted, text)]
        return self._finite_keys[formula]

    def key_satisfies(self, name: str, formula: Formula) -> bool:
        """Whether a key satisfies a formula; only its assertions about strings matter."""
        return self.strings.holds(self.restrict(formula, "string"), name)
