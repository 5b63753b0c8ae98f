"""The stack machine: which tokens may come next, and what each of them leaves to be done.

State: a stack of nonterminals, the path of keys that leads to each, and the free keys that each open object already
has, which no finite state can carry. The top alone decides the mask; a free key that would repeat is struck from it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count

import numpy as np
import numpy.typing as npt

from schemalm.grammar.automaton import Automaton
from schemalm.grammar.states import Key, Object
from schemalm.grammar.symbols import FREE_KEY, KEY_END, NUM_BYTES, character_of
from schemalm.machine.tables import Opened, Tables

NO_KEYS: frozenset[bytes] = frozenset()


@dataclass(frozen=True)
class Frame:
    """One nonterminal on the stack.

    path: keys from the root, `jobs.*.steps[].uses`; keys: free keys of the object that it is the rest of, or is a
    key of; prefix: the bytes of the key so far.
    """

    nonterminal: int
    path: str = ""
    keys: frozenset[bytes] = NO_KEYS
    prefix: bytes = b""


class Machine:
    """Derives one document token by token; made by `Tokenizer.machine()`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._grammar = tables.grammar
        self._vocabulary = tables.vocabulary
        self._stack: list[Frame] = [Frame(tables.grammar.start)]
        self._key_end = self._grammar.symbols.ids[KEY_END]

    def copy(self) -> Machine:
        """An independent machine at the same place."""
        twin = Machine(self._tables)
        twin._stack = self._stack.copy()
        return twin

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
        if struck:
            mask = mask.copy()
            mask[struck] = False
        return mask

    def advance(self, token: int) -> None:
        """Consumes one token; raises ValueError where the mask forbids it."""
        frame = self._stack[-1] if self._stack else None
        transition = self._tables.transition(frame.nonterminal, token) if frame and self._is_token(token) else None
        if frame is None or transition is None or token in self._struck(frame):
            raise ValueError(f"token {token} is not admitted here")
        self._stack.pop()
        if not transition.opened:
            self._settle(transition.verdict)
        key = self._key_bytes(frame, token)
        self._stack.extend(self._frame(frame, opened, key, token) for opened in transition.opened)

    def _is_token(self, token: int) -> bool:
        return 0 <= token < len(self._vocabulary)

    def _settle(self, verdict: int) -> None:
        if not self._stack:
            return
        below = self._stack[-1]
        settled = self._grammar.settle(below.nonterminal, verdict)
        if settled != below.nonterminal:
            self._stack[-1] = Frame(settled, below.path, below.keys, below.prefix)

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
        struck = [self._token(frame, key, self._key_end) for key in frame.keys]
        verdicts = frozenset(self._grammar.nonterminals[frame.nonterminal].accepts)
        num_texts = state.automaton.num_texts(verdicts)
        used = self._used(frame, state, verdicts)
        prefixes = Counter(key[:length] for key in used for length in range(len(frame.prefix) + 1, len(key) + 1))
        for prefix, num_used in prefixes.items():
            token = self._token(frame, prefix)
            if token >= 0 and (total := num_texts[state.automaton.run(prefix)]) is not None and total <= num_used:
                struck.append(token)
        return [token for token in struck if token >= 0]

    def _token(self, frame: Frame, key: bytes, *end: int) -> int:
        """The token that goes on from the frame's prefix to `key`, and then to `end`; -1 where there is none."""
        if not key.startswith(frame.prefix):
            return -1
        spelling = key[len(frame.prefix) :].decode("latin-1") + "".join(map(character_of, end))
        return self._vocabulary.ids.get(spelling, -1)

    def _used(self, frame: Frame, state: Key, verdicts: frozenset[int]) -> list[bytes]:
        """The keys of the object that begin with the frame's prefix and have one of the verdicts."""
        ends = state.automaton.ends
        return [
            key
            for key in frame.keys
            if key.startswith(frame.prefix) and (end := state.automaton.run(key)) >= 0 and ends[end] in verdicts
        ]

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
        node = self._grammar.nonterminals[frame.nonterminal]
        assert isinstance(node.state, Key)
        num_texts = node.state.automaton.num_texts(verdicts)[node.place]
        return num_texts is not None and num_texts <= len(self._used(frame, node.state, verdicts))

    def completion(self) -> list[int]:
        """The cheapest tokens, one symbol each, that end the document.

        Each nonterminal is given the verdict that it shall end with once it comes to the top, and what it opens keeps
        to that: so every symbol comes closer to the end.
        """
        machine = self.copy()
        tokens: list[int] = []
        goals: list[int | None] = [None] * len(machine._stack)
        while machine._stack:
            goal = machine._goal(goals)
            symbols = machine._cheapest(goal)
            for symbol in symbols:
                tokens.append(self._vocabulary.symbol_token(symbol))
                machine.advance(tokens[-1])
            arity = self._grammar.symbols.arities[symbols[-1]]
            goals[-1:] = [goal, None] if arity == 2 else [goal] * arity
        return tokens

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
        distances = node.state.automaton.distances
        return [
            (verdict, int(distances[verdict][node.place]))
            for verdict in node.accepts
            if distances[verdict][node.place] >= 0 and not self._is_exhausted(frame, frozenset([verdict]))
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
        return [*self._shortest_new_key(frame, node.state.automaton, key_verdict), self._key_end]

    def _shortest_new_key(self, frame: Frame, automaton: Automaton, verdict: int) -> bytes:
        """The shortest bytes that end the key, with a verdict, as one that the object does not have yet (A* search)."""
        place = self._grammar.nonterminals[frame.nonterminal].place
        distance = automaton.distances[verdict]
        turn = count()
        # Among equally short keys the one that is almost spelled comes first, then the more readable one.
        queue: list[tuple[int, int, int, bytes, int]] = [(0, 0, next(turn), b"", place)]
        while True:
            _, _, _, text, place = heappop(queue)
            if automaton.ends[place] == verdict and frame.prefix + text not in frame.keys:
                return text
            for byte, after in automaton.readable_steps(place, frozenset([verdict])):
                length = len(text) + 1
                heappush(queue, (length + int(distance[after]), -length, next(turn), text + byte, after))
