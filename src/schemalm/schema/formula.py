"""Boolean formulas over assertions: the normal form of a schema node (its *shape*).

Formulas are immutable trees with structural equality and a hash computed once, so they serve as keys.
The constructor functions simplify: constants vanish, nested conjunctions flatten, duplicates merge, and a formula next
to its own negation collapses. Simplification is sound but not complete: two formulas that compare unequal may still be
equivalent. This module does not know which assertions exist.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from typing import Any


class Formula:
    """A node of a formula; its class and `parts` are its identity.

    has_question: whether it contains a `Question` or `ChildHas`. size: the number of nodes; a shared node counts again.
    """

    __slots__ = ("_hash", "_possibilities", "has_question", "parts", "size")

    def __init__(self, *parts: object) -> None:
        self.parts: tuple[Any, ...] = parts
        self._hash = hash((type(self).__qualname__, parts))
        # The cached result of `possible`.
        self._possibilities: tuple[Formula, Formula] | None = None
        self.has_question, self.size = self._measure()

    def _measure(self) -> tuple[bool, int]:
        """Whether it contains a question about a child, and its size."""
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
        has_question, size = False, 1
        for part in self.parts:
            has_question = has_question or part.has_question
            size += part.size
        return has_question, size


class Not(Connective):
    """Negation of its one part."""

    __slots__ = ()


class And(Connective):
    """True if all parts are true."""

    __slots__ = ()


class Or(Connective):
    """True if at least one part is true."""

    __slots__ = ()


class ExactlyOne(Connective):
    """True if exactly one part is true."""

    __slots__ = ()


class Atom(Formula):
    """A leaf: an assertion, or a question that is not answered yet."""

    __slots__ = ()

    @property
    def needed_keys(self) -> tuple[str, ...]:
        """The keys that an object needs for this to become true."""
        return ()


class Question(Atom):
    """Whether the current child has the shape with this index; parts: (index,)."""

    __slots__ = ()

    def _measure(self) -> tuple[bool, int]:
        return True, 1

    @property
    def index(self) -> int:
        """The index of the shape among those that the child is tested for."""
        index: int = self.parts[0]
        return index


class ChildHas(Atom):
    """Whether the next child has a shape; parts: (shape,)."""

    __slots__ = ()

    def _measure(self) -> tuple[bool, int]:
        return True, 1


TRUE = Constant(True)
FALSE = Constant(False)
# The part that a connective can drop.
NEUTRAL: dict[type[Formula], Formula] = {And: TRUE, Or: FALSE, ExactlyOne: FALSE}


def child_has(shape: Formula) -> Formula:
    """The formula that is true if the next child has a shape."""
    return shape if isinstance(shape, Constant) else ChildHas(shape)


def children(formula: Formula) -> tuple[Formula, ...]:
    """The direct parts of a connective; empty for constants and atoms."""
    if isinstance(formula, Atom | Constant):
        return ()
    return formula.parts


def conjuncts(formula: Formula) -> tuple[Formula, ...]:
    """The parts of a conjunction; any other formula alone."""
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
    """The formula that is true if exactly one of `parts` is (JSON Schema's `oneOf`)."""
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
    """The simplified formula with every atom replaced by `replace(atom)`.

    touches: whether a part may contain an atom that changes; other parts are skipped.
    """
    return _Substitution(replace, touches).of(formula)


class _Substitution:
    """One call of `substitute`. Functions that call each other would hold themselves, and wait for the collector."""

    __slots__ = ("_found", "_replace", "_touches")

    def __init__(self, replace: Callable[[Atom], Formula], touches: Callable[[Formula], bool] | None) -> None:
        self._replace, self._touches = replace, touches
        self._found: dict[Formula, Formula] = {}

    def of(self, node: Formula) -> Formula:
        if isinstance(node, Constant) or (self._touches is not None and not self._touches(node)):
            return node
        found = self._found.get(node)
        if found is None:
            found = self._found[node] = self._replace(node) if isinstance(node, Atom) else self._rebuilt(node)
        return found

    def _rebuilt(self, node: Formula) -> Formula:
        parts = [self.of(part) for part in node.parts]
        if all(map(operator.is_, parts, node.parts)):
            return node
        neutral = NEUTRAL.get(type(node))
        kept = [part for part in parts if part is not neutral]
        # Dropping neutral parts of a simplified formula leaves it simplified.
        if neutral is not None and not set(map(id, kept)).difference(map(id, node.parts)):
            return type(node)(*kept) if len(kept) > 1 else kept[0] if kept else neutral
        return rebuild(node, parts)


def has_questions(formula: Formula) -> bool:
    """Whether the formula contains a question about a child."""
    return formula.has_question


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
    """Yield every distinct atom of the formulas, in order of first occurrence; `touches`: which parts to search."""
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
    """Yield the atoms that may be false in a true formula: those under a negation, or in exactly one of several parts.

    is_held: whether the formula has to be true; otherwise it may have either value.
    """
    if isinstance(formula, Atom):
        if not is_held:
            yield formula
        return
    for part in children(formula):
        yield from atoms_in_doubt(part, is_held and isinstance(formula, And | Or))


def possible(formula: Formula) -> Formula:
    """What the answers must be for the formula to be possibly true, whatever its other atoms are.

    The result contains no atoms but questions. It is an upper bound: other atoms count as independent.
    """
    return _possibilities(formula)[0]


def _possibilities(formula: Formula) -> tuple[Formula, Formula]:
    """What the answers must be for the formula to be possibly true, and for it to be possibly false."""
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
    """What the answers must be for exactly one of several parts to be possibly true, and for this to be possibly false.

    Parts that depend only on questions are counted by the formula itself; of the others, all may be false.
    """
    pairs = list(zip(positive, negative, strict=True))
    if any(not_here != TRUE and here != negate(not_here) for here, not_here in pairs):
        return _counted_possibilities(pairs)
    asked = [here for here, not_here in pairs if not_here != TRUE]
    open_parts = any_of(here for here, not_here in pairs if not_here == TRUE)
    one_asked, none_asked = exactly_one(asked), all_of(map(negate, asked))
    return any_of([one_asked, all_of([none_asked, open_parts])]), any_of([negate(one_asked), open_parts])


def _counted_possibilities(pairs: list[tuple[Formula, Formula]]) -> tuple[Formula, Formula]:
    """The same for any parts, by counting the true ones: none, one, or more."""
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
