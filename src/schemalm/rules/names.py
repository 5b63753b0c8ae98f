"""The names of a rules file, compiled: which places declare, refer to and open which kinds of names.

In: the part `names` of a rules file. Out: kinds, and for each place of the tree a `PlaceNames`. The keys that a rule
about keys of an object means are those that `*` stands for there: keys that a path of the tree names are no names.

A kind counts within a scope: the object at the kind's scope path, known by its own path in the value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from schemalm.errors import RulesError
from schemalm.json_pointer import pointer_to
from schemalm.rules.name_texts import NameText
from schemalm.rules.paths import OTHER, Place, PlaceTree, Steps, Wildcard, parse_path, path_text
from schemalm.rules.structure import NameKind, Order, Referred

# Where an object is: the keys and indices that lead to it.
Scope: TypeAlias = "tuple[str | int, ...]"
Uniqueness: TypeAlias = 'Literal["exact", "ignore-case"] | None'


# Machines compare names byte by byte, so only the case of ASCII letters can be ignored.
_LOWER = {letter: letter + 32 for letter in range(ord("A"), ord("Z") + 1)}


def folded(name: str) -> str:
    """Return a name in the form that is compared where the case of ASCII letters does not matter."""
    return name.lower() if name.isascii() else name.translate(_LOWER)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of names.

    earlier: a reference in an expression counts only declarations before it; otherwise it may be a promise.
    starts_after_item: a declaration counts only after the innermost list item that holds it has ended.
    levels: where in the scope's path its wildcards are; tail: the keys after the last of them.
    declared: the paths of declarations; declared_keys: those of the objects whose keys are declarations. unknown: the
    paths at which a value means that every name counts as declared. may_be_promised: whether a reference may precede
    the declaration. always: names that count as declared; default: those that do if nothing else is declared.
    """

    name: str
    number: int
    scope: Steps
    unique: Uniqueness
    ignore_case: bool
    earlier: bool
    starts_after_item: bool
    member_type: Any
    declared: tuple[Steps, ...]
    declared_keys: tuple[Steps, ...]
    unknown: tuple[Steps, ...]
    may_be_promised: bool
    always: tuple[str, ...] = ()
    default: tuple[str, ...] = ()
    levels: tuple[int, ...] = field(init=False)
    tail: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        levels = tuple(index for index, step in enumerate(self.scope) if isinstance(step, Wildcard))
        object.__setattr__(self, "levels", levels)
        first = levels[-1] + 1 if levels else 0
        object.__setattr__(self, "tail", tuple(map(str, self.scope[first:])))

    @property
    def word(self) -> str:
        """The kind in messages."""
        return self.name.replace("-", " ")

    def implied(self, *, declares: bool) -> tuple[str, ...]:
        """Return the names that a scope need not declare; declares: whether it declares names itself."""
        return self.always if declares else self.always + self.default

    @property
    def scope_depth(self) -> int:
        """How many keys (and indices) tell the scopes of this kind apart."""
        return len(self.levels)

    def key(self, name: str) -> str:
        """Return the form of a name that references of this kind compare."""
        return folded(name) if self.ignore_case else name

    def instance(self, path: Scope) -> Scope:
        """Return the keys (and indices) that tell the scope of a place or scope apart from others of this kind."""
        return tuple(path[level] for level in self.levels)

    def scope_at(self, path: Scope) -> Scope:
        """Return the scope that holds the value at `path`, or that the keys that lead there tell apart."""
        if not self.tail:
            return path[: len(self.scope)]
        return (*path[: len(self.scope) - len(self.tail)], *self.tail)

    def scope_through(self, path: Scope, names: Sequence[str]) -> Scope:
        """Return the scope that names lead to, in an expression at `path`.

        The names are the last keys (`*`) of the scope's path; what is before them, it has in common with `path`.
        """
        levels = self.levels[-len(names) :] if names else ()
        if not levels:
            return self.scope_at(path)
        given = dict(zip(levels, names[-len(levels) :], strict=True))
        num_shared = 1 + max((level for level in self.levels if level < levels[0]), default=-1)
        rest = enumerate(self.scope[num_shared:], start=num_shared)
        return (*path[:num_shared], *(str(given.get(index, step)) for index, step in rest))


@dataclass(frozen=True, slots=True)
class Reference:
    """A rule about references: the text or the keys of a place must be names of `kind`.

    order: "earlier" if only declarations before it count; "mostly-earlier" if any do, but generation promises nothing
    where it can refer to an earlier name. owner: if references may not lead in a circle, the index in the path of
    the declared key that holds the reference. text: where in the text the name is; None if the text is the name.
    """

    kind: Kind
    order: Order
    owner: int | None
    text: NameText | None = None

    @property
    def earlier(self) -> bool:
        """Whether only declarations before the reference count."""
        return self.order == "earlier"

    def name_in(self, text: str) -> str | None:
        """Return the name in a text; None if the text is no reference."""
        return text if self.text is None else self.text.name_in(text)


@dataclass(slots=True)
class PlaceNames:
    """What the rules say about names at one place.

    The keys of an object here, or the text here, declare names or refer to them; anything here but an object or a list
    opens a scope: then every name of the kind counts as declared. The scopes of some kinds begin here.
    """

    declared_keys: list[Kind] = field(default_factory=list)
    declared_values: list[Kind] = field(default_factory=list)
    referred_keys: list[Reference] = field(default_factory=list)
    referred_values: list[Reference] = field(default_factory=list)
    opened: list[Kind] = field(default_factory=list)
    begun: list[Kind] = field(default_factory=list)

    @property
    def has_values(self) -> bool:
        """Whether a text here is a name."""
        return bool(self.declared_values or self.referred_values)


@dataclass(frozen=True, slots=True)
class Names:
    """All kinds of a rules file by name, over the tree of its places; `kinds[n].number` is n."""

    tree: PlaceTree
    kinds: tuple[Kind, ...]

    @property
    def by_name(self) -> dict[str, Kind]:
        """The kinds by name."""
        return {kind.name: kind for kind in self.kinds}


def paths_of_names(rules: Mapping[str, NameKind]) -> Iterator[str]:
    """Yield all value paths of the part `names`."""
    for rule in rules.values():
        yield from (rule.scope, *rule.unknown)
        yield from (declared.path for declared in rule.declared)
        yield from (f"{declared.path}/{OTHER.value}" for declared in rule.declared if declared.keys is not None)
        yield from (
            path_text((*parse_path(declared.path), key)) for declared in rule.declared for key in declared.excluded
        )
        yield from (referred.path for referred in rule.referred)


def compile_names(
    rules: Mapping[str, NameKind],
    other_paths: Iterable[str] = (),
    alike: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> Names:
    """Return the kinds of the part `names`; their rules are attached to the places of one tree.

    other_paths: further paths of the rules file, such as those of expressions. alike: as in the file. All paths of a
    kind lie inside its scope. Raises RulesError, with the pointer, where `acyclic` or `alike` cannot be said.
    """
    tree = PlaceTree.of([*paths_of_names(rules), *other_paths], alike)
    kinds = tuple(_kind(number, name, rule) for number, (name, rule) in enumerate(rules.items()))
    for kind in kinds:
        _attach(tree, kind, rules[kind.name])
    return Names(tree, kinds)


def _kind(number: int, name: str, rule: NameKind) -> Kind:
    return Kind(
        name=name,
        number=number,
        scope=parse_path(rule.scope),
        unique=rule.unique,
        ignore_case=rule.ignore_case,
        earlier=rule.order == "earlier",
        starts_after_item=rule.starts == "item",
        member_type=rule.members,
        declared=tuple(parse_path(part.path) for part in rule.declared),
        declared_keys=tuple(parse_path(part.path) for part in rule.declared if part.keys is not None),
        unknown=tuple(map(parse_path, rule.unknown)),
        may_be_promised=any(order != "earlier" for order in (rule.order, *(part.order for part in rule.referred))),
        always=rule.always,
        default=rule.default,
    )


def _attach(tree: PlaceTree, kind: Kind, rule: NameKind) -> None:
    """Attach the rules of a kind to the places that they name."""
    names_of(tree.at(rule.scope)).begun.append(kind)
    for declared in rule.declared:
        found = names_of(tree.at(declared.path))
        kinds = found.declared_values if declared.keys is None else found.declared_keys
        if kind not in kinds:
            kinds.append(kind)
    for index, referred in enumerate(rule.referred):
        place = tree.at(referred.path)
        owner = _owner(kind, place, index) if referred.acyclic else None
        reference = Reference(kind, referred.order, owner, _text(referred))
        found = names_of(place)
        (found.referred_values if referred.keys is None else found.referred_keys).append(reference)
    for path in rule.unknown:
        names_of(tree.at(path)).opened.append(kind)


def _text(referred: Referred) -> NameText | None:
    """Where in a text the name is; None if the text is the name."""
    if not (referred.prefix or referred.until or referred.pattern is not None):
        return None
    return NameText(referred.prefix, referred.until, referred.pattern)


def names_of(place: Place) -> PlaceNames:
    """Return what the rules say about names at a place, to add to."""
    if place.names is None:
        place.names = PlaceNames()
    found: PlaceNames = place.names
    return found


def _owner(kind: Kind, place: Place, index: int) -> int:
    """The index in the path of the declared key that holds a place; raises RulesError if none does."""
    for steps in kind.declared_keys:
        if len(place.steps) > len(steps) and place.steps[: len(steps)] == steps:
            return len(steps)
    raise RulesError(
        f"{place.path!r} is in no object whose key declares a name, so references there cannot lead in a circle; "
        "expected `acyclic` only below the keys that the kind declares",
        pointer=pointer_to(("names", kind.name, "referred", index, "acyclic")),
    )
