"""From values to the symbols of their derivation, in time that grows with the value and not with the grammar.

The walk appends what a `Writing` gives for each stretch of symbols: token ids when encoding, segments when training. It
keeps its own stack, so depth costs nothing. Writing fails exactly where the grammar does not admit the value.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Any, Generic, TypeAlias, TypeVar

from schemalm.documents.values import scalar_fault
from schemalm.errors import InvalidDocument, LimitError
from schemalm.json_pointer import pointer_to
from schemalm.regular.numbers import MAX_DIGITS
from schemalm.schema.explanation import Explainer, Failure, Path
from schemalm.tokenizer.expansions import EACH_ITEM, Expansions, RefusedError
from schemalm.tokenizer.slots import EACH, Slot, Slots
from schemalm.tokenizer.writing import Writing

T = TypeVar("T")

# A value that contains itself is nested deeper than any limit.
MAX_DEPTH = 10_000
TOO_DEEP = f"the value is nested too deeply; at most {MAX_DEPTH:,} levels are written"
# What is left out although it is valid: see the departures in docs/support.md.
NOT_WRITTEN = (
    f"integers have at most {MAX_DIGITS} digits, and where a schema rules numbers or formats out, "
    "values are left out that validators may judge otherwise"
)


# An object or array under way: its value, its name and slot in what encloses it, the members to come there, and the
# identities of the items there so far, where those of an array have to differ.
Frame: TypeAlias = "tuple[Any, str, Slot[T], Iterator[tuple[str, Any]], set[Hashable]]"


class Linearizer(Generic[T]):
    """Writes values as the symbols of a grammar: what `writing` gives for each stretch of them."""

    def __init__(self, expansions: Expansions, writing: Writing[T]) -> None:
        grammar = expansions.grammar
        self._expansions, self._writing = expansions, writing
        self._slots = Slots(expansions, writing)
        self._shape = grammar.shape
        self._explainer = Explainer(grammar.shapes, grammar.resolve, grammar.budget)

    def write(self, value: Any) -> list[T]:
        """What is written for the value's derivation; raises InvalidDocument where the schema refuses it.

        Raises LimitError, whose place is a JSON pointer, where that takes more work than the limits admit.
        """
        if self._slots.is_full:
            self._slots = Slots(self._expansions, self._writing)
        try:
            with self._expansions.grammar.budget.call("encode"):
                return self._walk(value)
        except RecursionError:
            # Comparing items takes Python's stack.
            raise InvalidDocument(TOO_DEEP, keyword="depth") from None

    def _walk(self, value: Any) -> list[T]:
        """Writes a whole value, in one loop: this is where encoding spends its time."""
        written: list[T] = []
        frames: list[Frame[T]] = []
        members, seen = self._slots.outside, set[Hashable]()
        pairs: Iterator[tuple[str, Any]] = iter(((EACH_ITEM, value),))
        name: str | None
        try:
            while True:
                for name, child in pairs:
                    slot = members[name]
                    kind = type(child)
                    if kind is str:
                        written += slot.before
                        written += slot.texts[child]
                    elif kind is dict or kind is list:
                        if len(frames) == MAX_DEPTH:
                            raise InvalidDocument(TOO_DEEP, keyword="depth")
                        members = slot.inside[kind]
                        written += slot.lead
                        frames.append((child, name, slot, pairs, seen))
                        pairs = zip(EACH, child, strict=False) if kind is list else members.pairs(child)
                        seen = set()
                        break
                    else:
                        written += slot.scalar(child)
                    members = slot.after if slot.after is not None else slot.settled(slot.outcome(child), child, seen)
                else:
                    if not frames:
                        return written
                    name = None
                    closing, outcome = members.closed or members.close()
                    written += closing
                    child, name, slot, pairs, seen = frames.pop()
                    members = slot.after if slot.after is not None else slot.settled(outcome, child, seen)
        except (RefusedError, UnicodeEncodeError):
            raise self._explained(value, _path(frames, name, pairs)) from None
        except LimitError as error:
            raise error.during("encode", pointer_to(_path(frames, name, pairs))) from None

    def _explained(self, value: Any, path: Path) -> InvalidDocument:
        failure = _fault(value, path) or self._explainer.explain(self._shape, value, path)
        if failure is None:
            message = f"this value cannot be written: {NOT_WRITTEN}"
            failure = Failure(path, "type", message)
        return InvalidDocument(failure.message, pointer=failure.pointer, keyword=failure.keyword)


def _path(frames: Sequence[Frame[T]], name: str | None, pairs: Iterator[tuple[str, Any]]) -> Path:
    """The keys and indices that lead to a member, of which `pairs` are those that would have followed.

    Where it has no name, those that lead to the innermost object or array.
    """
    members = [(frame[1], frame[3]) for frame in frames[1:]]
    if name is not None:
        members.append((name, pairs))
    return tuple(
        name if type(value) is dict else len(value) - 1 - sum(1 for _ in following)
        for (value, *_), (name, following) in zip(frames, members, strict=False)
    )


def _fault(value: Any, path: Path) -> Failure | None:
    """Why the key or scalar at `path` is no JSON at all; None where it is."""
    fault = None
    for depth, element in enumerate(path):
        if isinstance(value, dict):
            fault = scalar_fault(element) if isinstance(element, str) else f"the key {element!r} is not a string"
        if fault:
            return Failure(path[: depth + 1], "type", fault)
        value = value[element]
    fault = scalar_fault(value) if not isinstance(value, dict | list) else None
    return Failure(path, "type", fault) if fault else None
