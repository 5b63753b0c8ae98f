"""Shapes of one kind: what is left of a formula once the kind of the value is known.

Assertions about other kinds are true by definition, references are opened, and the formulas about strings and numbers
become languages.
"""

from __future__ import annotations

from collections.abc import Callable

from schemalm.limits import Budget
from schemalm.regular.automaton import Automaton
from schemalm.regular.language import ANY_TEXT, NOTHING, Language, complement, intersection, words
from schemalm.schema.assertions import Assertion, Is, KindIs, Reference
from schemalm.schema.formula import FALSE, TRUE, Atom, Formula, atoms_in_doubt, conjuncts, substitute
from schemalm.schema.number_languages import misjudged, number_language
from schemalm.schema.patterns import Patterns
from schemalm.schema.prompt import Prompt
from schemalm.schema.string_languages import StringLanguages


class Shapes:
    """Restricts formulas to kinds and turns text formulas into languages; remembers what it did."""

    def __init__(self, resolve: Callable[[str], Formula], patterns: Patterns, budget: Budget) -> None:
        self.resolve = resolve
        self.strings = StringLanguages(patterns)
        self.automaton = Automaton(budget)
        self._restricted: dict[tuple[Formula, str], Formula] = {}
        self._numbers: dict[Formula, Language] = {}
        self._finite_keys: dict[Formula, list[str]] = {}

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
            return self.restrict(self.resolve(atom.location), kind)
        if isinstance(atom, KindIs):
            return _of_kind(atom, kind)
        if isinstance(atom, Prompt):
            return atom.of_kind(kind)
        if isinstance(atom, Is):
            return atom if kind in ("null", "boolean") else FALSE
        return TRUE if isinstance(atom, Assertion) and atom.kind != kind else atom

    def texts(self, formulas: tuple[Formula, ...], kind: str) -> int:
        """The first state of the strings or numbers that satisfy the first formula, judged by the others."""
        within, *judged = (self.language(formula, kind) for formula in formulas)
        excluded = misjudged(formulas) if kind == "number" else self._doubtful(formulas)
        if excluded != NOTHING:
            within = intersection([within, complement(excluded)])
        return self.automaton.place((within, *judged))

    def _doubtful(self, formulas: tuple[Formula, ...]) -> Language:
        """Strings on which a formula or its negation might be wrong: a format may hold more than its language."""
        held, *judged = formulas
        in_doubt = [*atoms_in_doubt(held), *(atom for formula in judged for atom in atoms_in_doubt(formula, False))]
        return self.strings.doubtful_texts(in_doubt)

    def keys(self, formulas: tuple[Formula, ...], names: tuple[str, ...]) -> int:
        """The first state of the keys other than `names`, judged by formulas over string assertions."""
        others: Language = ANY_TEXT
        if names:
            others = intersection([ANY_TEXT, complement(words(name.encode() for name in names))])
        doubtful = self.strings.doubtful_texts(atom for formula in formulas for atom in atoms_in_doubt(formula, False))
        if doubtful != NOTHING:
            others = intersection([others, complement(doubtful)])
        return self.automaton.place((others, *(self.strings.language(formula) for formula in formulas)))

    def language(self, formula: Formula, kind: str) -> Language:
        """The texts of strings or numbers that satisfy a formula over assertions about that kind."""
        if kind == "string":
            return self.strings.language(formula)
        if formula not in self._numbers:
            self._numbers[formula] = number_language(formula)
        return self._numbers[formula]

    def finite_keys(self, formula: Formula) -> list[str]:
        """The keys that satisfy a formula that few texts satisfy, as far as it shows; none for others."""
        if formula not in self._finite_keys:
            restricted = self.restrict(formula, "string")
            texts = self.strings.finite_texts(restricted) or ()
            self._finite_keys[formula] = [text for text in dict.fromkeys(texts) if self.strings.holds(restricted, text)]
        return self._finite_keys[formula]

    def key_satisfies(self, name: str, formula: Formula) -> bool:
        """Whether a key satisfies a formula, of which only what is said of strings matters."""
        return self.strings.holds(self.restrict(formula, "string"), name)


def _of_kind(atom: KindIs, kind: str) -> Formula:
    """What an assertion about kinds says of a value of one kind."""
    if kind in atom.kinds:
        return TRUE
    return atom.integer if kind == "number" and "integer" in atom.kinds else FALSE
