"""The rules of a grammar, compiled for values: each is computed when a document first needs it, and then looked up.

In: nonterminals. Out: how their values begin, and which members may follow in their objects and arrays. The encoder
looks up names and texts; the decoder looks up the characters of symbols. This module walks no values and defines no
rules of its own: the stepper (`machine/stepper.py`) says what a symbol opens, and the grammar says what an outcome
means for the parent. `tests/laws` checks that the encoder and the decoder agree with both.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from schemalm.grammar.grammar import Grammar
from schemalm.grammar.states import Array, Key, Object, Text
from schemalm.grammar.symbols import (
    ARRAY_END,
    END,
    FALSE_SYMBOL,
    FREE_KEY,
    ITEM,
    KEY_END,
    NULL,
    OBJECT_END,
    TRUE_SYMBOL,
    Symbol,
)
from schemalm.machine.stepper import stack_after
from schemalm.memo import Allowance, Memo
from schemalm.regular.automaton import DEAD
from schemalm.regular.language import EVERYTHING, Intersection, Language, intersection
from schemalm.rules.expressions import ExpressionLanguage, ExpressionPlace, reader_of
from schemalm.rules.violations import Violation

T = TypeVar("T")

# Size of the cache for the texts or names of one nonterminal, in characters.
MAX_REMEMBERED = 1_600_000
# Stands for the name of an item: items have none.
EACH_ITEM = ""
LITERALS: dict[Symbol, bool | None] = {NULL: None, TRUE_SYMBOL: True, FALSE_SYMBOL: False}


class RefusedError(Exception):
    """The grammar does not admit the value or the tokens."""


class CompiledRules:
    """The value starts and container states of a grammar, created when a document first needs them."""

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        self.characters, self.ids, self._keys = grammar.symbols.characters, grammar.symbols.ids, grammar.symbols.keys
        self.names = {self.characters[number]: name for name, number in self._keys.items()}
        self._value_starts: dict[int, ValueStart] = {}
        self._containers: dict[int, ContainerState] = {}

    @property
    def start(self) -> ValueStart:
        """The value start of a whole document."""
        return self.value_start(self.grammar.start)

    def container(self, nonterminal: int) -> ContainerState:
        """The state of an object or array whose rest is this nonterminal."""
        if nonterminal not in self._containers:
            self._containers[nonterminal] = ContainerState(self, nonterminal)
        return self._containers[nonterminal]

    def value_start(self, nonterminal: int) -> ValueStart:
        """The value start of a nonterminal."""
        if nonterminal not in self._value_starts:
            start = ValueStart()
            self._fill(start, nonterminal)
            self._value_starts[nonterminal] = start  # stored only when complete: filling it may exceed a limit
        return self._value_starts[nonterminal]

    def _fill(self, start: ValueStart, nonterminal: int) -> None:
        if isinstance(self.grammar.nonterminals[nonterminal].state, Text | Object | Array):
            self._add_content(start, "", nonterminal)
            return
        for symbol in self.grammar.admitted(nonterminal):
            name, character = self.grammar.symbols.symbols[symbol], self.characters[symbol]
            if name.label == "AS":
                self._add_content(start, character, *self._opened(nonterminal, symbol))
                continue
            constant = character, self._outcome(nonterminal, symbol)
            value: Any = LITERALS.get(name, name.text)
            start.constants[character] = (value, constant[1])
            if name in LITERALS:
                start.literals[value] = constant
            else:
                start.strings[value] = constant

    def _add_content(self, start: ValueStart, prefix: str, nonterminal: int) -> None:
        state = self.grammar.nonterminals[nonterminal].state
        if isinstance(state, Text):
            text = start.contents[prefix] = self._text_rule(prefix, nonterminal, state.kind == "string")
            if text.is_string:
                start.string = text
            else:
                start.number = text
            return
        container = start.contents[prefix] = self.container(nonterminal)
        if container.is_object:
            start.object = (prefix, container)
        else:
            start.array = (prefix, container)

    def _text_rule(self, prefix: str, nonterminal: int, is_string: bool) -> TextRule:
        outcomes: Memo[str, int] = Memo(lambda text: self._text_outcome(nonterminal, text), Allowance(MAX_REMEMBERED))
        common = outcomes[""] if self.grammar.admits_every_text(nonterminal) else None
        return TextRule(prefix, is_string, common, outcomes)

    def member(self, nonterminal: int, name: str) -> MemberRule:
        """The rule of an object's key, or of an item (`EACH_ITEM`); raises RefusedError if it is not admitted."""
        state = self.grammar.nonterminals[nonterminal].state
        if isinstance(state, Array):
            return self._member(nonterminal, self.ids[ITEM])
        assert isinstance(state, Object)
        if not isinstance(name, str):
            raise RefusedError
        if name not in state.order.ranks:
            return self._free_member(nonterminal, name)
        if name not in self._keys:
            raise RefusedError
        return self._member(nonterminal, self._keys[name])

    def _member(self, nonterminal: int, symbol: int) -> MemberRule:
        rest, child = self._opened(nonterminal, symbol)
        return MemberRule(self.characters[symbol], None, self.value_start(child), self.container(rest))

    def _free_member(self, nonterminal: int, name: str) -> MemberRule:
        (key,) = self._opened(nonterminal, self.ids[FREE_KEY])
        # If every key is admitted, the same nonterminal follows each of them.
        last = key if self.grammar.admits_every_text(key) else self._after_text(key, name)
        rest, child = self._opened(last, self.ids[KEY_END])
        return MemberRule(self.characters[self.ids[FREE_KEY]], name, self.value_start(child), self.container(rest))

    def end(self, nonterminal: int, symbol: Symbol) -> tuple[str, int]:
        """The character that ends an object or array, and the outcome; raises RefusedError if it may not end here."""
        number = self.ids[symbol]
        return self.characters[number], self._outcome(nonterminal, number)

    def violations(self, value: Any) -> Sequence[Violation]:
        """What is wrong with the names of a JSON value."""
        rules = self.grammar.rules
        return rules.checker.violations(value) if rules is not None else ()

    def _text_outcome(self, nonterminal: int, text: str) -> int:
        """The outcome of a complete text; raises RefusedError if the text is not admitted."""
        state = self.grammar.nonterminals[nonterminal].state
        assert isinstance(state, Text | Key)
        language = self.grammar.automaton.language(state.dfa_state)
        place = expressions_in(language)
        if language is not None and place is not None:
            return self._outcome_of_expressions(language, place, text)
        return self._outcome(self._after_text(nonterminal, text), self.ids[END])

    def _outcome_of_expressions(self, language: Language, place: ExpressionPlace, text: str) -> int:
        """The outcome of a text with expressions, each of which is read only once."""
        if reader_of(place).references(text) is None:
            raise RefusedError
        others = intersection(part for part in operands_of(language) if not isinstance(part, ExpressionLanguage))
        automaton = self.grammar.automaton
        end = automaton.run(text.encode(), automaton.state((others,))) if others != EVERYTHING else None
        if end is None:
            text.encode()
            return 1
        if end == DEAD or not automaton.outcome(end):
            raise RefusedError
        return automaton.outcome(end)

    def _after_text(self, nonterminal: int, text: str) -> int:
        """The nonterminal after all bytes of a text, by one run of the automaton; raises RefusedError if none."""
        state = self.grammar.nonterminals[nonterminal].state
        assert isinstance(state, Text | Key)
        dfa_state = self.grammar.automaton.run(text.encode(), state.dfa_state)
        if dfa_state < 0:
            raise RefusedError
        return self.grammar.at_dfa_state(nonterminal, dfa_state)

    def _opened(self, nonterminal: int, symbol: int) -> tuple[int, ...]:
        """What a symbol replaces a nonterminal by, the next one last; raises RefusedError if it is not admitted."""
        return required(stack_after(self.grammar, (nonterminal,), (symbol,)))

    def _outcome(self, nonterminal: int, symbol: int) -> int:
        """The outcome of the symbol that ends a nonterminal; raises RefusedError if the symbol is not admitted."""
        return required(self.grammar.step(nonterminal, symbol)).outcome


def operands_of(language: Language) -> tuple[Language, ...]:
    """The languages that a text must be in together."""
    return language.operands() if isinstance(language, Intersection) else (language,)


def expressions_in(language: Language | None) -> ExpressionPlace | None:
    """The place of the expressions that a text of a language may hold; None if it has none of its own."""
    if language is None:
        return None
    parts = (part for part in operands_of(language) if isinstance(part, ExpressionLanguage))
    return next((part.place for part in parts if not part.closed), None)


@dataclass(slots=True, eq=False)
class ValueStart:
    """How the values of a nonterminal begin.

    For the encoder: constant strings and literals with their characters and outcomes, and the rule of each other kind
    of value. For the decoder: `constants` (value and outcome) and `contents` (all other rules) by the character that
    begins them, or "" if no symbol announces the kind.
    """

    strings: dict[str, tuple[str, int]] = field(default_factory=dict)
    literals: dict[bool | None, tuple[str, int]] = field(default_factory=dict)
    string: TextRule | None = None
    number: TextRule | None = None
    object: tuple[str, ContainerState] | None = None
    array: tuple[str, ContainerState] | None = None
    constants: dict[str, tuple[Any, int]] = field(default_factory=dict)
    contents: dict[str, TextRule | ContainerState] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class TextRule:
    """A string or number: the characters before its text, and the outcome of each text.

    common_outcome: the one outcome of all texts if every text is admitted, else None: `outcomes` has each of them.
    """

    prefix: str
    is_string: bool
    common_outcome: int | None
    outcomes: Mapping[str, int]

    def outcome(self, text: str) -> int:
        """The outcome of a text; raises RefusedError if the text is not admitted."""
        return self.outcomes[text] if self.common_outcome is None else self.common_outcome


@dataclass(slots=True, eq=False)
class MemberRule:
    """A member: the characters before it, its name if the key is free, its value and the rest after it."""

    prefix: str
    free_key: str | None
    child: ValueStart
    rest: ContainerState


class ContainerState:
    """The rest of an object or array; `needs_outcome`: whether it depends on the outcomes of its members."""

    __slots__ = ("_end", "_rests", "_rules", "is_object", "members", "needs_outcome", "nonterminal", "ranks")

    def __init__(self, rules: CompiledRules, nonterminal: int) -> None:
        grammar, state = rules.grammar, rules.grammar.nonterminals[nonterminal].state
        self.nonterminal = nonterminal
        self.is_object = isinstance(state, Object)
        # The position of each named key in the canonical order.
        self.ranks: Mapping[str, int] = state.order.ranks if isinstance(state, Object) else {}
        self.members: Memo[str, MemberRule] = Memo(
            lambda name: rules.member(nonterminal, name), Allowance(MAX_REMEMBERED)
        )
        self.needs_outcome = grammar.needs_outcome(nonterminal) or grammar.arrays.is_guarded(nonterminal)
        self._rules = rules
        self._end: tuple[str, int] | None = None
        self._rests: dict[int, ContainerState] = {}

    def after_member(self, outcome: int, item: Any, seen: set[Hashable]) -> ContainerState:
        """The rest after a member; raises RefusedError for an array's item that repeats and must not.

        seen: the identities of the array's earlier items that must differ.
        """
        rest = self.with_outcome(outcome)
        if rest.is_object:
            return rest
        return self._rules.container(required(self._rules.grammar.arrays.after_item(rest.nonterminal, item, seen)))

    def with_outcome(self, outcome: int) -> ContainerState:
        """The rest after a member with this outcome; repeated items are not checked."""
        if outcome not in self._rests:
            self._rests[outcome] = self._rules.container(self._rules.grammar.settle(self.nonterminal, outcome))
        return self._rests[outcome]

    def end(self) -> tuple[str, int]:
        """The character that ends it, and the outcome; raises RefusedError if it may not end yet."""
        if self._end is None:
            self._end = self._rules.end(self.nonterminal, OBJECT_END if self.is_object else ARRAY_END)
        return self._end


def required(found: T | None) -> T:
    """The argument itself; raises RefusedError if it is None."""
    if found is None:
        raise RefusedError
    return found
