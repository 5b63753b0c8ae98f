"""What a cursor may mean in YAML: each reading is found by a trial, a few characters that are written at the cursor.

In goes the text before the cursor; out come `Reading`s, at least one, or a `YAMLFault`. The parser decides about each
trial, so that no rule of YAML is stated twice. The number of trials is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from typing import Final

from schemalm.documents.cut.choices import NO_ESCAPE, Choice, double_quoted, plain_keys, plain_values, single_quoted
from schemalm.documents.cut.escapes import characters_of, open_escape
from schemalm.documents.cut.frames import Place, Reading
from schemalm.documents.cut.lines import last_line
from schemalm.documents.cut.yaml_block_texts import after_block_text, in_block_text
from schemalm.documents.cut.yaml_layout import Blocks
from schemalm.documents.cut.yaml_probe import MARK, Leaf, Position, Probe
from schemalm.documents.limits import DocumentLimits
from schemalm.documents.partial import TextLike
from schemalm.documents.writing import YAMLWriter
from schemalm.documents.yaml_faults import DIRECTIVE, NO_START, OPEN_QUOTE, YAMLFault

_MAX_ALIASES: Final = 4  # that are tried
_START: Final = "---\n"
_DIRECTIVE: Final = "%YAML 1.2"
_ANY_KEY: Final = Choice(TextLike(""), lambda key: YAMLWriter().key(str(key)))
_ANCHOR = re.compile(r"(?<![^ \t\r\n,:\[\]{}])&([^ \t\r\n,\[\]{}]*)\Z")
_ALIAS = re.compile(r"\*([^ \t\r\n,\[\]{}]*)\Z")
_LINE_BREAK = re.compile(r"[\r\n]")

Found = Position | YAMLFault


def blocks_of(text: str, limits: DocumentLimits, merge_keys: bool) -> Blocks:
    """Return how the blocks of a text are indented, up to the cursor or a fault."""
    probe = Probe(text, len(text), limits, merge_keys)
    with suppress(YAMLFault):
        probe.position()
    return probe.blocks


class YAMLReadings:
    """Finds the readings of a text that ends at the cursor; a list or text is `step` deeper than its key by default."""

    def __init__(self, limits: DocumentLimits, merge_keys: bool, step: int) -> None:
        self._limits = limits
        self._merge_keys = merge_keys
        self._step = step

    def of(self, text: str) -> list[Reading]:
        """Return the readings of a text; raises `YAMLFault` if there is none."""
        end, word = self._found(text), self._found(text, MARK)
        if isinstance(word, YAMLFault) and word.message == OPEN_QUOTE:
            return self._in_quotes(text, word.offset)
        key = self._key(text, word)
        if not key and (joint := _joint(text, end, word)):
            return self.of(text + joint)
        readings = self._at_end(text, end, word) + self._going_on(text, end, word) + key + self._others(text, end, word)
        if not readings:
            raise next(found for found in (end, word) if isinstance(found, YAMLFault))
        return readings

    def beginning(self, text: str) -> Reading | None:
        """Return the reading in which a value begins at the cursor, else a key; None if neither can."""
        end, word = self._found(text), self._found(text, MARK)
        leaf = _leaf(word)
        if isinstance(end, Position) and end.is_slot and not end.needs_colon and leaf and leaf.text == MARK:
            return Reading(text, end.frames, Place.SLOT)
        if isinstance(word, Position) and word.is_flow and not word.is_key and leaf and leaf.text == MARK:
            return Reading(text, word.frames, Place.SLOT)
        for found in (self._found(text, MARK + ":"), word):
            leaf = _leaf(found)
            if isinstance(found, Position) and found.is_key and leaf and leaf.text == MARK:
                return Reading(text, found.frames, Place.KEY)
        return None

    def _probe(self, text: str, trial: str = "") -> Probe:
        return Probe(text + trial, len(text), self._limits, self._merge_keys)

    def _found(self, text: str, trial: str = "") -> Found:
        try:
            return self._probe(text, trial).position()
        except YAMLFault as fault:
            return fault

    def _at_end(self, text: str, end: Found, word: Found) -> list[Reading]:
        """Return the readings in which nothing goes on at the cursor: a value is to come, or the next entry."""
        leaf = _leaf(word)
        if isinstance(end, YAMLFault) or (leaf and leaf.text != MARK and not (end.is_slot and leaf.is_plain)):
            return []
        if end.is_slot and end.frames and isinstance(end.frames[-1].given, dict) and end.frames[-1].key is None:
            joint = "" if text[-1] in " \t" else " "
            return [Reading(text + joint, end.frames, Place.KEY, (_ANY_KEY,), is_explicit=True)]
        if end.is_slot or (leaf and leaf.has_anchor):
            is_going_on = leaf is not None and leaf.text != MARK and end.needs_colon  # a key in flow style
            reading = Reading(text, end.frames, Place.SLOT, needs_colon=end.needs_colon, is_explicit=not end.is_flow)
            return [] if is_going_on else [reading]
        if cursor := after_block_text(text, end, self._step):
            found = self._found(text + cursor.joint, MARK)
            if isinstance(found, Position) and found.leaf and end.last and found.leaf.start == end.last.start:
                return [in_block_text(text, found, found.leaf, end, cursor)]
        return [Reading(text, end.frames, Place.BETWEEN, root=end.root, needs_comma=end.is_flow and leaf is None)]

    def _going_on(self, text: str, end: Found, word: Found) -> list[Reading]:
        """Return the reading in which a plain or block scalar goes on."""
        leaf = _leaf(word)
        if isinstance(word, YAMLFault) or leaf is None or leaf.text == MARK:
            return []
        if leaf.is_plain:
            return [_plain(text, word, leaf, is_explicit=not word.is_flow)]
        return [in_block_text(text, word, leaf, end if isinstance(end, Position) else None, None)]

    def _key(self, text: str, word: Found) -> list[Reading]:
        """Return the reading in which a key in a block goes on."""
        leaf = _leaf(word)
        if isinstance(word, Position) and (word.is_flow or (leaf and not leaf.is_plain)):
            return []
        key = self._found(text, MARK + ":")
        leaf = _leaf(key)
        return [_plain(text, key, leaf)] if isinstance(key, Position) and leaf and leaf.text != MARK else []

    def _in_quotes(self, text: str, start: int) -> list[Reading]:
        """Return the readings of a cursor in the quotes that open at `start`."""
        quote = text[start]
        is_over_lines = _LINE_BREAK.search(text, start) is not None
        escape = open_escape(text) if quote == '"' else ""
        stem = text[: len(text) - len(escape)]
        if characters_of(escape) is None:
            raise YAMLFault(NO_ESCAPE, len(stem))

        def choice(prefix: str) -> Choice:
            if quote == "'":
                return single_quoted(prefix, is_over_lines)
            return double_quoted(prefix, escape, is_over_lines=is_over_lines)

        readings = self._quoted(text, stem, quote, choice)
        if not readings:
            self._probe(stem, MARK + quote).position()  # which fails
        return readings

    def _quoted(self, text: str, stem: str, quote: str, choice: Callable[[str], Choice]) -> list[Reading]:
        """Return the readings of a quoted scalar that goes on after `stem`, as a value and as a key in a block."""
        readings: list[Reading] = []
        for after in ("", ":"):
            found = self._found(stem, MARK + quote + after)
            leaf = _leaf(found)
            if isinstance(found, Position) and leaf and not leaf.is_plain and leaf.text.endswith(MARK):
                place = Place.KEY if found.is_key else Place.VALUE
                choices = (choice(leaf.text.removesuffix(MARK)),)
                readings.append(Reading(text, found.frames, place, choices, is_explicit=not after))
                if found.is_flow:
                    break
        return readings

    def _others(self, text: str, end: Found, word: Found) -> list[Reading]:
        """Return the readings of a text that ends in half of a mark: of a document, a doubled quote, or a name."""
        readings: list[Reading] = []
        line = last_line(text)
        if line in ("--", ".."):
            readings += self._after(text + line[0], is_slot=line == "--")
        if text.endswith("'"):
            readings += self._quoted(text, text + "'", "'", lambda prefix: single_quoted(prefix, False, "'"))
        if text.rstrip(" \t")[-1:] in ("'", '"') and not (isinstance(end, Position) and end.is_flow):
            readings += self._after(text + ":", is_slot=True)
        alias = _ALIAS.search(text)
        if alias and isinstance(word, YAMLFault) and word.offset == alias.start():
            for name in self._names(text, alias[1]):
                readings += self._after(text + name[len(alias[1]) :], is_slot=False)
        return readings

    def _after(self, text: str, *, is_slot: bool) -> list[Reading]:
        """Return the reading of a text with which nothing goes on, if its end is a slot for a value, or is none."""
        found = self._found(text)
        if isinstance(found, YAMLFault) or found.is_slot != is_slot:
            return []
        place = Place.SLOT if is_slot else Place.BETWEEN
        return [Reading(text, found.frames, place, root=found.root, needs_comma=found.is_flow)]

    def _names(self, text: str, prefix: str) -> list[str]:
        """Return the names of anchors, latest first, that go on with the name at the cursor."""
        probe = self._probe(text, MARK)
        with suppress(YAMLFault):
            probe.position()
        names = (name for name in reversed(probe.anchors) if name.startswith(prefix) and name != prefix)
        return list(islice(names, _MAX_ALIASES))


def _leaf(found: Found) -> Leaf | None:
    return found.leaf if isinstance(found, Position) else None


def _plain(text: str, found: Position, leaf: Leaf, *, is_explicit: bool = False) -> Reading:
    """Return the reading in which a plain scalar goes on."""
    prefix = leaf.text.removesuffix(MARK)
    choices = (plain_keys if found.is_key else plain_values)(prefix, found.is_flow)
    place = Place.KEY if found.is_key else Place.VALUE
    return Reading(text, found.frames, place, tuple(choices), is_explicit=is_explicit)


def _joint(text: str, end: Found, word: Found) -> str:
    """Return what must follow the text before anything else can, or an empty string."""
    line = last_line(text)
    messages = [found.message for found in (end, word) if isinstance(found, YAMLFault)]
    if NO_START in messages and not text.endswith(_START):
        return _START[len(line) :] if _START.startswith(line) else f"\n{_START}"
    if line and DIRECTIVE in messages and _DIRECTIVE.startswith(line):
        return _DIRECTIVE[len(line) :]
    if _leaf(word):
        return ""
    if anchor := _ANCHOR.search(text):
        return " " if anchor[1] else "a "
    is_comment = isinstance(word, Position) and line
    return "\n" if is_comment else ""
