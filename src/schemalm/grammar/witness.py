"""Whether a state can be finished: one way is looked for, not the cheapest.

Depth first, likely ways first. A state that leads back to itself brings a way no further, so what is found is a finite
value. That a goal cannot be reached is remembered for good once nothing that it rests on is still being looked at:
tabling, as for logic programs. Source: Tamaki and Sato, "OLD resolution with tabulation" (1986); Sagonas and Swift, "An
abstract machine for tabled execution of fixed-order stratified logic programs" (1998), for when a table is complete.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

from schemalm.grammar.estimates import NEVER
from schemalm.grammar.formula import FALSE, TRUE, Formula, all_of, answer, negate
from schemalm.grammar.goals import Goal, Goals, answered, answers
from schemalm.grammar.inquiry import must_hold
from schemalm.grammar.limits import Budget
from schemalm.grammar.states import Array, Close, Enter, Key, Object, Open, State, Target, Text, Value, begins_guarded
from schemalm.grammar.texts.automaton import DEAD

# The symbols of a value that reaches a goal; None where none does.
Size = int | None
# Asks for the sizes of goals, one after the other, and returns that of its own.
Search = Generator[Goal, Size, Size]
# Where a goal rests on no goal that is still being looked at.
NO_DEPTH = 1 << 60


class _Frame:
    """A goal that is being looked at; `lowest`: the depth of the outermost one such that it rests on."""

    __slots__ = ("goal", "lowest", "num_provisional", "search")

    def __init__(self, goal: Goal, search: Search, num_provisional: int) -> None:
        self.goal = goal
        self.search = search
        self.num_provisional = num_provisional
        self.lowest = NO_DEPTH


class Witnesses:
    """Finds values that reach goals, and remembers how large they are."""

    def __init__(self, goals: Goals, budget: Budget, is_feasible: Callable[[Array, int], bool] | None = None) -> None:
        """`is_feasible`: whether a whole array can end with a verdict as far as guards tell."""
        self._goals = goals
        self._space = goals.space
        self._budget = budget
        self._is_feasible = lru_cache(None)(is_feasible) if is_feasible else None
        self._known: dict[Goal, Size] = {}
        self._verdicts: dict[tuple[State, Formula], tuple[int, ...]] = {}

    def size(self, goal: Goal | None) -> Size:
        """The symbols of some value that reaches a goal; None where none does."""
        if goal is None:
            return None
        if goal not in self._known:
            self._run(goal)
        return self._known[goal]

    def _run(self, start: Goal) -> None:
        """Looks at a goal and at those that it rests on, as a stack of searches."""
        frames: list[_Frame] = []
        depths: dict[Goal, int] = {}
        # Goals that were not reached because some that are being looked at were not, with the outermost of these.
        provisional: dict[Goal, int] = {}
        wanted: Goal | None = start
        answer: Size = None
        while True:
            if wanted is not None:
                depths[wanted] = len(frames)
                frames.append(_Frame(wanted, self._search(wanted), len(provisional)))
                answer = None
            frame = frames[-1]
            self._budget.work()
            self._budget.check_time()
            try:
                asked = frame.search.send(answer)
            except StopIteration as ended:
                answer, wanted = ended.value, None
                del depths[frame.goal]
                frames.pop()
                lowest = self._note(frame, answer, len(frames), provisional)
                if not frames:
                    return
                frames[-1].lowest = min(frames[-1].lowest, lowest)
                continue
            wanted = None
            if asked in self._known:
                answer = self._known[asked]
            elif asked in depths or asked in provisional:
                answer = None
                frame.lowest = min(frame.lowest, depths.get(asked, NO_DEPTH), provisional.get(asked, NO_DEPTH))
            else:
                wanted = asked

    def _note(self, frame: _Frame, size: Size, depth: int, provisional: dict[Goal, int]) -> int:
        """Keeps what a search has found; gives the depth of the outermost goal that it rests on."""
        if size is not None:
            self._known[frame.goal] = size
            # What was not reached because this was not may be reached now.
            while len(provisional) > frame.num_provisional:
                provisional.popitem()
            return NO_DEPTH
        if frame.lowest < depth:
            provisional[frame.goal] = frame.lowest
            return frame.lowest
        self._known[frame.goal] = None
        while len(provisional) > frame.num_provisional:
            self._known[provisional.popitem()[0]] = None
        return NO_DEPTH

    def _search(self, goal: Goal) -> Search:
        state, verdict = goal
        if isinstance(state, Text):
            least = self._goals.least(goal)
            return least if least < NEVER else None
        if self._goals.least(goal) >= NEVER or not self._passes_guards(state, verdict):
            return None
        for way in self._goals.ways(goal):
            size = yield from self._after(way.target, verdict)
            if size is not None:
                return way.cost + size
        return None

    def _passes_guards(self, state: State, verdict: int) -> bool:
        if self._is_feasible is None or not isinstance(state, Array) or not begins_guarded(state):
            return True
        return self._is_feasible(state, verdict)

    def _after(self, target: Target, verdict: int) -> Search:
        if isinstance(target, Close):
            return 0 if target.verdict == verdict else None
        if isinstance(target, Enter):
            goal = self._goals.goal(target.state, verdict)
            return (yield goal) if goal is not None else None
        for child, rest in self._goals.splits(target, verdict):
            rest_size = yield rest
            if rest_size is None:
                continue
            child_size = yield child
            if child_size is not None:
                return child_size + rest_size
        return None

    def verdicts(self, state: State, needed: Formula = TRUE) -> tuple[int, ...]:
        """Every verdict that a state can end with and that `needed` admits, in ascending order."""
        key = (state, needed)
        found = self._verdicts.get(key)
        if found is None:
            found = self._verdicts[key] = tuple(sorted(self._find_verdicts(state, needed)))
        return found

    def _find_verdicts(self, state: State, needed: Formula) -> Iterable[int]:
        if isinstance(state, Text):
            return self._goals.verdicts(state, needed)
        if isinstance(state, Key):
            return self._verdicts_of_key(state, needed)
        if isinstance(state, Value):
            return self._verdicts_of_value(state, needed)
        return self._answers(state, 0, all_of([state.inquiry.allowed, needed]), TRUE)

    def _verdicts_of_value(self, value: Value, needed: Formula) -> set[int]:
        targets = [self._space.edge(value, symbol) for symbol in self._space.candidates(value)]
        closed = {target.verdict for target in targets if isinstance(target, Close)}
        entered = (self.verdicts(target.state, needed) for target in targets if isinstance(target, Enter))
        return {verdict for verdict in closed if answer(needed, verdict) == TRUE}.union(*entered)

    def _verdicts_of_key(self, key: Key, needed: Formula) -> set[int]:
        found: set[int] = set()
        for key_verdict, target in self._goals.key_targets(key).items():
            if self._goals.automaton.distance(key.place, frozenset([key_verdict])) != DEAD:
                for rest in self.rests(target):
                    found.update(self.verdicts(rest, needed))
        return found

    def rests(self, target: Open) -> Iterator[Object | Array]:
        """What may come after a child, given the verdicts that it can end with; each once."""
        if not target.rest.inquiry.waits:
            if self.size(self._goals.goal(target.child, 1)) is not None:
                yield target.rest
            return
        verdicts = self.verdicts(target.child, self._goals.needed(target.rest))
        rests = (self._space.settle(target.rest, verdict) for verdict in verdicts)
        yield from (rest for rest in dict.fromkeys(rests) if rest is not None)

    def _answers(self, state: Object | Array, index: int, allowed: Formula, held: Formula) -> Iterator[int]:
        """The verdicts of an object or array, from bit `index` on, where `held` is known to hold.

        Formulas are answered one after the other; where nothing can be as the answers say, no more are tried.
        """
        formulas = state.inquiry.formulas
        if index == len(formulas):
            yield from (0,) if allowed != FALSE else ()
            return
        for bit in answers(formulas[index]):
            still_allowed = answered(allowed, index, bit)
            now = all_of([held, formulas[index] if bit else negate(formulas[index])])
            if still_allowed != FALSE and self._can_hold(state, now):
                for others in self._answers(state, index + 1, still_allowed, now):
                    yield others | bit << index

    def _can_hold(self, state: Object | Array, formula: Formula) -> bool:
        if formula == FALSE:
            return False
        narrowed = replace(state, inquiry=must_hold(formula))
        return self.size(self._goals.goal(narrowed, 1)) is not None
