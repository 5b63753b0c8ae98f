"""Shapes of one kind: what is left of a formula once the kind of the value is known.

Assertions about other kinds are true by definition, references are opened, and strings and numbers become
regular languages.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from schemalm.errors import SchemaError
from schemalm.grammar.assertions import (
    Assertion,
    Is,
    IsInteger,
    KindIs,
    MinLength,
    NumberIn,
    Pattern,
    Prompt,
    Reference,
    StringIn,
    StringIs,
)
from schemalm.grammar.automaton import DEAD, Automaton, AutomatonTooLargeError, build_automaton
from schemalm.grammar.formula import (
    FALSE,
    TRUE,
    And,
    Atom,
    Constant,
    Formula,
    Not,
    Or,
    answer,
    atoms,
    children,
    substitute,
)
from schemalm.grammar.language import (
    ANY_CHARACTER,
    ANY_TEXT,
    EVERYTHING,
    NOTHING,
    Language,
    complement,
    intersection,
    literal,
    repeat,
    union,
)
from schemalm.grammar.limits import Limits
from schemalm.grammar.numbers import (
    integer_texts,
    is_integer_text,
    misleading_fractions,
    number_texts,
    other_texts,
)
from schemalm.grammar.pattern import PatternError, pattern_language


class Shapes:
    """Restricts formulas to kinds and turns text formulas into languages; remembers what it did."""

    def __init__(self, resolve: Callable[[str], Formula], limits: Limits) -> None:
        self._resolve = resolve
        self._limits = limits
        self._restricted: dict[tuple[Formula, str], Formula] = {}
        self._open: list[tuple[str, str]] = []
        self._patterns: dict[str, Language] = {}
        self._built: dict[tuple[tuple[Language, ...], Formula, Language], Automaton | None] = {}
        self._automata: dict[tuple[bytes, bytes], Automaton] = {}
        self._every_text = self.automaton((), TRUE, ANY_TEXT)

    def restrict(self, formula: Formula, kind: str) -> Formula:
        """The formula for a value of `kind`; raises SchemaError where a `$ref` leads back to itself."""
        key = (formula, kind)
        if key not in self._restricted:
            self._restricted[key] = substitute(formula, lambda atom: self._restrict_atom(atom, kind))
        return self._restricted[key]

    def _restrict_atom(self, atom: Atom, kind: str) -> Formula:
        if isinstance(atom, Reference):
            return self._follow(atom.location, kind)
        if isinstance(atom, KindIs):
            if kind in atom.kinds:
                return TRUE
            return atom.integer if kind == "number" and "integer" in atom.kinds else FALSE
        if isinstance(atom, Prompt):
            return atom.of_kind(kind)
        if isinstance(atom, Is):
            return atom if kind in ("null", "boolean") else FALSE
        return TRUE if isinstance(atom, Assertion) and atom.kind != kind else atom

    def _follow(self, location: str, kind: str) -> Formula:
        """What the schema node at `location` says of a value of `kind`."""
        place = (location, kind)
        if place in self._open:
            raise SchemaError("$ref leads back to itself", pointer=location, keyword="$ref")
        self._open.append(place)
        try:
            return self.restrict(self._resolve(location), kind)
        finally:
            self._open.pop()

    def language(self, formula: Formula) -> Language:
        """The texts that satisfy a formula over string or number assertions."""
        if isinstance(formula, Constant):
            return EVERYTHING if formula == TRUE else NOTHING
        if isinstance(formula, Atom):
            return self._atom_language(formula)
        parts = [self.language(part) for part in children(formula)]
        if isinstance(formula, And):
            return intersection(parts)
        if isinstance(formula, Or):
            return union(parts)
        if isinstance(formula, Not):
            return complement(parts[0])
        return union(
            intersection([part, *(complement(other) for other in parts if other is not part)]) for part in parts
        )

    def _atom_language(self, atom: Atom) -> Language:
        if isinstance(atom, StringIn | NumberIn):
            return union(literal(text.encode()) for text in atom.texts)
        if isinstance(atom, StringIs):
            return literal(atom.text.encode())
        if isinstance(atom, IsInteger):
            return integer_texts(atom.fractions)
        if isinstance(atom, MinLength):
            return repeat(ANY_CHARACTER, atom.count, None)
        assert isinstance(atom, Pattern)
        return self.pattern(atom.source)

    def texts(self, formulas: tuple[Formula, ...], kind: str) -> Language:
        """All texts of a string or number, short of number texts that the formulas would misjudge."""
        if kind == "string":
            return ANY_TEXT
        misjudged = []
        for atom in atoms(formulas):
            if isinstance(atom, IsInteger) and atom.fractions:
                misjudged.append(misleading_fractions())
            elif isinstance(atom, NumberIn):
                misjudged += [other_texts(text) for text in atom.texts if not is_integer_text(text)]
        return intersection([number_texts(), complement(union(misjudged))])

    def pattern(self, source: str) -> Language:
        """The texts in which an ECMA-262 expression has a match."""
        if source not in self._patterns:
            try:
                self._patterns[source] = pattern_language(source, self._limits.pattern_repeat)
            except PatternError as error:
                raise SchemaError(f"the pattern {source!r} cannot be used: {error}", keyword="pattern") from None
        return self._patterns[source]

    def automaton(self, languages: tuple[Language, ...], allowed: Formula, within: Language) -> Automaton | None:
        """The automaton of texts in `within` with an `allowed` verdict, see `build_automaton`.

        One object for equal languages. Raises SchemaError over the limit.
        """
        key = (languages, allowed, within)
        if key not in self._built:
            self._built[key] = self._build(languages, allowed, within)
        return self._built[key]

    def _build(self, languages: tuple[Language, ...], allowed: Formula, within: Language) -> Automaton | None:
        try:
            automaton = _built(languages, allowed, within, self._limits.automaton_states)
        except AutomatonTooLargeError as error:
            raise SchemaError(f"the constraints on one string or number need {error}", keyword="pattern") from None
        if automaton is None:
            return None
        identity = (automaton.transitions, automaton.verdicts.tobytes())
        return self._automata.setdefault(identity, automaton)

    def admits_every_text(self, automaton: Automaton) -> bool:
        """Whether the automaton admits every text, always with the same verdict: then no text need be read."""
        assert self._every_text is not None
        return automaton.transitions == self._every_text.transitions and len(automaton.distances) == 1

    def holds(self, atom: Atom, text: str) -> bool:
        """Whether a string assertion is true of `text`."""
        if isinstance(atom, StringIn):
            return text in atom.texts
        if isinstance(atom, StringIs):
            return text == atom.text
        if isinstance(atom, MinLength):
            return len(text) >= atom.count
        assert isinstance(atom, Pattern)
        return self.matches(atom.source, text)

    def matches(self, source: str, text: str) -> bool:
        """Whether an ECMA-262 expression has a match in `text`; none has one in what is no Unicode text."""
        within = intersection([self.pattern(source), ANY_TEXT])
        matcher = self.automaton((), TRUE, within)
        state = matcher.run(text.encode(errors="surrogatepass")) if matcher else DEAD
        return matcher is not None and state >= 0 and matcher.ends[state] >= 0

    def finite_texts(self, sources: tuple[str, ...]) -> list[str]:
        """Every text of those that match the same ones of the patterns, where these texts are few."""
        automaton = self.automaton(tuple(self.pattern(source) for source in sources), TRUE, ANY_TEXT)
        if automaton is None or not sources:
            return []
        limit = self._limits.finite_pattern_keys
        return [text for verdict in sorted(automaton.distances) for text in automaton.texts(verdict, limit)]


# Numbers and unconstrained strings are the same in every schema.
@lru_cache(maxsize=128)
def _built(languages: tuple[Language, ...], allowed: Formula, within: Language, max_states: int) -> Automaton | None:
    return build_automaton(languages, lambda verdict: answer(allowed, verdict) == TRUE, max_states, within)
