"""Masks and transitions by nonterminal, filled on first use and shared by all machines of a tokenizer.

A token is a connected piece of one derivation, so what it does depends on the nonterminal on top of the stack alone:
the mask is one row of booleans, the transition a fixed tuple of nonterminals. Both come from walking token spellings
through the grammar; the mask walks all of them at once along their trie.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from schemalm.grammar.grammar import ANY_ITEM, ANY_KEY, Grammar
from schemalm.grammar.states import Key, Text
from schemalm.grammar.symbols import END, ITEM, KEY_END, NUM_BYTES
from schemalm.machine.guards import tokens_that_pass_items
from schemalm.tokenizer.vocabulary import Trie, Vocabulary

# Nonterminals with the next one last, as on the machine's stack.
Stack = tuple[int, ...]


@dataclass(frozen=True)
class Opened:
    """A nonterminal that a token leaves on the stack.

    suffix: path elements below the one it replaces; continues: whether it is the rest of the object or key that was on
    top.
    """

    nonterminal: int
    suffix: tuple[str, ...]
    continues: bool


@dataclass(frozen=True)
class Transition:
    """What a token does to the top of the stack: pushes, the next one last; without any, the verdict counts."""

    opened: tuple[Opened, ...]
    verdict: int


class Tables:
    """Masks [vocab_size] and transitions of one vocabulary under a grammar over the same symbols."""

    def __init__(self, grammar: Grammar, vocabulary: Vocabulary) -> None:
        self.grammar = grammar
        self.vocabulary = vocabulary
        self._masks: dict[int, npt.NDArray[np.bool_]] = {}
        self._transitions: dict[tuple[int, int], Transition | None] = {}
        self._paths: dict[tuple[str, tuple[str, ...]], str] = {}
        self._labels: dict[int, str] = {}
        self.tokens_that_pass_items = tokens_that_pass_items(vocabulary) if grammar.has_guards else frozenset()
        self._text_ends = {self.grammar.symbols.ids[END], self.grammar.symbols.ids[KEY_END]}
        self._elements = {
            self.grammar.symbols.ids[ITEM]: ANY_ITEM,
            self.grammar.symbols.ids[KEY_END]: ANY_KEY,
            **{number: symbol.text for symbol, number in self.grammar.symbols.ids.items() if symbol.label == "KEY"},
        }

    def mask(self, nonterminal: int) -> npt.NDArray[np.bool_]:
        """Which tokens `nonterminal` admits: bool [vocab_size], read-only."""
        nonterminal = self.grammar.equivalent(nonterminal)
        if nonterminal not in self._masks:
            mask = np.zeros(len(self.vocabulary), dtype=np.bool_)
            self._fill(mask, nonterminal)
            mask.flags.writeable = False
            self._masks[nonterminal] = mask
        return self._masks[nonterminal]

    def transition(self, nonterminal: int, token: int) -> Transition | None:
        """What `token` does to `nonterminal`; None where it is not admitted."""
        key = (nonterminal, token)
        if key not in self._transitions:
            self._transitions[key] = self._walk_token(nonterminal, token)
        return self._transitions[key]

    def label(self, nonterminal: int) -> str:
        """The nonterminal's name, the same in every process."""
        if nonterminal not in self._labels:
            self._labels[nonterminal] = self.grammar.label(nonterminal)
        return self._labels[nonterminal]

    def extend_path(self, path: str, suffix: tuple[str, ...]) -> str:
        """The path `path` with elements appended: `jobs.*.steps[].uses`."""
        if not suffix:
            return path
        key = (path, suffix)
        if key not in self._paths:
            for element in suffix:
                path += element if element == ANY_ITEM else f".{element}" if path else element
            self._paths[key] = path
        return self._paths[key]

    def _fill(self, mask: npt.NDArray[np.bool_], nonterminal: int) -> None:
        """Walks the trie of spellings through the grammar, marking each token on the way."""
        pending: list[tuple[Trie, Stack]] = [(self.vocabulary.trie, (nonterminal,))]
        while pending:
            node, stack = pending.pop()
            if len(stack) == 1 and isinstance(self.grammar.nonterminals[stack[0]].state, Text | Key):
                pending += self._fill_text(mask, node, stack[0])
                continue
            for symbol in self.grammar.candidates(stack[-1]):
                if symbol not in node:
                    continue
                token, longer = node[symbol]
                after = self._advance(stack, symbol)
                if after is None:
                    continue
                if token >= 0:
                    mask[token] = True
                if longer and after:
                    pending.append((longer, after))

    def _fill_text(self, mask: npt.NDArray[np.bool_], root: Trie, nonterminal: int) -> list[tuple[Trie, Stack]]:
        """The walk inside one text, where a place of the automaton is the stack; gives what goes on after its end."""
        start = self.grammar.nonterminals[nonterminal]
        assert isinstance(start.state, Text | Key)
        automaton, accepts = self.grammar.automaton, frozenset(start.accepts)
        ended: list[tuple[Trie, Stack]] = []
        pending: list[tuple[Trie, int]] = [(root, start.state.place)]
        while pending:
            node, place = pending.pop()
            for symbol, (token, longer) in node.items():
                if symbol >= NUM_BYTES:
                    if symbol not in self._text_ends:
                        continue
                    after_end = self._advance((self.grammar.at_place(nonterminal, place),), symbol)
                    if after_end is None:
                        continue
                    if longer and after_end:
                        ended.append((longer, after_end))
                elif not self.grammar.can_end(after := automaton.step(place, symbol), accepts):
                    continue
                elif longer:
                    pending.append((longer, after))
                if token >= 0:
                    mask[token] = True
        return ended

    def _advance(self, stack: Stack, symbol: int) -> Stack | None:
        """The stack after one symbol; None where its top does not admit it."""
        step = self.grammar.step(stack[-1], symbol)
        if step is None:
            return None
        below = stack[:-1]
        if step.opened:
            return (*below, *reversed(step.opened))
        if below:
            return (*below[:-1], self.grammar.settle(below[-1], step.verdict))
        return ()

    def _walk_token(self, nonterminal: int, token: int) -> Transition | None:
        stack = [Opened(nonterminal, (), True)]
        verdict = 0
        for symbol in self.vocabulary.symbols[token]:
            if not stack:
                return None
            top = stack.pop()
            step = self.grammar.step(top.nonterminal, symbol)
            if step is None:
                return None
            stack.extend(reversed(self._opened(top, symbol, step.opened)))
            if step.opened:
                continue
            verdict = step.verdict
            if stack:
                settled = self.grammar.settle(stack[-1].nonterminal, verdict)
                stack[-1] = Opened(settled, stack[-1].suffix, stack[-1].continues)
        return Transition(tuple(stack), verdict) if self.vocabulary.symbols[token] else None

    def _opened(self, top: Opened, symbol: int, opened: tuple[int, ...]) -> list[Opened]:
        if len(opened) == 2:
            child, rest = opened
            return [
                Opened(child, (*top.suffix, self._elements[symbol]), False),
                Opened(rest, top.suffix, top.continues),
            ]
        return [Opened(nonterminal, top.suffix, top.continues) for nonterminal in opened]
