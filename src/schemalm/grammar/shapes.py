"""Shapes of one kind: what is left of a formula once the kind of the value is known.

Assertions about other kinds are true by definition, references are opened, and strings and numbers become
regular languages.
"""

from __future__ import annotations

from collections.abc import Callable

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
from schemalm.grammar.automaton import Automaton, AutomatonTooLargeError, build_automaton
from schemalm.grammar.formula import FALSE, TRUE, And, Atom, Constant, Formula, Not, Or, children, substitute
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
    sequence,
    union,
)
from schemalm.grammar.limits import Limits
from schemalm.grammar.numbers import integer_texts
from schemalm.grammar.pattern import PatternError, pattern_language


class Shapes:
    """Restricts formulas to kinds and turns text formulas into languages; remembers what it did."""

    def __init__(self, resolve: Callable[[str], Formula], limits: Limits) -> None:
        self._resolve = resolve
        self._limits = limits
        self._restricted: dict[tuple[Formula, str], Formula] = {}
        self._open: list[tuple[str, str]] = []
        self._patterns: dict[str, Language] = {}
        self._matchers: dict[str, Automaton | None] = {}
        self._automata: dict[tuple[bytes, bytes], Automaton] = {}
        self._every_text = self.automaton((), lambda verdict: True, ANY_TEXT)

    def restrict(self, formula: Formula, kind: str) -> Formula:
        """The formula for a value of `kind`; raises SchemaError where a `$ref` leads back to itself."""
        key = (formula, kind)
        if key not in self._restricted:
            self._restricted[key] = substitute(formula, lambda atom: self._restrict_atom(atom, kind))
        return self._restricted[key]

    def _restrict_atom(self, atom: Atom, kind: str) -> Formula:
        if isinstance(atom, Reference):
            place = (atom.location, kind)
            if place in self._open:
                raise SchemaError("$ref leads back to itself", pointer=atom.location, keyword="$ref")
            self._open.append(place)
            try:
                return self.restrict(self._resolve(atom.location), kind)
            finally:
                self._open.pop()
        if isinstance(atom, KindIs):
            if kind in atom.kinds:
                return TRUE
            return IsInteger() if kind == "number" and "integer" in atom.kinds else FALSE
        if isinstance(atom, Prompt):
            return atom.of_kind(kind)
        if isinstance(atom, Is):
            return atom if kind in ("null", "boolean") else FALSE
        if isinstance(atom, Assertion) and atom.kind != kind:
            return TRUE
        return atom

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
            texts: tuple[str, ...] = atom.parts[0]  # type: ignore[assignment]
            return union(literal(text.encode()) for text in texts)
        if isinstance(atom, StringIs):
            return literal(str(atom.parts[0]).encode())
        if isinstance(atom, IsInteger):
            return integer_texts()
        count = atom.parts[0]
        if isinstance(atom, MinLength) and isinstance(count, int):
            if count > self._limits.pattern_repeat:
                raise SchemaError(f"minLength is over the limit of {self._limits.pattern_repeat}", keyword="minLength")
            return sequence(repeat(ANY_CHARACTER, count, None))
        assert isinstance(atom, Pattern)
        return self.pattern(str(atom.parts[0]))

    def pattern(self, source: str) -> Language:
        """The texts in which an ECMA-262 expression has a match."""
        if source not in self._patterns:
            try:
                self._patterns[source] = pattern_language(source, self._limits.pattern_repeat)
            except PatternError as error:
                raise SchemaError(f"the pattern {source!r} cannot be used: {error}", keyword="pattern") from None
        return self._patterns[source]

    def automaton(
        self, languages: tuple[Language, ...], admits: Callable[[int], bool], within: Language
    ) -> Automaton | None:
        """The automaton of texts in `within`, see `build_automaton`: one object for equal languages.

        Raises SchemaError over the limit.
        """
        try:
            automaton = build_automaton(languages, admits, self._limits.automaton_states, within)
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
            return text in atom.parts[0]  # type: ignore[operator]
        if isinstance(atom, StringIs):
            return text == atom.parts[0]
        if isinstance(atom, MinLength):
            return len(text) >= atom.parts[0]  # type: ignore[operator]
        return self.matches(str(atom.parts[0]), text)

    def matches(self, source: str, text: str) -> bool:
        """Whether an ECMA-262 expression has a match in `text`."""
        matcher = self._matcher(source)
        return matcher is not None and (state := matcher.run(text.encode())) >= 0 and matcher.ends[state] >= 0

    def finite_texts(self, source: str) -> list[str]:
        """Every text that a pattern matches where they are few, else none."""
        matcher = self._matcher(source)
        return (matcher.texts(self._limits.finite_pattern_keys) or []) if matcher else []

    def _matcher(self, source: str) -> Automaton | None:
        if source not in self._matchers:
            within = intersection([self.pattern(source), repeat(ANY_CHARACTER, 0, None)])
            self._matchers[source] = self.automaton((), lambda verdict: True, within)
        return self._matchers[source]
