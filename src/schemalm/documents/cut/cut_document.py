"""A document that ends at a cursor: what every completion must satisfy, and how each is written.

In goes the text before the cursor; out comes a `CutDocument`. Text that no ending makes a document is refused. The
given text stays as it is, byte for byte. What is open at the cursor goes on: the scalar or key that it is in, and the
lists and objects around it, whose new entries come after the given ones. Everything else is closed. In a text of
several documents the last one goes on. A key in a block of YAML is at most 1024 characters long.
"""

from __future__ import annotations

from collections.abc import Sequence

from schemalm.documents.cut.endings import Ending
from schemalm.documents.cut.frames import Frame, Place, Reading, stated_by
from schemalm.documents.cut.json_ending import JSONEnding
from schemalm.documents.cut.json_readings import JSONCut
from schemalm.documents.cut.lines import line_break_of
from schemalm.documents.cut.yaml_ending import YAMLEnding
from schemalm.documents.cut.yaml_layout import Layout, layout_of
from schemalm.documents.cut.yaml_readings import YAMLReadings, blocks_of
from schemalm.documents.limits import DEFAULT_LIMITS, DocumentLimits
from schemalm.documents.partial import Partial
from schemalm.documents.reading import check_text, parse_documents
from schemalm.documents.value_paths import Path
from schemalm.documents.values import JSONValue, find_fault, json_equal
from schemalm.documents.yaml_exact import check_characters, fault_at
from schemalm.documents.yaml_faults import YAMLFault
from schemalm.errors import DocumentError

_MARK = "\ufeff"  # a byte order mark
_NOT_STATED = "cannot be written: the value does not go on with the given text"


def read_cut(
    text: str,
    *,
    is_json: bool = False,
    source: str = "",
    merge_keys: bool = False,
    limits: DocumentLimits = DEFAULT_LIMITS,
) -> CutDocument:
    """Return a document that ends at the cursor, which is at the end of `text`.

    is_json: the text must be JSON, but may have comments; any other is YAML, or JSON if it is a list or object of JSON.
    `source`, `merge_keys` and `limits` are those of `parse_document`. Raises `DocumentError` with the place where the
    text before the cursor is already wrong.
    """
    check_text(text, source, limits)
    body = text.removeprefix(_MARK)
    readings = _json_readings(body, limits, source, is_json)
    layout = None
    if not readings:
        readings, layout = _yaml_readings(body, limits, source, merge_keys)
    return CutDocument(text, readings, layout, is_json=is_json, merge_keys=merge_keys, limits=limits)


class CutDocument:
    """A document that ends at a cursor.

    text: the given text. readings: what the cursor may mean. partial: what every completion must satisfy.
    """

    def __init__(
        self,
        text: str,
        readings: list[Reading],
        layout: Layout | None,
        *,
        is_json: bool,
        merge_keys: bool,
        limits: DocumentLimits,
    ) -> None:
        self.readings = readings
        self.partial: Partial = stated_by(readings)
        self.text = text
        self._layout = layout  # None for JSON
        self._is_json = is_json
        self._merge_keys = merge_keys
        self._limits = limits

    def finish(self, value: JSONValue) -> str:
        """Return the whole document: it begins with the given text, and loads back to `value`, which `partial` states.

        Raises `DocumentError` if the object is no JSON value within the limits, or if `partial` does not state it.
        """
        if fault := find_fault(value, self._limits):
            raise DocumentError(f"cannot be written: {fault}")
        for reading in self.readings:
            following = self._ending(reading).written(value)
            if following is None:
                continue
            whole = self.text + following.replace("\n", line_break_of(self.text))
            if self._is_text_of(value, whole):
                return whole
        raise DocumentError(_NOT_STATED)

    @property
    def path(self) -> Path:
        """The path of the value at the cursor, or of the list or object that the cursor is in."""
        return self.readings[0].path

    @property
    def takes_key(self) -> bool:
        """Whether the cursor may be in a key, or in an object where one may come."""
        return any(reading.takes_key for reading in self.readings)

    @property
    def has_dash_at_cursor(self) -> bool:
        """Whether the cursor is in an item of a block, so that the item is begun even if nothing of it is written."""
        return any(_has_value_at_cursor(reading) and _is_in_block_list(reading) for reading in self.readings)

    @property
    def is_json_text(self) -> bool:
        """Whether the text is JSON, and goes on as JSON."""
        return self._layout is None

    def is_reached(self, parts: Sequence[tuple[JSONValue, str | None]]) -> bool:
        """Return whether what is complete of a value ends at the cursor.

        parts: its open lists and objects, the outermost first, each with the key of the value that is under way. The
        value at the cursor may be open already, but is still empty.
        """
        return any(_is_at(reading, parts) for reading in self.readings)

    def keys_to_come(self, parts: Sequence[tuple[JSONValue, str | None]]) -> set[str] | None:
        """Return the given keys that the innermost open object of a value does not have yet.

        parts: those of `is_reached`. None if it is no object that the cursor is in, or if the value of a key is under
        way in it.
        """
        frames = next((reading for reading in self.readings if reading.takes_key), self.readings[0]).frames
        *outer, (object_, key) = parts or [(None, None)]
        if not 0 < len(parts) <= len(frames) or not isinstance(object_, dict) or key is not None:
            return None
        if not all(_is_in(frame, *part, has_child=True) for frame, part in zip(frames, outer, strict=False)):
            return None
        frame = frames[len(parts) - 1]
        return {*frame.given, *filter(None, [frame.key])} - object_.keys()

    @property
    def depth(self) -> int:
        """How many lists and objects are open at the cursor, where a key may come."""
        return len(next(reading for reading in self.readings if reading.takes_key).frames)

    def may_be_next(self, key: str) -> bool:
        """Return whether a key fits what is written of one at the cursor; True if nothing is."""
        choices = [reading.choices for reading in self.readings if reading.place is Place.KEY and reading.choices]
        return not choices or any(choice.takes(key) for group in choices for choice in group)

    def _ending(self, reading: Reading) -> Ending:
        body = self.text.removeprefix(_MARK)
        return YAMLEnding(reading, body, self._layout) if self._layout else JSONEnding(reading, body)

    def _is_text_of(self, value: JSONValue, whole: str) -> bool:
        """Return whether the last document of a text has this value."""
        loaded = parse_documents(whole, limits=self._limits, merge_keys=self._merge_keys, json_only=self._is_json)
        last = loaded.documents[-1]
        return last.error is None and json_equal(last.value, value)


def _is_at(reading: Reading, parts: Sequence[tuple[JSONValue, str | None]]) -> bool:
    frames = reading.frames
    *_, (last, last_key) = parts or [(None, None)]
    is_begun = len(parts) == len(frames) + 1 and not last and last_key is None and _has_value_at_cursor(reading)
    if len(parts) != len(frames) and not is_begun:
        return False
    return all(
        _is_in(frame, part, key, has_child=reading.has_child(index))
        for index, (frame, (part, key)) in enumerate(zip(frames, parts, strict=False))
    )


def _has_value_at_cursor(reading: Reading) -> bool:
    return reading.place in (Place.SLOT, Place.VALUE) or not reading.frames


def _is_in_block_list(reading: Reading) -> bool:
    frame = reading.frames[-1] if reading.frames else None
    return frame is not None and isinstance(frame.given, list) and frame.column is not None


def _is_in(frame: Frame, part: JSONValue, key: str | None, *, has_child: bool) -> bool:
    """Return whether the place in a part is that of the cursor in a frame.

    The keys of an object may come in another order than in the text, so the key at the cursor may come before some that
    are given.
    """
    if isinstance(frame.given, list):
        return isinstance(part, list) and len(part) == len(frame.given)
    if not isinstance(part, dict):
        return False
    return key == frame.key if has_child else key is None and frame.given.keys() <= part.keys()


def _json_readings(text: str, limits: DocumentLimits, source: str, is_json: bool) -> list[Reading]:
    """Return the reading of JSON; none for a text of YAML, whose words go on in more ways."""
    if is_json:
        return [JSONCut(text, limits, source, has_comments=True).reading()]
    if text.lstrip()[:1] not in ("{", "["):
        return []
    cut = JSONCut(text, limits, source, has_comments=False)
    try:
        return [] if cut.is_in_word else [cut.reading()]
    except DocumentError:
        return []


def _yaml_readings(text: str, limits: DocumentLimits, source: str, merge_keys: bool) -> tuple[list[Reading], Layout]:
    try:
        check_characters(text)
        blocks = blocks_of(text, limits, merge_keys)
        readings = YAMLReadings(limits, merge_keys, blocks.step).of(text)
    except YAMLFault as fault:
        raise fault_at(text, fault, source) from None
    return readings, layout_of(text, blocks)
