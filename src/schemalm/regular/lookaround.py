"""Look-around in patterns, as plain regular languages wherever it can be.

In: the alternatives of a pattern. Out: the language of the texts that have a match. What a look-behind asks is the
state of a derivative that reads the text so far, and what a look-ahead asks is a language that the rest must be in:
together the context of a place in the pattern. Characters lead from context to context, and paths through a repetition
are eliminated as Kleene does, so that no intersection remains. A look-ahead of many characters outside repetitions
becomes an intersection with the rest of the pattern instead. `PatternError` is raised for a look-ahead within a
look-behind, and where the contexts become too many.
Sources: Kleene, "Representation of events in nerve nets and finite automata" (1956); Brzozowski (see `language.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache, partial

from schemalm.regular.character_ranges import Ranges, common, minterms, normalized
from schemalm.regular.language import (
    ANY_TEXT,
    EMPTY,
    EVERYTHING,
    NOTHING,
    Complement,
    Derivatives,
    Intersection,
    Language,
    Union,
    complement,
    derivative,
    intersection,
    repeat,
    sequence,
    union,
)
from schemalm.regular.pattern_syntax import PatternError
from schemalm.regular.pattern_tree import (
    ANY_CHARACTER,
    END,
    START,
    Characters,
    Group,
    Look,
    Node,
    Repetition,
)
from schemalm.regular.utf8 import code_points

MAX_STEPS = 20_000
MAX_CONTEXTS = 200
# A look-ahead of so many characters at most is read along with the pattern; a longer one becomes an intersection.
MAX_READ_ALONG = 3
ANYTHING = Repetition(ANY_CHARACTER, 0, None)


@dataclass(frozen=True)
class Context:
    """A place in the text: what each look-behind has read so far, and what the rest of the text must be in."""

    behind: tuple[Language, ...]
    ahead: Language

    def end(self) -> Language:
        """What is left where the pattern ends: the empty text, if the text may end here."""
        return EMPTY if self.ahead.nullable else NOTHING


# From the context after a node to the language of what follows there; and from where a node may lead to by which texts.
Rest = Callable[[Context], Language]
Paths = dict[Context, Language]


def is_plain(node: Node) -> bool:
    """Whether there is no look-around in the node."""
    if isinstance(node, Group):
        return all(is_plain(inner) for alternative in node.alternatives for inner in alternative)
    return isinstance(node, Characters) or (isinstance(node, Repetition) and is_plain(node.node))


def plain_language(node: Node) -> Language:
    """The texts of a node without look-around."""
    if isinstance(node, Characters):
        return characters(node.ranges)
    if isinstance(node, Repetition):
        return repeat(plain_language(node.node), node.minimum, node.maximum)
    assert isinstance(node, Group)
    return union([sequence(*[plain_language(inner) for inner in choice]) for choice in node.alternatives])


@lru_cache(maxsize=4096)
def characters(ranges: Ranges) -> Language:
    """One character out of `ranges`."""
    return code_points(ranges)


class LookAround:
    """The translation of one pattern."""

    def __init__(self, alternatives: tuple[tuple[Node, ...], ...]) -> None:
        self.derivatives: Derivatives = {}
        # Equal expressions as one object: shared parts are then never compared part by part.
        self.shared: dict[Language, Language] = {}
        self.num_steps = 0
        looks = [look for alternative in alternatives for node in alternative for look in _looks(node)]
        self.classes = minterms(ranges for look in looks for ranges in _ranges(look.body))
        self.letters = [chr(ranges[0][0]).encode() for ranges in self.classes]
        self.known_paths: dict[tuple[object, ...], Paths] = {}
        self.known_asked: dict[tuple[int, tuple[Language, ...]], Language] = {}
        self.step = cache(self._step)
        self.is_steady = cache(self._is_steady)
        self.behind: dict[Node, int] = {}
        self.start = Context((), EVERYTHING)
        for body in dict.fromkeys(look.body for look in looks if not look.ahead):
            if any(look.ahead for look in _looks(body)):
                raise PatternError("a look-ahead or the end of the text within a look-behind is not supported")
            read = self.follow((ANYTHING, body), self.start, Context.end)
            self.behind[body] = len(self.behind)
            self.start = Context((*self.start.behind, read), EVERYTHING)
            # What is known speaks of fewer look-behinds.
            self.known_paths.clear()
            self.known_asked.clear()

    def search(self, nodes: tuple[Node, ...]) -> Language:
        """The texts in which the sequence has a match."""
        begin = 0
        while begin < len(nodes) and nodes[begin] is START:
            begin += 1
        nodes = (*nodes[begin:], ANYTHING)
        from_start = self.follow(nodes, self.start, Context.end)
        if begin:
            return from_start
        later = list(self.paths(ANY_CHARACTER, self.start))
        if len(later) == 1 and self.is_steady(later[0]):
            from_later = self.follow(nodes, later[0], Context.end)
            rest, whole = _leaves(from_later), _leaves(from_start)
            if set(rest) <= set(whole):
                return union([sequence(ANY_TEXT, from_later), *(part for part in whole if part not in rest)])
        return self.follow((ANYTHING, *nodes), self.start, Context.end)

    def follow(self, nodes: tuple[Node, ...], context: Context, rest: Rest) -> Language:
        """The texts of the sequence from `context` on, with what follows it."""
        if not nodes:
            return rest(context)
        self._count(1)
        num_plain = next((index for index, node in enumerate(nodes) if not is_plain(node)), len(nodes))
        node, others = nodes[0], nodes[max(1, num_plain) :]

        @cache
        def after(reached: Context) -> Language:
            return self.follow(others, reached, rest)

        if num_plain:
            found = self._follow_plain(Group((nodes[:num_plain],)), context, after)
        elif isinstance(node, Group):
            found = union([self.follow(choice, context, after) for choice in node.alternatives])
        elif isinstance(node, Repetition) and node.maximum == 1:
            skipped = [after(context)] if node.minimum == 0 else []
            found = union([*skipped, self.follow((node.node,), context, after)])
        elif isinstance(node, Look) and node.ahead and _longest(node.body) > MAX_READ_ALONG:
            found = intersection([self.asked(node, context), after(context)])
        else:
            found = union([sequence(path, after(reached)) for reached, path in self.paths(node, context).items()])
        return self.shared.setdefault(found, found)

    def _follow_plain(self, node: Node, context: Context, rest: Rest) -> Language:
        """Whatever the contexts, the node's own expression where what follows is the same after all of them."""
        paths = self._paths(node, context)
        rests = {rest(reached) for reached in paths}
        if context.ahead == EVERYTHING and len(rests) == 1:
            return sequence(plain_language(node), rests.pop())
        return union([sequence(path, rest(reached)) for reached, path in paths.items()])

    def paths(self, node: Node, context: Context) -> Paths:
        """Where a node of the pattern leads to from `context`, and the texts on the way."""
        key: tuple[object, ...] = (id(node), context)
        if isinstance(node, Repetition):
            key = (id(node.node), node.minimum, node.maximum, context)
        if key not in self.known_paths:
            paths = self._paths(node, context)
            self.known_paths[key] = {place: self.shared.setdefault(path, path) for place, path in paths.items()}
        return self.known_paths[key]

    def _paths(self, node: Node, context: Context) -> Paths:
        self._count(1)
        if isinstance(node, Characters):
            return self._character_paths(node.ranges, context)
        if isinstance(node, Look):
            return self._look_paths(node, context)
        if is_plain(node) and self.is_steady(context):
            return {context: plain_language(node)}
        if isinstance(node, Repetition):
            return self._repetition_paths(node, context)
        result: Paths = {}
        for choice in node.alternatives:
            reached: Paths = {context: EMPTY}
            for inner in choice:
                reached = _compose(reached, partial(self.paths, inner))
            _add(result, EMPTY, reached)
        return result

    def _character_paths(self, ranges: Ranges, context: Context) -> Paths:
        if self.is_steady(context):
            return {context: characters(ranges)}
        reached: dict[Context, list[tuple[int, int]]] = {}
        for index, members in enumerate(self.classes):
            place = self.step(context, index)
            if place.ahead != NOTHING:
                reached.setdefault(place, []).extend(common(ranges, members))
        return {place: characters(normalized(found)) for place, found in reached.items() if found}

    def _look_paths(self, look: Look, context: Context) -> Paths:
        if look.ahead:
            ahead = _simplified(intersection([context.ahead, self.asked(look, context)]))
            return {Context(context.behind, ahead): EMPTY} if ahead != NOTHING else {}
        return {context: EMPTY} if context.behind[self.behind[look.body]].nullable != look.negated else {}

    def asked(self, look: Look, context: Context) -> Language:
        """The language that a look-ahead asks of the rest of the text."""
        key = (id(look), context.behind)
        if key not in self.known_asked:
            self.known_asked[key] = self._asked(look, context)
        return self.known_asked[key]

    def _asked(self, look: Look, context: Context) -> Language:
        if look is END:
            return EMPTY
        inner = self.follow((look.body, ANYTHING), Context(context.behind, EVERYTHING), Context.end)
        return _simplified(complement(inner) if look.negated else inner)

    def _repetition_paths(self, node: Repetition, context: Context) -> Paths:
        if node.maximum == 0:
            return {context: EMPTY}
        rows = self._closure(node.node, context)
        row = rows[context]
        if set(row) == {context}:
            return {context: repeat(row[context], node.minimum, node.maximum)}
        if all(other in (row, {}) for other in rows.values()) and not any(path.nullable for path in row.values()):
            live = union([path for place, path in row.items() if rows[place]])
            return _after_last(node, context, row, live)
        if node.minimum == 0 and node.maximum is None and any(context in other for other in rows.values()):
            return self._eliminated(rows, context)
        fewer = None if node.maximum is None else node.maximum - 1
        others = Repetition(node.node, max(0, node.minimum - 1), fewer)
        result = _compose(row, partial(self.paths, others))
        if node.minimum == 0:
            _add(result, EMPTY, {context: EMPTY})
        return result

    def _eliminated(self, rows: dict[Context, Paths], start: Context) -> Paths:
        """The paths of any number of rounds from `start`, by elimination of the other contexts."""
        ends: dict[Context, Paths] = {place: {place: EMPTY} for place in rows}
        while len(rows) > 1:
            place = _least_connected(rows, start)
            row = rows.pop(place)
            loop = repeat(row.pop(place, NOTHING), 0, None)
            for other, paths in rows.items():
                if place in paths:
                    self._count(len(row) + len(ends[place]))
                    prefix = sequence(paths.pop(place), loop)
                    _add(paths, prefix, row)
                    _add(ends[other], prefix, ends[place])
        loop = repeat(rows[start].get(start, NOTHING), 0, None)
        return {place: sequence(loop, path) for place, path in ends[start].items()}

    def _closure(self, node: Node, context: Context) -> dict[Context, Paths]:
        """The paths of the node from every context that its repetition reaches, `context` first."""
        rows: dict[Context, Paths] = {}
        waiting = [context]
        while waiting:
            place = waiting.pop()
            if place not in rows:
                rows[place] = dict(self.paths(node, place))
                waiting.extend(rows[place])
            if len(rows) > MAX_CONTEXTS:
                raise PatternError("the look-around in a repetition is too complex")
        return rows

    def _step(self, context: Context, index: int) -> Context:
        """The context after a character of a class."""
        self._count(1 + len(context.behind))

        def read(language: Language) -> Language:
            for byte in self.letters[index]:
                language = derivative(language, byte, self.derivatives)
            return language

        return Context(tuple(map(read, context.behind)), _simplified(read(context.ahead)))

    def _is_steady(self, context: Context) -> bool:
        """Whether every character leads from the context to itself."""
        return context.ahead == EVERYTHING and all(self.step(context, i) == context for i in range(len(self.classes)))

    def _count(self, num_steps: int) -> None:
        self.num_steps += num_steps
        if self.num_steps > MAX_STEPS:
            raise PatternError("the look-around is too complex")


def _looks(node: Node) -> Iterator[Look]:
    """The look-around in a node, inner before outer."""
    if isinstance(node, Group):
        for alternative in node.alternatives:
            for inner in alternative:
                yield from _looks(inner)
    elif isinstance(node, Repetition):
        yield from _looks(node.node)
    elif isinstance(node, Look):
        yield from _looks(node.body)
        yield node


def _ranges(node: Node) -> Iterator[Ranges]:
    if isinstance(node, Characters):
        yield node.ranges
    elif isinstance(node, Group):
        for alternative in node.alternatives:
            for inner in alternative:
                yield from _ranges(inner)
    else:
        yield from _ranges(node.body if isinstance(node, Look) else node.node)


def _longest(node: Node) -> float:
    """The characters of the longest match."""
    if isinstance(node, Group):
        return max(sum(map(_longest, alternative)) for alternative in node.alternatives)
    if isinstance(node, Repetition):
        inner = _longest(node.node)
        return inner and inner * (float("inf") if node.maximum is None else node.maximum)
    return 1 if isinstance(node, Characters) or node is END else _longest(node.body) if node.ahead else 0


def _simplified(language: Language) -> Language:
    """The same texts; EVERYTHING where a text of any kind will do, NOTHING where a complement excludes all of them."""
    if isinstance(language, Complement):
        return complement(_simplified(language.parts[0]))
    if isinstance(language, Intersection):
        if EMPTY in language.parts[0]:
            return EMPTY if language.nullable else NOTHING
        return intersection(map(_simplified, language.operands()))
    return EVERYTHING if ANY_TEXT in _leaves(language) else language


def _leaves(language: Language) -> tuple[Language, ...]:
    """The parts of a union, or the language itself where it is none."""
    if isinstance(language, Union):
        return language.operands()
    return () if language == NOTHING else (language,)


def _add(paths: Paths, prefix: Language, more: Paths) -> None:
    """Adds `more` paths, each after `prefix`."""
    for place, path in more.items():
        paths[place] = union([paths.get(place, NOTHING), sequence(prefix, path)])


def _compose(first: Paths, then: Callable[[Context], Paths]) -> Paths:
    result: Paths = {}
    for place, path in first.items():
        _add(result, path, then(place))
    return result


def _after_last(node: Repetition, context: Context, row: Paths, live: Language) -> Paths:
    """The paths of a repetition where each round follows `row`, wherever the `live` ones before it have led."""
    fewer = None if node.maximum is None else node.maximum - 1
    before = repeat(live, max(0, node.minimum - 1), fewer)
    result = {place: sequence(before, path) for place, path in row.items()}
    if node.minimum == 0:
        _add(result, EMPTY, {context: EMPTY})
    return result


def _least_connected(rows: dict[Context, Paths], start: Context) -> Context:
    """The context other than `start` whose elimination joins the fewest paths."""
    num_entries = Counter(place for row in rows.values() for place in row)
    return min((place for place in rows if place != start), key=lambda place: num_entries[place] * len(rows[place]))
