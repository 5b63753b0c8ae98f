"""What is wrong with the names of a value, in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from schemalm.json_pointer import pointer_to
from schemalm.messages.suggestions import close_names
from schemalm.messages.visible import visible_name
from schemalm.rules.names import Kind, Scope

Fault: TypeAlias = Literal["undeclared", "too-early", "repeated", "circle"]

# The keyword of failures that are about names.
NAMES = "names"
MAX_LISTED = 8
# Comparing a name with more names takes too long.
MAX_COMPARED = 500


@dataclass(frozen=True, slots=True)
class Violation:
    """A name that breaks a rule.

    path: the keys and indices of the text, or of the value whose key it is. kind: the name of the kind. name: the name
    as it is written there, or for a circle the name whose reference closes it. span: where in
    the text the name is, if the text is an expression or holds one. related: the path of the declaration that the
    message is about, if any.
    """

    path: Scope
    kind: str
    name: str
    fault: Fault
    message: str
    span: tuple[int, int] | None = None
    related: Scope | None = None

    @property
    def pointer(self) -> str:
        """The JSON pointer of the location."""
        return pointer_to(self.path)


def undeclared_message(kind: Kind, name: str, declared: Sequence[str]) -> str:
    """Say that no declaration has this name, with the nearest names, or the only ones that there are."""
    missing = f"there is no {kind.word} {_quoted(name)}"
    if not declared:
        return f"{missing}; no {kind.word} is declared here"
    guesses = close_names(name, declared) if len(declared) <= MAX_COMPARED else []
    if guesses:
        return f"{missing}; did you mean {' or '.join(map(_quoted, guesses))}?"
    return f"{missing}; declared {'is' if len(declared) == 1 else 'are'} {_listed(declared, ', ')}"


def too_early_message(kind: Kind, name: str) -> str:
    """Say that a declaration does not count yet where it is used."""
    return f"the {kind.word} {_quoted(name)} is used before it is there: only a {kind.word} further up can be used here"


def repeated_message(kind: Kind, name: str, first: str) -> str:
    """Say that two declarations have the same name."""
    if name == first:
        return f"the {kind.word} {_quoted(name)} is declared twice; expected different names"
    return (
        f"the {kind.word}s {_quoted(first)} and {_quoted(name)} differ only in upper and lower case; expected names "
        "that differ in more"
    )


def circle_message(kind: Kind, names: Sequence[str]) -> str:
    """Say that names lead back to the first one, over references."""
    if len(names) == 1:
        return f"the {kind.word} {_quoted(names[0])} refers to itself"
    return f"{kind.word}s refer to each other in a circle: {_listed([*names, names[0]], ' -> ')}"


def _listed(names: Sequence[str], joint: str) -> str:
    shown: Iterable[str] = map(_quoted, names)
    if len(names) > MAX_LISTED:
        shown = [*map(_quoted, names[: MAX_LISTED - 1]), "…", _quoted(names[-1])]
    return joint.join(shown)


def _quoted(name: str) -> str:
    return f'"{visible_name(name)}"'
