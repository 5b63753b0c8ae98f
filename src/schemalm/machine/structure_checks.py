"""Tokens of structure that rules about names may forbid: they write a name, or lead to where one must follow.

A schema can list keys and constants, which are symbols. If such a key or constant declares a name or refers to one, the
token that contains it is checked. So is a token after which a name has to follow: there may be none that fits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemalm.grammar.grammar import Grammar
from schemalm.grammar.states import Key, Text, Value
from schemalm.grammar.symbols import AS_KIND
from schemalm.machine.choices import Choice, Rest
from schemalm.machine.name_choices import choice, rest_of, rest_of_text
from schemalm.machine.name_state import NamedMachine
from schemalm.machine.part_choices import PartChoice
from schemalm.machine.slots import WholeText
from schemalm.machine.vocabulary import Vocabulary
from schemalm.machine.watched_places import Watched, WatchedPlaces


class NameAhead(NamedTuple):
    """A name that must be able to follow a token: its slot, the texts that the schema allows there, and constants.

    texts: what may follow from the beginning of a text on, None for every text; empty if no text may.
    """

    slot: WholeText
    texts: tuple[Rest | None, ...]
    constants: tuple[bytes, ...]

    def can_be(self, allowed: Choice | PartChoice) -> bool:
        """Whether there is a name among the texts and constants that may be written."""
        return any(map(allowed.has_names, self.texts)) or any(allowed.allows(text, True) for text in self.constants)


class StructureChecks:
    """Finds the tokens of structure that have to be checked, and checks them."""

    def __init__(
        self,
        grammar: Grammar,
        vocabulary: Vocabulary,
        watched_places: WatchedPlaces,
        unpacked: Callable[[int], NDArray[np.bool_]],
        transition: Callable[[Any, int], Any],
    ) -> None:
        """unpacked, transition: as those of the tables."""
        self._grammar, self._vocabulary, self._watched_places = grammar, vocabulary, watched_places
        self._unpacked, self._transition = unpacked, transition
        symbols = grammar.symbols
        self._keys = {number: name for name, number in symbols.keys.items()}
        self._constants = {
            number: symbol.text for number, symbol in enumerate(symbols.symbols) if symbol.label == "CONST"
        }
        self._as_string = symbols.ids[AS_KIND["string"]]

    def tokens(self, entry: Any) -> dict[int, NameAhead | None]:
        """The tokens of an entry that have to be checked, with the name ahead if that alone decides."""
        place, watched_places = entry.place, self._watched_places
        if place is None or not watched_places.checks_below(place):
            return {}
        if isinstance(self._grammar.nonterminals[entry.nonterminal].state, Text | Key):
            return {}
        mask = self._unpacked(entry.row)
        checked = [token for token in np.flatnonzero(mask).tolist() if self._is_checked(entry, token)]
        return {token: self._name_ahead(entry, token) for token in (*checked, *self._opened_within(entry, mask))}

    def _name_ahead(self, entry: Any, token: int) -> NameAhead | None:
        """The name that must be able to follow a token; None if more than this name decides."""
        entries = [entry]
        for symbol in self._vocabulary.symbols[token]:
            top = entries.pop()
            changes_names = top.watched is not None and (
                top.watched.has_levels or top.watched.containers or self._writes_name(top.watched, symbol)
            )
            transition = self._transition(top, self._vocabulary.symbol_token(symbol))
            if changes_names or transition is None or not transition.opened:
                return None
            entries += transition.opened
        last = entries[-1]
        return self._at_value(last) if self._needs_check(last) and self._is_decided(entry, last.watched) else None

    def _is_decided(self, entry: Any, watched: Watched) -> bool:
        """Whether the names that a value may refer to do not depend on what comes in the object on top."""
        references = watched.names.referred_values
        outer = entry.place.steps
        return all(reference.text is None for reference in references) and not any(
            steps[: len(outer)] == outer
            for reference in references
            if not reference.earlier
            for steps in reference.kind.declared_keys
        )

    def _at_value(self, entry: Any) -> NameAhead | None:
        """The names that a value can be; None if it can be something else, or if it is a key."""
        slot, state = WholeText(entry.watched, False), self._grammar.nonterminals[entry.nonterminal].state
        if isinstance(state, Key):
            return None
        if isinstance(state, Text):
            return NameAhead(slot, (rest_of(self._grammar, entry.nonterminal),), ())
        texts, constants = [], []
        for symbol in self._grammar.admitted(entry.nonterminal):
            if symbol == self._as_string:
                step = self._grammar.step(entry.nonterminal, symbol)
                assert step is not None, "the symbol is admitted"
                texts.append(rest_of(self._grammar, step.opened[0]))
            elif self._writes_name(entry.watched, symbol):
                constants.append(self._constants[symbol].encode())
            else:
                return None
        return NameAhead(slot, tuple(texts), tuple(constants))

    def _opened_within(self, entry: Any, mask: NDArray[np.bool_]) -> list[int]:
        """The tokens that refer to names of a scope which begins inside of them: it is closed outside."""
        rules = self._grammar.rules
        assert rules is not None
        opened = self._grammar.with_names(entry.nonterminal, rules.closable, are_closed=False)
        if opened is None or opened == entry.nonterminal:
            return []
        tokens = np.flatnonzero(self._unpacked(self._grammar.equivalent(opened)) & ~mask).tolist()
        return [token for token in tokens if len(self._vocabulary.symbols[token]) > 1]

    def _is_checked(self, entry: Any, token: int) -> bool:
        """Whether rules about names may forbid a token."""
        entries = [entry]
        for symbol in self._vocabulary.symbols[token]:
            top = entries.pop()
            if top.watched is not None and self._writes_name(top.watched, symbol):
                return True
            transition = self._transition(top, self._vocabulary.symbol_token(symbol))
            assert transition is not None, "the token is admitted"
            entries += transition.opened
            if not transition.opened:
                return False
        return self._needs_check(entries[-1])

    def _writes_name(self, watched: Watched, symbol: int) -> bool:
        if symbol in self._keys:
            return watched.checks_keys and self._keys[symbol] not in watched.place.named
        return symbol in self._constants and watched.checks_text

    def _needs_check(self, entry: Any) -> bool:
        """Whether a name has to follow, and not every text will do."""
        if entry.watched is None:
            return False
        node = self._grammar.nonterminals[entry.nonterminal]
        if isinstance(node.state, Key):
            return bool(entry.watched.names.referred_keys)
        is_number = isinstance(node.state, Text) and node.state.kind == "number"
        return entry.watched.needs_name and isinstance(node.state, Value | Text) and not is_number

    def allows(self, machine: NamedMachine, token: int) -> bool:
        """Whether names allow a token that has to be checked."""
        after = machine.copy()
        try:
            for symbol in self._vocabulary.symbols[token]:
                if not self._allows_symbol(after, symbol):
                    return False
                after.push(symbol)
        except ValueError:
            return False
        return not after.stack or self._can_go_on(after)

    def _allows_symbol(self, machine: NamedMachine, symbol: int) -> bool:
        watched, names = machine.top.watched, machine.names
        assert names is not None
        if watched is None or not self._writes_name(watched, symbol):
            return True
        is_key = symbol in self._keys
        text = self._keys[symbol] if is_key else self._constants[symbol]
        return choice(machine, names, WholeText(watched, is_key)).allows(text.encode(), True)

    def _can_go_on(self, machine: NamedMachine) -> bool:
        """Whether the value or key on top can be a name, where it has to be one."""
        if not self._needs_check(machine.top):
            return True
        state = self._grammar.nonterminals[machine.nonterminal].state
        if isinstance(state, Value):
            return any(self._can_begin(machine, symbol) for symbol in self._grammar.admitted(machine.nonterminal))
        return self._has_names(machine)

    def _can_begin(self, machine: NamedMachine, symbol: int) -> bool:
        if not self._allows_symbol(machine, symbol):
            return False
        if symbol != self._as_string:
            return True
        after = machine.copy()
        after.push(symbol)
        return self._has_names(after)

    def _has_names(self, machine: NamedMachine) -> bool:
        names, slot = machine.names, machine.top.slot
        assert names is not None and isinstance(slot, WholeText)
        return choice(machine, names, slot).has_names(rest_of_text(machine))
