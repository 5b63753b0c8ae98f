"""Follows the names of a document while a machine derives it.

Registers know the names so far. A symbol can end a name, end the item that declared one, or pass over the last chance
to declare one. Each of these changes the registers, and what may still come: while no name of a kind is declared, the
nonterminals on the stack admit no reference to one; and a reference to a name that is declared later adds the demand
for that name to the stack. So the completion, which knows only the stack, keeps every promise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from schemalm.grammar.grammar import Grammar
from schemalm.grammar.symbols import END, KEY_END, NUM_BYTES
from schemalm.machine.choices import Rest
from schemalm.machine.name_choices import choice, known_choice
from schemalm.machine.name_state import Level, NamedMachine, NameState, chain_after
from schemalm.machine.part_choices import PartChoice
from schemalm.machine.promises import Promises
from schemalm.machine.registers import NOWHERE, Instance, known_names, spelling
from schemalm.machine.site_texts import SiteTexts, site_texts
from schemalm.machine.slots import AnySlot, WholeText, is_part_of_name
from schemalm.regular.pattern import pattern_language
from schemalm.rules.expressions.types import Names
from schemalm.rules.names import Kind, Reference
from schemalm.rules.paths import ITEM, Steps
from schemalm.rules.rules import Rules
from schemalm.rules.structure import MOSTLY_EARLIER

if TYPE_CHECKING:
    from schemalm.machine.watched_places import Watched, WatchedPlaces


# The names that an expression can write, after a dot and in quotes.
NAME_FORMS = {False: "^[A-Za-z_][A-Za-z0-9_-]*$", True: "^[^'\\0]+$"}
MAX_FORM_REPEAT = 1


class Site(NamedTuple):
    """A place of references. depths: of the keys that its scope and the object that owns the reference depend on."""

    slot: WholeText
    depths: frozenset[int]


class Naming:
    """Follows the names of documents of one grammar."""

    def __init__(self, grammar: Grammar, rules: Rules, watched_places: WatchedPlaces) -> None:
        self._grammar = grammar
        self._kinds, self._kinds_by_name = rules.names.kinds, rules.names.by_name
        self._closable = rules.closable
        self.promises = Promises(grammar, rules.closable)
        self._in_expressions = rules.kinds_in_expressions
        self._texts_at: dict[WholeText, SiteTexts | None] = {}
        self._forms = {
            quoted: Rest(
                grammar.automaton, grammar.automaton.state((pattern_language(form, MAX_FORM_REPEAT),)), frozenset([1])
            )
            for quoted, form in NAME_FORMS.items()
        }
        self._sites = self._find_sites(watched_places)
        self._mostly_earlier, self._places_of_order = self._find_mostly_earlier(watched_places)
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
                is_scarce = (
                    not is_key
                    and any(kind.unique for kind in declared)
                    and self._texts_of(WholeText(watched, is_key)) is not None
                )
                if is_scarce:
                    depths |= {depth for kind in declared for depth in kind.levels}
                depths = {depth for depth in depths if watched.place.steps[depth] is not ITEM}
                site = Site(WholeText(watched, is_key), frozenset(depths))
                for kind in [*kinds, *(declared if references or is_scarce else ())]:
                    found[kind.name].append(site)
        return found

    def _find_mostly_earlier(self, watched_places: WatchedPlaces) -> tuple[list[Kind], frozenset[Steps]]:
        """The kinds to which some references lead mostly to earlier names, and where these references may begin."""
        kinds, places = set(), set()
        for watched in watched_places:
            for reference in (*watched.names.referred_keys, *watched.names.referred_values):
                if reference.order == MOSTLY_EARLIER:
                    steps = watched.place.steps
                    kinds.add(reference.kind.name)
                    places |= {steps, steps[:-1]}
        return [kind for kind in self._kinds if kind.name in kinds], frozenset(places)

    def begin(self, machine: NamedMachine) -> None:
        """Starts to follow a new document."""
        machine.names = NameState()
        if self._grammar.with_names(machine.nonterminal, self._closable, are_closed=True) is not None:
            self._set_closed(machine, self._closable, -1, are_closed=True)
        else:
            # A prompt may state a reference: what it needs stays open, and no more.
            for part in sorted(self._closable):
                self._set_closed(machine, [part], -1, are_closed=True)
        self._refresh(machine, [kind for kind in self._kinds if not kind.levels])

    def begin_ending(self, machine: NamedMachine) -> None:
        """Excludes promises as far as the document can end without them."""
        if machine.names is not None and not machine.names.is_ending:
            machine.names = machine.names._replace(is_ending=True)
            self._refresh(machine, [kind for kind in self._kinds if kind.may_be_promised])

    def may_break_order(self, machine: NamedMachine) -> bool:
        """Whether a machine may promise a name next where documents rarely do."""
        place = machine.top.place
        return machine.names is not None and place is not None and place.steps in self._places_of_order

    def keep_order(self, machine: NamedMachine) -> None:
        """Excludes promises that documents rarely make."""
        assert machine.names is not None
        machine.names = machine.names._replace(keeps_order=True)
        self._refresh(machine, self._mostly_earlier)

    def push(self, machine: NamedMachine, symbol: int, push: Callable[[int], None]) -> None:
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

    def _text(self, machine: NamedMachine, symbol: int) -> bytes | None:
        """The key or string that ends with a symbol; None for other symbols."""
        if symbol == self._key_end:
            return machine.free_keys.prefix.encode("latin-1")
        if symbol == self._end:
            assert machine.names is not None
            return machine.names.prefix if isinstance(machine.top.slot, WholeText) else None
        found = self._keys.get(symbol)
        return self._constants.get(symbol) if found is None else found

    def _continue_text(self, machine: NamedMachine, slot: AnySlot | None, symbol: int) -> None:
        """Records one more byte of a text or key."""
        assert machine.names is not None
        if slot is not None and is_part_of_name(slot, symbol):
            machine.names = machine.names._replace(prefix=machine.names.prefix + bytes([symbol]))
            return
        if slot is not None:
            self.end_name(machine, slot)
        self._begin_name(machine)

    def _begin_name(self, machine: NamedMachine) -> None:
        """Prepares for the name that may begin at the top."""
        slot = machine.top.slot
        if slot is not None:
            assert machine.names is not None
            begins_chain = isinstance(slot, WholeText) or slot.level == 0
            chain = () if begins_chain else machine.names.chain
            machine.names = machine.names._replace(prefix=b"", chain=chain)

    def end_name(self, machine: NamedMachine, slot: AnySlot) -> None:
        """Records the name in an expression that has just ended."""
        names = machine.names
        assert names is not None and not isinstance(slot, WholeText)
        # An empty name is `*`, after which no chain of names goes on.
        if isinstance(slot.type, Names) and names.prefix:
            kind, chain = self.kind(slot.type.kind), chain_after(names, self.kind(slot.type.kind), names.prefix)
            if names.chain is not None:
                self._promise_if_new(machine, kind, names.instance(kind, names.chain), names.prefix)
            names = (machine.names or names)._replace(chain=chain)
        machine.names = names._replace(prefix=b"")

    def kind(self, name: str) -> Kind:
        """The kind with a name."""
        return self._kinds_by_name[name]

    def record_key(self, machine: NamedMachine, watched: Watched, key: bytes) -> None:
        """Records what a key declares and refers to, before its last symbol."""
        if key.decode() in watched.place.named:
            return
        for reference in watched.names.referred_keys:
            self._refer(machine, reference, key)
        for kind in watched.names.declared_keys:
            self._declare(machine, kind, key)

    def record_scalar(self, machine: NamedMachine, watched: Watched, text: bytes | None) -> None:
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

    def _declare(self, machine: NamedMachine, kind: Kind, name: bytes) -> None:
        names = machine.names
        assert names is not None
        registers = names.registers.declare(kind, names.instance(kind), name)
        machine.names = names._replace(registers=registers)
        self._refresh(machine, [kind])

    def _refer(self, machine: NamedMachine, reference: Reference, name: bytes) -> None:
        names = machine.names
        assert names is not None
        if reference.owner is not None:
            registers = names.registers.refer(reference.kind, names.owner(reference), name)
            machine.names = names._replace(registers=registers)
        self._promise_if_new(machine, reference.kind, names.instance(reference.kind), name)

    def _promise_if_new(self, machine: NamedMachine, kind: Kind, instance: Instance, name: bytes) -> None:
        names = machine.names
        assert names is not None
        known = names.registers.names(instance)
        if known.are_unknown or spelling(kind, known_names(kind, known), name) is not None:
            return
        if not self.promises.add(machine, kind, instance[1], name):
            raise ValueError(f"there is no {kind.word} {name!r}, and none can be declared any more")
        machine.names = names._replace(registers=names.registers.promise(instance, name))

    def enter(self, machine: NamedMachine, watched: Watched, key: bytes | None) -> None:
        """Records the key that has just been opened."""
        names, height = machine.names, len(machine.stack) - 2
        assert names is not None
        if watched.has_levels:
            assert key is not None, "scopes are told apart by keys"
            machine.names = names._replace(levels=(*names.levels, Level(height, watched.place.steps, key)))
            self._refresh(machine, self._kinds)
        for kinds in watched.passes.values():
            self._refresh(machine, kinds)

    def arrive(self, machine: NamedMachine) -> None:
        """Ends the levels and items that the top has left, and prepares for a name."""
        names, height, watched = machine.names, len(machine.stack) - 1, machine.top.watched
        assert names is not None
        if names.levels and names.levels[-1].height >= height:
            machine.names = names._replace(levels=tuple(level for level in names.levels if level.height < height))
        if watched is not None and watched.ends_items:
            self._end_items(machine, watched.ends_items)
        if watched is not None and watched.ends_scopes:
            self._end_scopes(machine, watched.ends_scopes)
        self._begin_name(machine)

    def _end_items(self, machine: NamedMachine, kinds: Iterable[Kind]) -> None:
        """Declares the names that have waited for the end of an item."""
        for kind in kinds:
            names = machine.names
            assert names is not None
            instance = names.instance(kind)
            if names.registers.names(instance).waiting:
                machine.names = names._replace(registers=names.registers.end_item(instance))
                self._refresh(machine, [kind])

    def _end_scopes(self, machine: NamedMachine, kinds: Iterable[Kind]) -> None:
        """Forgets the names that count within an item, after its end."""
        for kind in kinds:
            names = machine.names
            assert names is not None
            registers = names.registers.leave(names.instance(kind))
            if registers is not names.registers:
                machine.names = names._replace(registers=registers)
                self._refresh(machine, [kind])

    def _refresh(self, machine: NamedMachine, kinds: Iterable[Kind]) -> None:
        """Opens what can be referred to now, and closes what cannot, as far as it depends on some kinds."""
        for kind in kinds:
            names = machine.names
            assert names is not None
            instance = names.instance(kind)
            # Outside its scope a kind is closed from the beginning, but for references that a prompt states inside.
            if kind.name in self._in_expressions and NOWHERE not in instance[1]:
                is_open = self.is_open(machine, kind, instance)
                self._set_closed(machine, [kind.name], names.height(kind), are_closed=not is_open)
            for site in self._sites[kind.name]:
                self._refresh_site(machine, names, site)

    def _refresh_site(self, machine: NamedMachine, names: NameState, site: Site) -> None:
        """Opens or closes the place of a reference, within its scope."""
        steps = site.slot.watched.place.steps
        heights = {level.depth: level.height for level in names.levels if steps[: level.depth] == level.steps}
        if any(depth not in heights for depth in site.depths):
            return
        allowed, texts = choice(machine, names, site.slot), self._texts_of(site.slot)
        is_open = allowed.has_names() if texts is None or isinstance(allowed, PartChoice) else texts.can_be(allowed)
        height = max((heights[depth] for depth in site.depths), default=-1)
        self._set_closed(machine, [site.slot.watched.place.path], height, are_closed=not is_open)

    def _texts_of(self, slot: WholeText) -> SiteTexts | None:
        """The texts that the schema allows at the place of a name; None if every text is allowed."""
        if slot not in self._texts_at:
            self._texts_at[slot] = site_texts(self._grammar, slot.watched.place, is_key=slot.is_key)
        return self._texts_at[slot]

    def is_open(self, machine: NamedMachine, kind: Kind, instance: Instance) -> bool:
        """Whether an expression can use a name of a kind now."""
        assert machine.names is not None
        allowed = known_choice(machine, machine.names, kind, instance, not kind.earlier)
        return allowed.has_names(self.form(quoted=True))

    def form(self, *, quoted: bool) -> Rest:
        """The names that an expression can write, after a dot or in quotes."""
        return self._forms[quoted]

    def _set_closed(self, machine: NamedMachine, changed: Iterable[str], below: int, *, are_closed: bool) -> None:
        """Changes the stack above a height."""
        for height in range(below + 1, len(machine.stack)):
            entry = machine.stack[height]
            found = self._grammar.with_names(entry.nonterminal, frozenset(changed), are_closed=are_closed)
            if found is not None and found != entry.nonterminal:
                machine.stack[height] = machine.tables.like(entry, found)
