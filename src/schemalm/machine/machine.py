"""The stack machine: which tokens may come next, and what each of them leaves to be done.

State: a stack of nonterminals, the path of keys that leads to each, and the free keys that each open object already
has, which no finite state can carry. The top alone decides the mask; a free key that would repeat is struck from it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from schemalm.errors import GuardError
from schemalm.grammar.grammar import Grammar
from schemalm.grammar.states import Array, Key, Object, Text
from schemalm.grammar.symbols import FREE_KEY, KEY_END, NUM_BYTES, character_of
from schemalm.machine.guards import MAX_SPELLINGS, Items, Symbols, other_ends
from schemalm.machine.tables import Opened, Tables

NO_KEYS: frozenset[bytes] = frozenset()


@dataclass(frozen=True)
class Frame:
    """One nonterminal on the stack.

    path: keys from the root, `jobs.*.steps[].uses`; keys: free keys of the object that it is the rest of, or is a
    key of; prefix: the bytes of the key so far; items: those of the array that it is the rest of, where they have to
    differ.
    """

    nonterminal: int
    path: str = ""
    keys: frozenset[bytes] = NO_KEYS
    prefix: bytes = b""
    items: Items | None = None


class Machine:
    """Derives one document token by token; made by `Tokenizer.machine()`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._grammar = tables.grammar
        self._vocabulary = tables.vocabulary
        self._stack: list[Frame] = [Frame(tables.grammar.start)]
        self._key_end = self._grammar.symbols.ids[KEY_END]
        self._watch()

    def copy(self) -> Machine:
        """An independent machine at the same place."""
        twin = Machine(self._tables)
        twin._stack = self._stack.copy()
        return twin

    @property
    def grammar(self) -> Grammar:
        """The grammar of the document."""
        return self._grammar

    @property
    def is_complete(self) -> bool:
        """Whether the document is whole."""
        return not self._stack

    @property
    def depth(self) -> int:
        """How many nonterminals are still to be expanded."""
        return len(self._stack)

    @property
    def nonterminal(self) -> int:
        """The number of the nonterminal that the next token expands; the document must not be whole."""
        return self._stack[-1].nonterminal

    @property
    def path(self) -> str:
        """The keys that lead to the next token: `jobs.*.steps[].uses`."""
        return self._stack[-1].path

    def mask(self) -> npt.NDArray[np.bool_]:
        """Which tokens may come next: bool [vocab_size], read-only; none once the document is whole."""
        if not self._stack:
            return np.zeros(len(self._vocabulary), dtype=np.bool_)
        frame = self._stack[-1]
        mask = self._tables.mask(frame.nonterminal)
        struck = self._struck(frame)
        if self._grammar.has_guards:
            struck += self._struck_items(set(np.flatnonzero(mask).tolist()))
        if struck:
            mask = mask.copy()
            mask[struck] = False
        return mask

    def advance(self, token: int) -> None:
        """Consumes one token; raises ValueError where the mask forbids it, and leaves the machine as it was."""
        if not self._stack or not self._is_token(token):
            raise ValueError(f"token {token} is not admitted here")
        if not self._grammar.has_guards:
            self._consume(token)
            return
        if self._struck_items({token}):
            raise ValueError(f"token {token} is not admitted here: items would have to repeat, or must not")
        self._take(token)

    def _take(self, token: int) -> None:
        """Consumes one token symbol by symbol; raises ValueError where it is not admitted, and changes nothing then."""
        before = self._stack.copy()
        try:
            if not self._vocabulary.symbols[token]:
                raise ValueError(f"token {token} is not admitted here")
            for symbol in self._vocabulary.symbols[token]:
                self.push(symbol)
        except ValueError:
            self._stack = before
            raise

    def push(self, symbol: int) -> None:
        """Consumes one symbol; raises ValueError where it is not admitted or breaks a guard."""
        if not self._stack:
            raise ValueError(f"symbol {symbol} comes after the end of the document")
        guarded = [index for index, frame in enumerate(self._stack) if frame.items is not None]
        state = self._grammar.nonterminals[self.nonterminal].state
        in_number = isinstance(state, Text) and state.kind == "number"
        self._consume(self._vocabulary.symbol_token(symbol))
        for index in guarded:
            self._note_symbol(index, symbol, in_number)
        self._watch()

    def _note_symbol(self, index: int, symbol: int, in_number: bool) -> None:
        """Keeps the items of the guarded array at one place of the stack, and refuses one that may not be."""
        frame = self._stack[index] if index < len(self._stack) else None
        if frame is None or frame.items is None:
            return
        items = frame.items.after(symbol, in_number)
        if index == len(self._stack) - 1:
            ended = items.ended(self._grammar, frame.nonterminal)
            if ended is None:
                raise ValueError("an item repeats an earlier one, or fails to")
            frame, items = replace(frame, nonterminal=ended.rest), ended
        self._stack[index] = replace(frame, items=items)

    def _watch(self) -> None:
        """Begins to keep the items of an array where they have to differ."""
        frame = self._stack[-1] if self._stack else None
        if frame is not None and frame.items is None and self._grammar.is_guarded(frame.nonterminal):
            self._stack[-1] = replace(frame, items=Items(frame.nonterminal))

    def _struck_items(self, tokens: set[int]) -> set[int]:
        """Those of some tokens that would break a guard, or leave no way but to break one."""
        struck = {token for token in self._tables.tokens_that_pass_items & tokens if not self._can_take(token)}
        for index, frame in enumerate(self._stack):
            if frame.items is None or not frame.items.forms:
                continue
            alike = frame.items.candidates(self._vocabulary) & tokens
            if self._grammar.must_repeat(frame.nonterminal) and index + 1 < len(self._stack):
                struck |= tokens - alike
                continue
            if index + 2 == len(self._stack):
                alike |= self._closing(tokens)
            struck |= {token for token in alike if not self._can_take(token, index)}
        return struck

    def _closing(self, tokens: set[int]) -> set[int]:
        """Those of some tokens that end the object or array on top."""
        if not isinstance(self._grammar.nonterminals[self.nonterminal].state, Object | Array):
            return set()
        transitions = ((token, self._tables.transition(self.nonterminal, token)) for token in tokens)
        return {token for token, transition in transitions if transition is not None and not transition.opened}

    def _can_take(self, token: int, index: int | None = None) -> bool:
        """Whether the machine can take a token, and end the item of the guarded array at `index` afterwards."""
        after = self.copy()
        try:
            after._take(token)
        except ValueError:
            return False
        if index is None or after.depth <= index + 1:
            return True
        items = self._stack[index].items
        assert items is not None
        if after.depth == index + 2 and after._has_other_text(len(items.forms)):
            return True
        # Where the search is given up, there may be one.
        return any(True for _ in other_ends(after, index + 1, len(items.forms)))

    def _has_other_text(self, num_items: int) -> bool:
        """Whether on top is a string or number that has more ends than `num_items` items can have taken."""
        node = self._grammar.nonterminals[self.nonterminal]
        if not isinstance(node.state, Text):
            return False
        num_taken = num_items * (MAX_SPELLINGS if node.state.kind == "number" else 1)
        return self._grammar.automaton.has_more_texts(node.state.place, frozenset(node.accepts), num_taken)

    @property
    def num_keys(self) -> int:
        """How many free keys the object has whose key or rest is on top."""
        return len(self._stack[-1].keys)

    def least_cost(self, height: int) -> int:
        """The least number of symbols after which only `height` nonterminals are left, as far as finite states tell."""
        if len(self._stack) <= height:
            return 0
        costs = self._options(self._stack[-1])
        for frame in reversed(self._stack[height:-1]):
            longer: dict[int, int] = {}
            for verdict, cost in costs.items():
                for end, more in self._grammar.costs(self._grammar.settle(frame.nonterminal, verdict)).items():
                    longer[end] = min(longer.get(end, cost + more), cost + more)
            costs = longer
        return min(costs.values(), default=0)

    def _consume(self, token: int) -> None:
        """Takes one token without a look at guards; raises ValueError where it is not admitted."""
        frame = self._stack[-1]
        transition = self._tables.transition(frame.nonterminal, token)
        if transition is None or token in self._struck(frame):
            raise ValueError(f"token {token} is not admitted here")
        self._stack.pop()
        if not transition.opened:
            self._settle(transition.verdict)
        key = self._key_bytes(frame, token)
        opened = [self._frame(frame, opened, key, token) for opened in transition.opened]
        if opened and frame.items is not None and transition.opened[0].continues:
            opened[0] = replace(opened[0], items=frame.items)
        self._stack.extend(opened)

    def _is_token(self, token: int) -> bool:
        return 0 <= token < len(self._vocabulary)

    def _settle(self, verdict: int) -> None:
        if not self._stack:
            return
        below = self._stack[-1]
        settled = self._grammar.settle(below.nonterminal, verdict)
        if settled != below.nonterminal:
            self._stack[-1] = replace(below, nonterminal=settled)

    def _key_bytes(self, frame: Frame, token: int) -> bytes:
        """The bytes of the free key so far, where the token continues or ends one."""
        if not isinstance(self._grammar.nonterminals[frame.nonterminal].state, Key):
            return b""
        return frame.prefix + bytes(symbol for symbol in self._vocabulary.symbols[token] if symbol < NUM_BYTES)

    def _frame(self, frame: Frame, opened: Opened, key: bytes, token: int) -> Frame:
        path = self._tables.extend_path(frame.path, opened.suffix)
        if not opened.continues:
            return Frame(opened.nonterminal, path)
        if self._vocabulary.symbols[token][-1] == self._key_end:
            return Frame(opened.nonterminal, path, frame.keys | {key})
        return Frame(opened.nonterminal, path, frame.keys, key)

    def _struck(self, frame: Frame) -> list[int]:
        """The tokens that would repeat a free key, or leave no way but to repeat one."""
        state = self._grammar.nonterminals[frame.nonterminal].state
        if not frame.keys or not isinstance(state, Key | Object):
            return []
        if isinstance(state, Object):
            return self._struck_free_key(frame)
        accepts = frozenset(self._grammar.nonterminals[frame.nonterminal].accepts)
        struck = [self._token(frame, key, self._key_end) for key in frame.keys]
        used = self._used(frame, accepts)
        prefixes = Counter(key[:length] for key in used for length in range(len(frame.prefix) + 1, len(key) + 1))
        for prefix, num_used in prefixes.items():
            token = self._token(frame, prefix)
            if token >= 0 and not self._has_new_key(frame, prefix, accepts, num_used):
                struck.append(token)
        return [token for token in struck if token >= 0]

    def _token(self, frame: Frame, key: bytes, *end: int) -> int:
        """The token that goes on from the frame's prefix to `key`, and then to `end`; -1 where there is none."""
        if not key.startswith(frame.prefix):
            return -1
        spelling = key[len(frame.prefix) :].decode("latin-1") + "".join(map(character_of, end))
        return self._vocabulary.ids.get(spelling, -1)

    def _place(self, frame: Frame, key: bytes) -> int:
        """The automaton's place after a key that begins with the frame's prefix; DEAD where it leads nowhere."""
        state = self._grammar.nonterminals[frame.nonterminal].state
        assert isinstance(state, Key)
        return self._grammar.automaton.run(key[len(frame.prefix) :], state.place)

    def _used(self, frame: Frame, verdicts: frozenset[int]) -> list[bytes]:
        """The keys of the object that begin with the frame's prefix and have one of the verdicts."""
        verdict = self._grammar.automaton.verdict
        return [
            key
            for key in frame.keys
            if key.startswith(frame.prefix) and (end := self._place(frame, key)) >= 0 and verdict(end) in verdicts
        ]

    def _has_new_key(self, frame: Frame, prefix: bytes, verdicts: frozenset[int], num_used: int) -> bool:
        """Whether more than `num_used` keys begin with `prefix` and end with one of the verdicts."""
        place = self._place(frame, prefix)
        return place >= 0 and self._grammar.automaton.has_more_texts(place, verdicts, num_used)

    def _struck_free_key(self, frame: Frame) -> list[int]:
        symbol = self._grammar.symbols.ids[FREE_KEY]
        step = self._grammar.step(frame.nonterminal, symbol)
        if step is None:
            return []
        key = Frame(step.opened[0], keys=frame.keys)
        accepts = frozenset(self._grammar.nonterminals[key.nonterminal].accepts)
        return [self._vocabulary.symbol_token(symbol)] if self._is_exhausted(key, accepts) else []

    def _is_exhausted(self, frame: Frame, verdicts: frozenset[int]) -> bool:
        """Whether the object has every key that begins with the frame's prefix and ends with one of the verdicts."""
        return not self._has_new_key(frame, frame.prefix, verdicts, len(self._used(frame, verdicts)))

    def completion(self) -> list[int]:
        """The cheapest tokens, one symbol each, that end the document.

        Each nonterminal is given the verdict that it shall end with once it comes to the top, and what it opens keeps
        to that: so every symbol comes closer to the end. Raises GuardError where no end was found that breaks no guard.
        """
        machine = self.copy()
        tokens: list[int] = []
        goals: list[int | None] = [None] * len(machine._stack)
        while machine._stack:
            if (ended := machine._end_of_item()) is not None:
                path, machine = ended
                tokens += map(self._vocabulary.symbol_token, path)
                del goals[machine.depth :]
                continue
            goal = machine._goal(goals)
            symbols = machine._cheapest(goal)
            machine._write(symbols)
            tokens += map(self._vocabulary.symbol_token, symbols)
            if len(tokens) > self._grammar.limits.completion_symbols:
                raise GuardError("uniqueItems", machine.path)
            arity = self._grammar.symbols.arities[symbols[-1]]
            goals[-1:] = [goal, None] if arity == 2 else [goal] * arity
        return tokens

    def _write(self, symbols: list[int]) -> None:
        """Takes the symbols that finite states find cheapest."""
        path = self.path
        for symbol in symbols:
            try:
                if self._grammar.has_guards:
                    self.push(symbol)
                else:
                    self._consume(self._vocabulary.symbol_token(symbol))
            except ValueError:
                raise GuardError("uniqueItems", path) from None

    def _end_of_item(self) -> tuple[Symbols, Machine] | None:
        """A cheap way to end the innermost item under way that must not repeat one, and the machine afterwards.

        Raises GuardError where the search finds none.
        """
        guarded = [index for index, frame in enumerate(self._stack[:-1]) if frame.items and frame.items.forms]
        if not guarded:
            return None
        items = self._stack[guarded[-1]].items
        assert items is not None
        found = next(other_ends(self, guarded[-1] + 1, len(items.forms)), None)
        if found is None:
            raise GuardError("uniqueItems", self._stack[guarded[-1]].path)
        return found

    def _goal(self, goals: list[int | None]) -> int:
        """The verdict with which the top had best end, given what the nonterminal below it makes of that."""
        if goals[-1] is not None:
            return goals[-1]
        options = self._options(self._stack[-1])
        if len(goals) > 1:
            below, below_goal = self._stack[-2].nonterminal, goals[-2]
            for verdict in list(options):
                rest = self._grammar.costs(self._grammar.settle(below, verdict))
                more = min((cost for end, cost in rest.items() if below_goal in (None, end)), default=None)
                if more is None:
                    del options[verdict]
                else:
                    options[verdict] += more
        if not options:
            raise GuardError("uniqueItems", self.path)
        return min(options, key=lambda verdict: (options[verdict], verdict))

    def _options(self, frame: Frame) -> dict[int, int]:
        """The least number of symbols to finish a nonterminal, by verdict."""
        node = self._grammar.nonterminals[frame.nonterminal]
        if not isinstance(node.state, Key):
            return self._grammar.costs(frame.nonterminal)
        options: dict[int, int] = {}
        for key_verdict, distance in self._new_keys(frame):
            for verdict, cost in self._grammar.key_costs(frame.nonterminal, key_verdict).items():
                options[verdict] = min(options.get(verdict, distance + cost), distance + cost)
        return options

    def _new_keys(self, frame: Frame) -> list[tuple[int, int]]:
        """The verdicts with which the key may end as a new one, each with its distance in bytes."""
        node = self._grammar.nonterminals[frame.nonterminal]
        assert isinstance(node.state, Key)
        distances = (
            (verdict, self._grammar.automaton.distance(node.state.place, frozenset([verdict])))
            for verdict in node.accepts
        )
        return [
            (verdict, distance)
            for verdict, distance in distances
            if distance >= 0 and not (frame.keys and self._is_exhausted(frame, frozenset([verdict])))
        ]

    def _cheapest(self, goal: int) -> list[int]:
        """The symbols with which the cheapest way to end the top with the verdict `goal` begins."""
        frame = self._stack[-1]
        node = self._grammar.nonterminals[frame.nonterminal]
        if not isinstance(node.state, Key):
            return [self._grammar.cheapest(frame.nonterminal, goal)]
        _, key_verdict = min(
            (distance + costs[goal], verdict)
            for verdict, distance in self._new_keys(frame)
            if goal in (costs := self._grammar.key_costs(frame.nonterminal, verdict))
        )
        texts = self._grammar.automaton.texts(node.state.place, frozenset([key_verdict]))
        return [*next(text for text in texts if frame.prefix + text not in frame.keys), self._key_end]
