"""The assertions of rules: what a value must satisfy because of where it stands in the document.

`AtPlace` says where a value stands. It becomes an assertion about members, about items, or about a text, so the grammar
follows a document through the tree of places without a schema of its own. A reference can only be written while there
is a name for it, so the assertion also knows what is closed: the kinds of which expressions can use no name, and the
paths of places that can refer to none. `Promised` is the demand of a reference whose name is declared later.
"""

from __future__ import annotations

from collections.abc import Callable

from schemalm.regular.language import Language, intersection
from schemalm.regular.words import words_alike
from schemalm.rules.expressions import expression_language, problem, reader_of
from schemalm.rules.names import Reference, folded
from schemalm.rules.paths import Place
from schemalm.schema.assertions import Assertion, KeyTest
from schemalm.schema.formula import FALSE, TRUE, Atom, Formula, all_of, child_has, conjuncts
from schemalm.schema.keywords.arrays import Items, items
from schemalm.schema.keywords.objects import Members, ObjectAssertion
from schemalm.schema.keywords.strings import InLanguage
from schemalm.schema.prompt import Others, Prompt, StatedKeys, StringIs, stated_keys

# Names of kinds, and paths of places with references.
Closed = frozenset[str]


# So many promises of one object are kept in their order.
MIN_PROMISES = 2

# Why an expression is wrong that is right elsewhere.
NO_NAME = "no name is declared that this expression could use"


class AtPlace(Assertion):
    """parts: (place, closed): the value satisfies the rules of its place; applies to all kinds of values."""

    __slots__ = ()
    keyword = "rules"

    @property
    def place(self) -> Place:
        """Where the value stands."""
        place: Place = self.parts[0]
        return place

    @property
    def closed(self) -> Closed:
        """The kinds and places for which there is no name."""
        closed: Closed = self.parts[1]
        return closed

    def of_kind(self, kind: str) -> Formula:
        """The rules of the place for values of `kind`."""
        if kind == "object":
            return self._of_object()
        if kind == "array":
            return items((), self._below(self.place.item))
        return self._of_string() if kind == "string" else TRUE

    def _of_object(self) -> Formula:
        place = self.place
        named = tuple((name, self._below(child)) for name, child in place.named.items())
        members = Members(named, (), self._below(place.other)) if named or place.other else TRUE
        is_closed = place.names is not None and bool(place.names.referred_keys) and place.path in self.closed
        return (
            all_of([members, NoNames(tuple((name, TRUE) for name in place.named), (), FALSE)]) if is_closed else members
        )

    def _of_string(self) -> Formula:
        place = self.place
        names = place.names if place.path in self.closed else None
        references = names.referred_values if names is not None else ()
        # Where texts declare names, a closed place has no text left that is not taken.
        if any(reference.text is None for reference in references) or (names is not None and names.declared_values):
            return FALSE
        free = all_of([FreeText(place)] if references else [])
        return all_of([free, TextAt(place, self.closed)]) if place.expression is not None else free

    def _below(self, place: Place | None) -> Formula:
        return TRUE if place is None else AtPlace(place, self.closed)

    def unrestricted(self) -> Formula:
        """The rules of the place while names of every kind are declared."""
        return AtPlace(self.place, frozenset())


class NoNames(Members):
    """parts: as for `Members`: no key is a name, since there is none to refer to."""

    __slots__ = ()
    keyword = "rules"

    def unrestricted(self) -> Formula:
        """No demand."""
        return TRUE


class TextAt(InLanguage):
    """parts: (place, closed): the string's expressions are those that the rules admit at the place."""

    __slots__ = ()
    keyword = "expression"

    @property
    def language(self) -> Language:
        """The texts that the rules admit."""
        place, closed = self.parts
        return expression_language(place.expression, closed)

    def __contains__(self, text: str) -> bool:
        place, closed = self.parts
        if not closed:
            return reader_of(place.expression).references(text) is not None
        return expression_language(place.expression, closed).contains(text)

    def problem(self, text: str) -> tuple[int, str]:
        """What is wrong with the expressions of a text."""
        found = problem(self.parts[0].expression, text)
        return (0, NO_NAME) if found is None else (found.offset, found.message)

    def unrestricted(self) -> Formula:
        """The texts while names of every kind are declared."""
        return TextAt(self.parts[0], frozenset())


class FreeText(InLanguage):
    """parts: (place,): the string holds no name, where a part of a text may be one."""

    __slots__ = ()
    keyword = "rules"

    @property
    def language(self) -> Language:
        """The texts without a name."""
        return intersection(text.free for reference in self._references if (text := reference.text) is not None)

    def __contains__(self, text: str) -> bool:
        return all(reference.name_in(text) is None for reference in self._references)

    def problem(self, text: str) -> tuple[int, str]:
        """Why a text is not free."""
        return 0, "no name is declared that this text could refer to"

    def unrestricted(self) -> Formula:
        """Any text."""
        return TRUE

    @property
    def _references(self) -> list[Reference]:
        references: list[Reference] = self.parts[0].names.referred_values
        return references


class IsAlike(InLanguage):
    """parts: (name,): the string is a name, whatever the case of its ASCII letters is."""

    __slots__ = ()
    keyword = "rules"

    @property
    def language(self) -> Language:
        """The spellings of the name."""
        return words_alike([self.parts[0].encode()])

    def __contains__(self, text: str) -> bool:
        return folded(text) == folded(self.parts[0])


class Promised(ObjectAssertion):
    """parts: (name, formula, ignores_case): this key is still to come, with a value that satisfies the formula.

    ignores_case: whether the key may differ in the case of ASCII letters.
    """

    __slots__ = ()
    keyword = "rules"
    holds_at_end = False

    @property
    def name(self) -> str:
        """The key."""
        name: str = self.parts[0]
        return name

    @property
    def ignores_case(self) -> bool:
        """Whether the key may differ in the case of ASCII letters."""
        ignores_case: bool = self.parts[2]
        return ignores_case

    @property
    def needed_keys(self) -> tuple[str, ...]:
        """The key."""
        return (self.name,)

    def key_formulas(self) -> tuple[Formula, ...]:
        """Whether the key is the promised one."""
        return (IsAlike(self.name) if self.ignores_case else StringIs(self.name),)

    def at_key(self, name: str | None, test: KeyTest) -> Formula:
        """The promise is kept by its key; any other key leaves it as it is."""
        if name is None:
            is_kept = test(self.key_formulas()[0])
        else:
            is_kept = name == self.name or (self.ignores_case and folded(name) == folded(self.name))
        return child_has(self.parts[1]) if is_kept else self

    def unrestricted(self) -> Formula:
        """No demand."""
        return TRUE


class PromisedValue(Assertion):
    """parts: (kinds, formula): the value is of one of some kinds and satisfies the formula."""

    __slots__ = ()
    keyword = "rules"

    def of_kind(self, kind: str) -> Formula:
        """The formula, for the promised kinds."""
        found: Formula = self.parts[1] if kind in self.parts[0] else FALSE
        return found

    def unrestricted(self) -> Formula:
        """No demand."""
        return TRUE


def in_order(formula: Formula) -> Formula:
    """A conjunction whose promises are kept in their order: a search then finds equal ends only once.

    Keys that a prompt states come first.
    """
    parts = conjuncts(formula)
    promised = [part for part in parts if isinstance(part, Promised)]
    if len(promised) < MIN_PROMISES:
        return formula
    stated = next((part for part in parts if isinstance(part, StatedKeys)), None)
    demands: dict[str, list[Formula]] = {name: [held] for name, held in stated.entries} if stated is not None else {}
    num_stated = len(demands)
    for part in promised:
        demands.setdefault(part.name, []).append(part.parts[1])
    others: Others = stated.others if stated is not None else "any"
    if len(demands) > num_stated and others != "any":
        if others == "none":
            return FALSE
        others = "any"  # The promised keys are free ones, which come last anyway.
    joint = stated_keys(tuple((name, all_of(held)) for name, held in demands.items()), others)
    return all_of([*(part for part in parts if not isinstance(part, Promised) and part is not stated), joint])


def with_stated_names(formula: Formula) -> Formula:
    """The formula of a value, which may hold any names if a prompt states it whole.

    What is closed to names may open before the value comes, by what the prompt states elsewhere.
    """
    parts = conjuncts(formula)
    if not any(isinstance(part, Prompt) and part.is_exact for part in parts):
        return formula
    return all_of([part.unrestricted() if isinstance(part, AtPlace) else part for part in parts])


def with_closed(change: Callable[[Closed], Closed], atom: Atom) -> Formula:
    """The atom after a change of what is closed, also in the members or items that an `AtPlace` became."""
    if isinstance(atom, AtPlace | TextAt):
        return type(atom)(atom.parts[0], change(atom.parts[1]))
    if isinstance(atom, Members) and _is_of_places(atom):
        named, _, rest = atom.parts
        inner = tuple((name, _with_closed_inside(change, shape)) for name, shape in named)
        return Members(inner, (), _with_closed_inside(change, rest))
    if isinstance(atom, Items) and isinstance(atom.parts[1], AtPlace):
        return items((), with_closed(change, atom.parts[1]))
    return atom


def _with_closed_inside(change: Callable[[Closed], Closed], shape: Formula) -> Formula:
    return with_closed(change, shape) if isinstance(shape, Atom) else shape


def _is_of_places(members: Members) -> bool:
    named, _, rest = members.parts
    return isinstance(rest, AtPlace) or any(isinstance(shape, AtPlace) for _, shape in named)
