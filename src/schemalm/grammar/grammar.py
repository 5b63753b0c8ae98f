"""The grammar that a schema compiles into: numbered nonterminals and what each symbol does to them.

A nonterminal is a state together with the outcomes that its parent accepts. In a text, the state includes the state of
its automaton. Nonterminals are numbered on first use. `step` is the whole contract: a symbol is admitted only if a
finite completion exists afterwards, so no derivation runs into a dead end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from copy import copy
from dataclasses import replace
from functools import partial
from itertools import chain

from schemalm.documents.partial import Partial
from schemalm.errors import SchemaError
from schemalm.grammar.costs import Costs, CostTable
from schemalm.grammar.distinct_items import DistinctItems
from schemalm.grammar.guarded_arrays import GuardedArrays
from schemalm.grammar.labels import label_of
from schemalm.grammar.nonterminals import HOLDS, Nonterminal, Outcomes, Step
from schemalm.grammar.obligation import Obligation, must_hold
from schemalm.grammar.state_space import StateSpace
from schemalm.grammar.states import Array, Close, Enter, Key, Object, State, Target, Text, Value, may_repeat
from schemalm.grammar.symbols import END, KEY_END, NUM_BYTES, SymbolTable, symbols_of
from schemalm.limits import Limits
from schemalm.regular.automaton import DEAD
from schemalm.rules.places import AtPlace, Closed, FreeText, NoNames, Promised, PromisedValue, TextAt, with_closed
from schemalm.rules.rules import Rules
from schemalm.schema.formula import TRUE, Atom, Formula, all_of
from schemalm.schema.nodes import KeywordUse
from schemalm.schema.portable import portable_schema
from schemalm.schema.prompt import HasKeyLike, Prompt, StatedItems, StatedKeys, formula_of
from schemalm.schema.sources import Schema
from schemalm.schema.translation import Translation
from schemalm.weak_methods import weak

# The most parts of a schema that a message names.
MAX_PARTS_NAMED = 3
ANY_ITEM = "[]"
ANY_KEY = "*"


class Grammar:
    """A compiled schema. `compile_schema` makes one."""

    def __init__(
        self,
        translation: Translation,
        key_orders: Mapping[frozenset[str], tuple[str, ...]] | None = None,
        symbols: SymbolTable | None = None,
        rules: Rules | None = None,
    ) -> None:
        """key_orders: names in canonical order, by the set of an object's names. The default is the schema's order.

        symbols: the symbols of another grammar of the same translation. rules: those that the translation was made
        with.
        """
        # Grammars of prompts share the parts of this one, which has to be there as long.
        self._base: Grammar | None = None
        self.translation = translation
        self.rules = rules
        self.key_orders = dict(key_orders or {})
        self.symbols = symbols or symbols_of([*translation.mentions, *(rules.mentions if rules is not None else ())])
        self.budget = budget = translation.budget
        self.shapes = translation.shapes
        self.automaton = self.shapes.automaton
        self.has_guards = translation.has_guards
        self._space = StateSpace(self.shapes, budget, self.key_orders, rules.precedence if rules is not None else ())
        self._costs = CostTable(self._space, self.automaton, budget)
        self._distinct = DistinctItems(self._space, self.automaton, self._costs, budget)
        if self.has_guards:
            self._costs = CostTable(self._space, self.automaton, budget, self._distinct.is_feasible)
        self.nonterminals: list[Nonterminal] = []
        self._numbers: dict[Nonterminal, int] = {}
        self._steps: list[dict[int, Step | None]] = []
        self._needs_outcome: list[bool | None] = []
        self._settled: dict[tuple[int, int], int] = {}
        self._at_dfa_states: dict[tuple[int, int], int] = {}
        self._with_names: dict[tuple[int, Closed, bool], int | None] = {}
        self._only: dict[int, int | None] = {}
        self.end_symbol = self.symbols.ids[END]
        self._ends = {self.symbols.ids[KEY_END], self.symbols.ids[END]}
        self.arrays = GuardedArrays(
            self.nonterminals,
            weak(self.number),
            self.symbols.ids,
            self._space,
            self._costs,
            self._distinct,
            may_occur=self.has_guards,
        )
        self.start = self._find_start(TRUE, names_parts=symbols is None)
        budget.end_compilation()

    def _find_start(self, prompt: Formula, *, names_parts: bool) -> int:
        """Returns the nonterminal of a document that also satisfies a formula.

        names_parts: whether an error names the parts of the schema that no value satisfies. Raises SchemaError if no
        document can be finished.
        """
        start = self._space.value(must_hold(all_of([self.shape, prompt])))
        if start is None:
            fault = "no value satisfies this schema"
        elif self._costs.cost(start, 1) is None:
            most = self.limits.completion_symbols
            fault = f"no finite value satisfies this schema, or only values of more than {most} symbols do"
        else:
            return self.number(Nonterminal(start, HOLDS))
        raise SchemaError(f"{fault}{self._parts_at_fault() if names_parts else ''}")

    @property
    def schema(self) -> Schema:
        """The schema that was compiled, before its rules amended it."""
        return self.enforced_schema if self.rules is None else self.rules.schema

    @property
    def enforced_schema(self) -> Schema:
        """The schema with the amendments of its rules."""
        return self.translation.nodes.schema

    @property
    def formats(self) -> str:
        """Whether the keyword `format` constrains values: "assert" or "annotate"."""
        return self.translation.nodes.formats

    @property
    def limits(self) -> Limits:
        """The limits on the cost of compiling and of later calls."""
        return self.budget.limits

    @property
    def shape(self) -> Formula:
        """The formula of the whole schema."""
        if self.rules is None:
            return self.translation.root
        return all_of([self.translation.root, self.rules.shape])

    def with_key_orders(self, key_orders: Mapping[frozenset[str], tuple[str, ...]]) -> Grammar:
        """Returns the grammar of the same schema with other canonical orders, by the set of an object's names."""
        with self.budget.compiling():
            return Grammar(self.translation, key_orders, symbols=self.symbols, rules=self.rules)

    def with_prompt(self, prompt: Partial) -> Grammar:
        """Returns the grammar of the values that a partial value states. It shares its nonterminals with this one.

        Raises SchemaError if there are no such values.
        """
        prompted = copy(self)
        prompted._base = self
        with self.budget.compiling():
            prompted.start = self._find_start(formula_of(prompt), names_parts=False)
        return prompted

    @property
    def needs_different_items(self) -> bool:
        """Whether the schema has an array that must have items and whose items must differ."""
        return self._distinct.is_needed

    @property
    def num_states(self) -> int:
        """The number of states and edges found so far. A grammar grows as documents reach new states."""
        return self._space.num_states

    def name_sets(self) -> list[tuple[str, ...]]:
        """Returns the names of every object found so far, in canonical order. Objects without names are left out."""
        return self._space.key_names

    @property
    def draft(self) -> str:
        """The URI of the schema's draft; 2020-12 if the schema names none."""
        return self.translation.nodes.references.dialect

    def portable_schema(self) -> Schema:
        """Returns the schema as it was understood, spelled so that every program reads it alike."""
        return portable_schema(self.translation.nodes)

    def expressions(self) -> dict[str, str]:
        """Returns the patterns that a document can reach, for keys and values, by JSON pointer."""
        return dict(sorted(self.translation.expressions.items()))

    def coverage(self) -> list[KeywordUse]:
        """Returns every constraining keyword that a document can reach, its location, and how it is enforced.

        The parts of the rules follow, whose pointers begin with `rules#`.
        """
        rules = () if self.rules is None else self.rules.uses()
        return [*sorted(set(self.translation.uses()), key=lambda use: use.pointer), *rules]

    def unsatisfiable(self) -> list[str]:
        """Returns the JSON pointers of the schema nodes that no value satisfies, except the literal `false`."""
        found = []
        for pointer, shape in self.translation.shapes_of_nodes.items():
            state = self._space.value(must_hold(shape))
            if state is None or not self._costs.can_end(state, 1):
                found.append(pointer)
        return sorted(found)

    def _parts_at_fault(self) -> str:
        """Returns the end of an error message: the parts that no value satisfies, the innermost first."""
        parts = []
        with suppress(SchemaError):  # The message is not about a limit.
            parts = sorted(filter(None, self.unsatisfiable()), key=lambda pointer: -pointer.count("/"))
        parts = parts[:MAX_PARTS_NAMED]
        return f"; its parts that no value satisfies: {', '.join(parts)}" if parts else ""

    def label(self, nonterminal: int) -> str:
        """Returns a short name of the nonterminal that is the same in every process: 16 hex digits."""
        node = self._unrestricted(self.nonterminals[nonterminal])
        text = self.automaton.name(node.state.dfa_state) if isinstance(node.state, Text | Key) else ""
        return label_of(node.state, node.accepts, node.owner_accepts, text)

    def _unrestricted(self, node: Nonterminal) -> Nonterminal:
        """The nonterminal without what the names of one document close or demand."""
        return node if self.rules is None else self._relaxed(node, _without_names)

    def _relaxed(self, node: Nonterminal, change: Callable[[Atom], Formula]) -> Nonterminal:
        """The nonterminal with weaker atoms."""
        state = self._changed_state(node.state, lambda obligation: obligation.map(change))
        if isinstance(state, Key) and isinstance(node.state, Key):
            state = self._key_within(node.state, state.owner)
        if state is None:
            return node
        return replace(
            node, state=state, accepts=self._key_accepts(state, node) if isinstance(state, Key) else node.accepts
        )

    def _key_within(self, key: Key, owner: Object) -> Key:
        """A key under way as that of another object, which asks fewer questions about its text."""
        first = self._space.key(owner)
        if first is None or not set(first.formulas) <= set(key.formulas):
            return replace(key, owner=owner)
        domain, *predicates = self.automaton.languages(key.dfa_state)
        asked = [predicates[key.formulas.index(formula)] for formula in first.formulas]
        return replace(first, dfa_state=self.automaton.state((domain, *asked)))

    def _key_accepts(self, key: Key, node: Nonterminal) -> Outcomes:
        """The outcomes of a key after which its object can end as it must."""
        targets = self._costs.key_targets(key).items()
        return tuple(outcome for outcome, after in targets if self._costs.open_can_end(after, node.owner_accepts))

    def without_names(self, nonterminal: int) -> int:
        """Returns the nonterminal without what the names of one document close or demand."""
        return self.number(self._unrestricted(self.nonterminals[nonterminal]))

    def without_prompt(self, nonterminal: int) -> int:
        """Returns the nonterminal without what the prompt states of it."""
        return self.number(self._relaxed(self.nonterminals[nonterminal], _without_prompt))

    def needs_outcome(self, nonterminal: int) -> bool:
        """Whether the nonterminal is a rest that still needs its child's outcome."""
        if self._needs_outcome[nonterminal] is None:
            state = self.nonterminals[nonterminal].state
            self._needs_outcome[nonterminal] = isinstance(state, Object | Array) and state.obligation.needs_outcome
        return bool(self._needs_outcome[nonterminal])

    def step(self, nonterminal: int, symbol: int) -> Step | None:
        """Returns what the symbol id `symbol` does to `nonterminal`; None if it is not admitted."""
        steps = self._steps[nonterminal]
        if symbol not in steps:
            steps[symbol] = self._step(nonterminal, symbol)
        return steps[symbol]

    def settle(self, rest: int, outcome: int) -> int:
        """Returns the rest of an object or array after its child has ended with `outcome`."""
        if not self.needs_outcome(rest):
            return rest
        key = (rest, outcome)
        if key not in self._settled:
            waiting = self.nonterminals[rest]
            assert isinstance(waiting.state, Object | Array)
            settled = self._space.settle(waiting.state, outcome)
            assert settled is not None, "a child only ends with outcomes that its parent accepts"
            self._settled[key] = self.number(Nonterminal(settled, waiting.accepts))
        return self._settled[key]

    def with_names(self, nonterminal: int, changed: Closed, *, are_closed: bool) -> int | None:
        """Returns the nonterminal after some kinds or places got a name that can be used, or lost all (`are_closed`).

        None if it cannot be finished then.
        """
        key = (nonterminal, changed, are_closed)
        if key not in self._with_names:
            change = partial(with_closed, changed.union if are_closed else lambda closed: closed - changed)
            self._with_names[key] = self._changed(
                self.nonterminals[nonterminal], lambda obligation: obligation.map(change)
            )
        return self._with_names[key]

    def with_promise(self, nonterminal: int, demand: Formula) -> int | None:
        """Returns the rest of an object that must also satisfy a demand; None if it cannot be finished then."""
        node = self.nonterminals[nonterminal]
        if isinstance(node.state, Key):
            # Within a key, only whether the demand can be met is asked; the object is the same after the key.
            node = Nonterminal(node.state.owner, node.owner_accepts)
        if isinstance(node.state, Object):
            demand = self.shapes.restrict(demand, "object")
        elif not isinstance(node.state, Value):
            return None
        return self._changed(node, lambda obligation: obligation.also(demand))

    def _changed(self, node: Nonterminal, change: Callable[[Obligation], Obligation]) -> int | None:
        """Returns a nonterminal with other obligations; None if it cannot be finished."""
        state = self._changed_state(node.state, change)
        if state is None:
            return None
        if isinstance(state, Text) or (isinstance(state, Object | Array) and state.obligation.needs_outcome):
            return self.number(replace(node, state=state))
        accepts = node.accepts
        if isinstance(state, Key):
            accepts = self._key_accepts(state, node)
        else:
            accepts = tuple(outcome for outcome in accepts if self._costs.can_end(state, outcome))
        return self.number(replace(node, state=state, accepts=accepts)) if accepts else None

    def _changed_state(self, state: State, change: Callable[[Obligation], Obligation]) -> State | None:
        if isinstance(state, Text):
            return state
        if isinstance(state, Key):
            owner = self._changed_state(state.owner, change)
            return replace(state, owner=owner) if isinstance(owner, Object) else None
        obligation = change(state.obligation)
        if isinstance(state, Value):
            return self._space.value_like(obligation, state)
        return replace(state, obligation=obligation) if obligation.is_open else None

    def with_accepts(self, nonterminal: int, accepts: Outcomes) -> int:
        """Returns the same nonterminal with fewer accepted outcomes."""
        return self.number(replace(self.nonterminals[nonterminal], accepts=accepts))

    def admits_every_text(self, nonterminal: int) -> bool:
        """Whether the nonterminal is a text without constraints."""
        state = self.nonterminals[nonterminal].state
        return isinstance(state, Text | Key) and self.automaton.admits_every_text(state.dfa_state)

    def at_dfa_state(self, nonterminal: int, dfa_state: int) -> int:
        """Returns the nonterminal of the same text at another state of its automaton."""
        key = (nonterminal, dfa_state)
        if key not in self._at_dfa_states:
            node = self.nonterminals[nonterminal]
            assert isinstance(node.state, Text | Key)
            self._at_dfa_states[key] = self.number(replace(node, state=replace(node.state, dfa_state=dfa_state)))
        return self._at_dfa_states[key]

    def equivalent(self, nonterminal: int) -> int:
        """Returns a nonterminal that admits the same tokens.

        Counts of characters that exceed every token's length become equal.
        """
        node = self.nonterminals[nonterminal]
        if (
            isinstance(node.state, Text)
            and (dfa_state := self.automaton.clipped(node.state.dfa_state)) != node.state.dfa_state
        ):
            return self.at_dfa_state(nonterminal, dfa_state)
        return nonterminal

    def admitted(self, nonterminal: int) -> list[int]:
        """Returns every symbol that `nonterminal` admits, in ascending order."""
        return [symbol for symbol in self.candidates(nonterminal) if self.step(nonterminal, symbol) is not None]

    def only_symbol(self, nonterminal: int) -> int | None:
        """Returns the only symbol that `nonterminal` admits; None if it admits several."""
        if nonterminal not in self._only:
            admitted = (symbol for symbol in self._likely(nonterminal) if self.step(nonterminal, symbol) is not None)
            first, second = next(admitted, None), next(admitted, None)
            self._only[nonterminal] = first if second is None else None
        return self._only[nonterminal]

    def _likely(self, nonterminal: int) -> Iterable[int]:
        """Returns candidates; of a text, only the bytes that its automaton admits."""
        state = self.nonterminals[nonterminal].state
        if not isinstance(state, Text | Key):
            return self.candidates(nonterminal)
        end = self.symbols.ids[KEY_END if isinstance(state, Key) else END]
        return chain((end,), (byte for byte, _ in self.automaton.steps(state.dfa_state)))

    def candidates(self, nonterminal: int) -> list[int]:
        """Returns a superset of the symbols that `nonterminal` admits, in ascending order."""
        state = self.nonterminals[nonterminal].state
        if isinstance(state, Text | Key):
            return [*range(NUM_BYTES), self.symbols.ids[KEY_END if isinstance(state, Key) else END]]
        return sorted(self.symbols.ids[symbol] for symbol in self._space.candidates(state))

    def can_end(self, dfa_state: int, accepts: frozenset[int]) -> bool:
        """Whether a text can continue from a DFA state to an end with one of the outcomes."""
        return dfa_state != DEAD and self.automaton.can_end(dfa_state, accepts)

    def costs(self, nonterminal: int) -> Costs:
        """Returns the least number of symbols that finish a nonterminal, by outcome. Not for keys."""
        node = self.nonterminals[nonterminal]
        costs = {outcome: self._costs.cost(node.state, outcome) for outcome in node.accepts}
        return {outcome: cost for outcome, cost in costs.items() if cost is not None}

    def key_costs(self, nonterminal: int, key_outcome: int) -> Costs:
        """Returns the least number of symbols after a free key with `key_outcome`, by outcome of its object."""
        node = self.nonterminals[nonterminal]
        assert isinstance(node.state, Key)
        return self._costs.costs_of_open(self._costs.key_targets(node.state)[key_outcome], node.owner_accepts)

    def cheapest(self, nonterminal: int, outcome: int) -> int:
        """Returns the first symbol of the cheapest way to finish a nonterminal with `outcome`. Not for keys."""
        node = self.nonterminals[nonterminal]
        if isinstance(node.state, Text):
            dfa_state, wanted = node.state.dfa_state, frozenset([outcome])
            ended = self.automaton.outcome(dfa_state) == outcome
            return self.symbols.ids[END] if ended else self.automaton.closest_byte(dfa_state, wanted)
        return self.symbols.ids[self._costs.cheapest_symbol(node.state, outcome)]

    def number(self, node: Nonterminal) -> int:
        """Returns the number of a nonterminal."""
        if node not in self._numbers:
            self._numbers[node] = len(self.nonterminals)
            self.nonterminals.append(node)
            self._steps.append({})
            self._needs_outcome.append(None)
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
            dfa_state = self.automaton.step(state.dfa_state, symbol)
            if not self.can_end(dfa_state, frozenset(node.accepts)):
                return None
            return Step((self.at_dfa_state(nonterminal, dfa_state),))
        outcome = self.automaton.outcome(state.dfa_state)
        end = KEY_END if isinstance(state, Key) else END
        if symbol != self.symbols.ids[end] or outcome not in node.accepts:
            return None
        if isinstance(state, Text):
            return Step((), outcome)
        return self._follow(self._costs.key_targets(state)[outcome], node.owner_accepts)

    def _follow(self, target: Target, accepts: Outcomes) -> Step | None:
        if isinstance(target, Close):
            return Step((), target.outcome) if target.outcome in accepts else None
        if isinstance(target, Enter):
            return self._enter(target.state, accepts)
        child_accepts = tuple(
            outcome
            for outcome in self._costs.child_outcomes(target)
            if (rest := self._space.settle(target.rest, outcome)) is not None and self._can_finish(rest, accepts)
        )
        if not child_accepts:
            return None
        child = self.number(Nonterminal(target.child, child_accepts))
        return Step((child, self.number(Nonterminal(target.rest, accepts))))

    def _can_finish(self, rest: Object | Array, accepts: Outcomes) -> bool:
        """Whether a rest can be finished, possibly after a repetition."""
        if self._costs.can_end_with_any(rest, accepts):
            return True
        if not isinstance(rest, Array) or not may_repeat(rest):
            return False
        repeated = self._space.rest_after_repetition(rest)
        return repeated is not None and self._costs.can_end_with_any(repeated, accepts)

    def _enter(self, state: State, accepts: Outcomes) -> Step | None:
        if isinstance(state, Key):
            key_accepts = tuple(
                outcome
                for outcome, target in self._costs.key_targets(state).items()
                if self._costs.open_can_end(target, accepts)
            )
            if not key_accepts or not self.can_end(state.dfa_state, frozenset(key_accepts)):
                return None
            return Step((self.number(Nonterminal(state, key_accepts, accepts)),))
        found = tuple(outcome for outcome in accepts if self._costs.can_end(state, outcome))
        return Step((self.number(Nonterminal(state, found)),)) if found else None


def _without_names(atom: Atom) -> Formula:
    if isinstance(atom, AtPlace | FreeText | NoNames | TextAt | Promised | PromisedValue):
        return atom.unrestricted()
    return open_members(atom)


def _without_prompt(atom: Atom) -> Formula:
    return TRUE if isinstance(atom, Prompt | StatedKeys | StatedItems | HasKeyLike) else atom


# Opens what the names of a document have closed, also in members and items.
open_members = partial(with_closed, lambda closed: frozenset())
