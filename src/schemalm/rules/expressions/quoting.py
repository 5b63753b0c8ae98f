"""Texts in quotes: plain ones, names and properties in an index, and texts with placeholders.

A quote within a text is written twice. Texts are valid UTF-8 without the character U+0000.
"""

from __future__ import annotations

from functools import cached_property

from schemalm.rules.expressions import json_text, placeholders
from schemalm.rules.expressions.brackets import Brackets
from schemalm.rules.expressions.json_text import Json
from schemalm.rules.expressions.placeholders import Placeholders
from schemalm.rules.expressions.states import NO_NAMES, Bracket, Frame, Operand, Pending8, Phase, Quoted, Role, State
from schemalm.rules.expressions.types import (
    ANY,
    BOOLEAN,
    NULL,
    NUMBER,
    STRING,
    Array,
    Names,
    Object,
    Type,
)

QUOTE = ord("'")
# The first bytes of UTF-8 characters that are not ASCII, with the range of the next byte and how many follow it.
LEAD_BYTES: dict[int, Pending8] = {
    **dict.fromkeys(range(194, 224), (128, 191, 0)),
    **dict.fromkeys(range(225, 240), (128, 191, 1)),
    **dict.fromkeys(range(241, 244), (128, 191, 2)),
    0xE0: (0xA0, 0xBF, 1),
    0xED: (0x80, 0x9F, 1),
    0xF0: (0x90, 0xBF, 2),
    0xF4: (0x80, 0x8F, 2),
}
_NOT_ASCII = "\x80"
# The types of JSON texts by their first character; other texts are booleans. Parts may be of any type.
_JSON_TYPES: dict[str, Type] = {'"': STRING, "[": Array(ANY), "{": Object(values=ANY), "0": NUMBER, "n": NULL}


def character_after(pending: Pending8 | None, byte: int) -> tuple[bool, Pending8 | None]:
    """Whether a byte may come in UTF-8, and what is open of a character after it."""
    if pending is None:
        lead = LEAD_BYTES.get(byte)
        return byte < 128 or lead is not None, lead
    low, high, following = pending
    return low <= byte <= high, (0x80, 0xBF, following - 1) if following else None


class Quoting(Brackets):
    """Transitions in quotes."""

    @cached_property
    def _fallback(self) -> tuple[int, ...]:
        """How many characters of the opening delimiter still match if the next one does not."""
        opening = self.place.delimiters[0]
        ends = [0] * (len(opening) + 1)
        for end in range(2, len(opening) + 1):
            ends[end] = max(size for size in range(end) if opening[:end].endswith(opening[:size]))
        return tuple(ends)

    def matched_after(self, matched: int, char: str) -> int:
        """How many characters of the opening delimiter a text ends with after one more."""
        opening = self.place.delimiters[0]
        while matched and char != opening[matched]:
            matched = self._fallback[matched]
        return matched + 1 if char == opening[matched] else matched

    def opening_quote(self, frame: Frame, before: Operand, is_first: bool) -> State | None:
        """The state after a quote where an operand may come."""
        if is_first and self.is_special(frame):
            if frame.kind is Bracket.TOP:
                # One text alone would count as this text, and no other value than a text is wanted here.
                return None
            if frame.function is None:
                return self._opening_key(frame, before)
            if frame.function.json:
                return State(Phase.STRING, frame, before, Quoted(Role.JSON, content=Json()))
            role = Role.BARE_FORMAT if self._must_be_bare(frame) else Role.FORMAT
            return State(Phase.STRING, frame, before, Quoted(role, content=Placeholders()))
        if not self.is_possible(frame, self.operand(before, STRING, NO_NAMES, False)):
            return None
        return State(Phase.STRING, frame, before, Quoted(Role.VALUE))

    def _opening_key(self, frame: Frame, before: Operand) -> State | None:
        if isinstance(frame.owner.type, Names):
            return State(Phase.STRING, frame, before, Quoted(Role.KEY, content=False))
        return State(Phase.STRING, frame, before, Quoted(Role.PROPERTY, content=""))

    def _must_be_bare(self, frame: Frame) -> bool:
        """Whether the call may be a whole condition: a formatted text with words of its own is always true."""
        outer = frame.parent
        return self.place.form == "condition" and outer is not None and outer.parent is None and not outer.compared

    def longer_quote(self, state: State, quoted: Quoted, byte: int) -> State | None:
        """The state after one more byte that does not end the text."""
        is_valid, pending = character_after(quoted.pending, byte)
        if byte == 0 or not is_valid:
            return None
        if quoted.pending is not None:
            return state._replace(token=quoted._replace(pending=pending))
        if byte == QUOTE and not quoted.ended:
            return self._after_quote(state, quoted)
        return self._longer_quote(state, quoted, chr(byte) if byte < 128 else _NOT_ASCII, pending)

    def _longer_quote(self, state: State, quoted: Quoted, char: str, pending: Pending8 | None) -> State | None:
        matched = 0
        if state.frame is not None and state.frame.root is Bracket.DIRECT:
            matched = self.matched_after(quoted.matched, char)
            if matched == len(self.place.delimiters[0]):
                return None
        content = self._content(state, quoted._replace(matched=matched), char)
        if content is _REFUSED:
            return None
        return state._replace(token=Quoted(quoted.role, pending, False, matched, content))

    def _content(self, state: State, quoted: Quoted, char: str) -> object:
        """The state of the role after one more character."""
        frame = state.frame
        assert frame is not None
        if quoted.role is Role.KEY:
            return True
        if quoted.role is Role.PROPERTY:
            return self._property_content(frame, quoted, char)
        if quoted.role in (Role.FORMAT, Role.BARE_FORMAT):
            return self._format_content(frame, quoted, char)
        return self._json_content(frame, quoted, char) if quoted.role is Role.JSON else None

    def _json_content(self, frame: Frame, quoted: Quoted, char: str) -> object:
        assert isinstance(quoted.content, Json)
        longer = json_text.after(quoted.content, char)
        if longer is None or (longer.kind and self.json_operand(frame, longer) is None):
            return _REFUSED
        return longer

    def json_operand(self, frame: Frame, content: Json) -> Operand | None:
        """What a call with a JSON text yields; None if it may not stand there."""
        assert frame.parent is not None
        found = self.operand(frame.owner, _JSON_TYPES.get(content.kind or "0", BOOLEAN), NO_NAMES)
        return found if self.is_possible(frame.parent, found) else None

    def _property_content(self, frame: Frame, quoted: Quoted, char: str) -> object:
        assert frame.parent is not None and (quoted.content is None or isinstance(quoted.content, str))
        longer = self.longer_property(frame.parent, frame.owner, quoted.content, char)
        return _REFUSED if longer is False else longer

    def _format_content(self, frame: Frame, quoted: Quoted, char: str) -> object:
        content, is_exact = quoted.content, self._is_exact(frame)
        assert isinstance(content, Placeholders)
        longer = placeholders.after(content, char, is_exact)
        is_bare = quoted.role is Role.BARE_FORMAT
        must_count = self._must_count(frame, quoted)
        if longer is None or placeholders.rest(longer, is_exact, must_count, self._room(frame)) is None:
            return _REFUSED
        is_text = longer == content or longer.brace == "}" or (char == "{" and content.brace == "{")
        return _REFUSED if is_text and is_bare else longer

    def _must_count(self, frame: Frame, quoted: Quoted) -> bool:
        """Whether a brace may not be doubled: it would be a text of its own, or complete an opening delimiter."""
        is_delimiter = frame.root is Bracket.DIRECT and quoted.matched == len(self.place.delimiters[0]) - 1
        return quoted.role is Role.BARE_FORMAT or is_delimiter

    def _is_exact(self, frame: Frame) -> bool:
        return frame.function is not None and frame.function.placeholders == "exact"

    def _room(self, frame: Frame) -> int:
        most = placeholders.MAX_ARGUMENTS
        return most if frame.room is None else min(most, frame.room)

    def format_rest(self, frame: Frame, quoted: Quoted) -> bytes:
        """A shortest text that completes placeholders."""
        assert isinstance(quoted.content, Placeholders)
        found = placeholders.rest(
            quoted.content, self._is_exact(frame), self._must_count(frame, quoted), self._room(frame)
        )
        assert found is not None
        return found

    def _after_quote(self, state: State, quoted: Quoted) -> State | None:
        """The state after a quote within a text: the end of a key; of other texts, unless another quote follows."""
        if quoted.role in (Role.KEY, Role.PROPERTY):
            after = self.key_operand(state, quoted)
            assert state.frame is not None
            return None if after is None else State(Phase.KEY_END, state.frame.parent, after, "]")
        if isinstance(quoted.content, Placeholders) and quoted.content.brace:
            return None
        if isinstance(quoted.content, Json) and quoted.content.part != "string" and json_text.rest(quoted.content):
            return None
        if quoted.role is Role.BARE_FORMAT and self._unended(state, quoted):
            return None
        return state._replace(token=quoted._replace(ended=True, matched=0))

    def _unended(self, state: State, quoted: Quoted) -> bool:
        assert state.frame is not None
        return bool(self.format_rest(state.frame, quoted))

    def key_operand(self, state: State, quoted: Quoted) -> Operand | None:
        """The operand after an index with a name or property."""
        frame = state.frame
        assert frame is not None and frame.parent is not None
        if quoted.role is Role.KEY:
            return self.property_operand(frame.parent, frame.owner, None) if quoted.content else None
        if quoted.content == "":
            return None
        assert quoted.content is None or isinstance(quoted.content, str)
        return self.property_operand(frame.parent, frame.owner, quoted.content)

    def unquoted(self, state: State, quoted: Quoted) -> State | None:
        """The state after a text that has ended."""
        frame = state.frame
        assert frame is not None
        if isinstance(quoted.content, Placeholders):
            if self._unended(state, quoted):
                return None
            frame = self.with_placeholders(frame, quoted.content)
        if isinstance(quoted.content, Json):
            operand = None if json_text.rest(quoted.content) else self.json_operand(frame, quoted.content)
            return None if operand is None else State(Phase.KEY_END, frame.parent, operand, ")")
        return State(Phase.AFTER, frame, self.operand(state.operand, STRING, NO_NAMES, False))

    def with_placeholders(self, frame: Frame, content: Placeholders) -> Frame:
        """A call whose first argument has these placeholders."""
        number = placeholders.num_arguments(content)
        if self._is_exact(frame):
            return frame._replace(due=number, room=number)
        return frame._replace(due=max(frame.due, number))


_REFUSED = object()
