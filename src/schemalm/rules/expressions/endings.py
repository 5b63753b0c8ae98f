"""Shortest ends of texts: what completes a text from each state.

An end is put together from the end of the token under way and the ends of the open brackets, so it costs one step per
bracket. If types are checked, a value of a wrong type is completed by properties, or by operators and operands that
change the type of the whole; for each type that a bracket may yield, the shortest way to it is followed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

from schemalm.rules.expressions import json_text, numbers
from schemalm.rules.expressions.brackets import CLOSERS
from schemalm.rules.expressions.checks import Kinds, Pending, after_operator, is_fine
from schemalm.rules.expressions.json_text import Json
from schemalm.rules.expressions.machine import Machine
from schemalm.rules.expressions.place import Function
from schemalm.rules.expressions.states import (
    NO_NAMES,
    Bracket,
    Frame,
    Free,
    Operand,
    Pending8,
    Phase,
    Quoted,
    Role,
    State,
    Word,
)
from schemalm.rules.expressions.types import BOOLEAN, NUMBER, STRING, Type, assignable

# JSON values of each kind, and the kinds.
_JSON_TEXTS = ((b"1", "0"), (b'""', '"'), (b"[]", "["), (b"{}", "{"), (b"null", "n"), (b"true", "t"))
# An operator and an operand, or two of each, with their types.
Repair = tuple[bytes, tuple[tuple[str, Kinds], ...]]


class Leaf(NamedTuple):
    """An operand without parts: its text and type, whether it is negated, and whether it is a context."""

    text: bytes
    type: Type
    is_negated: bool = False
    is_context: bool = False

    @property
    def kinds(self) -> Kinds:
        """The types of the operand."""
        return (BOOLEAN if self.is_negated else self.type, self.type, self.type)


class Endings(Machine):
    """The ends of states; they are remembered for each bracket and operand."""

    @cached_property
    def _tails(self) -> dict[tuple[Frame, Operand], bytes | None]:
        return {}

    @cached_property
    def _repaired(self) -> dict[tuple[Pending, Kinds], list[tuple[Kinds, bytes]]]:
        return {}

    @cached_property
    def _arguments(self) -> dict[Type, bytes]:
        return {}

    @cached_property
    def _leaves(self) -> list[Leaf]:
        """Literals, and a negated one."""
        literals = [(b"1", NUMBER), (b"''", STRING), *((name.encode(), found) for name, found in self.literals.items())]
        leaves = [Leaf(text, found) for text, found in literals]
        return [*leaves, *(Leaf(unary.encode() + b"1", NUMBER, True) for unary in self.place.syntax.unary[:1])]

    @cached_property
    def _operands(self) -> list[Leaf]:
        """Operands without parts, shortest first."""
        contexts = [Leaf(name.encode(), found, is_context=True) for name, found in self.contexts.items()]
        return sorted([*self._leaves, *contexts], key=lambda leaf: len(leaf.text))

    @cached_property
    def _repairs(self) -> list[Repair]:
        """What may change the type of an expression, shortest first."""
        single = [
            (operator.encode() + leaf.text, ((operator, leaf.kinds),))
            for operator in self.place.syntax.binary
            for leaf in self._leaves
        ]
        number = [repair for repair in single if repair[1][0][1][0] == NUMBER]
        double = [(first + second, (*one, *two)) for first, one in number for second, two in single]
        return sorted([*single, *double], key=lambda repair: len(repair[0]))

    def forget_ends(self) -> None:
        """Forgets what is remembered of ends."""
        self._tails.clear()
        self._repaired.clear()

    def end(self, state: State) -> bytes:
        """A shortest text that ends a text from a state."""
        frame, operand, token = state.frame, state.operand, state.token
        if state.phase is Phase.FREE:
            assert isinstance(token, Free)
            return rest_of_character(token.pending)
        if frame is None:
            return self._end_outside(state)
        if state.phase is Phase.STRING:
            assert isinstance(token, Quoted)
            return self._end_of_quote(state, token)
        return shortest(self._ends(state.phase, frame, operand, token))

    def _end_outside(self, state: State) -> bytes:
        opening, closing = (text.encode() for text in self.place.delimiters)
        if state.phase is Phase.END:
            return b""
        assert isinstance(state.token, int)
        if state.phase is Phase.CLOSING:
            return closing[state.token :]
        inside = self._operand_end(self.top(Bracket.TOP), Operand(), False)
        found = opening[state.token :] + inside
        if self.place.form == "condition" and not state.token:
            return shortest([found, self._operand_end(self.top(Bracket.DIRECT), Operand(), False)])
        return found

    def _ends(self, phase: Phase, frame: Frame, operand: Operand, token: object) -> Iterable[bytes | None]:
        """Ends of a state within an expression, outside of quotes."""
        if isinstance(token, Word):
            return self._name_ends(frame, operand, token)
        if isinstance(token, numbers.Number):
            after = self.operand(operand, NUMBER, NO_NAMES, False)
            return [prefixed(numbers.rest(token), self.tail(frame, after))]
        if phase is Phase.OPERATOR:
            return self._operator_ends(frame, operand, str(token))
        if phase in (Phase.DOT, Phase.PROPERTY):
            assert token is None or isinstance(token, str)
            return self._property_ends(frame, operand, token, phase is Phase.DOT)
        return [self._end_between(phase, frame, operand, token)]

    def _end_between(self, phase: Phase, frame: Frame, operand: Operand, token: object) -> bytes | None:
        """The end of a state within no token."""
        if phase in (Phase.OPERAND, Phase.NO_ARGUMENTS):
            return self._operand_end(frame, operand, bool(token))
        if phase is Phase.CALLEE:
            return b"(" + self.end(self.open_call(frame, operand, self.functions[str(token)]))
        closing = str(token).encode() if phase is Phase.KEY_END else b""
        return prefixed(closing, self.tail(frame, operand))

    def _operand_end(self, frame: Frame, before: Operand, is_first: bool) -> bytes:
        """The end where an operand may come."""
        if is_first and (closed := self.close_empty_call(frame)) is not None:
            return b")" + self.end(closed)
        best, is_special = None, is_first and self.is_special(frame)
        if is_special and self.checked and frame.kind is Bracket.INDEX:
            opened = self.opening_quote(frame, before, is_first)
            best = None if opened is None else b"'" + self.end(opened)
        least = self._least(frame)
        for leaf in self._operands:
            if best is not None and len(leaf.text) + least >= len(best):
                break
            if not (is_special and leaf.type == STRING and not leaf.is_context):
                negated = self.negated(before) if leaf.is_negated else before
                operand = self.operand(negated, leaf.type, 0, leaf.is_context)
                best = shorter(best, prefixed(leaf.text, self._possible_tail(frame, operand)))
        assert best is not None
        return best

    def _possible_tail(self, frame: Frame, operand: Operand) -> bytes | None:
        return self.tail(frame, operand) if self.is_possible(frame, operand) else None

    def _name_ends(self, frame: Frame, before: Operand, begun: Word) -> Iterator[bytes | None]:
        for name in self.words(frame, before, begun):
            is_literal = bool(begun.exact) and name in self.literals and name.startswith(begun.exact)
            rest = name[len(begun.folded) :].encode()
            word = Word(name, name if is_literal else "")
            operand = self.named_operand(frame, before, word)
            if operand is not None:
                yield prefixed(rest, self.tail(frame, operand))
            elif (function := self.function(frame, before, word)) is not None:
                yield prefixed(rest + b"(", self.end(self.open_call(frame, before, function)))

    def _operator_ends(self, frame: Frame, operand: Operand, begun: str) -> Iterator[bytes | None]:
        for operator in self.place.syntax.binary:
            if operator.startswith(begun) and (after := self.after_operator(frame, operand, operator)) is not None:
                yield operator[len(begun) :].encode() + self._operand_end(after, Operand(), False)

    def _property_ends(self, frame: Frame, owner: Operand, begun: str | None, is_new: bool) -> Iterator[bytes | None]:
        if is_new and (after := self.star(frame, owner)) is not None:
            yield prefixed(b"*", self.tail(frame, after))
        names, is_open = self.names_of(owner)
        begun = "" if is_new else begun
        fitting = [name for name in names if begun is not None and name.startswith(begun)]
        if is_open:
            other = "a" if is_new else begun or ""
            # A known property can be one that leads nowhere; a longer one is another.
            fitting.append(f"{other}a" if other in names else other)
        for name in fitting:
            after = self.property_operand(frame, owner, name or None)
            if after is not None:
                yield prefixed(name[len(begun or "") :].encode(), self.tail(frame, after))

    def _end_of_quote(self, state: State, quoted: Quoted) -> bytes:
        frame = state.frame
        assert frame is not None
        rest = rest_of_character(quoted.pending)
        if quoted.role is Role.KEY:
            after = self.property_operand(frame.parent, frame.owner, None) if frame.parent else None
            assert frame.parent is not None and after is not None
            return shortest(
                [prefixed(rest + (b"" if quoted.content else b"a") + b"']", self.tail(frame.parent, after))]
            )
        if quoted.role is Role.PROPERTY:
            return rest + shortest(self._key_ends(frame, quoted.content))
        if quoted.role in (Role.FORMAT, Role.BARE_FORMAT):
            return rest + self._format_end(state, frame, quoted)
        if quoted.role is Role.JSON:
            return rest + self._json_end(frame, quoted)
        after = self.operand(state.operand, STRING, NO_NAMES, False)
        return shortest([prefixed(rest + (b"" if quoted.ended else b"'"), self.tail(frame, after))])

    def _key_ends(self, frame: Frame, begun: object) -> Iterator[bytes | None]:
        outer, (names, is_open) = frame.parent, self.names_of(frame.owner)
        assert outer is not None
        fitting = [name for name in names if isinstance(begun, str) and name.startswith(begun)]
        if is_open:
            fitting.append(begun if isinstance(begun, str) and begun else "a" if begun == "" else "")
        for name in fitting:
            after = self.property_operand(outer, frame.owner, name or None)
            if after is not None:
                rest = name[len(begun) if isinstance(begun, str) else 0 :].encode()
                yield prefixed(rest + b"']", self.tail(outer, after))

    def _format_end(self, state: State, frame: Frame, quoted: Quoted) -> bytes:
        rest = self.format_rest(frame, quoted)
        whole = quoted._replace(ended=False, pending=None)
        for byte in rest:
            longer = self.longer_quote(state._replace(token=whole), whole, byte)
            assert longer is not None and isinstance(longer.token, Quoted)
            whole = longer.token
        after = self.unquoted(state, whole)
        assert after is not None and after.frame is not None
        # A quote that was read is doubled if the text must go on.
        quote = b"'" + rest + b"'" if quoted.ended and rest else b"" if quoted.ended else rest + b"'"
        return shortest([prefixed(quote, self.tail(after.frame, after.operand))])

    def _json_end(self, frame: Frame, quoted: Quoted) -> bytes:
        content = quoted.content
        assert isinstance(content, Json)
        if not content.kind:
            begun = [(text, content._replace(kind=kind)) for text, kind in _JSON_TEXTS]
            return shortest(prefixed(text + b"')", self._json_tail(frame, whole)) for text, whole in begun)
        rest = json_text.rest(content).encode()
        if quoted.ended and rest:
            rest = b"'" + rest
        return shortest(
            [prefixed(rest + (b")" if quoted.ended and not rest else b"')"), self._json_tail(frame, content))]
        )

    def _json_tail(self, frame: Frame, content: Json) -> bytes | None:
        operand = self.json_operand(frame, content)
        return None if operand is None or frame.parent is None else self.tail(frame.parent, operand)

    # Brackets

    def tail(self, frame: Frame, operand: Operand) -> bytes | None:
        """The end after an operand; None if there is none."""
        key = (frame, operand)
        if key not in self._tails:
            self._tails[key] = self._find_tail(frame, operand)
        return self._tails[key]

    def _find_tail(self, frame: Frame, operand: Operand) -> bytes | None:
        kinds = self.closed_value(frame, operand)
        simple = None if kinds is None else self._leave(frame, kinds)
        if frame.pending is None or (simple is not None and len(simple) == self._least(frame)):
            return simple
        return self._changed_tail(frame, operand, simple)

    def _changed_tail(self, frame: Frame, operand: Operand, best: bytes | None) -> bytes | None:
        """The end after properties, operators and operands that change the type, if it is shorter than another."""
        assert frame.pending is not None
        if not is_fine(frame.pending, operand.type) and (opened := self.open_index(frame, operand)) is not None:
            best = shorter(best, b"[" + self.end(opened))
        least = self._least(frame)
        for route, steps, found in self.routes(operand):
            kinds = self.kinds(operand._replace(type=found, narrowed=None)) if steps else self.kinds(operand)
            for result, text in self._repairs_of(frame.pending, kinds):
                if best is not None and len(route) + len(text) + least >= len(best):
                    break
                if self.may_end_with(frame, result):
                    best = shorter(best, prefixed(route.encode() + text, self._leave(frame, result)))
        return best

    def _repairs_of(self, pending: Pending, kinds: Kinds) -> list[tuple[Kinds, bytes]]:
        """For each type that an expression may get, the shortest text to it; shortest first."""
        key = (pending, kinds)
        if key not in self._repaired:
            found: dict[Kinds, bytes] = {}
            for text, steps in [(b"", ()), *self._repairs]:
                if (result := self._repair(pending, kinds, steps)) is not None:
                    found.setdefault(result, text)
            self._repaired[key] = list(found.items())
        return self._repaired[key]

    def _repair(self, pending: Pending, kinds: Kinds, steps: tuple[tuple[str, Kinds], ...]) -> Kinds | None:
        for operator, found in steps:
            after = after_operator(pending, kinds, operator)
            if after is None:
                return None
            pending, kinds = after, found
        return self.whole_kinds(pending, kinds)

    def _least(self, frame: Frame) -> int:
        """A lower bound of the length of an end after an operand."""
        least = 0
        outer: Frame | None = frame
        while outer is not None:
            if outer.parent is None:
                return least + (len(self.place.delimiters[1]) if outer.kind is Bracket.TOP else 0)
            least += 1 + 2 * outer.due
            outer = outer.parent
        return least

    def _leave(self, frame: Frame, kinds: Kinds) -> bytes | None:
        """The end after the value of a bracket."""
        if frame.parent is None:
            return self.place.delimiters[1].encode() if frame.kind is Bracket.TOP else b""
        text = b""
        while not self.has_enough(frame):
            assert frame.function is not None
            frame = self.after_comma(frame)
            text += b"," + self._argument(frame.function, frame.args)
        after = self.closed_operand(frame, kinds)
        assert frame.parent is not None
        if not self.is_possible(frame.parent, after):
            return None
        return prefixed(text + CLOSERS[frame.kind].encode(), self.tail(frame.parent, after))

    def _argument(self, function: Function | None, index: int) -> bytes:
        """A shortest argument."""
        assert function is not None
        expected = function.parameter(index)
        if not self.checked:
            return b"1"
        if expected not in self._arguments:
            self._arguments[expected] = shortest(self._arguments_of(expected))
        return self._arguments[expected]

    def _arguments_of(self, expected: Type) -> Iterator[bytes]:
        for leaf in self._leaves:
            for kinds, repair in self._repairs_of(Pending(), leaf.kinds):
                if assignable(kinds[0], expected):
                    yield leaf.text + repair


def shortest(texts: Iterable[bytes | None]) -> bytes:
    """The shortest text, the first of several; there must be one."""
    return min((text for text in texts if text is not None), key=len)


def shorter(best: bytes | None, other: bytes | None) -> bytes | None:
    """The shorter of two texts, as far as there are any."""
    return other if best is None or (other is not None and len(other) < len(best)) else best


def prefixed(text: bytes, rest: bytes | None) -> bytes | None:
    """Both texts joined; None if there is no rest."""
    return None if rest is None else text + rest


def rest_of_character(pending: Pending8 | None) -> bytes:
    """The missing bytes of an open UTF-8 character."""
    return b"" if pending is None else bytes([pending[0]]) + b"\x80" * pending[2]
