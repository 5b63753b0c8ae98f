"""Anchors within patterns and look-ahead, as regular languages.

In: the alternatives of a pattern. Out: the language of the texts that have a match. A pattern is read from left to
right together with the language that follows it: `$` restricts that language to the empty text, and a look-ahead
intersects with it. `^` is true if nothing has been read. A repetition around an anchor is rewritten, because only the
first iteration can begin at the start of the text, and only the last can end at its end. A look-ahead in a repetition
raises `PatternError`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from itertools import takewhile

from schemalm.regular.character_ranges import Ranges
from schemalm.regular.language import (
    ANY_CHARACTER,
    ANY_TEXT,
    EMPTY,
    NOTHING,
    Language,
    complement,
    intersection,
    repeat,
    sequence,
    union,
)
from schemalm.regular.pattern_syntax import PatternError
from schemalm.regular.pattern_tree import (
    END,
    NO_MATCH,
    START,
    Anchor,
    Characters,
    Group,
    Lookahead,
    Node,
    Repetition,
    consumes,
)
from schemalm.regular.utf8 import code_points

# The language that follows; the argument says whether nothing has been read before it.
Rest = Callable[[bool], Language]


def search_language(alternatives: Iterable[tuple[Node, ...]]) -> Language:
    """The texts in which one of several sequences has a match; raises `PatternError`."""
    reader = _Reader()
    return union([_search_language(nodes, reader) for nodes in alternatives])


def _search_language(nodes: tuple[Node, ...], reader: _Reader) -> Language:
    later = reader.follow(nodes, False, _any_text)
    if not any(_contains(node, START) for node in nodes):
        return sequence(ANY_TEXT, later)
    return union([reader.follow(nodes, True, _any_text), sequence(ANY_CHARACTER, ANY_TEXT, later)])


@lru_cache(maxsize=4096)
def characters(ranges: Ranges) -> Language:
    """One character out of `ranges`."""
    return code_points(ranges)


def _any_text(is_start: bool) -> Language:
    return ANY_TEXT


def _is_plain(node: Node) -> bool:
    """Whether the node contains no anchor and no look-ahead."""
    if isinstance(node, Group):
        return all(_is_plain(inner) for alternative in node.alternatives for inner in alternative)
    return isinstance(node, Characters) or (isinstance(node, Repetition) and _is_plain(node.node))


def _plain_language(node: Node) -> Language:
    """The texts of a plain node."""
    if isinstance(node, Characters):
        return characters(node.ranges)
    if isinstance(node, Repetition):
        return repeat(_plain_language(node.node), node.minimum, node.maximum)
    assert isinstance(node, Group)
    return union([sequence(*map(_plain_language, alternative)) for alternative in node.alternatives])


class _Reader:
    """Translates the sequences of one pattern from left to right."""

    def __init__(self) -> None:
        # One object for each group of equal expressions, so shared parts are never compared part by part.
        self._shared: dict[Language, Language] = {}

    def follow(self, nodes: tuple[Node, ...], is_start: bool, rest: Rest) -> Language:
        """The language of a sequence and what follows it; is_start: whether nothing has been read before it."""
        if not nodes:
            return rest(is_start)
        plain = tuple(takewhile(_is_plain, nodes))

        @cache
        def after(is_start: bool) -> Language:
            return self.follow(nodes[max(1, len(plain)) :], is_start, rest)

        if plain:
            found = _plain_before(sequence(*map(_plain_language, plain)), is_start, after)
        else:
            found = self._node(nodes[0], is_start, after)
        return self._shared.setdefault(found, found)

    def _node(self, node: Node, is_start: bool, after: Rest) -> Language:
        if node is START:
            return after(True) if is_start else NOTHING
        if node is END:
            return EMPTY if after(is_start).nullable else NOTHING
        if isinstance(node, Lookahead):
            ahead = self.follow((node.group,), is_start, _any_text)
            return intersection([complement(ahead) if node.negated else ahead, after(is_start)])
        if isinstance(node, Repetition):
            return self.follow(_rounds(node), is_start, after)
        assert isinstance(node, Group)
        return union([self.follow(alternative, is_start, after) for alternative in node.alternatives])


def _plain_before(texts: Language, is_start: bool, after: Rest) -> Language:
    """Plain texts and what follows them; after an empty text it is still true that nothing has been read."""
    if not is_start or not texts.nullable or after(True) == after(False):
        return sequence(texts, after(False))
    not_empty = intersection([texts, sequence(ANY_CHARACTER, ANY_TEXT)])
    return union([after(True), sequence(not_empty, after(False))])


def _rounds(node: Repetition) -> tuple[Node, ...]:
    """A repetition around an anchor or look-ahead, rewritten so that the part that still repeats contains none."""
    inner, maximum = node.node, node.maximum
    if node.minimum > 1:
        most = None if maximum is None else maximum - node.minimum + 1
        return (*[inner] * (node.minimum - 1), Repetition(inner, 1, most))
    if maximum == 0:
        return ()
    rounds: tuple[Node, ...] = (inner,)
    if maximum != 1 and consumes(inner):
        # An iteration that reads nothing can be dropped: before the first one that reads, and at the end of the text.
        anchor = START if _contains(inner, START) else END
        others = Repetition(_without(inner, anchor), 0, None if maximum is None else maximum - 1)
        rounds = (inner, others) if anchor is START else (others, inner)
    return rounds if node.minimum else (Group(((), rounds)),)


def _contains(node: Node, anchor: Anchor) -> bool:
    if isinstance(node, Group):
        return any(_contains(inner, anchor) for alternative in node.alternatives for inner in alternative)
    if isinstance(node, Repetition):
        return _contains(node.node, anchor)
    if isinstance(node, Lookahead):
        return _contains(node.group, anchor)
    return node is anchor


def _without(node: Node, anchor: Anchor) -> Node:
    """The node with an anchor that never matches."""
    if isinstance(node, Lookahead):
        raise PatternError(
            "a look-ahead in a repetition is not supported; ^(?!.*x) at the start rules out x everywhere"
        )
    if isinstance(node, Repetition):
        return Repetition(_without(node.node, anchor), node.minimum, node.maximum)
    if isinstance(node, Group):
        return Group(tuple(tuple(_without(inner, anchor) for inner in choice) for choice in node.alternatives))
    return NO_MATCH if node is anchor else node
