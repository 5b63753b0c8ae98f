"""Reads texts with expressions byte by byte: the state after each byte, or none if no text goes on with it.

Every state that is reached has an end: what could not be completed is refused at the byte where that is certain. An
expression nests as deep as the first of two bounds allows: the open brackets of the place, and `MAX_WEIGHT`, by which
GitHub's parser counts brackets, operators and properties alike. An expression of 21,000 characters, its other bound, is
not counted.
"""

from __future__ import annotations

from schemalm.rules.expressions import numbers
from schemalm.rules.expressions.checks import COMPARISONS, after_operator
from schemalm.rules.expressions.quoting import QUOTE, Quoting, character_after
from schemalm.rules.expressions.states import NO_NAMES, Bracket, Frame, Free, Operand, Phase, Quoted, State, Word
from schemalm.rules.expressions.types import NUMBER, Type

WHITE_SPACE = frozenset(" \t\r\n")
NAME_STARTS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
NAME_CHARACTERS = NAME_STARTS | frozenset("0123456789-")
ASCII = tuple(map(chr, range(128)))


class Machine(Quoting):
    """The transitions between states."""

    def first(self) -> State:
        """The state before the text."""
        return State(Phase.FREE, token=Free()) if self.place.form in ("text", "none") else State(Phase.BEFORE, token=0)

    def step(self, state: State, byte: int) -> State | None:
        """The state after one byte; None if no text goes on with it."""
        if state.phase is Phase.FREE:
            return self._in_free_text(state, byte)
        if state.phase is Phase.STRING:
            return self._in_quotes(state, byte)
        return self.read(state, ASCII[byte]) if byte < 128 else None

    def _in_quotes(self, state: State, byte: int) -> State | None:
        quoted = state.token
        assert isinstance(quoted, Quoted)
        if not quoted.ended or byte == QUOTE:
            return self.longer_quote(state, quoted, byte)
        after = self.unquoted(state, quoted)
        return None if after is None or byte >= 128 else self.read(after, ASCII[byte])

    def _in_free_text(self, state: State, byte: int) -> State | None:
        free = state.token
        assert isinstance(free, Free)
        if free.pending is not None or byte >= 128:
            is_valid, pending = character_after(free.pending, byte)
            return State(Phase.FREE, token=Free(0, pending)) if is_valid else None
        matched = self.matched_after(free.matched, ASCII[byte])
        if matched < len(self.place.delimiters[0]):
            return State(Phase.FREE, token=Free(matched))
        if self.place.form == "text" and self.place.has_expressions:
            return State(Phase.OPERAND, self.top(Bracket.TOP), token=True)
        return None

    def read(self, state: State, char: str) -> State | None:
        """The state after one ASCII character outside of free text and quotes."""
        reader = _READERS[state.phase]
        return reader(self, state, char)

    def _before(self, state: State, char: str) -> State | None:
        matched, opening = state.token, self.place.delimiters[0]
        assert isinstance(matched, int)
        if char == opening[matched]:
            if matched + 1 == len(opening):
                return State(Phase.OPERAND, self.top(Bracket.TOP), token=True)
            return State(Phase.BEFORE, token=matched + 1)
        if matched or self.place.form == "whole":
            return None
        if char in WHITE_SPACE:
            return state
        return self._operand(State(Phase.OPERAND, self.top(Bracket.DIRECT), token=True), char)

    def _operand(self, state: State, char: str) -> State | None:
        frame, before, is_first = state.frame, state.operand, bool(state.token)
        assert frame is not None
        if char in WHITE_SPACE:
            return state
        if char in NAME_STARTS:
            return self._name(State(Phase.NAME, frame, before, Word()), char)
        if numbers.begins_number(char):
            is_possible = self.is_possible(frame, self.operand(before, NUMBER, NO_NAMES, False))
            return State(Phase.NUMBER, frame, before, numbers.after(numbers.START, char)) if is_possible else None
        return self._operand_mark(frame, before, is_first, char)

    def _operand_mark(self, frame: Frame, before: Operand, is_first: bool, char: str) -> State | None:
        """Begins an operand with a quote, a bracket or a unary operator."""
        if char == "'":
            return self.opening_quote(frame, before, is_first)
        if char == "(":
            return self.open_group(frame, before, is_first)
        if char == ")":
            return self.close_empty_call(frame) if is_first else None
        return self._unary(frame, before) if char in self.place.syntax.unary else None

    def _unary(self, frame: Frame, before: Operand) -> State | None:
        after = self.negated(before)
        if not self.may_nest(frame, after) or not self.is_possible(frame, after):
            return None
        return State(Phase.OPERAND, frame, after, False)

    def _no_arguments(self, state: State, char: str) -> State | None:
        assert state.frame is not None
        if char in WHITE_SPACE:
            return state
        return self.close_empty_call(state.frame) if char == ")" else None

    def _name(self, state: State, char: str) -> State | None:
        word, frame = state.token, state.frame
        assert frame is not None and isinstance(word, Word)
        if char not in NAME_CHARACTERS:
            return self._after_name(frame, state.operand, word, char)
        exact = word.exact + char if len(word.exact) == len(word.folded) else ""
        longer = Word(word.folded + self.folded(char), exact if self.begins_literal(exact) else "")
        return state._replace(token=longer) if self.words(frame, state.operand, longer) else None

    def _after_name(self, frame: Frame, before: Operand, word: Word, char: str) -> State | None:
        """Ends a name; `char` comes after it."""
        function = self.function(frame, before, word)
        if function is not None and char == "(":
            return self.open_call(frame, before, function)
        operand = self.named_operand(frame, before, word)
        if operand is not None:
            return self._after(State(Phase.AFTER, frame, operand), char)
        if function is not None and char in WHITE_SPACE:
            return State(Phase.CALLEE, frame, before, word.folded)
        return None

    def _callee(self, state: State, char: str) -> State | None:
        if char in WHITE_SPACE:
            return state
        if char != "(":
            return None
        assert state.frame is not None
        return self.open_call(state.frame, state.operand, self.functions[str(state.token)])

    def _number(self, state: State, char: str) -> State | None:
        assert isinstance(state.token, numbers.Number)
        longer = numbers.after(state.token, char)
        if longer is not None:
            return state._replace(token=longer)
        if numbers.rest(state.token) or char in NAME_CHARACTERS or char == ".":
            return None
        return self._after(self.value(state, NUMBER), char)

    def value(self, state: State, found: Type) -> State:
        """The state after a literal."""
        return State(Phase.AFTER, state.frame, self.operand(state.operand, found, NO_NAMES, False))

    def _after(self, state: State, char: str) -> State | None:
        frame, operand = state.frame, state.operand
        assert frame is not None
        if char in WHITE_SPACE:
            # Between an object of names and its dot there is no white space, so a name always directly follows.
            sealed = operand if operand.level == NO_NAMES else operand._replace(indexable=False)
            return state._replace(operand=sealed) if self.is_possible(frame, sealed) else None
        if char in self.operator_beginnings:
            return self._operator(State(Phase.OPERATOR, frame, operand, ""), char)
        return self._after_operand(frame, operand, char)

    def _after_operand(self, frame: Frame, operand: Operand, char: str) -> State | None:
        """Goes on with a property, or ends what the operand stands in."""
        if char == ".":
            return self.open_dot(frame, operand)
        if char == "[":
            return self.open_index(frame, operand)
        if char == ",":
            return self.next_argument(frame, operand)
        if char in ")]":
            return self.close(frame, operand, char)
        return self._end_of_expression(frame, operand, char)

    def _end_of_expression(self, frame: Frame, operand: Operand, char: str) -> State | None:
        if frame.kind is not Bracket.TOP or char != self.place.delimiters[1][0]:
            return None
        if self.closed_value(frame, operand) is None:
            return None
        return self._closing(State(Phase.CLOSING, frame, operand, 0), char)

    def _closing(self, state: State, char: str) -> State | None:
        closing = self.place.delimiters[1]
        assert isinstance(state.token, int)
        if char != closing[state.token]:
            return None
        if state.token + 1 < len(closing):
            return State(Phase.CLOSING, token=state.token + 1)
        return State(Phase.FREE, token=Free()) if self.place.form == "text" else State(Phase.END)

    def _end(self, state: State, char: str) -> State | None:
        return state if self.place.form == "condition" and char in WHITE_SPACE else None

    def _operator(self, state: State, char: str) -> State | None:
        frame, operand, begun = state.frame, state.operand, str(state.token)
        assert frame is not None
        longer = begun + char
        if longer in self.operator_beginnings and self.may_operate(frame, operand, longer):
            return State(Phase.OPERATOR, frame, operand, longer)
        if begun not in self.operators:
            return None
        after = self.after_operator(frame, operand, begun)
        return None if after is None else self._operand(State(Phase.OPERAND, after, token=False), char)

    def may_operate(self, frame: Frame, operand: Operand, begun: str) -> bool:
        """Whether an operator that begins so may follow."""
        return any(
            self.after_operator(frame, operand, operator) is not None
            for operator in self.operators
            if operator.startswith(begun)
        )

    def after_operator(self, frame: Frame, operand: Operand, operator: str) -> Frame | None:
        """The bracket after an operator; None if the types forbid it."""
        is_comparison = operator in COMPARISONS
        pending = frame.pending
        if pending is not None:
            pending = after_operator(pending, self.kinds(operand), operator)
            if pending is None:
                return None
        compared = is_comparison and self.place.form == "condition" and frame.parent is None
        return frame._replace(logical=frame.logical or not is_comparison, compared=compared, pending=pending)

    def _dot(self, state: State, char: str) -> State | None:
        frame, operand = state.frame, state.operand
        assert frame is not None
        if char in WHITE_SPACE:
            return state if operand.level == NO_NAMES else None
        if char == "*":
            after = self.star(frame, operand)
            return None if after is None else State(Phase.AFTER, frame, after)
        if char not in NAME_STARTS:
            return None
        return self._property(State(Phase.PROPERTY, frame, operand, ""), char)

    def _property(self, state: State, char: str) -> State | None:
        frame, operand, begun = state.frame, state.operand, state.token
        assert frame is not None
        if char in NAME_CHARACTERS:
            longer = self.longer_property(frame, operand, begun, self.folded(char))  # type: ignore[arg-type]
            return None if longer is False else State(Phase.PROPERTY, frame, operand, longer)
        after = self.property_operand(frame, operand, begun)  # type: ignore[arg-type]
        return None if after is None else self._after(State(Phase.AFTER, frame, after), char)

    def _key_end(self, state: State, char: str) -> State | None:
        if char in WHITE_SPACE:
            return state
        return State(Phase.AFTER, state.frame, state.operand) if char == state.token else None


_READERS = {
    Phase.BEFORE: Machine._before,
    Phase.OPERAND: Machine._operand,
    Phase.NO_ARGUMENTS: Machine._no_arguments,
    Phase.NAME: Machine._name,
    Phase.CALLEE: Machine._callee,
    Phase.NUMBER: Machine._number,
    Phase.OPERATOR: Machine._operator,
    Phase.AFTER: Machine._after,
    Phase.DOT: Machine._dot,
    Phase.PROPERTY: Machine._property,
    Phase.KEY_END: Machine._key_end,
    Phase.CLOSING: Machine._closing,
    Phase.END: Machine._end,
}
