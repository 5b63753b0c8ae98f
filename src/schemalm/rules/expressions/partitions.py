"""Sets of bytes that lead from a state to the same state, found without trying all 256.

Bytes are first set apart if the state could tell them apart; one byte of each set is tried.
"""

from __future__ import annotations

from collections.abc import Iterable

from schemalm.regular.language import ALL_BYTES, Partition
from schemalm.rules.expressions.brackets import is_plain_name
from schemalm.rules.expressions.machine import NAME_CHARACTERS, NAME_STARTS, WHITE_SPACE, Machine
from schemalm.rules.expressions.quoting import LEAD_BYTES
from schemalm.rules.expressions.states import Free, Operand, Pending8, Phase, Quoted, Role, State, Word

_ASCII = (1 << 128) - 1
_DIGITS = "0123456789"


def _mask(characters: Iterable[str]) -> int:
    found = 0
    for character in characters:
        found |= 1 << ord(character)
    return found


_LEADS: dict[Pending8, int] = {}
for _byte, _pending in LEAD_BYTES.items():
    _LEADS[_pending] = _LEADS.get(_pending, 0) | 1 << _byte
_WHITE_SPACE = _mask(WHITE_SPACE)
_LETTERS = _mask(NAME_STARTS)
_DIGIT_MASK = _mask(_DIGITS)


def partition(machine: Machine, state: State) -> Partition:
    """The bytes that lead from a state to the same state, as bit masks."""
    masks: dict[State | None, int] = {}
    for mask in _set_apart(machine, state):
        after = machine.step(state, (mask & -mask).bit_length() - 1)
        masks[after] = masks.get(after, 0) | mask
    return tuple(masks.values())


def _set_apart(machine: Machine, state: State) -> list[int]:
    """Disjoint sets of bytes that cover all, each of bytes that lead to the same state."""
    quoted = state.token if isinstance(state.token, Quoted) else None
    if state.phase is Phase.FREE:
        assert isinstance(state.token, Free)
        return _of_text(state.token.pending, machine.place.delimiters[0])
    if quoted is not None:
        return _of_text(quoted.pending, _told_apart_in_quotes(machine, state, quoted))
    told_apart = {*machine.punctuation, *_letters(machine, state)}
    if state.phase in (Phase.NUMBER, Phase.OPERAND, Phase.OPERATOR, Phase.BEFORE):
        told_apart.update(_DIGITS, "eExX")
    if state.phase is Phase.NUMBER:
        told_apart.update("abcdfABCDF")
    return _split([_WHITE_SPACE, _LETTERS, _DIGIT_MASK], told_apart)


def _of_text(pending: Pending8 | None, told_apart: Iterable[str]) -> list[int]:
    if pending is not None:
        continuing = (1 << pending[1] + 1) - (1 << pending[0])
        return [continuing, ALL_BYTES & ~continuing]
    return _split([*_LEADS.values(), _ASCII], told_apart)


def _split(groups: list[int], told_apart: Iterable[str]) -> list[int]:
    """Each of some characters alone, then the rest of each group, and all other bytes."""
    alone = _mask(told_apart)
    found = [1 << byte for byte in range(128) if alone >> byte & 1]
    found += [group & ~alone for group in groups if group & ~alone]
    rest = ALL_BYTES & ~sum(found)
    return [*found, rest] if rest else found


def _told_apart_in_quotes(machine: Machine, state: State, quoted: Quoted) -> set[str]:
    told_apart = {"\0", "'", *machine.place.delimiters[0]}
    if quoted.ended:
        told_apart |= {*machine.punctuation, *WHITE_SPACE}
    if quoted.role in (Role.FORMAT, Role.BARE_FORMAT):
        told_apart.update("{}", _DIGITS)
    if quoted.role is Role.JSON:
        told_apart.update(map(chr, range(128)))
    if quoted.role is Role.PROPERTY and state.frame is not None:
        owner = state.frame.owner
        told_apart |= _in_both_cases(_next_characters(machine, owner, quoted.content))
        if machine.is_plain(owner):
            told_apart |= {char for char in map(chr, range(128)) if not is_plain_name(char)}
    return told_apart


def _letters(machine: Machine, state: State) -> set[str]:
    """Characters that begin or continue different words at a state."""
    if state.phase in (Phase.DOT, Phase.PROPERTY):
        found = _next_characters(machine, state.operand, "" if state.phase is Phase.DOT else state.token)
    elif isinstance(state.token, Word):
        folded, exact = state.token
        found = _following([*machine.contexts, *machine.functions], folded) | _following(machine.literals, exact)
    else:
        found = _following([*machine.contexts, *machine.functions, *machine.literals], "")
    return _in_both_cases(found) & NAME_CHARACTERS


def _in_both_cases(letters: Iterable[str]) -> set[str]:
    return {char for letter in letters for char in (letter.lower(), letter.upper())}


def _next_characters(machine: Machine, owner: Operand, begun: object) -> set[str]:
    names, _ = machine.names_of(owner)
    return _following([*names, *machine.reserved(owner)], begun) if isinstance(begun, str) else set()


def _following(words: Iterable[str], begun: str) -> set[str]:
    """The characters that follow a beginning of words."""
    return {word[len(begun)] for word in words if len(word) > len(begun) and word.startswith(begun)}
