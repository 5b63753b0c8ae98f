"""Boolean formulas over assertions: the normal form of a schema node (its *shape*).

Formulas are immutable trees with structural equality and a hash computed once, so they serve as keys.
The constructor functions simplify: constants vanish, nested conjunctions flatten, duplicates merge, and a
formula next to its own negation collapses. Simplification is sound but not complete: two formulas
that compare unequal may still be equivalent. Which assertions exist is not known here.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from typing import Any


class Formula:
    """A node of a formula: its class and `parts` are its identity.

    asks: whether there is a question about a child in it; size: how many nodes it has, those that occur twice twice.
    """

    __slots__ = ("_hash", "_possibilities", "asks", "parts", "size")

    def __init__(self, *parts: object) -> None:
        self.parts: tuple[Any, ...] = parts
        self._hash = hash((type(self).__qualname__, parts))
        # What `possible` has found.
        self._possibilities: tuple[Formula, Formula] | None = None
        self.asks, self.size = self._measure()

    def _measure(self) -> tuple[bool, int]:
        """Whether there is a question in it, and its size."""
        return False, 1

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return type(self) is type(other) and self._hash == other._hash and self.parts == other.parts

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.parts))})"


class Constant(Formula):
    """Always true or always false."""

    __slots__ = ()


class Connective(Formula):
    """A formula over other formulas."""

    __slots__ = ()

    def _measure(self) -> tuple[bool, int]:
        asks, size = False, 1
        for part in self.parts:
            asks = asks or part.asks
            size += part.size
        return asks, size


class Not(Connective):
    """Negation of its one part."""

    __slots__ = ()


class And(Connective):
    """True where every part is."""

    __slots__ = ()


class Or(Connective):
    """True where some part is."""

    __slots__ = ()


class ExactlyOne(Connective):
    """True where one part is, and no other."""

    __slots__ = ()


class Atom(Formula):
    """A leaf: an assertion, or a question whose answer is not known yet."""

    __slots__ = ()

    @property
    def wanted_names(self) -> tuple[str, ...]:
        """The names of the keys without which it cannot come true."""
        return ()


class Question(Atom):
    """The outcome of a child on the shape with this index; its one part is that index."""

    __slots__ = ()

    def _measure(self) -> tuple[bool, int]:
        return True, 1

    @property
    def index(self) -> int:
        """Which of the shapes that the child is asked about."""
        index: int = self.parts[0]
        return index


class Asked(Atom):
    """That the next child has a shape; its one part is that shape."""

    __slots__ = ()

    def _measure(self) -> tuple[bool, int]:
        return True, 1


TRUE = Constant(True)
FALSE = Constant(False)
# The part of a formula that says nothing.
NEUTRAL: dict[type[Formula], Formula] = {And: TRUE, Or: FALSE, ExactlyOne: FALSE}


def asked(shape: Formula) -> Formula:
    """That the next child has a shape."""
    return shape if isinstance(shape, Constant) else Asked(shape)


def children(formula: Formula) -> tuple[Formula, ...]:
    """The formulas directly under a connective; none for constants and atoms."""
    if isinstance(formula, Atom | Constant):
        return ()
    return formula.parts


def conjuncts(formula: Formula) -> tuple[Formula, ...]:
    """The parts of a conjunction; any other formula is the only part of its own."""
    return formula.parts if isinstance(formula, And) else (formula,)


def negate(formula: Formula) -> Formula:
    """The negation, with double negations and constants removed."""
    if isinstance(formula, Constant):
        return FALSE if formula.parts[0] else TRUE
    if isinstance(formula, Not):
        return children(formula)[0]
    return Not(formula)


def all_of(parts: Iterable[Formula]) -> Formula:
    """The conjunction of `parts`."""
    return _flatten(And, Or, parts, neutral=TRUE, absorbing=FALSE)


def any_of(parts: Iterable[Formula]) -> Formula:
    """The disjunction of `parts`."""
    return _flatten(Or, And, parts, neutral=FALSE, absorbing=TRUE)


def _flatten(
    kind: type[Formula], dual: type[Formula], parts: Iterable[Formula], neutral: Formula, absorbing: Formula
) -> Formula:
    unique: dict[Formula, None] = {}
    for part in parts:
        for leaf in children(part) if type(part) is kind else (part,):
            if leaf == absorbing:
                return absorbing
            if leaf != neutral:
                unique[leaf] = None
    if any(type(leaf) is Not and leaf.parts[0] in unique for leaf in unique):
        return absorbing
    kept = [leaf for leaf in unique if not (type(leaf) is dual and any(part in unique for part in children(leaf)))]
    if not kept:
        return neutral
    return kept[0] if len(kept) == 1 else kind(*kept)


def exactly_one(parts: Iterable[Formula]) -> Formula:
    """True where one of `parts` is true and no other (JSON Schema's `oneOf`)."""
    counts: dict[Formula, int] = {}
    for part in parts:
        if part != FALSE:
            counts[part] = counts.get(part, 0) + 1
    never = [negate(part) for part, count in counts.items() if count > 1 and part != TRUE]
    if counts.get(TRUE, 0) > 1:
        return FALSE
    single = [part for part, count in counts.items() if count == 1]
    if TRUE in counts:
        return all_of([*never, *(negate(part) for part in single if part != TRUE)])
    if not single:
        return FALSE
    return all_of([*never, single[0] if len(single) == 1 else ExactlyOne(*single)])


def substitute(
    formula: Formula, replace: Callable[[Atom], Formula], touches: Callable[[Formula], bool] | None = None
) -> Formula:
    """The formula with every atom replaced by what `replace` gives for it, simplified.

    touches: whether anything in a part may be replaced by something else; what it says no to stays unseen.
    """
    memo: dict[Formula, Formula] = {}

    def walk(node: Formula) -> Formula:
        if isinstance(node, Constant) or (touches is not None and not touches(node)):
            return node
        found = memo.get(node)
        if found is None:
            found = memo[node] = replace(node) if isinstance(node, Atom) else rebuilt(node)
        return found

    def rebuilt(node: Formula) -> Formula:
        parts = [walk(part) for part in node.parts]
        if all(map(operator.is_, parts, node.parts)):
            return node
        neutral = NEUTRAL.get(type(node))
        kept = [part for part in parts if part is not neutral]
        # What is left of a simplified formula once some parts say nothing more is simplified.
        if neutral is not None and not set(map(id, kept)).difference(map(id, node.parts)):
            return type(node)(*kept) if len(kept) > 1 else kept[0] if kept else neutral
        return rebuild(node, parts)

    return walk(formula)


def has_questions(formula: Formula) -> bool:
    """Whether there is a question about a child in the formula."""
    return formula.asks


def rebuild(node: Formula, parts: list[Formula]) -> Formula:
    """The connective of `node` over other parts."""
    if isinstance(node, And):
        return all_of(parts)
    if isinstance(node, Or):
        return any_of(parts)
    if isinstance(node, ExactlyOne):
        return exactly_one(parts)
    return negate(parts[0])


def atoms(formulas: Iterable[Formula], touches: Callable[[Formula], bool] | None = None) -> Iterator[Atom]:
    """Every distinct atom of the formulas, in order of first occurrence; `touches`: which parts to look into."""
    seen: set[Formula] = set()
    stack = list(formulas)[::-1]
    while stack:
        node = stack.pop()
        if node in seen or (touches is not None and not touches(node)):
            continue
        seen.add(node)
        if isinstance(node, Atom):
            yield node
        stack.extend(reversed(children(node)))


def atoms_in_doubt(formula: Formula, is_held: bool = True) -> Iterator[Atom]:
    """The atoms that a formula may be true without: those under a negation, or among exactly one.

    is_held: whether the formula itself has to be true, rather than judged.
    """
    if isinstance(formula, Atom):
        if not is_held:
            yield formula
        return
    for part in children(formula):
        yield from atoms_in_doubt(part, is_held and isinstance(formula, And | Or))


def possible(formula: Formula) -> Formula:
    """What the questions must answer for the formula to be possibly true, whatever its other atoms turn out to be.

    The result has no atoms but questions. It is an upper bound: other atoms count as independent.
    """
    return _possibilities(formula)[0]


def _possibilities(formula: Formula) -> tuple[Formula, Formula]:
    """What the questions must answer for the formula to be possibly true, and to be possibly false."""
    if isinstance(formula, Question | Constant):
        return formula, negate(formula)
    if isinstance(formula, Atom):
        return TRUE, TRUE
    if formula._possibilities is None:
        parts = [_possibilities(part) for part in formula.parts]
        formula._possibilities = _connective_possibilities(formula, parts)
    return formula._possibilities


def _connective_possibilities(formula: Formula, parts: list[tuple[Formula, Formula]]) -> tuple[Formula, Formula]:
    positive = [possibly_true for possibly_true, _ in parts]
    negative = [possibly_false for _, possibly_false in parts]
    if isinstance(formula, And):
        return all_of(positive), any_of(negative)
    if isinstance(formula, Or):
        return any_of(positive), all_of(negative)
    if isinstance(formula, Not):
        return negative[0], positive[0]
    return _possibilities_of_one(positive, negative)


def _possibilities_of_one(positive: list[Formula], negative: list[Formula]) -> tuple[Formula, Formula]:
    """What the questions must answer for exactly one of some parts to be possibly true, and for it to be false.

    Parts that hang on questions alone are counted by the formula itself. Of the others, all may be false.
    """
    pairs = list(zip(positive, negative, strict=True))
    if any(not_here != TRUE and here != negate(not_here) for here, not_here in pairs):
        return _counted_possibilities(pairs)
    asked = [here for here, not_here in pairs if not_here != TRUE]
    open_parts = any_of(here for here, not_here in pairs if not_here == TRUE)
    one_asked, none_asked = exactly_one(asked), all_of(map(negate, asked))
    return any_of([one_asked, all_of([none_asked, open_parts])]), any_of([negate(one_asked), open_parts])


def _counted_possibilities(pairs: list[tuple[Formula, Formula]]) -> tuple[Formula, Formula]:
    """The same for any parts, counting those that are true: none, one or more."""
    none: Formula = TRUE
    one: Formula = FALSE
    more: Formula = FALSE
    for here, not_here in pairs:
        more = any_of([more, all_of([one, here])])
        one = any_of([all_of([one, not_here]), all_of([none, here])])
        none = all_of([none, not_here])
    return one, any_of([none, more])


def answer(formula: Formula, outcome: int) -> Formula:
    """The formula with each question replaced by its bit of `outcome`."""

    def answered(atom: Atom) -> Formula:
        if not isinstance(atom, Question):
            return atom
        return TRUE if outcome >> atom.index & 1 else FALSE

    return substitute(formula, answered, has_questions)
