"""The grammar that a schema compiles into: numbered nonterminals and what each symbol does to them.

A nonterminal is a state together with the verdicts that its parent can still live with (and, inside a text, the place
in its automaton). It is numbered when it is first met. `step` is the whole contract: a symbol is admitted only where a
finite completion exists afterwards, so no derivation runs into a dead end.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from schemalm.documents.limits import DocumentLimits
from schemalm.documents.values import find_fault
from schemalm.errors import SchemaError
from schemalm.grammar.assertions import Prompt
from schemalm.grammar.costs import Costs, CostTable
from schemalm.grammar.formula import TRUE, Formula, all_of
from schemalm.grammar.inquiry import must_hold
from schemalm.grammar.limits import Limits
from schemalm.grammar.shapes import Shapes
from schemalm.grammar.sources import Schema, read_schema
from schemalm.grammar.states import Array, Close, Enter, Key, Object, State, StateSpace, Target, Text
from schemalm.grammar.symbols import END, KEY_END, MAX_SYMBOLS, NUM_BYTES, SymbolTable
from schemalm.grammar.translation import KeywordUse, Translator

DEFAULT_LIMITS = Limits()
Verdicts = tuple[int, ...]
HOLDS: Verdicts = (1,)
ANY_ITEM = "[]"
ANY_KEY = "*"


@dataclass(frozen=True)
class Nonterminal:
    """What may still come: a state, the verdicts that it may end with, and the place in a text's automaton.

    owner_accepts: the verdicts that the object may end with whose key this is.
    """

    state: State
    accepts: Verdicts
    place: int = 0
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
        shapes: Shapes | None = None,
    ) -> None:
        """`shapes`: those of another grammar of the same schema, which keep the automata built for it."""
        self.schema = schema
        self.formats = formats
        self.limits = limits
        self.key_orders = dict(key_orders or {})
        translator = Translator(schema, formats, limits)
        self.shape: Formula = translator.translate()
        self.resolve = translator.shape
        self._uses = translator.uses
        self.shapes = shapes or Shapes(translator.shape, limits)
        self._space = StateSpace(self.shapes, limits, self.key_orders)
        start = self._space.value(must_hold(all_of([self.shape, prompt])))
        if start is None:
            raise SchemaError("no value satisfies this schema")
        self._costs = CostTable(self._space, start)
        if not self._costs.of(start):
            raise SchemaError("no finite value satisfies this schema")
        self.symbols = SymbolTable(symbol for state in self._costs.states for symbol, _ in self._space.edges(state))
        if len(self.symbols) > MAX_SYMBOLS:
            raise SchemaError(f"the schema needs {len(self.symbols)} symbols, more than {MAX_SYMBOLS}")
        self.nonterminals: list[Nonterminal] = []
        self._numbers: dict[Nonterminal, int] = {}
        self._steps: list[dict[int, Step | None]] = []
        self._waits: list[bool | None] = []
        self._settled: dict[tuple[int, int], int] = {}
        self._targets: dict[State, dict[int, Target]] = {}
        self.start = self._number(Nonterminal(start, HOLDS))

    def with_key_orders(self, key_orders: Mapping[frozenset[str], tuple[str, ...]]) -> Grammar:
        """The same schema with other canonical orders, by the set of an object's names."""
        return Grammar(self.schema, self.formats, self.limits, key_orders, shapes=self.shapes)

    def with_prompt(self, prompt: Any) -> Grammar:
        """The grammar of the values that state everything that a partial value states, over the same symbols.

        Raises SchemaError where there are none, and for what is no JSON value.
        """
        fault = find_fault(prompt, DocumentLimits())
        if fault:
            raise SchemaError(f"a prompt is a JSON value: {fault}")
        assertion = Prompt(json.dumps(prompt))
        prompted = Grammar(self.schema, self.formats, self.limits, self.key_orders, assertion, self.shapes)
        prompted.symbols = self.symbols
        return prompted

    @property
    def num_states(self) -> int:
        """How many states the grammar has, not counting the places inside texts."""
        return len(self._costs.states)

    def name_sets(self) -> list[tuple[str, ...]]:
        """The names of every object that has some, each in its present order."""
        orders = [state.order for state in self._costs.states if isinstance(state, Object) and state.order]
        return list(dict.fromkeys(orders))

    def coverage(self) -> list[KeywordUse]:
        """Every constraining keyword that a document can meet: its place and how it is enforced."""
        return sorted(set(self._uses), key=lambda use: use.pointer)

    def label(self, nonterminal: int) -> str:
        """A short name of what the nonterminal is, the same in every process: 16 hex digits."""
        return hashlib.sha256(repr(self.nonterminals[nonterminal]).encode()).hexdigest()[:16]

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
            steps[symbol] = self._step(self.nonterminals[nonterminal], symbol)
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

    def at_place(self, nonterminal: int, place: int) -> int:
        """The nonterminal of the same text at another place of its automaton."""
        return self._number(replace(self.nonterminals[nonterminal], place=place))

    def admitted(self, nonterminal: int) -> list[int]:
        """Every symbol that may come at `nonterminal`, in ascending order."""
        node = self.nonterminals[nonterminal]
        if isinstance(node.state, Text | Key):
            candidates = [*range(NUM_BYTES), self.symbols.ids[KEY_END if isinstance(node.state, Key) else END]]
        else:
            candidates = sorted(self._state_targets(node.state))
        return [symbol for symbol in candidates if self.step(nonterminal, symbol) is not None]

    def costs(self, nonterminal: int) -> Costs:
        """The least number of symbols to finish a nonterminal, by the verdicts that it may end with; not for keys."""
        node = self.nonterminals[nonterminal]
        if isinstance(node.state, Text):
            distances = node.state.automaton.distances
            found = {verdict: int(distance[node.place]) + 1 for verdict, distance in distances.items()}
        else:
            found = self._costs.of(node.state)
        return {verdict: cost for verdict, cost in found.items() if verdict in node.accepts and cost > 0}

    def key_costs(self, nonterminal: int, key_verdict: int) -> Costs:
        """The least number of symbols after a free key with `key_verdict`, by the verdicts its object may end with."""
        node = self.nonterminals[nonterminal]
        assert isinstance(node.state, Key)
        found = self._costs.of_open(self._costs.key_targets(node.state)[key_verdict])
        return {verdict: cost for verdict, cost in found.items() if verdict in node.owner_accepts}

    def cheapest(self, nonterminal: int, verdict: int) -> int:
        """The symbol with which the cheapest way to finish a nonterminal with `verdict` begins; not for keys."""
        node = self.nonterminals[nonterminal]
        if isinstance(node.state, Text):
            automaton = node.state.automaton
            ended = automaton.ends[node.place] == verdict
            return self.symbols.ids[END] if ended else automaton.closest_byte(node.place, verdict)
        ways = ((self._costs.of_target(target), symbol) for symbol, target in self._state_targets(node.state).items())
        return min((costs[verdict], symbol) for costs, symbol in ways if verdict in costs)[1]

    def _number(self, node: Nonterminal) -> int:
        if node not in self._numbers:
            self._numbers[node] = len(self.nonterminals)
            self.nonterminals.append(node)
            self._steps.append({})
            self._waits.append(None)
        return self._numbers[node]

    def _state_targets(self, state: State) -> dict[int, Target]:
        if state not in self._targets:
            self._targets[state] = {self.symbols.ids[symbol]: target for symbol, target in self._space.edges(state)}
        return self._targets[state]

    def _step(self, node: Nonterminal, symbol: int) -> Step | None:
        if isinstance(node.state, Text | Key):
            return self._text_step(node, node.state, symbol)
        target = self._state_targets(node.state).get(symbol)
        return self._follow(target, node.accepts) if target is not None else None

    def _text_step(self, node: Nonterminal, state: Text | Key, symbol: int) -> Step | None:
        automaton = state.automaton
        if symbol < NUM_BYTES:
            place = automaton.rows[node.place][symbol]
            if place < 0 or automaton.reachable[place].isdisjoint(node.accepts):
                return None
            return Step((self._number(replace(node, place=place)),))
        verdict = automaton.ends[node.place]
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
            for verdict in sorted(self._costs.of(target.child))
            if (rest := self._space.settle(target.rest, verdict)) is not None
            and not self._costs.of(rest).keys().isdisjoint(accepts)
        )
        if not child_accepts:
            return None
        child = self._number(Nonterminal(target.child, child_accepts))
        return Step((child, self._number(Nonterminal(target.rest, accepts))))

    def _enter(self, state: State, accepts: Verdicts) -> Step | None:
        if isinstance(state, Key):
            key_accepts = tuple(
                verdict
                for verdict, target in self._costs.key_targets(state).items()
                if not self._costs.of_open(target).keys().isdisjoint(accepts)
            )
            return Step((self._number(Nonterminal(state, key_accepts, 0, accepts)),)) if key_accepts else None
        if self._costs.of(state).keys().isdisjoint(accepts):
            return None
        return Step((self._number(Nonterminal(state, accepts)),))


def compile_schema(
    schema: Schema | str | Path, formats: Literal["assert", "annotate"] = "assert", limits: Limits = DEFAULT_LIMITS
) -> Grammar:
    """Compiles a JSON Schema into a grammar that derives exactly its valid values.

    schema: a value, a file, or a built-in name such as "github-workflow".
    formats: whether the keyword `format` constrains values or only describes them.
    Raises SchemaError, with pointer and keyword, for what is no schema, what no value satisfies, what breaks a limit,
    a `$ref` that leads outside the schema, and keywords that are not supported.
    """
    if formats not in ("assert", "annotate"):
        raise SchemaError(f"formats must be 'assert' or 'annotate', found {formats!r}")
    try:
        return Grammar(read_schema(schema, limits), formats, limits)
    except RecursionError:
        raise SchemaError("the schema is nested too deeply, or its references are") from None
