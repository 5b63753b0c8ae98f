"""The stack machine: which tokens may come next, and what each of them leaves to be done.

State: a stack of nonterminals, the path of keys that leads to each, and the free keys that each open object already has, which
no finite state can carry. The top alone decides the mask; a free key that would repeat is struck from it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from schemalm.grammar.states import Key
from schemalm.grammar.symbols import KEY_END, NUM_BYTES, character_of
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
        if not frame.keys or not isinstance(state, Key):
            return []
        struck = []
        start = self._grammar.nonterminals[frame.nonterminal].place
        for key in sorted(frame.keys):
            if not key.startswith(frame.prefix):
                continue
            rest = key[len(frame.prefix) :]
            spelling = rest.decode("latin-1")
            struck.append(self._vocabulary.ids.get(spelling + character_of(self._key_end), -1))
            for length in range(1, len(rest) + 1):
                token = self._vocabulary.ids.get(spelling[:length], -1)
                if token >= 0 and self._is_exhausted(frame, frame.prefix + rest[:length], state, start, rest[:length]):
                    struck.append(token)
        return [token for token in struck if token >= 0]

    def _is_exhausted(self, frame: Frame, prefix: bytes, state: Key, start: int, read: bytes) -> bool:
        """Whether every key that begins with `prefix` is already there."""
        place = state.automaton.run(read, start)
        used = sum(key.startswith(prefix) for key in frame.keys)
        accepts = frozenset(self._grammar.nonterminals[frame.nonterminal].accepts)
        num_texts = state.automaton.num_texts(accepts)[place] if place >= 0 else None
        return num_texts is not None and num_texts <= used

    def completion(self) -> list[int]:
        """The cheapest tokens, one symbol each, that end the document."""
        machine = self.copy()
        tokens: list[int] = []
        while machine._stack:
            frame = machine._stack[-1]
            for symbol in machine._cheapest(frame):
                token = self._vocabulary.symbol_token(symbol)
                machine.advance(token)
                tokens.append(token)
        return tokens

    def _cheapest(self, frame: Frame) -> list[int]:
        node = self._grammar.nonterminals[frame.nonterminal]
        if isinstance(node.state, Key) and frame.keys:
            return [*self._shortest_new_key(frame, node.state, frozenset(node.accepts), node.place), self._key_end]
        return [self._grammar.cheapest(frame.nonterminal)]

    def _shortest_new_key(self, frame: Frame, state: Key, accepts: frozenset[int], place: int) -> bytes:
        """The shortest bytes that end the key as one that the object does not have yet, breadth first."""
        queue: deque[tuple[int, bytes]] = deque([(place, b"")])
        while True:
            place, text = queue.popleft()
            if state.automaton.ends[place] in accepts and frame.prefix + text not in frame.keys:
                return text
            queue.extend((after, text + byte) for byte, after in state.automaton.readable_steps(place, accepts))
