"""The grammar that a schema compiles into: numbered nonterminals and what each symbol does to them.

A nonterminal is a state together with the verdicts that its parent can still live with (and, inside a text, the place
in its automaton). It is numbered when it is first met. `step` is the whole contract: a symbol is admitted only where a
finite completion exists afterwards, so no derivation runs into a dead end.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from schemalm.documents.identity import identity
from schemalm.documents.limits import DocumentLimits
from schemalm.documents.values import find_fault
from schemalm.errors import SchemaError
from schemalm.grammar.costs import Costs, CostTable
from schemalm.grammar.distinct import Distinct, Outlook
from schemalm.grammar.inquiry import Inquiry, must_hold
from schemalm.grammar.labels import label_of
from schemalm.grammar.matching import Kind
from schemalm.grammar.states import Array, Close, Enter, Key, Object, State, StateSpace, Target, Text, may_repeat
from schemalm.grammar.supply import SymbolForm
from schemalm.grammar.symbols import END, ITEM, KEY_END, NUM_BYTES, Symbol, SymbolTable
from schemalm.grammar.taken import Form, Taken
from schemalm.grammar.ways import Way
from schemalm.limits import Budget, Limits
from schemalm.regular.automaton import DEAD
from schemalm.schema.containers import Prompt
from schemalm.schema.formula import TRUE, Formula, all_of
from schemalm.schema.plain import plain_schema
from schemalm.schema.shapes import Patterns, Shapes
from schemalm.schema.sources import Schema
from schemalm.schema.translation import KeywordUse, Translator

Verdicts = tuple[int, ...]
HOLDS: Verdicts = (1,)
# Parts of a schema that a message names.
MAX_PARTS_NAMED = 3
ANY_ITEM = "[]"
ANY_KEY = "*"


@dataclass(frozen=True)
class Nonterminal:
    """What may still come: a state, and the verdicts that it may end with.

    owner_accepts: the verdicts that the object may end with whose key this is.
    """

    state: State
    accepts: Verdicts
    owner_accepts: Verdicts = ()


@dataclass(frozen=True)
class Step:
    """What a symbol does: it opens nonterminals, the next one first, or it closes one with a verdict."""

    opened: tuple[int, ...]
    verdict: int = 0


class Grammar:
    """A compiled schema; made by `compile_schema`."""

    def __init__(
        self,
        schema: Schema,
        formats: str,
        limits: Limits,
        key_orders: Mapping[frozenset[str], tuple[str, ...]] | None = None,
        prompt: Formula = TRUE,
        base: Grammar | None = None,
    ) -> None:
        """`base`: another grammar of the same schema, whose translation, languages and symbols serve this one too."""
        self.schema = schema
        self.formats = formats
        self.limits = limits
        self.key_orders = dict(key_orders or {})
        self.budget: Budget = Budget(limits) if base is None else base.budget.begin_compilation()
        budget = self.budget
        if base is None:
            patterns = Patterns(limits)
            self._translator = Translator(schema, formats, budget, patterns)
            self._translator.translate()
            self.shapes = Shapes(self._translator.shape, patterns, budget)
            self._translator.note_keys(self.shapes.finite_keys)
        else:
            self._translator, self.shapes = base._translator, base.shapes
        self.resolve = self._translator.shape
        self.shape: Formula = self.resolve("")
        self.has_guards = self._translator.has_guards
        self.automaton = self.shapes.automaton
        self._space = StateSpace(self.shapes, budget, self.key_orders)
        self._costs = plain = CostTable(self._space, self.automaton, budget)
        self._distinct = Distinct(self._space, self.automaton, plain, budget)
        if self.has_guards:
            self._costs = CostTable(self._space, self.automaton, budget, self._distinct.is_feasible)
        start = self._space.value(must_hold(all_of([self.shape, prompt])))
        if start is None:
            raise SchemaError(f"no value satisfies this schema{self._parts_at_fault() if base is None else ''}")
        if self._costs.cost(start, 1) is None:
            none = f"no finite value satisfies this schema, or none of at most {limits.completion_symbols} symbols"
            raise SchemaError(f"{none}{self._parts_at_fault() if base is None else ''}")
        self.symbols: SymbolTable = base.symbols if base else SymbolTable(self._translator.symbols)
        self.nonterminals: list[Nonterminal] = []
        self._numbers: dict[Nonterminal, int] = {}
        self._steps: list[dict[int, Step | None]] = []
        self._waits: list[bool | None] = []
        self._settled: dict[tuple[int, int], int] = {}
        self._placed: dict[tuple[int, int], int] = {}
        self._repeated: dict[int, int | None] = {}
        self._values: dict[tuple[State, int, int], Mapping[Hashable, Form] | None] = {}
        self._ends = {self.symbols.ids[KEY_END], self.symbols.ids[END]}
        self.start = self._number(Nonterminal(start, HOLDS))
        budget.end_compilation()

    def with_key_orders(self, key_orders: Mapping[frozenset[str], tuple[str, ...]]) -> Grammar:
        """The same schema with other canonical orders, by the set of an object's names."""
        return Grammar(self.schema, self.formats, self.limits, key_orders, base=self)

    def with_prompt(self, prompt: Any) -> Grammar:
        """The grammar of the values that state everything that a partial value states, over the same symbols.

        Raises SchemaError where there are none, and for what is no JSON value.
        """
        fault = find_fault(prompt, DocumentLimits())
        if fault:
            raise SchemaError(f"a prompt is a JSON value: {fault}")
        assertion = Prompt(json.dumps(prompt))
        return Grammar(self.schema, self.formats, self.limits, self.key_orders, assertion, base=self)

    @property
    def needs_different_items(self) -> bool:
        """Whether an array was met while compiling that has to have items that differ."""
        return self._distinct.is_needed

    @property
    def num_states(self) -> int:
        """How many values and edges have been looked at so far: a grammar grows where documents reach."""
        return self._space.num_states

    def name_sets(self) -> list[tuple[str, ...]]:
        """The names of every object met so far that has some, each in its present order."""
        return self._space.key_names

    @property
    def draft(self) -> str:
        """The address of the draft that the schema is read by: its own, 2020-12 where it names none."""
        return self._translator.references.dialect

    def plain_schema(self) -> Schema:
        """The schema as it was understood, in the spellings of its draft that every program reads alike."""
        return plain_schema(self._translator)

    def expressions(self) -> dict[str, str]:
        """The patterns that a document can meet, keys' included, by their JSON pointers."""
        return dict(sorted(self._translator.expressions.items()))

    def coverage(self) -> list[KeywordUse]:
        """Every constraining keyword that a document can meet: its place and how it is enforced."""
        return sorted(set(self._translator.uses), key=lambda use: use.pointer)

    def unsatisfiable(self) -> list[str]:
        """The JSON pointers of the schema's nodes that no value satisfies, short of the literal `false`."""
        found = []
        for pointer, shape in self._translator.nodes.items():
            state = self._space.value(must_hold(shape))
            if state is None or not self._costs.can_end(state, 1):
                found.append(pointer)
        return sorted(found)

    def _parts_at_fault(self) -> str:
        """The parts that no value satisfies, the innermost first, to be put behind a message on the whole."""
        parts = []
        with suppress(SchemaError):  # a limit, which the message is not about
            parts = sorted(filter(None, self.unsatisfiable()), key=lambda pointer: -pointer.count("/"))
        parts = parts[:MAX_PARTS_NAMED]
        return f"; its parts that no value satisfies: {', '.join(parts)}" if parts else ""

    def label(self, nonterminal: int) -> str:
        """A short name of what the nonterminal is, the same in every process: 16 hex digits."""
        node = self.nonterminals[nonterminal]
        text = self.automaton.name(node.state.place) if isinstance(node.state, Text | Key) else ""
        return label_of(node.state, node.accepts, node.owner_accepts, text)

    def waits(self, nonterminal: int) -> bool:
        """Whether the nonterminal is a rest that has to be settled by its child's verdict."""
        if self._waits[nonterminal] is None:
            state = self.nonterminals[nonterminal].state
            self._waits[nonterminal] = isinstance(state, Object | Array) and state.inquiry.waits
        return bool(self._waits[nonterminal])

    def step(self, nonterminal: int, symbol: int) -> Step | None:
        """What the symbol id `symbol` does to `nonterminal`; None where it is not admitted."""
        steps = self._steps[nonterminal]
        if symbol not in steps:
            steps[symbol] = self._step(nonterminal, symbol)
        return steps[symbol]

    def settle(self, rest: int, verdict: int) -> int:
        """The rest of an object or array after its child ended with `verdict`."""
        if not self.waits(rest):
            return rest
        key = (rest, verdict)
        if key not in self._settled:
            waiting = self.nonterminals[rest]
            assert isinstance(waiting.state, Object | Array)
            settled = self._space.settle(waiting.state, verdict)
            assert settled is not None, "a child may only end with a verdict that its parent can live with"
            self._settled[key] = self._number(Nonterminal(settled, waiting.accepts))
        return self._settled[key]

    def is_guarded(self, nonterminal: int) -> bool:
        """Whether the nonterminal is the rest of an array whose items may have to differ."""
        if not self.has_guards:
            return False
        state = self.nonterminals[nonterminal].state
        return isinstance(state, Array) and state.is_guarded

    def is_alive(self, rest: int) -> bool:
        """Whether the rest of an array can be finished as it stands, without a repetition."""
        node = self.nonterminals[rest]
        return self._costs.can_end_with_any(node.state, node.accepts)

    def way(self, rest: int, taken: Taken, goals: Verdicts | None = None) -> Way | None:
        """How an array that has some items can go on from `rest`; None where it cannot.

        goals: the verdicts that it may end with, by default all that its parent can live with.
        """
        node = self.nonterminals[rest]
        if not self.is_guarded(rest):
            return Way() if self.is_alive(rest) else None
        assert isinstance(node.state, Array)
        return self._distinct.way(node.state, taken, node.accepts if goals is None else goals)

    def way_after_any(self, start: int, verdict: int, taken: Taken) -> Outlook:
        """How an array can go on after any of the many items that end with a verdict.

        start: the rest before the item; taken: the items before it.
        """
        step = self.step(start, self.symbols.ids[ITEM])
        assert step is not None
        item, rest = step.opened[0], self.settle(step.opened[1], verdict)
        if not self.is_guarded(rest):
            return Outlook(self.is_alive(rest))
        array, node = self.nonterminals[start].state, self.nonterminals[rest]
        assert isinstance(array, Array) and isinstance(node.state, Array)
        newest = (array, Kind(self.nonterminals[item].state, verdict))
        return self._distinct.way_after_any(node.state, taken, node.accepts, newest)

    def joint(self, item: int, inquiries: Iterable[Inquiry]) -> tuple[int, ...]:
        """The nonterminals of values that an item may be, by what is asked of them."""
        states = (self._space.value_like(inquiry, self.nonterminals[item].state) for inquiry in inquiries)
        return tuple(
            self._number(Nonterminal(state, HOLDS)) for state in states if state and self._costs.can_end(state, 1)
        )

    def values(self, item: int, verdict: int, rest: int, num_taken: int) -> Mapping[Hashable, Form] | None:
        """The forms of all values that an item may end with a verdict as, by identity; None where there are many.

        rest: the rest of the guarded array before the item; num_taken: how many items it has.
        """
        array = self.nonterminals[rest].state
        assert isinstance(array, Array)
        query = (self.nonterminals[item].state, verdict, self._distinct.limit(array, num_taken))
        if query not in self._values:
            stock = self._distinct.supply.of(*query)
            forms = {value: self._form(form) for value, form in stock.forms.items()}
            self._values[query] = None if stock.is_many else forms
        return self._values[query]

    def readings(self, item: int, value: Hashable) -> Mapping[int, Form]:
        """The forms of the value with an identity, by the verdicts that an item may end with as that value."""
        readings = self._distinct.supply.readings(self.nonterminals[item].state, value)
        return {verdict: self._form(form) for verdict, form in readings.items()}

    def _form(self, written: SymbolForm) -> Form:
        ids = self.symbols.ids
        return (ids[ITEM], *(ids[part] if isinstance(part, Symbol) else part for part in written))

    def asks_again(self, rest: int, item: int, verdict: int) -> bool:
        """Whether the rest of an array asks the same of all further items as of one that ended with a verdict."""
        state = self.nonterminals[rest].state
        return isinstance(state, Array) and self._distinct.asks_only(state, self.nonterminals[item].state, verdict)

    def num_needed(self, rest: int) -> int:
        """How many items the rest of an array needs that asks for nothing but items of one kind; 0 for others."""
        state = self.nonterminals[rest].state
        return self._distinct.num_needed(state) if isinstance(state, Array) else 0

    def narrowed(self, nonterminal: int, accepts: Verdicts) -> int:
        """The nonterminal where it may end with some of its verdicts only."""
        return self._number(replace(self.nonterminals[nonterminal], accepts=accepts))

    def repeated(self, rest: int) -> int | None:
        """The rest of a guarded array once an item repeats an earlier one; None where that is not admitted."""
        if rest not in self._repeated:
            node = self.nonterminals[rest]
            assert isinstance(node.state, Array)
            state = self._space.repeated(node.state)
            admitted = state is not None and self._costs.can_end_with_any(state, node.accepts)
            self._repeated[rest] = self._number(Nonterminal(state, node.accepts)) if state and admitted else None
        return self._repeated[rest]

    def after_item(self, rest: int, item: Any, seen: set[Hashable]) -> int | None:
        """The rest of an array after a whole item, None where that may not repeat an earlier one.

        seen: the identities of the items of an array whose items may have to differ, to which the item is added.
        """
        if not self.is_guarded(rest):
            return rest
        key = identity(item)
        if key in seen:
            return self.repeated(rest)
        seen.add(key)
        return rest

    def admits_every_text(self, nonterminal: int) -> bool:
        """Whether the nonterminal is a text of which nothing is asked."""
        state = self.nonterminals[nonterminal].state
        return isinstance(state, Text | Key) and self.automaton.admits_every_text(state.place)

    def at_place(self, nonterminal: int, place: int) -> int:
        """The nonterminal of the same text at another place of the automaton."""
        key = (nonterminal, place)
        if key not in self._placed:
            node = self.nonterminals[nonterminal]
            assert isinstance(node.state, Text | Key)
            self._placed[key] = self._number(replace(node, state=replace(node.state, place=place)))
        return self._placed[key]

    def equivalent(self, nonterminal: int) -> int:
        """A nonterminal that admits the same tokens: numbers of characters beyond any token's length are told alike."""
        node = self.nonterminals[nonterminal]
        if isinstance(node.state, Text) and (place := self.automaton.clipped(node.state.place)) != node.state.place:
            return self.at_place(nonterminal, place)
        return nonterminal

    def admitted(self, nonterminal: int) -> list[int]:
        """Every symbol that may come at `nonterminal`, in ascending order."""
        return [symbol for symbol in self.candidates(nonterminal) if self.step(nonterminal, symbol) is not None]

    def candidates(self, nonterminal: int) -> list[int]:
        """Every symbol that may come at `nonterminal`, among others perhaps, in ascending order."""
        state = self.nonterminals[nonterminal].state
        if isinstance(state, Text | Key):
            return [*range(NUM_BYTES), self.symbols.ids[KEY_END if isinstance(state, Key) else END]]
        return sorted(self.symbols.ids[symbol] for symbol in self._space.candidates(state))

    def can_end(self, place: int, accepts: frozenset[int]) -> bool:
        """Whether a text may go on from a place to an end with one of the verdicts."""
        return place != DEAD and self.automaton.can_end(place, accepts)

    def costs(self, nonterminal: int) -> Costs:
        """The least number of symbols to finish a nonterminal, by the verdicts that it may end with; not for keys."""
        node = self.nonterminals[nonterminal]
        costs = {verdict: self._costs.cost(node.state, verdict) for verdict in node.accepts}
        return {verdict: cost for verdict, cost in costs.items() if cost is not None}

    def key_costs(self, nonterminal: int, key_verdict: int) -> Costs:
        """The least number of symbols after a free key with `key_verdict`, by the verdicts its object may end with."""
        node = self.nonterminals[nonterminal]
        assert isinstance(node.state, Key)
        return self._costs.of_open(self._costs.key_targets(node.state)[key_verdict], node.owner_accepts)

    def cheapest(self, nonterminal: int, verdict: int) -> int:
        """The symbol with which the cheapest way to finish a nonterminal with `verdict` begins; not for keys."""
        node = self.nonterminals[nonterminal]
        if isinstance(node.state, Text):
            place, wanted = node.state.place, frozenset([verdict])
            ended = self.automaton.verdict(place) == verdict
            return self.symbols.ids[END] if ended else self.automaton.closest_byte(place, wanted)
        return self.symbols.ids[self._costs.cheapest_symbol(node.state, verdict)]

    def _number(self, node: Nonterminal) -> int:
        if node not in self._numbers:
            self._numbers[node] = len(self.nonterminals)
            self.nonterminals.append(node)
            self._steps.append({})
            self._waits.append(None)
        return self._numbers[node]

    def _step(self, nonterminal: int, symbol: int) -> Step | None:
        node = self.nonterminals[nonterminal]
        if isinstance(node.state, Text | Key):
            return self._text_step(nonterminal, symbol)
        if symbol < NUM_BYTES or symbol in self._ends:
            return None
        target = self._space.edge(node.state, self.symbols.symbols[symbol])
        return self._follow(target, node.accepts) if target is not None else None

    def _text_step(self, nonterminal: int, symbol: int) -> Step | None:
        node = self.nonterminals[nonterminal]
        state = node.state
        assert isinstance(state, Text | Key)
        if symbol < NUM_BYTES:
            place = self.automaton.step(state.place, symbol)
            if not self.can_end(place, frozenset(node.accepts)):
                return None
            return Step((self.at_place(nonterminal, place),))
        verdict = self.automaton.verdict(state.place)
        end = KEY_END if isinstance(state, Key) else END
        if symbol != self.symbols.ids[end] or verdict not in node.accepts:
            return None
        if isinstance(state, Text):
            return Step((), verdict)
        return self._follow(self._costs.key_targets(state)[verdict], node.owner_accepts)

    def _follow(self, target: Target, accepts: Verdicts) -> Step | None:
        if isinstance(target, Close):
            return Step((), target.verdict) if target.verdict in accepts else None
        if isinstance(target, Enter):
            return self._enter(target.state, accepts)
        child_accepts = tuple(
            verdict
            for verdict in self._costs.child_verdicts(target)
            if (rest := self._space.settle(target.rest, verdict)) is not None and self._can_finish(rest, accepts)
        )
        if not child_accepts:
            return None
        child = self._number(Nonterminal(target.child, child_accepts))
        return Step((child, self._number(Nonterminal(target.rest, accepts))))

    def _can_finish(self, rest: Object | Array, accepts: Verdicts) -> bool:
        """Whether a rest can be finished, if need be after a repetition."""
        if self._costs.can_end_with_any(rest, accepts):
            return True
        if not isinstance(rest, Array) or not may_repeat(rest):
            return False
        repeated = self._space.repeated(rest)
        return repeated is not None and self._costs.can_end_with_any(repeated, accepts)

    def _enter(self, state: State, accepts: Verdicts) -> Step | None:
        if isinstance(state, Key):
            key_accepts = tuple(
                verdict
                for verdict, target in self._costs.key_targets(state).items()
                if self._costs.open_can_end(target, accepts)
            )
            if not key_accepts or not self.can_end(state.place, frozenset(key_accepts)):
                return None
            return Step((self._number(Nonterminal(state, key_accepts, accepts)),))
        found = tuple(verdict for verdict in accepts if self._costs.can_end(state, verdict))
        return Step((self._number(Nonterminal(state, found)),)) if found else None
