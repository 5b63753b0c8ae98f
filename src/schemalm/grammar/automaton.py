"""Minimal automata that judge a byte string by several languages at once.

An automaton reads bytes; where it stands at the end tells the verdict: a number whose bit i says whether the text is
in language i, or -1 where no text may end. It is built from derivatives, freed of dead states, minimized (Moore's
algorithm) and numbered breadth first, so equal languages give equal automata.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from schemalm.grammar.language import (
    ANY_TEXT,
    NOTHING,
    Derivatives,
    Language,
    Partition,
    byte_classes,
    derivative,
    meet,
    size,
)

DEAD = -1
# Nodes that the expressions of all states may have together, per state that the limit allows.
MAX_MEAN_STATE_SIZE = 100
PREFERRED = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./ "
BYTE_ORDER = np.array([*PREFERRED, *(byte for byte in range(256) if byte not in PREFERRED)])


class AutomatonTooLargeError(ValueError):
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
        self._steps = _successors(next_state)
        self.distances = _distances_by_verdict(self._steps, verdicts)
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

    def run(self, text: bytes, state: int = 0) -> int:
        """The state after `text`, -1 where it leads nowhere."""
        rows = self.rows
        for byte in text:
            state = rows[state][byte]
            if state < 0:
                return DEAD
        return state

    def closest_byte(self, state: int, verdict: int) -> int:
        """The most readable byte that comes one step closer to an end with `verdict`."""
        distance = self.distances[verdict]
        after = self.next_state[state][BYTE_ORDER]
        closer = (after >= 0) & (distance[after] == distance[state] - 1)
        return int(BYTE_ORDER[int(np.argmax(closer))])

    def readable_steps(self, state: int, verdicts: frozenset[int]) -> Iterator[tuple[bytes, int]]:
        """Every byte after which one of `verdicts` is possible, and the state that it leads to; readable ones first."""
        for byte in BYTE_ORDER:
            after = self.rows[state][byte]
            if after >= 0 and not self.reachable[after].isdisjoint(verdicts):
                yield bytes([byte]), after

    def num_texts(self, verdicts: frozenset[int]) -> list[int | None]:
        """How many texts lead from each state to one of `verdicts`; None for infinitely many."""
        if verdicts not in self._num_texts:
            ends = [verdict in verdicts for verdict in self.ends]
            alive = [not reachable.isdisjoint(verdicts) for reachable in self.reachable]
            self._num_texts[verdicts] = _count_texts(self._steps, ends, alive)
        return self._num_texts[verdicts]

    def texts(self, verdict: int, limit: int) -> list[str]:
        """Every text with `verdict`, shortest first; none where there are more than `limit`."""
        verdicts = frozenset([verdict])
        count = self.num_texts(verdicts)[0]
        if count is None or count > limit:
            return []
        found: list[str] = []
        queue: deque[tuple[int, bytes]] = deque([(0, b"")])
        while queue:
            state, text = queue.popleft()
            if self.ends[state] == verdict:
                found.append(text.decode())
            queue.extend((after, text + byte) for byte, after in self.readable_steps(state, verdicts))
        return found


def build_automaton(
    languages: tuple[Language, ...],
    admits: Callable[[int], bool],
    max_states: int,
    within: Language = ANY_TEXT,
) -> Automaton | None:
    """The automaton of the texts in `within` whose verdict `admits` accepts; None where there are none."""
    states, rows = _explore((within, *languages), max_states)
    ends = [verdict if state[0].nullable and admits(verdict := _verdict(state[1:])) else DEAD for state in states]
    next_state = np.array(rows, dtype=np.int32).reshape(-1, 256)
    verdicts = np.array(ends, dtype=np.int32)
    steps = _successors(next_state)
    distances = np.column_stack([*_distances_by_verdict(steps, verdicts).values(), np.full(len(ends), DEAD)])
    alive: npt.NDArray[np.bool_] = distances.max(axis=1) >= 0
    if not alive[0]:
        return None
    next_state = np.where(np.append(alive, False)[next_state], next_state, DEAD)
    # States that are not equally far from the same ends, or lead to more texts, are not equivalent: these differences
    # are quickly found and leave little to refine.
    num_texts = _count_texts(steps, [end >= 0 for end in ends], alive.tolist())
    ranks = {count: rank for rank, count in enumerate(dict.fromkeys(num_texts))}
    differences = np.column_stack([verdicts, distances, [ranks[count] for count in num_texts]])
    blocks = np.unique(differences, axis=0, return_inverse=True)[1].ravel()
    return _minimize(next_state, verdicts, blocks)


def _successors(next_state: npt.NDArray[np.int32]) -> list[dict[int, int]]:
    """For each state, the states that some byte leads to, with the number of such bytes."""
    steps: list[dict[int, int]] = [{} for _ in range(len(next_state))]
    states, columns = np.nonzero(next_state >= 0)
    pairs, counts = np.unique(np.column_stack([states, next_state[states, columns]]), axis=0, return_counts=True)
    for (state, after), num_bytes in zip(pairs.tolist(), counts.tolist(), strict=True):
        steps[state][after] = num_bytes
    return steps


def _distances_by_verdict(
    steps: list[dict[int, int]], verdicts: npt.NDArray[np.int32]
) -> dict[int, npt.NDArray[np.int32]]:
    """For each verdict, the bytes from every state to the nearest end with it; -1 where there is none."""
    before = _predecessors(steps)
    return {
        int(verdict): _distances(before, np.flatnonzero(verdicts == verdict).tolist())
        for verdict in np.unique(verdicts[verdicts >= 0])
    }


def _predecessors(steps: list[dict[int, int]]) -> list[list[int]]:
    before: list[list[int]] = [[] for _ in steps]
    for state, successors in enumerate(steps):
        for after in successors:
            before[after].append(state)
    return before


def _distances(before: list[list[int]], ends: list[int]) -> npt.NDArray[np.int32]:
    distance = dict.fromkeys(ends, 0)
    queue = deque(ends)
    while queue:
        state = queue.popleft()
        for source in before[state]:
            if source not in distance:
                distance[source] = distance[state] + 1
                queue.append(source)
    return np.array([distance.get(state, DEAD) for state in range(len(before))], dtype=np.int32)


def _count_texts(steps: list[dict[int, int]], ends: list[bool], alive: list[bool]) -> list[int | None]:
    """How many texts lead from each state to an end; None for infinitely many. `alive`: from where there is one."""
    ways = [{after: count for after, count in step.items() if alive[after]} for step in steps]
    before = _predecessors(ways)
    missing = [len(successors) for successors in ways]
    counts: list[int | None] = [None] * len(ways)
    # A state is counted once all that follow it are; what lies on a cycle or leads to one never is.
    ready = [state for state, successors in enumerate(ways) if not successors]
    for state in ready:
        counts[state] = ends[state] + sum(count * (counts[after] or 0) for after, count in ways[state].items())
        for previous in before[state]:
            missing[previous] -= 1
            if missing[previous] == 0:
                ready.append(previous)
    return counts


def _verdict(languages: tuple[Language, ...]) -> int:
    return sum(1 << index for index, language in enumerate(languages) if language.nullable)


def _explore(start: tuple[Language, ...], max_states: int) -> tuple[list[tuple[Language, ...]], list[list[int]]]:
    """All states that derivatives lead to, and for each the state after every byte."""
    numbers = {start: 0}
    states = [start]
    rows: list[list[int]] = []
    classes: dict[Language, Partition] = {}
    derivatives: Derivatives = {}
    sizes: dict[Language, int] = {}
    total_size = 0
    for state in states:
        row = [DEAD] * 256
        total_size += sum(size(part, sizes) for part in state)
        if total_size > MAX_MEAN_STATE_SIZE * max_states:
            raise AutomatonTooLargeError("more work than the limit on automaton states allows")
        for mask in meet([byte_classes(part, classes) for part in state]):
            representative = (mask & -mask).bit_length() - 1
            after = tuple(derivative(part, representative, derivatives) for part in state)
            if after[0] == NOTHING:
                continue
            if after not in numbers:
                if len(numbers) >= max_states:
                    raise AutomatonTooLargeError(f"more than {max_states} automaton states")
                numbers[after] = len(numbers)
                states.append(after)
            number = numbers[after]
            for byte in _bytes_of(mask):
                row[byte] = number
        rows.append(row)
    return states, rows


@lru_cache
def _bytes_of(mask: int) -> tuple[int, ...]:
    return tuple(byte for byte in range(256) if mask >> byte & 1)


def _minimize(
    next_state: npt.NDArray[np.int32], verdicts: npt.NDArray[np.int32], blocks: npt.NDArray[np.intp]
) -> Automaton:
    """Refines `blocks` until equivalent states alone share one, then numbers the blocks breadth first."""
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
