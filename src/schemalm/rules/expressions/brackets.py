"""Operands and brackets: which words may come, what opens and closes a bracket, and what properties follow a value.

A value of a type that cannot end where it stands is refused, unless properties lead from it to one that can. A value
in a bracket can always be completed: an operator with another operand makes its type any.
"""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from schemalm.rules.expressions.checks import Kinds, Pending, is_fine, whole
from schemalm.rules.expressions.compiled import Compiled
from schemalm.rules.expressions.place import Function
from schemalm.rules.expressions.states import NO_NAMES, Bracket, Frame, Operand, Phase, State, Word
from schemalm.rules.expressions.types import (
    ANY,
    BOOLEAN,
    NUMBER,
    STRING,
    TEXT,
    Array,
    Names,
    Object,
    Type,
    assignable,
    fits,
)

# GitHub's parser refuses a nesting deeper than 50; to what is counted here, logical operators add two, a text three.
MAX_WEIGHT = 47
OUTER_WEIGHT = 3
# Properties that lead from a value to one of a type that is allowed.
MAX_ROUTE = 3
ANYTHING: Kinds = (ANY, ANY, ANY)
# What closes each bracket that the expression itself opens.
CLOSERS = {Bracket.GROUP: ")", Bracket.CALL: ")", Bracket.INDEX: "]"}
# What leads from an operand to another: the text, the number of properties, and the other's type.
Route = tuple[str, int, Type]


class Brackets(Compiled):
    """Transitions at the operands and brackets of an expression."""

    def pending(self) -> Pending | None:
        """What is under way where an expression begins."""
        return Pending() if self.checked else None

    def top(self, kind: Bracket) -> Frame:
        """The outermost bracket of an expression."""
        return Frame(kind, kind, used=OUTER_WEIGHT, pending=self.pending())

    def may_nest(self, frame: Frame, operand: Operand) -> bool:
        """Whether an operand is not too deep."""
        return self._weight(frame, operand) <= MAX_WEIGHT

    def _weight(self, frame: Frame, operand: Operand) -> int:
        return frame.used + operand.weight + 2 * frame.logical

    def may_open(self, frame: Frame, operand: Operand) -> bool:
        """Whether a bracket may be opened at an operand."""
        return frame.depth < self.place.depth and self._weight(frame, operand) < MAX_WEIGHT - MAX_ROUTE

    def _opened(self, kind: Bracket, frame: Frame, owner: Operand, function: Function | None = None) -> Frame:
        used = self._weight(frame, owner) + 1
        opened = Frame(kind, frame.root, frame, frame.depth + 1, used, owner, function, pending=self.pending())
        if function is None:
            return opened
        room = None if function.most is None else function.most - 1
        return opened._replace(due=max(0, function.least - 1), room=room)

    def is_possible(self, frame: Frame, operand: Operand) -> bool:
        """Whether the types allow an operand, or one that properties lead to from there."""
        pending = frame.pending
        if pending is None or not pending.operator:
            return True
        if operand.negations:
            return is_fine(pending, BOOLEAN)
        left = MAX_WEIGHT - self._weight(frame, operand)
        return any(steps <= left and is_fine(pending, found) for _, steps, found in self.routes(operand))

    @cached_property
    def _routes(self) -> dict[Operand, list[Route]]:
        return {}

    def routes(self, operand: Operand) -> list[Route]:
        """Shortest texts of properties from an operand to one of each type within reach; the first is empty."""
        start = Operand(operand.type, operand.level, indexable=operand.indexable)
        if start not in self._routes:
            self._routes[start] = self._find_routes(start)
        return self._routes[start]

    def _find_routes(self, start: Operand) -> list[Route]:
        found: dict[Type, Route] = {start.type: ("", 0, start.type)}
        edge = [("", start)]
        for steps in range(1, MAX_ROUTE + 1):
            longer = [(f"{text}.{name}", after) for text, owner in edge for name, after in self._steps(owner)]
            edge = []
            for text, after in sorted(longer, key=lambda step: len(step[0])):
                if after.type not in found:
                    found[after.type] = (text, steps, after.type)
                    edge.append((text, after))
        return sorted(found.values(), key=lambda route: len(route[0]))

    def _steps(self, owner: Operand) -> list[tuple[str, Operand]]:
        if not self.has_properties(owner):
            return []
        names, is_open = self.names_of(owner)
        listed = [*names, *(["a"] if is_open and "a" not in names else [])]
        steps = [(name, self._owned(owner, self.property_type(owner, name))) for name in listed]
        if (items := self.filtered(owner)) is not None:
            steps.append(("*", self.operand(owner._replace(weight=owner.weight + 1), items, NO_NAMES)))
        return [(name, after) for name, after in steps if after is not None]

    def _owned(self, owner: Operand, found: Type | None) -> Operand | None:
        if found is None:
            return None
        before = owner._replace(weight=owner.weight + 1)
        return self.operand(before, found, NO_NAMES if owner.level == NO_NAMES else owner.level + 1)

    def negated(self, before: Operand) -> Operand:
        """What comes before an operand after one more unary operator."""
        negations = (2 if before.negations == 1 else 1) if self.checked else 0
        return before._replace(weight=before.weight + 1, negations=negations)

    # Words

    def begins_literal(self, text: str) -> bool:
        """Whether a literal begins with the text."""
        return any(literal.startswith(text) for literal in self.literals)

    def words(self, frame: Frame, before: Operand, begun: Word) -> list[str]:
        """The words that may come here and begin so."""
        folded, exact = begun
        found = [name for name in self.contexts if name.startswith(folded) and self._context(frame, before, name)]
        found += [name for name in self.functions if name.startswith(folded) and self._callable(frame, before, name)]
        if exact:
            found += [name for name in self.literals if name.startswith(exact) and self._literal(frame, before, name)]
        return found

    def _context(self, frame: Frame, before: Operand, name: str) -> Operand | None:
        found = self.operand(before, self.contexts[name], 0)
        return found if self.is_possible(frame, found) else None

    def _literal(self, frame: Frame, before: Operand, name: str) -> Operand | None:
        found = self.operand(before, self.literals[name], NO_NAMES, False)
        return found if self.is_possible(frame, found) else None

    def _callable(self, frame: Frame, before: Operand, name: str) -> Function | None:
        function = self.functions[name]
        found = self.operand(before, function.returns, NO_NAMES)
        return function if self.may_open(frame, before) and self.is_possible(frame, found) else None

    def function(self, frame: Frame, before: Operand, word: Word) -> Function | None:
        """The function of this name, if it may be called here; a literal's name is none."""
        if word.exact in self.literals or word.folded not in self.functions:
            return None
        return self._callable(frame, before, word.folded)

    def named_operand(self, frame: Frame, before: Operand, word: Word) -> Operand | None:
        """The literal or context of this name, if it may stand here."""
        folded, exact = word
        if exact in self.literals:
            return self._literal(frame, before, exact)
        return self._context(frame, before, folded) if folded in self.contexts else None

    # Properties

    def open_dot(self, frame: Frame, operand: Operand) -> State | None:
        """The state after a dot behind an operand."""
        if not self.has_properties(operand) or self._weight(frame, operand) >= MAX_WEIGHT:
            return None
        names, is_open = self.names_of(operand)
        listed = (*names, "a") if is_open else names
        if any(self.property_operand(frame, operand, name) for name in listed) or self.star(frame, operand):
            return State(Phase.DOT, frame, operand)
        return None

    def star(self, frame: Frame, operand: Operand) -> Operand | None:
        """The operand after `.*`."""
        found = self.filtered(operand)
        return None if found is None else self._deeper(frame, operand, found, NO_NAMES)

    def _deeper(self, frame: Frame, owner: Operand, found: Type, level: int) -> Operand | None:
        after = self.operand(owner._replace(weight=owner.weight + 1), found, level)
        return after if self.may_nest(frame, after) and self.is_possible(frame, after) else None

    def property_operand(self, frame: Frame, owner: Operand, name: str | None) -> Operand | None:
        """The operand after a property by its folded name; None: of no known property."""
        found = self.property_type(owner, name or "")
        if found is None:
            return None
        return self._deeper(frame, owner, found, NO_NAMES if owner.level == NO_NAMES else owner.level + 1)

    def longer_property(
        self, frame: Frame, owner: Operand, begun: str | None, char: str
    ) -> str | Literal[False] | None:
        """A property with one more character; None if no known property begins so, False if none may."""
        names, is_open = self.names_of(owner)
        reserved = self.reserved(owner)
        # Known properties in quotes are compared as they are written, reserved beginnings are not.
        longer = None if begun is None else begun + (self.folded(char) if reserved else char)
        if longer in reserved or (not is_plain_name(char) and self.is_plain(owner)):
            return False
        fitting: list[str | None] = [name for name in names if longer is not None and name.startswith(longer)]
        is_known = bool(fitting) or any(longer is not None and name.startswith(longer) for name in reserved)
        if is_open:
            fitting.append(None)
        if not any(self.property_operand(frame, owner, name) for name in fitting):
            return False
        return longer if is_known else None

    # Brackets

    def is_special(self, frame: Frame) -> bool:
        """Whether a text where the expression in a bracket begins is more than a value."""
        if frame.kind is Bracket.INDEX:
            return holds_keys(frame.owner)
        if frame.kind is Bracket.TOP:
            # Types exclude a text alone by themselves.
            return self.place.form == "whole" and not (self.checked and self.place.accepts)
        return (
            frame.function is not None and not frame.args and bool(frame.function.placeholders or frame.function.json)
        )

    def open_group(self, frame: Frame, before: Operand, is_first: bool) -> State | None:
        """The state after an opening bracket where an operand may come."""
        # Readers that check types drop brackets around a text, and check what it holds.
        if is_first and self.checked and frame.kind is not Bracket.TOP and self.is_special(frame):
            return None
        if not self.may_open(frame, before):
            return None
        return State(Phase.OPERAND, self._opened(Bracket.GROUP, frame, before), token=True)

    def open_call(self, frame: Frame, before: Operand, function: Function) -> State:
        """The state after the opening bracket of a call."""
        opened = self._opened(Bracket.CALL, frame, before, function)
        return State(Phase.NO_ARGUMENTS if function.most == 0 else Phase.OPERAND, opened, token=True)

    def open_index(self, frame: Frame, operand: Operand) -> State | None:
        """The state after an opening bracket behind an operand."""
        if not self.has_items(operand) or not self.may_open(frame, operand):
            return None
        if not self._indexed(frame, operand):
            return None
        return State(Phase.OPERAND, self._opened(Bracket.INDEX, frame, operand), token=True)

    def _indexed(self, frame: Frame, operand: Operand) -> Operand | None:
        return self._deeper(frame, operand, self.item_type(operand.type), NO_NAMES)

    def expected(self, frame: Frame) -> tuple[Type, bool]:
        """The type that a bracket expects, and whether it is that of an argument."""
        if frame.kind is Bracket.CALL:
            assert frame.function is not None
            return frame.function.parameter(frame.args), True
        if frame.kind is Bracket.INDEX and frame.owner.type != ANY:
            return (NUMBER if isinstance(frame.owner.type, Array) else STRING), False
        if frame.kind is Bracket.TOP:
            default = ANY if self.place.form == "whole" else TEXT
            return self.place.accepts or default, False
        return ANY, False

    def kinds(self, operand: Operand) -> Kinds:
        """The types of an operand with its unary operators."""
        if_true, if_false = operand.narrowed or (operand.type, operand.type)
        if operand.negations:
            return (BOOLEAN, if_false, if_true) if operand.negations == 1 else (BOOLEAN, if_true, if_false)
        return operand.type, if_true, if_false

    def closed_value(self, frame: Frame, operand: Operand) -> Kinds | None:
        """The types of the whole expression in a bracket that ends with an operand; None if it may not end so."""
        if frame.pending is None:
            return ANYTHING
        kinds = self.whole_kinds(frame.pending, self.kinds(operand))
        return kinds if kinds is not None and self.may_end_with(frame, kinds) else None

    def whole_kinds(self, pending: Pending, kinds: Kinds) -> Kinds | None:
        """The types of an expression that ends with an operand; None if the types forbid the operand."""
        found = whole(pending, kinds)
        return None if found is None else (self.plain(found[0]), self.plain(found[1]), self.plain(found[2]))

    def may_end_with(self, frame: Frame, kinds: Kinds) -> bool:
        """Whether a bracket may hold an expression of these types."""
        expected, is_argument = self.expected(frame)
        return assignable(kinds[0], expected) if is_argument else fits(kinds[0], expected)

    def next_argument(self, frame: Frame, operand: Operand) -> State | None:
        """The state after a comma."""
        if frame.kind is not Bracket.CALL or frame.room == 0 or self.closed_value(frame, operand) is None:
            return None
        return State(Phase.OPERAND, self.after_comma(frame), token=True)

    def after_comma(self, frame: Frame) -> Frame:
        """A call after the comma behind the current argument."""
        function = frame.function
        assert function is not None
        args, enough = frame.args + 1, max(1, len(function.parameters))
        if args > enough:
            args = enough + (args - enough) % 2 * function.odd
        room = None if frame.room is None else frame.room - 1
        return frame._replace(args=args, due=max(0, frame.due - 1), room=room, logical=False, pending=self.pending())

    def close(self, frame: Frame, operand: Operand, char: str) -> State | None:
        """The state after a closing bracket."""
        if CLOSERS.get(frame.kind) != char:
            return None
        kinds = self.closed_value(frame, operand)
        parent = frame.parent
        if kinds is None or parent is None or not self.has_enough(frame):
            return None
        after = self.closed_operand(frame, kinds)
        return State(Phase.AFTER, parent, after) if self.is_possible(parent, after) else None

    def has_enough(self, frame: Frame) -> bool:
        """Whether a call may end after the current argument."""
        return frame.due == 0 and not (frame.function is not None and frame.function.odd and frame.args % 2)

    def closed_operand(self, frame: Frame, kinds: Kinds) -> Operand:
        """The operand that a closed bracket yields."""
        if frame.function is not None:
            return self.operand(frame.owner, frame.function.returns, NO_NAMES)
        if frame.kind is Bracket.INDEX:
            owner = frame.owner._replace(weight=frame.owner.weight + 1)
            return self.operand(owner, self.item_type(owner.type), NO_NAMES)
        plain, if_true, if_false = kinds
        narrowed = None if plain == if_true == if_false else (if_true, if_false)
        return self.operand(frame.owner, plain, NO_NAMES)._replace(narrowed=narrowed)

    def close_empty_call(self, frame: Frame) -> State | None:
        """The state after the closing bracket of a call without arguments."""
        function, parent = frame.function, frame.parent
        if function is None or parent is None or function.least or frame.args:
            return None
        return State(Phase.AFTER, parent, self.closed_operand(frame, ANYTHING))


def holds_keys(owner: Operand) -> bool:
    """Whether a text in brackets behind a value is the name of a property."""
    return isinstance(owner.type, Names) or (
        isinstance(owner.type, Object) and bool(owner.type.properties or owner.type.plain or owner.type.reserved)
    )


def is_plain_name(char: str) -> bool:
    """Whether a character may stand in a plain name."""
    return char.isascii() and (char.isalnum() or char == "_")
