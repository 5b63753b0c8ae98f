"""How an item that has begun may go on like a given value, symbol by symbol.

A value is given by its form: its symbols, with every number as one text. Numbers have several texts, and free keys come
in any order: a value is written in every way that agrees with what has begun.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from schemalm.grammar.grammar import Form
from schemalm.grammar.symbols import FREE_KEY, KEY_END, SymbolTable
from schemalm.grammar.texts.numbers import number_of_text, texts_of_equals

Symbols: TypeAlias = "tuple[int, ...]"


def ways(form: Form, begun: Form, symbols: SymbolTable) -> Iterator[Symbols]:
    """How `begun` goes on to become the value of a form; numbers after the next one stand as in the form."""
    *whole, last = begun or (None,)
    number = last if isinstance(last, bytes) else b""
    known = tuple(whole) if number else begun
    for arranged in arrangements(form, known, symbols):
        rest = arranged[len(known) :]
        first = next((index for index, part in enumerate(rest) if isinstance(part, bytes)), len(rest))
        if not number:
            yield spelled(rest)
        if first < len(rest) and (first == 0 or not number):
            text = rest[first]
            assert isinstance(text, bytes)
            for spelling in texts_of_equals(number_of_text(text.decode())):
                if spelling.encode().startswith(number):
                    tail = spelled(rest[first + 1 :])
                    yield (*spelled(rest[:first]), *spelling.encode()[len(number) :], *tail)


def arrangements(form: Form, known: Form, symbols: SymbolTable) -> Iterator[Form]:
    """The form with its free keys in every order that agrees with `known`, as far as that goes."""
    free_key = symbols.ids[FREE_KEY]
    first = form.index(free_key) if free_key in form else len(form)
    if form[: min(first, len(known))] != known[:first]:
        return
    if first >= len(known):
        yield form
        return
    members, rest = _free_members(form, first, symbols)
    for index, member in enumerate(members):
        others = [part for other in (*members[:index], *members[index + 1 :]) for part in other]
        for tail in arrangements((*member[1:], *others, *rest), known[first + 1 :], symbols):
            yield (*form[: first + 1], *tail)


def spelled(form: Sequence[int | bytes]) -> Symbols:
    """The symbols of a form as it stands."""
    return tuple(symbol for part in form for symbol in (part if isinstance(part, bytes) else (part,)))


def _free_members(form: Form, begin: int, symbols: SymbolTable) -> tuple[list[Form], Form]:
    """The free keys of an object with their values, from the first one on, and what comes after them."""
    members = []
    while form[begin] == symbols.ids[FREE_KEY]:
        end, num_open = form.index(symbols.ids[KEY_END], begin) + 1, 1
        while num_open:
            part = form[end]
            num_open += 0 if isinstance(part, bytes) else symbols.arities[part] - 1
            end += 1
        members.append(form[begin:end])
        begin = end
    return members, form[begin:]
