"""Minimal automata that judge a byte string by several languages at once.

An automaton reads bytes; where it stands at the end tells the verdict: a number whose bit i says whether the text is
in language i, or -1 where no text may end. It is built from derivatives, freed of dead states, minimized (Moore's
algorithm) and numbered breadth first, so equal languages give equal automata.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from schemalm.grammar.language import (
    ANY_TEXT,
    NOTHING,
    Language,
    Partition,
    byte_classes,
    derivative,
    meet,
)

DEAD = -1
PREFERRED = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./ "
BYTE_ORDER = np.array([*PREFERRED, *(byte for byte in range(256) if byte not in PREFERRED)])


class AutomatonTooLarge(ValueError):
    """More states than the limit allows."""


class Automaton:
    """A deterministic automaton over bytes with a verdict per state; state 0 is the start.

    next_state: int32 [states, 256], -1 where no text goes on; verdicts: int32 [states], -1 where none may end here.
    """

    def __init__(self, next_state: npt.NDArray[np.int32], verdicts: npt.NDArray[np.int32]) -> None:
        self.next_state = next_state
        self.verdicts = verdicts
        self.transitions = next_state.tobytes()
        self.rows: list[list[int]] = next_state.tolist()
        self._num_texts: dict[frozenset[int], list[int | None]] = {}
        self.ends: list[int] = verdicts.tolist()
        self.distances: dict[int, npt.NDArray[np.int32]] = {
            int(verdict): self._distances(int(verdict)) for verdict in np.unique(verdicts[verdicts >= 0])
        }
        self.reachable: list[frozenset[int]] = [
            frozenset(verdict for verdict, distance in self.distances.items() if distance[state] >= 0)
            for state in range(len(verdicts))
        ]

    def __repr__(self) -> str:
        content = self.next_state.astype("<i4").tobytes() + self.verdicts.astype("<i4").tobytes()
        return f"Automaton({hashlib.sha256(content).hexdigest()})"

    @property
    def num_states(self) -> int:
        """How many states there are."""
        return len(self.ends)

    def _distances(self, verdict: int) -> npt.NDArray[np.int32]:
        """Bytes to the nearest end with `verdict`, by state; -1 where there is none."""
        distance = np.where(self.verdicts == verdict, 0, -1).astype(np.int32)
        step = 0
        while True:
            step += 1
            # The appended entry answers for the dead state -1.
            near = np.append(distance == step - 1, False)
            found = (distance < 0) & near[self.next_state].any(axis=1)
            if not found.any():
                return distance
            distance[found] = step

    def run(self, text: bytes, state: int = 0) -> int:
        """The state after `text`, -1 where it leads nowhere."""
        rows = self.rows
        for byte in text:
            state = rows[state][byte]
            if state < 0:
                return DEAD
        return state

    def cheapest(self, state: int, verdicts: frozenset[int]) -> tuple[int, int] | None:
        """The (length in bytes, verdict) of the shortest way to an end with one of `verdicts`; None without one."""
        ways = [(int(self.distances[verdict][state]), verdict) for verdict in self.reachable[state] & verdicts]
        return min(ways, default=None)

    def closest_byte(self, state: int, verdict: int) -> int:
        """The most readable byte that comes one step closer to an end with `verdict`."""
        distance = self.distances[verdict]
        after = self.next_state[state][BYTE_ORDER]
        closer = (after >= 0) & (distance[after] == distance[state] - 1)
        return int(BYTE_ORDER[int(np.argmax(closer))])

    def readable_steps(self, state: int, verdicts: frozenset[int]) -> Iterator[tuple[bytes, int]]:
        """Every byte after which one of `verdicts` is still possible, with the state that it leads to, readable ones first."""
        for byte in BYTE_ORDER:
            after = self.rows[state][byte]
            if after >= 0 and not self.reachable[after].isdisjoint(verdicts):
                yield bytes([byte]), after

    def num_texts(self, verdicts: frozenset[int]) -> list[int | None]:
        """How many texts lead from each state to one of `verdicts`; None for infinitely many."""
        if verdicts not in self._num_texts:
            self._num_texts[verdicts] = self._count_texts(verdicts)
        return self._num_texts[verdicts]

    def _count_texts(self, verdicts: frozenset[int]) -> list[int | None]:
        steps = [[after for _, after in self.readable_steps(state, verdicts)] for state in range(self.num_states)]
        before: list[set[int]] = [set() for _ in steps]
        for state, successors in enumerate(steps):
            for after in successors:
                before[after].add(state)
        missing = [len(set(successors)) for successors in steps]
        counts: list[int | None] = [None] * self.num_states
        # A state is counted once all that follow it are; what lies on a cycle or leads to one never is.
        ready = [state for state, successors in enumerate(steps) if not successors]
        for state in ready:
            counts[state] = (self.ends[state] in verdicts) + sum(counts[after] or 0 for after in steps[state])
            for previous in before[state]:
                missing[previous] -= 1
                if missing[previous] == 0:
                    ready.append(previous)
        return counts

    def texts(self, limit: int) -> list[str] | None:
        """Every accepted text, shortest first; None where there are more than `limit`."""
        found: list[str] = []
        queue: deque[tuple[int, bytes]] = deque([(0, b"")])
        while queue:
            state, text = queue.popleft()
            if self.ends[state] >= 0:
                found.append(text.decode())
            if len(found) > limit or len(queue) > 4 * limit or len(text) > self.num_states:
                return None
            queue.extend((after, text + bytes([byte])) for byte, after in enumerate(self.rows[state]) if after >= 0)
        return found


def build_automaton(
    languages: tuple[Language, ...],
    admits: Callable[[int], bool],
    max_states: int,
    within: Language = ANY_TEXT,
) -> Automaton | None:
    """The automaton of the texts in `within` whose verdict `admits` accepts; None where there are none."""
    explored = _explore((within, *languages), max_states)
    outputs = [
        verdict if state[0].nullable and admits(verdict := _verdict(state[1:])) else DEAD for state in explored.states
    ]
    next_state = np.array(explored.rows, dtype=np.int32).reshape(-1, 256)
    verdicts = np.array(outputs, dtype=np.int32)
    alive = _alive(next_state, verdicts)
    if not alive[0]:
        return None
    next_state = np.where(np.append(alive, False)[next_state], next_state, DEAD)
    return _minimize(next_state, verdicts, alive)


def _verdict(languages: tuple[Language, ...]) -> int:
    return sum(1 << index for index, language in enumerate(languages) if language.nullable)


class _Exploration:
    def __init__(self) -> None:
        self.states: list[tuple[Language, ...]] = []
        self.rows: list[list[int]] = []


def _explore(start: tuple[Language, ...], max_states: int) -> _Exploration:
    exploration = _Exploration()
    numbers = {start: 0}
    exploration.states.append(start)
    memo: dict[Language, Partition] = {}
    for state in exploration.states:
        row = [DEAD] * 256
        for mask in meet([byte_classes(part, memo) for part in state]):
            representative = (mask & -mask).bit_length() - 1
            after = tuple(derivative(part, representative) for part in state)
            if after[0] == NOTHING:
                continue
            if after not in numbers:
                if len(numbers) >= max_states:
                    raise AutomatonTooLarge(f"more than {max_states} automaton states")
                numbers[after] = len(numbers)
                exploration.states.append(after)
            number = numbers[after]
            for byte in range(256):
                if mask >> byte & 1:
                    row[byte] = number
        exploration.rows.append(row)
    return exploration


def _alive(next_state: npt.NDArray[np.int32], verdicts: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    alive = verdicts >= 0
    while True:
        grown = alive | np.append(alive, False)[next_state].any(axis=1)
        if (grown == alive).all():
            return alive
        alive = grown


def _minimize(
    next_state: npt.NDArray[np.int32], verdicts: npt.NDArray[np.int32], alive: npt.NDArray[np.bool_]
) -> Automaton:
    blocks = np.unique(np.where(alive, verdicts, -2), return_inverse=True)[1]
    columns = np.unique(next_state, axis=1)
    while True:
        after = np.append(blocks, -1)[columns]
        refined = np.unique(np.column_stack([blocks, after]), axis=0, return_inverse=True)[1].ravel()
        if refined.max() == blocks.max():
            break
        blocks = refined
    order: dict[int, int] = {int(blocks[0]): 0}
    members = [0]
    for member in members:
        for after_state in next_state[member]:
            if after_state >= 0 and int(blocks[after_state]) not in order:
                order[int(blocks[after_state])] = len(order)
                members.append(int(after_state))
    rank = np.full(int(blocks.max()) + 2, DEAD, dtype=np.int32)
    for block, number in order.items():
        rank[block] = number
    numbered = np.append(rank[blocks], DEAD)
    return Automaton(numbered[next_state[members]].astype(np.int32), verdicts[members].astype(np.int32))
