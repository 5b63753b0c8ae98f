"""What is wrong with a text that the language of its place refuses, in words for people.

The states of the language find the place of the problem; the phase in which they fail, and the words around that
place, decide about the message.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from schemalm.messages.suggestions import close_names, did_you_mean
from schemalm.messages.visible import visible_name
from schemalm.messages.wording import counted
from schemalm.rules.expressions.brackets import CLOSERS
from schemalm.rules.expressions.endings import Endings
from schemalm.rules.expressions.language import ExpressionLanguage, expression_language
from schemalm.rules.expressions.place import ExpressionPlace, Function
from schemalm.rules.expressions.states import Bracket, Frame, Operand, Phase, Quoted, Role, State
from schemalm.rules.expressions.types import AnyOf, Array, Names, Object, Scalar, Type

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_KEY = re.compile(r"[^']*")
_NUMBER = re.compile(r"[^\s()\[\],!<>=&|}]+")
_NAME_CHARACTERS = re.compile(r"[A-Za-z0-9_-]")
_KINDS = {Object: "an object", Names: "an object", Array: "a list"}
_SCALARS = {"string": "a text", "null": "null", "boolean": "true or false", "number": "a number"}


class Problem(NamedTuple):
    """Where a text is wrong, in characters from its beginning, and why."""

    offset: int
    message: str


def problem(place: ExpressionPlace, text: str) -> Problem | None:
    """What is wrong with a text; None if it is allowed at the place."""
    language = expression_language(place)
    if language.contains(text):
        return None
    return _Finder(place, text).find(language)


def settled(machine: Endings, state: State) -> State:
    """The state after the token under way, if that is complete, else the state itself."""
    after = machine.step(state, ord(" "))
    is_operand = after is not None and after.phase in (Phase.AFTER, Phase.KEY_END)
    return after if after is not None and is_operand and state.phase is not Phase.AFTER else state


class _Finder:
    """Reads a text up to its problem."""

    def __init__(self, place: ExpressionPlace, text: str) -> None:
        self.place = place
        self.text = text
        # Where the token under way and the expression begin.
        self.start = 0
        self.expression = 0

    def find(self, language: ExpressionLanguage) -> Problem:
        for position, character in enumerate(self.text):
            after = language.run(character.encode("utf-8", "surrogatepass"))
            if after is None:
                return self._at(language, position)
            self._note(language, after, position)
            language = after
        return self._at(language, len(self.text))

    def _note(self, before: ExpressionLanguage, after: ExpressionLanguage, position: int) -> None:
        if after.state.phase is not before.state.phase:
            is_inside = after.state.phase in (Phase.PROPERTY, Phase.NAME, Phase.STRING, Phase.NUMBER, Phase.OPERATOR)
            self.start = position if is_inside else position + 1
        if before.state.frame is None and after.state.frame is not None:
            is_direct = after.state.frame.root is Bracket.DIRECT
            self.expression = position if is_direct else position + 1 - len(self.place.delimiters[0])

    def _at(self, language: ExpressionLanguage, position: int) -> Problem:
        """The problem of a state that a character, or the end of the text, does not fit."""
        if language.state.frame is None:
            return self._outside(language.state.phase, position, bool(language.state.token))
        found = self.text[position : position + 1]
        if found == '"':
            return Problem(position, "texts in expressions stand in single quotes: 'text'")
        state = language.state if _NAME_CHARACTERS.match(found) else settled(language.machine, language.state)
        token, frame = state.token, state.frame
        assert frame is not None
        is_key = isinstance(token, Quoted) and token.role in (Role.KEY, Role.PROPERTY)
        if is_key or state.phase in (Phase.DOT, Phase.PROPERTY):
            return self._property(language, position)
        if isinstance(token, Quoted):
            return self._quote(token, position)
        name = _NAME.match(self.text, self.start if state.phase is Phase.NAME else position)
        if name is not None and state.phase in (Phase.NAME, Phase.OPERAND):
            return self._word(language, frame, name)
        return self._between(language, state, frame, position)

    def _between(self, language: ExpressionLanguage, state: State, frame: Frame, position: int) -> Problem:
        """The problem of a state within no word."""
        found = self.text[position : position + 1]
        if not found:
            return self._unclosed(state.phase, frame)
        if state.phase is Phase.NUMBER or (state.phase is Phase.OPERAND and (found.isdigit() or found in "-+.")):
            return self._number(self.start if state.phase is Phase.NUMBER else position)
        if state.phase in (Phase.CALLEE, Phase.KEY_END):
            is_call = state.phase is Phase.CALLEE
            message = f"`{state.token}` is a function; call it with brackets: `{state.token}()`"
            return Problem(position, message if is_call else f"expected `{state.token}` after the text")
        if state.phase in (Phase.OPERAND, Phase.NO_ARGUMENTS):
            return self._operand(frame, state.phase, position, found)
        if state.phase is Phase.OPERATOR or found in "=&|":
            return Problem(min(self.start, position), self._operator(state, position))
        return self._after(language.machine, state, position, found)

    def _number(self, start: int) -> Problem:
        number = _NUMBER.match(self.text, start)
        told = visible_name(number[0] if number else self.text[start : start + 1])
        return Problem(start, f"`{told}` is not a number that every reader of expressions knows; write it as in JSON")

    # Outside of expressions

    def _outside(self, phase: Phase, position: int, is_begun: bool) -> Problem:
        opening, closing = self.place.delimiters
        if phase is Phase.FREE:
            start = max(0, self.text.rfind(opening, 0, position + 1))
            if position == len(self.text) or not self.text.startswith(opening, start):
                return Problem(min(position, len(self.text)), "the text is not valid Unicode")
            return Problem(start, f"no expression may stand here, so `{opening}` may not")
        if phase is Phase.CLOSING:
            return Problem(position, f"expected `{closing}`, which ends the expression")
        if phase is Phase.END:
            what = "condition" if self.place.form == "condition" else "value"
            return Problem(
                position, f"nothing may follow the expression; put the whole {what} between `{opening}` and `{closing}`"
            )
        if self.place.form == "condition" and not is_begun:
            return Problem(position, "the condition is empty; write an expression, or leave the condition out")
        return Problem(0, f"a text here must be exactly one expression: `{opening} ... {closing}`")

    def _unclosed(self, phase: Phase, frame: Frame) -> Problem:
        if frame.kind in CLOSERS:
            return Problem(self.expression, f"a bracket is not closed; expected `{CLOSERS[frame.kind]}`")
        if phase in (Phase.OPERAND, Phase.OPERATOR):
            return Problem(len(self.text), "the expression ends where a value is expected")
        if frame.kind is Bracket.TOP:
            return Problem(self.expression, f"the expression is not closed; expected `{self.place.delimiters[1]}`")
        return Problem(len(self.text), "the expression ends too early")

    # Words

    def _word(self, language: ExpressionLanguage, frame: Frame, name: re.Match[str]) -> Problem:
        machine, told = language.machine, visible_name(name[0])
        folded = machine.folded(name[0])
        is_call = self.text[name.end() :].lstrip(" \t\r\n").startswith("(")
        if folded in machine.functions and not is_call:
            return Problem(name.start(), f"`{told}` is a function; call it with brackets: `{told}()`")
        if folded in machine.contexts and is_call:
            return Problem(name.start(), f"`{told}` is no function, so no bracket may follow it")
        if folded in machine.contexts or folded in machine.functions:
            return Problem(name.start(), self._misfit(frame, f"`{told}`"))
        known = (
            [function.name for function in self.place.functions]
            if is_call
            else [name for name, _ in self.place.contexts]
        )
        literals = [literal for literal in machine.literals if literal.lower() == name[0].lower()]
        if literals and not is_call:
            message = self._misfit(frame, f"`{told}`") if told in literals else f"write `{literals[0]}`, not `{told}`"
            return Problem(name.start(), message)
        what = "no function" if is_call else "nothing with the name"
        return Problem(name.start(), f"there is {what} `{told}` here; {_guess(name[0], known)}")

    def _misfit(self, frame: Frame, what: str) -> str:
        if frame.depth >= self.place.depth:
            return "the expression nests too deep"
        if frame.pending is not None and frame.pending.operator:
            return f"{what} cannot be compared here: its type does not fit the other side of the comparison"
        return f"{what} does not fit here"

    def _property(self, language: ExpressionLanguage, position: int) -> Problem:
        _, frame, operand, token = language.state
        assert frame is not None
        is_quoted = isinstance(token, Quoted)
        owner = frame.owner if is_quoted else operand
        match = (_KEY if is_quoted else _NAME).match(
            self.text, self.start + is_quoted if language.state.phase is not Phase.DOT else position
        )
        if match is None or not match[0]:
            if position < len(self.text) and self.text[position] in " \t\r\n":
                return Problem(position, "no white space may stand here: the name of a property must directly follow")
            return Problem(position, "expected the name of a property")
        names, is_open = language.machine.names_of(owner)
        if is_open or language.machine.folded(match[0]) in names:
            return Problem(match.start(), self._misfit(frame, f"`{visible_name(match[0])}`"))
        spelled = _spelled(owner.type, names, language)
        return Problem(
            match.start(), f"there is no property `{visible_name(match[0])}` here; {_guess(match[0], spelled)}"
        )

    def _quote(self, token: Quoted, position: int) -> Problem:
        if token.role is Role.JSON and position < len(self.text):
            return Problem(position, "a text that is read as JSON must be JSON")
        if position == len(self.text):
            return Problem(self.start, "a text in single quotes is not closed; a quote within it is written twice: ''")
        if token.role in (Role.FORMAT, Role.BARE_FORMAT):
            if token.role is Role.BARE_FORMAT:
                return Problem(
                    position,
                    "a condition that is a formatted text with words of its own is always true; compare it",
                )
            return Problem(
                position,
                "expected placeholders such as {0}, counted from 0; a brace itself is written twice: {{ or }}",
            )
        return Problem(position, "this character may not stand in a text within an expression")

    def _operand(self, frame: Frame, phase: Phase, position: int, found: str) -> Problem:
        if phase is Phase.NO_ARGUMENTS:
            assert frame.function is not None
            return Problem(position, f"`{frame.function.name}` takes no arguments")
        if found == ")" and frame.function is not None:
            return Problem(position, self._counts(frame.function, frame.args))
        closing = self.place.delimiters[1]
        if self.text.startswith(closing, position):
            is_empty = not self.text[self.expression + len(self.place.delimiters[0]) : position].strip()
            return Problem(
                position, "the expression is empty" if is_empty else "the expression ends where a value is expected"
            )
        if found in "('!":
            return Problem(position, self._misfit(frame, f"`{found}`"))
        return Problem(position, f"expected a value, found `{visible_name(found)}`")

    # After an operand

    def _after(self, machine: Endings, state: State, position: int, found: str) -> Problem:
        frame, operand = state.frame, state.operand
        assert frame is not None
        if found in ".[":
            return Problem(position, self._no_properties(machine, operand, position))
        is_end = self.text.startswith(self.place.delimiters[1], position)
        if is_end and frame.kind in CLOSERS:
            return Problem(position, f"a bracket is not closed; expected `{CLOSERS[frame.kind]}`")
        if frame.function is not None and (message := self._miscount(machine, frame, found)):
            return Problem(position, message)
        if machine.closed_value(frame, operand) is None and (is_end or found in ",)]"):
            expected, _ = machine.expected(frame)
            return Problem(position, f"the value before this is {_told(operand.type)}; expected {_told(expected)}")
        if found in ",)]":
            return Problem(position, f"`{found}` does not fit here")
        return Problem(position, f"expected an operator such as `&&`, found `{visible_name(found)}`")

    def _miscount(self, machine: Endings, frame: Frame, found: str) -> str:
        """What is wrong with the number of arguments; empty if nothing is."""
        assert frame.function is not None
        if found == "," and frame.room == 0:
            return self._counts(frame.function, None)
        if found == ")" and not machine.has_enough(frame):
            return self._counts(frame.function, frame.args + 1)
        return ""

    def _no_properties(self, machine: Endings, operand: Operand, position: int) -> str:
        if position and self.text[position - 1] in " \t\r\n" and machine.leads_to_names(operand.type):
            return "no white space may stand before this"
        return f"no property may follow: the value before it is {_told(operand.type)}"

    def _operator(self, state: State, position: int) -> str:
        begun = str(state.token or "") + self.text[position : position + 1]
        start = position + 1 - len(begun)
        longest = sorted(self.place.syntax.binary, key=len, reverse=True)
        operator = next((operator for operator in longest if self.text.startswith(operator, start)), None)
        if operator is not None:
            return f"a value of this type cannot stand beside `{operator}`"
        if begun.startswith("=") and "==" in self.place.syntax.binary:
            return "`=` is no operator; two values are compared with `==`"
        known = ", ".join(f"`{operator}`" for operator in self.place.syntax.binary)
        return f"`{visible_name(begun.strip())}` is no operator; known are {known}"

    def _counts(self, function: Function, number: int | None) -> str:
        least, most = function.least, function.most
        takes = counted(least, "argument") if least == most else f"at least {counted(least, 'argument')}"
        if most is not None and least != most:
            takes = f"{least} to {counted(most, 'argument')}"
        if function.odd:
            takes += ", an odd number"
        given = "more" if number is None else f"{number}"
        placeholders = "; each placeholder needs one" if function.placeholders else ""
        return f"`{function.name}` takes {takes}, but {given} {'is' if number == 1 else 'are'} given{placeholders}"


def _guess(name: str, known: Sequence[str]) -> str:
    return did_you_mean(close_names(name, known), sorted(known))


def _spelled(found: Type, names: Sequence[str], language: ExpressionLanguage) -> list[str]:
    """The names of properties as the place spells them."""
    spelled = {language.machine.folded(name): name for name, _ in found.properties} if isinstance(found, Object) else {}
    return [spelled.get(name, name) for name in names]


def _told(found: Type) -> str:
    """A type in words."""
    if isinstance(found, AnyOf):
        return " or ".join(_told(option) for option in found.options)
    if isinstance(found, Scalar):
        return _SCALARS.get(found.name, "any value")
    return _KINDS.get(type(found), "any value")
