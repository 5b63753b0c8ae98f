"""The places that a document passes through: what its machine expects before each token.

In: a value; out: its tokens, and the places before them as runs. Inside a text of which nothing is asked one place
stays on top from the first byte to the last, so such a text takes one step of the machine, however long it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from schemalm.grammar.symbols import END
from schemalm.machine.machine import Machine
from schemalm.machine.tables import Place

if TYPE_CHECKING:
    from schemalm.tokenizer import Tokenizer


@dataclass(frozen=True)
class Trace:
    """A document's tokens; the machine is at `places[i]` before each of the next `lengths[i]` of them."""

    tokens: list[int]
    places: list[Place]
    lengths: list[int]


def trace(tokenizer: Tokenizer, value: Any) -> Trace:
    """The tokens and places of a value; raises InvalidDocument where the schema refuses it."""
    machine = Machine(tokenizer.tables)
    end = tokenizer.vocabulary.symbol_token(tokenizer.grammar.symbols.ids[END])
    found = Trace([], [], [])
    for stretch, tokens in tokenizer.encode_stretches(value):
        found.tokens.extend(tokens)
        # Other texts may leave the place in the middle of a character; guards read every symbol.
        is_even = stretch.kind == "content" and stretch.text.isascii() and not machine.items
        if is_even and tokenizer.grammar.admits_every_text(machine.nonterminal):
            found.places.append(machine.place)
            found.lengths.append(len(tokens))
            machine.advance(end)
            continue
        for token in tokens:
            found.places.append(machine.place)
            found.lengths.append(1)
            machine.advance(token)
    return found
