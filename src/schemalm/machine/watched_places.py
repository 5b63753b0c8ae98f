"""What a machine has to notice at each place: the rules about names, arranged by what a symbol can do there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from schemalm.rules.names import Kind, PlaceNames
from schemalm.rules.paths import ITEM, OTHER, Place, path_text
from schemalm.rules.rules import Rules


@dataclass(eq=False, slots=True)
class Watched:
    """A place that has rules about names.

    names: its own rules. has_levels: whether its keys or items tell the scopes of kinds apart. containers: the kinds
    whose later declarations are keys of the object here. passes: by key of the object here, the kinds that can no
    longer be declared once that key was passed over. ends_items: the kinds that wait for the end of an item here.
    ends_scopes: the kinds whose scope is an item here.
    """

    place: Place
    names: PlaceNames = field(default_factory=PlaceNames)
    has_levels: bool = False
    containers: list[Kind] = field(default_factory=list)
    passes: dict[str, list[Kind]] = field(default_factory=dict)
    ends_items: list[Kind] = field(default_factory=list)
    ends_scopes: list[Kind] = field(default_factory=list)

    @property
    def checks_keys(self) -> bool:
        """Whether a key here has to be compared with names."""
        return bool(self.names.referred_keys) or any(kind.unique for kind in self.names.declared_keys)

    @property
    def checks_text(self) -> bool:
        """Whether a text here has to be compared with names, or to be remembered as one."""
        return bool(self.names.referred_values or self.names.declared_values)

    @property
    def needs_name(self) -> bool:
        """Whether a text here has to be a name; a text of which a part is a name may do without."""
        whole = any(reference.text is None for reference in self.names.referred_values)
        return whole or bool(self.names.declared_values)


class WatchedPlaces:
    """The watched places of some rules; `at` returns None for a place without rules about names."""

    def __init__(self, rules: Rules | None) -> None:
        self._places: dict[int, Watched] = {}
        self._below: dict[int, bool] = {}
        if rules is not None:
            self._tree = rules.names.tree
            self._watch_all(rules)

    def __iter__(self) -> Iterator[Watched]:
        return iter(self._places.values())

    def _watch_all(self, rules: Rules) -> None:
        for place in self._tree:
            if place.names is not None:
                self._watch(place).names = place.names
        for kind in rules.names.kinds:
            self._watch_levels(kind.scope)
            for index, step in enumerate(kind.scope):
                if step is ITEM:
                    self._watch(self._tree.at(path_text(kind.scope[:index]))).ends_scopes.append(kind)
            for steps in kind.declared_keys if kind.may_be_promised else ():
                self._watch_container(kind, steps)
            self._watch_items(kind)

    def at(self, place: Place | None) -> Watched | None:
        """What there is to notice at a place."""
        return self._places.get(place.number) if place is not None else None

    def checks_below(self, place: Place) -> bool:
        """Whether a key or text at a place, or below it, is compared with names."""
        if place.number not in self._below:
            watched = self.at(place)
            inner = [child for child in (*place.named.values(), place.other, place.item) if child is not None]
            self._below[place.number] = (watched is not None and (watched.checks_keys or watched.checks_text)) or any(
                map(self.checks_below, inner)
            )
        return self._below[place.number]

    def _watch(self, place: Place) -> Watched:
        return self._places.setdefault(place.number, Watched(place))

    def _watch_levels(self, steps: Iterable[object]) -> Place:
        """Watches the keys that steps stand for, and returns the place that the steps lead to."""
        place = self._tree.root
        for step in steps:
            if step is OTHER:
                self._watch(place).has_levels = True
            place = _below(place, step)
        return place

    def _watch_container(self, kind: Kind, steps: tuple[object, ...]) -> None:
        place = self._tree.root
        for step in steps:
            if isinstance(step, str):
                self._watch(place).passes.setdefault(step, []).append(kind)
            place = _below(place, step)
        container = self._watch(self._watch_levels(steps))
        container.containers.append(kind)
        # Its keys tell a name under way from those that are still to come.
        container.has_levels = True

    def _watch_items(self, kind: Kind) -> None:
        """Watches the innermost lists around the declarations that wait for the end of an item."""
        if not kind.starts_after_item:
            return
        for place in self._tree:
            if place.names is None or kind not in [*place.names.declared_keys, *place.names.declared_values]:
                continue
            last = max((index for index, step in enumerate(place.steps) if step is ITEM), default=None)
            if last is not None:
                self._watch(self._tree.at(path_text(place.steps[:last]))).ends_items.append(kind)


def _below(place: Place, step: object) -> Place:
    found = place.other if step is OTHER else place.item if step is ITEM else place.named[str(step)]
    assert found is not None, "the tree has every path of the rules"
    return found
