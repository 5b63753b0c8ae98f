"""The states that a derivation passes through, and the symbols that lead from one to the next.

A state is what may still come: a value, the rest of an object, of a key, of an array, or a text. `StateSpace.edges`
gives, for each state, the symbols that it may begin with and what each of them opens. Whether a state can be finished
at all is found in `costs.py`; here a symbol is left out only where its formula is visibly false.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from operator import eq

from schemalm.errors import SchemaError
from schemalm.grammar.assertions import (
    KINDS,
    Has,
    Is,
    Items,
    Members,
    MinItems,
    MinProperties,
    Prompt,
    StatedKeys,
    StringIn,
)
from schemalm.grammar.automaton import Automaton
from schemalm.grammar.formula import FALSE, TRUE, Atom, Formula, atoms
from schemalm.grammar.inquiry import Inquiry, ask
from schemalm.grammar.language import ANY_TEXT, complement, intersection, literal, union
from schemalm.grammar.limits import Limits
from schemalm.grammar.shapes import Shapes
from schemalm.grammar.symbols import (
    ARRAY_END,
    AS_KIND,
    CONST,
    FALSE_SYMBOL,
    FREE_KEY,
    ITEM,
    KEY,
    NULL,
    OBJECT_END,
    TRUE_SYMBOL,
    Symbol,
)


@dataclass(frozen=True)
class Value:
    """A value of more than one kind, or of constants."""

    inquiry: Inquiry


@dataclass(frozen=True)
class Object:
    """The rest of an object: named keys from `position` of `order` on, then free keys."""

    inquiry: Inquiry
    order: tuple[str, ...]
    position: int


@dataclass(frozen=True)
class Array:
    """The rest of an array."""

    inquiry: Inquiry


@dataclass(frozen=True)
class Text:
    """A string or number; the automaton gives the verdict."""

    kind: str
    automaton: Automaton


@dataclass(frozen=True)
class Key:
    """A free key of `owner`; bit i of a verdict says that the key matches `patterns[i]`."""

    owner: Object
    patterns: tuple[str, ...]
    automaton: Automaton = field(compare=False, repr=False)


State = Value | Object | Array | Text | Key


@dataclass(frozen=True)
class Close:
    """The symbol ends the value with a verdict."""

    verdict: int


@dataclass(frozen=True)
class Enter:
    """The symbol goes on with one state."""

    state: State


@dataclass(frozen=True)
class Open:
    """The symbol opens a child; `rest` comes after it and may wait for its verdict."""

    child: State
    rest: Object | Array


Target = Close | Enter | Open


class StateSpace:
    """Makes states and their edges; `key_orders` maps the set of an object's names to their canonical order."""

    def __init__(self, shapes: Shapes, limits: Limits, key_orders: Mapping[frozenset[str], tuple[str, ...]]) -> None:
        self._shapes = shapes
        self._limits = limits
        self._key_orders = key_orders
        self._edges: dict[State, list[tuple[Symbol, Target]]] = {}
        self._values: dict[Inquiry, State | None] = {}

    def value(self, inquiry: Inquiry) -> State | None:
        """The state of a value; of its only kind where it has one kind; None where it has none."""
        if inquiry not in self._values:
            edges = list(self._value_edges(inquiry))
            state: State | None = Value(inquiry) if edges else None
            if len(edges) == 1 and isinstance(edges[0][1], Enter) and self._has_one_kind(inquiry):
                state = edges[0][1].state
            if isinstance(state, Value):
                self._remember(state, edges)
            self._values[inquiry] = state
        return self._values[inquiry]

    def _has_one_kind(self, inquiry: Inquiry) -> bool:
        """Whether one kind is left by the schema alone: a prompt narrows values, but not how they are written."""
        unprompted = inquiry.map(lambda atom: TRUE if isinstance(atom, Prompt) else atom)
        return unprompted == inquiry or not isinstance(self.value(unprompted), Value)

    def edges(self, state: State) -> list[tuple[Symbol, Target]]:
        """The symbols that a value, object or array state may begin with; none for texts and keys."""
        if state not in self._edges:
            found: Iterable[tuple[Symbol, Target]] = ()
            if isinstance(state, Object):
                found = self._object_edges(state)
            elif isinstance(state, Array):
                found = self._array_edges(state)
            self._remember(state, found)
        return self._edges[state]

    def _remember(self, state: State, edges: Iterable[tuple[Symbol, Target]]) -> None:
        self._edges[state] = list(edges)
        if len(self._edges) > self._limits.grammar_states:
            raise SchemaError(f"the grammar has more than {self._limits.grammar_states} states")

    def settle(self, rest: Object | Array, verdict: int) -> Object | Array | None:
        """The rest after a child's verdict; None where nothing can end well."""
        if not rest.inquiry.waits:
            return rest
        inquiry = rest.inquiry.answered(verdict)
        return replace(rest, inquiry=inquiry) if inquiry.is_open else None

    def _value_edges(self, inquiry: Inquiry) -> Iterator[tuple[Symbol, Target]]:
        for kind in KINDS:
            restricted = Inquiry(
                tuple(self._shapes.restrict(formula, kind) for formula in inquiry.formulas), inquiry.allowed
            )
            if not restricted.is_open:
                continue
            if kind in ("null", "boolean"):
                yield from _constant_edges(restricted, kind)
            elif kind == "string" and (texts := _finite_strings(restricted)) is not None:
                yield from self._string_edges(restricted, texts)
            elif (state := self._kind_state(restricted, kind)) is not None:
                yield AS_KIND[kind], Enter(state)

    def _kind_state(self, inquiry: Inquiry, kind: str) -> State | None:
        if kind == "array":
            return Array(inquiry)
        if kind == "object":
            return Object(inquiry, self._order(inquiry), 0)
        automaton = self._text_automaton(inquiry, kind)
        return Text(kind, automaton) if automaton is not None else None

    def _text_automaton(self, inquiry: Inquiry, kind: str) -> Automaton | None:
        languages = tuple(self._shapes.language(formula) for formula in inquiry.formulas)
        return self._shapes.automaton(languages, inquiry.allowed, self._shapes.texts(inquiry.formulas, kind))

    def _string_edges(self, inquiry: Inquiry, texts: list[str]) -> Iterator[tuple[Symbol, Target]]:
        for text in texts:
            verdict = _verdict_where(inquiry, partial(self._shapes.holds, text=text))
            if verdict is not None:
                yield CONST(text), Close(verdict)

    def _order(self, inquiry: Inquiry) -> tuple[str, ...]:
        """The names of an object in their order: those that the schema lists, and those of patterns that match few."""
        names: dict[str, None] = {}
        patterns: dict[str, None] = {}
        for atom in atoms(inquiry.formulas):
            if isinstance(atom, Has):
                names[atom.name] = None
            elif isinstance(atom, Members):
                names.update(dict.fromkeys(atom.names))
                patterns.update(dict.fromkeys(atom.patterns))
        names.update(dict.fromkeys(self._shapes.finite_texts(tuple(patterns))))
        return self._key_orders.get(frozenset(names), tuple(names))

    def _object_edges(self, state: Object) -> Iterator[tuple[Symbol, Target]]:
        passed = state.order[state.position :]
        for offset, name in enumerate(passed):
            opened = self.open_key(state, name, state.position + offset, frozenset())
            if opened is not None:
                yield KEY(name), opened
        last = replace(state, inquiry=_without(state.inquiry, passed), position=len(state.order))
        if last.inquiry.is_open and (key := self._key(last)) is not None:
            yield FREE_KEY, Enter(key)
        verdict = last.inquiry.map(_object_ended).verdict()
        if verdict is not None:
            yield OBJECT_END, Close(verdict)

    def open_key(self, state: Object, name: str | None, position: int, matched: frozenset[str]) -> Open | None:
        """What a key opens: the value under it and the rest of the object; a free key has no name here."""
        inquiry = _without(state.inquiry, state.order[state.position : position])
        if name is not None:
            matched = frozenset(
                source
                for atom in atoms(inquiry.formulas)
                if isinstance(atom, Members)
                for source in atom.patterns
                if self._shapes.matches(source, name)
            )

        def move(atom: Atom) -> tuple[Formula, Formula]:
            if isinstance(atom, Members):
                return atom.shape(name, matched), atom
            if isinstance(atom, Has) and atom.name == name:
                return TRUE, TRUE
            if isinstance(atom, MinProperties):
                return TRUE, _fewer(atom)
            if isinstance(atom, StatedKeys):
                return atom.after_key(name, matched)
            return TRUE, atom

        split = ask(inquiry, move)
        child = self.value(split[0]) if split else None
        if split is None or child is None:
            return None
        return Open(child, Object(split[1], state.order, position + (name is not None)))

    def _key(self, owner: Object) -> Key | None:
        sources: dict[str, None] = {}
        for atom in atoms(owner.inquiry.formulas):
            if isinstance(atom, Members):
                sources.update(dict.fromkeys(atom.patterns))
            elif isinstance(atom, StatedKeys):
                sources[atom.next_free_key] = None
        patterns = tuple(sources)
        if not patterns and self.open_key(owner, None, owner.position, frozenset()) is None:
            return None
        within = intersection([ANY_TEXT, complement(union(literal(name.encode()) for name in owner.order))])
        languages = tuple(self._shapes.pattern(source) for source in patterns)
        automaton = self._shapes.automaton(languages, TRUE, within)
        return Key(owner, patterns, automaton) if automaton is not None else None

    def end_key(self, key: Key, verdict: int) -> Open | None:
        """What the end of a free key opens, given which patterns the key matches."""
        matched = frozenset(source for index, source in enumerate(key.patterns) if verdict >> index & 1)
        return self.open_key(key.owner, None, key.owner.position, matched)

    def _array_edges(self, state: Array) -> Iterator[tuple[Symbol, Target]]:
        def move(atom: Atom) -> tuple[Formula, Formula]:
            if isinstance(atom, Items):
                return atom.first, atom.after
            return TRUE, _fewer(atom) if isinstance(atom, MinItems) else atom

        split = ask(state.inquiry, move)
        child = self.value(split[0]) if split else None
        if split is not None and child is not None:
            yield ITEM, Open(child, Array(split[1]))
        verdict = state.inquiry.map(lambda atom: FALSE if isinstance(atom, MinItems) else TRUE).verdict()
        if verdict is not None:
            yield ARRAY_END, Close(verdict)


def _verdict_where(inquiry: Inquiry, holds: Callable[[Atom], bool]) -> int | None:
    """The verdict on a value of which every assertion is known; None where the parent cannot live with it."""
    return inquiry.map(lambda atom: TRUE if holds(atom) else FALSE).verdict()


def _constant_edges(inquiry: Inquiry, kind: str) -> Iterator[tuple[Symbol, Target]]:
    constants = {"null": NULL} if kind == "null" else {"true": TRUE_SYMBOL, "false": FALSE_SYMBOL}
    for name, symbol in constants.items():
        verdict = _verdict_where(inquiry, partial(eq, Is(name)))
        if verdict is not None:
            yield symbol, Close(verdict)


def _finite_strings(inquiry: Inquiry) -> list[str] | None:
    """The strings that an `enum` or `const` leaves, in the schema's order; None where it leaves others too."""
    others = inquiry.map(lambda atom: FALSE if isinstance(atom, StringIn) else atom)
    if others.is_open:
        return None
    sets = [atom.texts for atom in atoms(inquiry.formulas) if isinstance(atom, StringIn)]
    return list(dict.fromkeys(text for texts in sets for text in texts))


def _without(inquiry: Inquiry, names: tuple[str, ...]) -> Inquiry:
    """The inquiry once it is known that the object has none of `names`."""
    absent = set(names)

    def is_missed(atom: Atom) -> bool:
        if isinstance(atom, StatedKeys):
            return any(name in absent for name, _ in atom.entries)
        return isinstance(atom, Has) and atom.name in absent

    return inquiry.map(lambda atom: FALSE if is_missed(atom) else atom)


def _object_ended(atom: Atom) -> Formula:
    return TRUE if isinstance(atom, Members) else FALSE


def _fewer(atom: MinProperties | MinItems) -> Formula:
    return type(atom)(atom.count - 1) if atom.count > 1 else TRUE
