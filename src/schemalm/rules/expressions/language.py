"""The language of the texts of a place, as a leaf of `regular.language`.

The derivatives of a language are languages of the same place in another state. They are plain: every one contains a
text, and its shortest text is known without a search. A language of free text is decided at once for texts without an
opening delimiter.
"""

from __future__ import annotations

from functools import lru_cache

from schemalm.regular.language import NOTHING, Bounds, Derivatives, Language, Partition
from schemalm.rules.expressions.endings import Endings
from schemalm.rules.expressions.partitions import partition
from schemalm.rules.expressions.place import ExpressionPlace
from schemalm.rules.expressions.states import NO_NAMES, Bracket, Phase, Quoted, Role, Slot, State
from schemalm.rules.expressions.telling import told_state

# A machine that knows more languages forgets them, each some hundred bytes.
MAX_LANGUAGES = 50_000


class ExpressionLanguage(Language):
    """What may follow in a text of a place; parts: (place, closed kinds, state)."""

    __slots__ = ("_after", "_classes", "_known_end", "_slot", "machine")
    has_cheap_steps = True

    def __init__(self, machine: LanguageMachine, state: State) -> None:
        self.machine = machine
        self._known_end: bytes | None = None
        self._slot = slot_of(state)
        self._after: dict[int, ExpressionLanguage | None] = {}
        self._classes: Partition | None = None
        is_between_delimiters = state.frame is not None and state.frame.root is Bracket.TOP
        super().__init__(not is_between_delimiters and not machine.end(state), machine.place, machine.closed, state)

    @property
    def _end(self) -> bytes:
        """A shortest text that may follow; most languages are never asked for it."""
        if self._known_end is None:
            self._known_end = self.machine.end(self.state)
        return self._known_end

    @property
    def place(self) -> ExpressionPlace:
        """The place that the text stands at."""
        found: ExpressionPlace = self.parts[0]
        return found

    @property
    def closed(self) -> frozenset[str]:
        """The kinds that have no name now."""
        found: frozenset[str] = self.parts[1]
        return found

    @property
    def state(self) -> State:
        """What was read."""
        found: State = self.parts[2]
        return found

    def next(self, byte: int) -> ExpressionLanguage | None:
        """What may follow after one more byte; None if it may not come."""
        if byte not in self._after:
            after = self.machine.step(self.state, byte)
            self._after[byte] = None if after is None else self.machine.language(after)
        return self._after[byte]

    def forget(self) -> None:
        """Forgets the languages that follow; they are found again when they are asked for."""
        self._after.clear()

    def after(self, byte: int, memo: Derivatives) -> Language:
        """What may follow after one more byte."""
        return self.next(byte) or NOTHING

    def classes(self, memo: dict[Language, Partition]) -> Partition:
        """The bytes that lead to the same state."""
        if self._classes is None:
            self._classes = partition(self.machine, self.state)
        return self._classes

    def min_bytes(self, memo: dict[Language, int]) -> int:
        """The length of the shortest end."""
        return len(self._end)

    def example(self, memo: dict[Language, int]) -> bytes | None:
        """The shortest end."""
        return self._end

    def character_bounds(self, memo: dict[Language, Bounds]) -> Bounds:
        """The characters of the shortest end, and no upper bound."""
        return sum(byte & 0xC0 != 0x80 for byte in self._end), None

    def told(self) -> str:
        """A text that names the place and the state; neither the closed kinds nor how deep operands nest."""
        return f"Expression {self.place.digest} {told_state(self.state)}"

    def contains(self, text: str) -> bool:
        """Whether a text of the place is allowed; the language must be one before any text."""
        opening = self.place.delimiters[0]
        if self.state.phase is Phase.FREE and opening not in text:
            return True
        found = self.run(text.encode("utf-8", "surrogatepass"))
        return found is not None and found.nullable

    def run(self, text: bytes) -> ExpressionLanguage | None:
        """What may follow after a text; None if it may not come."""
        found: ExpressionLanguage | None = self
        for byte in text:
            found = found.next(byte)  # type: ignore[union-attr]
            if found is None:
                return None
        return found

    @property
    def slot(self) -> Slot | None:
        """The names that the next bytes must agree with; None if they belong to no declared name."""
        return self._slot

    @property
    def slot_needs(self) -> int:
        """In free text, the last byte of the opening delimiter."""
        return self.place.delimiters[0].encode()[-1] if self.state.phase is Phase.FREE else 0


def slot_of(state: State) -> Slot | None:
    """The slot that is open at a state; None if there is none."""
    phase, frame, operand, token = state
    if phase in (Phase.DOT, Phase.PROPERTY):
        return None if operand.level == NO_NAMES else Slot(operand.type, operand.level, False)
    if isinstance(token, Quoted) and token.role in (Role.KEY, Role.PROPERTY) and frame is not None:
        owner = frame.owner
        return None if owner.level == NO_NAMES else Slot(owner.type, owner.level, True)
    return None


class LanguageMachine(Endings):
    """The machine of a place, with one language for each state."""

    def __init__(self, place: ExpressionPlace, closed: frozenset[str]) -> None:
        super().__init__(place, closed)
        self._languages: dict[State, ExpressionLanguage] = {}

    def language(self, state: State) -> ExpressionLanguage:
        """The language of a state."""
        found = self._languages.get(state)
        if found is None:
            if len(self._languages) >= MAX_LANGUAGES:
                self._forget()
            found = self._languages[state] = ExpressionLanguage(self, state)
        return found

    def _forget(self) -> None:
        """Forgets all languages and ends; results do not depend on what is remembered."""
        for language in self._languages.values():
            language.forget()
        self._languages.clear()
        self.forget_ends()


@lru_cache(maxsize=512)
def machine_of(place: ExpressionPlace, closed: frozenset[str]) -> LanguageMachine:
    """The machine of a place where some kinds have no name."""
    return LanguageMachine(place, closed)


@lru_cache(maxsize=512)
def expression_language(place: ExpressionPlace, closed: frozenset[str] = frozenset()) -> ExpressionLanguage:
    """The language of the texts of a place; closed: the kinds that have no name now.

    Raises KeyError if a type refers to no named type of the place.
    """
    machine = machine_of(place, closed)
    return machine.language(machine.first())
