"""What may come next at the cursor of a cut document: keys, kinds, values and texts, each with its probability.

In goes a cut document; out come the choices that the schema and the rules leave there, the likeliest first. Where the
schema wants keys before the cursor that the document does not have, the model writes what is likeliest there. A token
may reach across the cursor, and a few tokens may lead up to it: the probability of a choice is that of all tokens that
begin with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import takewhile
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from schemalm.documents.cut import CutDocument
from schemalm.documents.partial import ANYTHING
from schemalm.errors import PromptError
from schemalm.generation.completing import continued
from schemalm.generation.in_progress import DocumentInProgress, ModelInput, WindowShape
from schemalm.generation.run import Run
from schemalm.generation.sampling import Floats
from schemalm.generation.stated_tokens import stated_tokens
from schemalm.grammar.symbols import END, NUM_BYTES, Symbol
from schemalm.machine import Machine, Tables
from schemalm.machine.derivation import Derivation
from schemalm.machine.stepper import advance
from schemalm.model.inference import Segment

Parts = list[tuple[Any, str | None]]
What = Literal["key", "other key", "kind", "value", "text", "item", "end"]
_WHAT: dict[str, What] = {
    "KEY": "key",
    "FREE_KEY": "other key",
    "AS": "kind",
    "CONST": "value",
    "TRUE": "value",
    "FALSE": "value",
    "NULL": "value",
    "ITEM": "item",
    "OBJECT_END": "end",
    "ARRAY_END": "end",
}
# Tokens that lead up to the cursor are followed if they are this likely beside what was found, and so many of them;
# more if nothing was found.
LEAST_FOLLOWED, MAX_FOLLOWED, MAX_SOUGHT = 0.01, 8, 64
# The most tokens that the model writes before the cursor.
MAX_FILLED = 200
NOT_REACHED = "what the schema wants before the cursor is missing"


@dataclass(frozen=True)
class NextChoice:
    """What may come next.

    what: a key that the schema names, any other key, a kind of value, a whole value, the beginning of a text, an item
    of a list, or the end of the object or list. text: its name, its value, or the text so far; empty for the others.
    """

    what: What
    text: str
    probability: float


@dataclass(frozen=True)
class NextChoices:
    """The choices at a place, the likeliest first; `place`: the keys that lead to it, such as `jobs.*.steps[].uses`."""

    place: str
    choices: list[NextChoice]


def next_choices(run: Run, cut: CutDocument) -> NextChoices:
    """Return what may come next at the cursor of a cut document, and how likely each choice is.

    Raises PromptError if no document goes on with it, or if the schema wants too much before the cursor, and LimitError
    if finding that takes too much work.
    """
    return Cursor(run, cut).choices()


class Cursor:
    """A document that is written up to the cursor.

    document: what is written so far. tables: of the documents that may be written; by default those that go on with the
    cut one.
    """

    def __init__(self, run: Run, cut: CutDocument, tables: Tables | None = None) -> None:
        self._run, self._cut = run, cut
        shape = WindowShape(run.decoder.configuration.context_size, run.configuration["data"]["stride"])
        unprompted = run.tokenizer.machine()
        if tables is None:
            tables = unprompted.tables if cut.partial == ANYTHING else continued(run, cut)
        machines = [unprompted, Machine(tables)]
        # Its budget never ends it.
        self.document = DocumentInProgress(machines, run.side_features, shape, 1 << 40)

    def choices(self) -> NextChoices:
        """Return what may come next at the cursor."""
        ahead = self._write_to_cursor()
        place, given = self._place_after(ahead), self.text_before(ahead)
        found: defaultdict[tuple[What, str], float] = defaultdict(float)
        for symbols, probability in self.following(ahead):
            if self._fits(symbols[0]):
                found[_meaning(self._run, symbols, given)] += probability
        ranked, total = sorted(found.items(), key=lambda item: -item[1]), sum(found.values())
        return NextChoices(place, [NextChoice(what, text, chance / total) for (what, text), chance in ranked])

    def _fits(self, symbol: int) -> bool:
        """Return whether a symbol goes on with the key that is begun at the cursor, if one is."""
        named = self._run.tokenizer.grammar.symbols.symbols[symbol]
        return named.label != "KEY" or self._cut.may_be_next(named.text)

    def _is_dash(self, symbol: int) -> bool:
        """Return whether a symbol without a choice is an item whose dash is written: its content is what comes next."""
        return self._run.tokenizer.grammar.symbols.symbols[symbol].label == "ITEM" and self._cut.has_dash_at_cursor

    def _write_to_cursor(self) -> list[int]:
        """Write the document up to the cursor; return the symbols after its last token."""
        for _ in range(MAX_FILLED):
            ahead, is_reached, _ = self.walk()
            left = self.write(ahead, is_reached=is_reached)
            if is_reached:
                return left
            if self.document.machine.is_complete:
                break
            self.document.append(int(self.probabilities([]).argmax()), 0.0)
        raise PromptError(NOT_REACHED, pointer=None)

    def write(self, ahead: list[int], *, is_reached: bool) -> list[int]:
        """Write what `walk` returns as far as no merge may go on with it; return the symbols that are left."""
        whole = stated_tokens(self._run.tokenizer, self.document.machine) if not is_reached else None
        tokens = self._run.tokenizer.encode_beginning(ahead, is_whole=False) if whole is None else whole
        num_symbols = 0
        for token in tokens:
            self.document.append(token, 0.0)
            num_symbols += len(self._run.tokenizer.vocabulary.symbols[token])
        return ahead[num_symbols:]

    def walk(self) -> tuple[list[int], bool, Parts]:
        """Return the symbols without a choice after the last token, whether they end at the cursor, and what is open.

        What is open: as `Derivation.open_parts` returns it.
        """
        grammar, machine = self.document.machine.grammar, self.document.machine
        stack = [entry.nonterminal for entry in machine.stack]
        derivation = self.derivation()
        ahead: list[int] = []
        is_reached = self._cut.is_reached(derivation.open_parts())
        while stack and (only := grammar.only_symbol(stack[-1])) is not None:
            symbol = int(only)
            if is_reached and symbol >= NUM_BYTES and self._fits(symbol) and not self._is_dash(symbol):
                break  # what is written of a text at the cursor belongs to it
            is_reached = is_reached and symbol < NUM_BYTES
            advance(grammar, stack, symbol)
            derivation.push(symbol)
            ahead.append(symbol)
            is_reached = is_reached or self._cut.is_reached(derivation.open_parts())
        return ahead, is_reached, derivation.open_parts()

    def derivation(self) -> Derivation:
        """Return the derivation of the tokens so far."""
        derivation = Derivation(self._run.tokenizer.grammar)
        for token in self.document.tokens:
            for symbol in self._run.tokenizer.vocabulary.symbols[token]:
                derivation.push(symbol)
        return derivation

    def _place_after(self, symbols: Sequence[int]) -> str:
        """Return the keys that lead to what follows some symbols."""
        machine = self._run.tokenizer.machine()
        for token in self.document.tokens:
            machine.advance(token)
        for symbol in symbols:
            machine.push(symbol)
        return machine.path if machine.stack else ""

    def text_before(self, ahead: Sequence[int]) -> bytes:
        """Return the bytes of the text that the cursor is in."""
        vocabulary = self._run.tokenizer.vocabulary
        written = (symbol for token in self.document.tokens for symbol in vocabulary.symbols[token])
        symbols = [*written, *ahead]
        return bytes([*takewhile(is_byte, reversed(symbols))][::-1])

    def following(self, ahead: Sequence[int]) -> Iterator[tuple[tuple[int, ...], float]]:
        """Yield the symbols of tokens after those that lead to the cursor, with their probabilities."""
        vocabulary = self._run.tokenizer.vocabulary
        open_paths: list[tuple[float, list[int], int]] = [(-1.0, [], 0)]  # a heap, the likeliest first
        num_followed, total = 0, 0.0
        while open_paths and num_followed < (MAX_FOLLOWED if total else MAX_SOUGHT):
            negative, path, num_symbols = heappop(open_paths)
            if -negative < LEAST_FOLLOWED * total:
                return
            num_followed += 1
            probabilities = self.probabilities(path)
            for token in np.flatnonzero(probabilities).tolist():
                symbols, probability = vocabulary.symbols[token], -negative * float(probabilities[token])
                following = symbols[len(ahead) - num_symbols :]
                if following:
                    total += probability
                    yield following, probability
                else:
                    heappush(open_paths, (-probability, [*path, token], num_symbols + len(symbols)))

    @torch.inference_mode()
    def probabilities(self, path: Sequence[int]) -> NDArray[np.float64]:
        """Return the probability of each token after the document and some more tokens [V]."""
        document, model = self.document, self._run.decoder
        machines = [machine.copy() for machine in document.machines]
        document.begin_window()
        window = document.window()
        given = ModelInput([*window.tokens], [*window.side_features])
        for token in path:
            for machine in machines:
                machine.advance(token)
            document.echoes.add(token)
            given.tokens.append(token)
            given.side_features.append(document.side_features_of.before_next(machines[0], document.echoes))
        for _ in path:
            document.echoes.remove_last()
        admitted_V = machines[-1].mask()
        length = min(len(given.tokens), model.configuration.context_size)
        tokens_T = torch.tensor(given.tokens[-length:], device=model.device)
        side_features_TF = torch.tensor(given.side_features[-length:], device=model.device)
        hidden = model.hidden(tokens_T, side_features_TF, [Segment(0, length)], model.make_cache(1))
        logits_V: Floats = model.logits(hidden.at(slice(-1, None)))[0].float().cpu().numpy()
        weights_V = np.where(admitted_V, np.exp(logits_V - logits_V[admitted_V].max(), dtype=np.float64), 0.0)
        probabilities_V: NDArray[np.float64] = weights_V / weights_V.sum()
        return probabilities_V


def is_byte(symbol: int) -> bool:
    """Return whether a symbol is a byte of a text."""
    return symbol < NUM_BYTES


def _meaning(run: Run, symbols: Sequence[int], given: bytes) -> tuple[What, str]:
    """Return what some symbols at the cursor mean, after some bytes of a text."""
    table = run.tokenizer.grammar.symbols.symbols
    first: Symbol = table[symbols[0]]
    if first == END or symbols[0] < NUM_BYTES:
        written = bytes([*takewhile(is_byte, symbols)])
        is_whole = len(written) < len(symbols)
        return "value" if is_whole else "text", (given + written).decode(errors="replace")
    return _WHAT[first.label], first.text or (first.label.lower() if _WHAT[first.label] == "value" else "")
