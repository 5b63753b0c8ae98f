"""Follows the names of a document while a machine derives it.

Registers know the names so far. A symbol can end a name, end the item that declared one, or pass over the last chance
to declare one. Each of these changes the registers, and what may still come: while no name of a kind is declared, the
nonterminals on the stack admit no reference to one; and a reference to a name that is declared later adds the demand
for that name to the stack. So the completion, which knows only the stack, keeps every promise.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from schemalm.grammar.grammar import Grammar
from schemalm.grammar.symbols import END, KEY_END, NUM_BYTES
from schemalm.machine.name_choices import choice
from schemalm.machine.promises import Promises
from schemalm.machine.registers import Instance, Registers, known_names
from schemalm.machine.slots import AnySlot, WholeText, is_part_of_name
from schemalm.rules.expressions.types import Names
from schemalm.rules.names import Kind, Reference
from schemalm.rules.rules import Rules

if TYPE_CHECKING:
    from schemalm.machine.finite_tables import StackEntry
    from schemalm.machine.machine import Machine
    from schemalm.machine.watched_places import Watched, WatchedPlaces

# The keys and indices that tell scopes apart: the height of the rest, the number of steps from the root, the key.
Levels: TypeAlias = "tuple[tuple[int, int, bytes], ...]"


class NameState(NamedTuple):
    """What one machine knows about names.

    levels: what leads to the top and tells scopes apart, from the outermost on. prefix: the name under way. chain: the
    declared names before it in the same expression, such as `build` in `needs.build.outputs.version`.
    """

    registers: Registers = Registers()
    levels: Levels = ()
    prefix: bytes = b""
    chain: tuple[bytes, ...] = ()

    def instance(self, kind: Kind, chain: Collection[bytes] = ()) -> Instance:
        """The scope of a kind at the top, or the one that the names of a chain lead to."""
        keys = {depth: key for _, depth, key in self.levels} | dict(
            zip(reversed(kind.levels), reversed([*chain]), strict=False)
        )
        return kind.number, tuple(keys.get(depth, b"") for depth in kind.levels)

    def height(self, kind: Kind) -> int:
        """The height of the rest that holds the scope of a kind; -1 if that is the document."""
        last = kind.levels[-1] if kind.levels else -1
        return next((height for height, depth, _ in self.levels if depth == last), -1)


class Site(NamedTuple):
    """A place of references. depths: of the keys that its scope and the object that owns the reference depend on."""

    slot: WholeText
    depths: frozenset[int]


class Naming:
    """Follows the names of documents of one grammar."""

    def __init__(self, grammar: Grammar, rules: Rules, watched_places: WatchedPlaces) -> None:
        self._grammar = grammar
        self._kinds, self._kinds_by_name = rules.names.kinds, rules.names.by_name
        self.promises = Promises(grammar)
        self._in_expressions = rules.kinds_in_expressions
        self._sites = self._find_sites(watched_places)
        ids, symbols = grammar.symbols.ids, grammar.symbols.symbols
        self._end, self._key_end = ids[END], ids[KEY_END]
        self._keys = {number: name.encode() for name, number in grammar.symbols.keys.items()}
        self._constants = {
            number: symbol.text.encode() for number, symbol in enumerate(symbols) if symbol.label == "CONST"
        }
        self._scalars = {
            number for number, symbol in enumerate(symbols) if symbol.label in ("CONST", "END", "TRUE", "FALSE", "NULL")
        }

    def _find_sites(self, watched_places: WatchedPlaces) -> dict[str, list[Site]]:
        """The places of references by the kinds that their choice of names depends on."""
        found: dict[str, list[Site]] = {kind.name: [] for kind in self._kinds}
        for watched in watched_places:
            rules = watched.names
            for references, declared, is_key in (
                (rules.referred_keys, rules.declared_keys, True),
                (rules.referred_values, rules.declared_values, False),
            ):
                kinds = [reference.kind for reference in references]
                depths = {depth for kind in kinds for depth in kind.levels}
                depths |= {reference.owner for reference in references if reference.owner is not None}
                for kind in [*kinds, *(declared if references else ())]:
                    found[kind.name].append(Site(WholeText(watched, is_key), frozenset(depths)))
        return found

    def begin(self, machine: Machine) -> None:
        """Starts to follow a new document."""
        machine.names = NameState()
        paths = [site.slot.watched.place.path for sites in self._sites.values() for site in sites]
        self._set_closed(machine, [*self._in_expressions, *paths], -1, are_closed=True)
        self._refresh(machine, [kind for kind in self._kinds if not kind.levels])

    def push(self, machine: Machine, symbol: int, push: Callable[[int], None]) -> None:
        """Consumes one symbol by `push`, which knows nothing of names."""
        entry = machine.top
        if symbol < NUM_BYTES:
            push(symbol)
            self._continue_text(machine, entry.slot, symbol)
            return
        watched, text = entry.watched, self._text(machine, symbol)
        if symbol == self._end and entry.slot is not None and not isinstance(entry.slot, WholeText):
            self.end_name(machine, entry.slot)
        is_key = symbol == self._key_end or symbol in self._keys
        if watched is not None and is_key:
            assert text is not None
            self.record_key(machine, watched, text)
        elif watched is not None and symbol in self._scalars:
            self.record_scalar(machine, watched, text)
        push(symbol)
        if watched is not None:
            if is_key:
                self.enter(machine, watched, text)
            elif watched.containers:
                self._refresh(machine, watched.containers)
        if machine.stack:
            self.arrive(machine)

    def _text(self, machine: Machine, symbol: int) -> bytes | None:
        """The key or string that ends with a symbol; None for other symbols."""
        if symbol == self._key_end:
            return machine.free_keys.prefix.encode("latin-1")
        if symbol == self._end:
            assert machine.names is not None
            return machine.names.prefix if isinstance(machine.top.slot, WholeText) else None
        found = self._keys.get(symbol)
        return self._constants.get(symbol) if found is None else found

    def _continue_text(self, machine: Machine, slot: AnySlot | None, symbol: int) -> None:
        """Records one more byte of a text or key."""
        assert machine.names is not None
        if slot is not None and is_part_of_name(slot, symbol):
            machine.names = machine.names._replace(prefix=machine.names.prefix + bytes([symbol]))
            return
        if slot is not None:
            self.end_name(machine, slot)
        self._begin_name(machine)

    def _begin_name(self, machine: Machine) -> None:
        """Prepares for the name that may begin at the top."""
        slot = machine.top.slot
        if slot is not None:
            assert machine.names is not None
            begins_chain = isinstance(slot, WholeText) or slot.level == 0
            machine.names = machine.names._replace(prefix=b"", chain=() if begins_chain else machine.names.chain)

    def end_name(self, machine: Machine, slot: AnySlot) -> None:
        """Records the name in an expression that has just ended."""
        names = machine.names
        assert names is not None and not isinstance(slot, WholeText)
        if isinstance(slot.type, Names):
            kind = self.kind(slot.type.kind)
            self._promise_if_new(machine, kind, names.instance(kind, names.chain), names.prefix)
            machine.names = machine.names._replace(chain=(*names.chain, names.prefix))
        machine.names = machine.names._replace(prefix=b"")

    def kind(self, name: str) -> Kind:
        """The kind with a name."""
        return self._kinds_by_name[name]

    def record_key(self, machine: Machine, watched: Watched, key: bytes) -> None:
        """Records what a key declares and refers to, before its last symbol."""
        if key.decode() in watched.place.named:
            return
        for reference in watched.names.referred_keys:
            self._refer(machine, reference, key)
        for kind in watched.names.declared_keys:
            self._declare(machine, kind, key)

    def record_scalar(self, machine: Machine, watched: Watched, text: bytes | None) -> None:
        """Records what a string declares and refers to, before its last symbol; `text` is None for other scalars."""
        assert machine.names is not None
        if text is not None:
            for reference in watched.names.referred_values:
                name = reference.name_in(text.decode())
                if name is not None:
                    self._refer(machine, reference, name.encode())
            for kind in watched.names.declared_values:
                self._declare(machine, kind, text)
        for kind in watched.names.opened:
            registers = machine.names.registers.with_unknown(machine.names.instance(kind))
            machine.names = machine.names._replace(registers=registers)
        self._refresh(machine, watched.names.opened)

    def _declare(self, machine: Machine, kind: Kind, name: bytes) -> None:
        names = machine.names
        assert names is not None
        registers = names.registers.declare(names.instance(kind), name, waits=kind.starts_after_item)
        machine.names = names._replace(registers=registers)
        self._refresh(machine, [kind])

    def _refer(self, machine: Machine, reference: Reference, name: bytes) -> None:
        names = machine.names
        assert names is not None
        if reference.owner is not None:
            owner = next(key for _, depth, key in names.levels if depth == reference.owner)
            registers = names.registers.refer(reference.kind.number, owner, name)
            machine.names = names._replace(registers=registers)
        self._promise_if_new(machine, reference.kind, names.instance(reference.kind), name)

    def _promise_if_new(self, machine: Machine, kind: Kind, instance: Instance, name: bytes) -> None:
        names = machine.names
        assert names is not None
        known = names.registers.names(instance)
        if known.are_unknown or name in known_names(kind, known):
            return
        if self.promises.add(machine, kind, instance[1], name):
            machine.names = names._replace(registers=names.registers.promise(instance, name))

    def enter(self, machine: Machine, watched: Watched, key: bytes | None) -> None:
        """Records the key that has just been opened."""
        names, height, depth = machine.names, len(machine.stack) - 2, len(watched.place.steps)
        assert names is not None
        if watched.has_levels:
            assert key is not None, "scopes are told apart by keys"
            machine.names = names._replace(levels=(*names.levels, (height, depth, key)))
            self._refresh(machine, self._kinds)
        for kinds in watched.passes.values():
            self._refresh(machine, kinds)

    def arrive(self, machine: Machine) -> None:
        """Ends the levels and items that the top has left, and prepares for a name."""
        names, height, watched = machine.names, len(machine.stack) - 1, machine.top.watched
        assert names is not None
        if names.levels and names.levels[-1][0] >= height:
            machine.names = names._replace(levels=tuple(level for level in names.levels if level[0] < height))
        if watched is not None and watched.ends_items:
            self._end_items(machine, watched.ends_items)
        self._begin_name(machine)

    def _end_items(self, machine: Machine, kinds: Iterable[Kind]) -> None:
        """Declares the names that have waited for the end of an item."""
        for kind in kinds:
            names = machine.names
            assert names is not None
            instance = names.instance(kind)
            if names.registers.names(instance).waiting:
                machine.names = names._replace(registers=names.registers.end_item(instance))
                self._refresh(machine, [kind])

    def _refresh(self, machine: Machine, kinds: Iterable[Kind]) -> None:
        """Opens what can be referred to now, and closes what cannot, as far as it depends on some kinds."""
        for kind in kinds:
            names = machine.names
            assert names is not None
            if kind.name in self._in_expressions:
                is_open = self.is_open(machine, kind, names.instance(kind))
                self._set_closed(machine, [kind.name], names.height(kind), are_closed=not is_open)
            for site in self._sites[kind.name]:
                self._refresh_site(machine, names, site)

    def _refresh_site(self, machine: Machine, names: NameState, site: Site) -> None:
        """Opens or closes the place of a reference, within its scope."""
        heights = {depth: height for height, depth, _ in names.levels}
        if any(depth not in heights for depth in site.depths):
            return
        is_open = choice(machine, names, site.slot).has_names
        height = max((heights[depth] for depth in site.depths), default=-1)
        self._set_closed(machine, [site.slot.watched.place.path], height, are_closed=not is_open)

    def is_open(self, machine: Machine, kind: Kind, instance: Instance) -> bool:
        """Whether an expression can use a name of a kind now."""
        assert machine.names is not None
        known = machine.names.registers.names(instance)
        if known.are_unknown or known_names(kind, known):
            return True
        return not kind.earlier and self.promises.are_possible(machine, kind, instance[1])

    def _set_closed(self, machine: Machine, changed: Iterable[str], below: int, *, are_closed: bool) -> None:
        """Changes the stack above a height."""
        for height in range(below + 1, len(machine.stack)):
            entry = machine.stack[height]
            found = self._grammar.with_names(entry.nonterminal, frozenset(changed), are_closed=are_closed)
            if found is not None and found != entry.nonterminal:
                machine.stack[height] = machine.tables.like(entry, found)
