"""The key or value that a cursor is in, for editors: they replace it as a whole.

In goes the text before the cursor; out comes a `Word`: what of it is written, and the document that ends where it
begins. Not covered: texts in blocks, and words with escapes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from schemalm.documents.cut.cut_document import CutDocument, read_cut
from schemalm.documents.cut.frames import Place
from schemalm.documents.cut.lines import last_line
from schemalm.documents.cut.yaml_layout import layout_of
from schemalm.documents.cut.yaml_readings import YAMLReadings, blocks_of
from schemalm.documents.limits import DEFAULT_LIMITS, DocumentLimits
from schemalm.documents.partial import TextLike
from schemalm.documents.value_paths import Path

_QUOTES: Final = ("'", '"')
_JSON_WORD = re.compile(r"[-+.\w]*\Z")


@dataclass(frozen=True)
class Word:
    """A key or value that is begun, or the place for one.

    text: what is written of it. cut: the document that ends at the cursor. before: the one that ends where the word
    begins, or after its quote. quote: in which it is; empty if it is in none. is_key: only a key may stand here.
    begins_block: it is the first word of a line or item, so that a value may also be an object, with this key.
    """

    text: str
    cut: CutDocument
    before: CutDocument
    quote: str
    is_key: bool
    begins_block: bool

    @property
    def path(self) -> Path:
        """The path of the value at the cursor, or of the object whose key is at the cursor."""
        return self.before.path

    @property
    def searched(self) -> CutDocument:
        """The document whose next key or value is searched for: a key or first word is searched for as a whole."""
        return self.before if self.is_key or self.begins_block or not self.text else self.cut

    @property
    def is_in_flow(self) -> bool:
        """Whether the innermost list or object is in flow style."""
        frames = self.before.readings[0].frames
        return bool(frames) and frames[-1].column is None


def read_word(
    text: str, *, is_json: bool = False, merge_keys: bool = False, limits: DocumentLimits = DEFAULT_LIMITS
) -> Word | None:
    """Return the word at the end of a text; None if no key or value can be there, such as in a comment.

    Raises `DocumentError` if the text is wrong before its end.
    """
    cut = read_cut(text, is_json=is_json, merge_keys=merge_keys, limits=limits)
    written = _written(text, cut)
    stem = text[: len(text) - len(written or "")]
    if written is not None and stem.endswith(_QUOTES):
        before = read_cut(stem, is_json=is_json, merge_keys=merge_keys, limits=limits)
        return Word(written, cut, before, stem[-1], before.takes_key, begins_block=False)
    if cut.is_json_text:
        written = _JSON_WORD.findall(text)[0]
        stem = text[: len(text) - len(written)]
        before = read_cut(stem, is_json=is_json, merge_keys=merge_keys, limits=limits)
        if any(reading.needs_comma or reading.needs_colon for reading in before.readings):
            return None
    elif (found := _beginning(stem, merge_keys, limits)) is not None:
        before = found
    else:
        return None
    begins_block = not cut.is_json_text and not last_line(stem).strip(" \t-")
    return Word(written or "", cut, before, "", before.takes_key, begins_block)


def _beginning(stem: str, merge_keys: bool, limits: DocumentLimits) -> CutDocument | None:
    """Return the document of YAML in which a word begins at the cursor; None if none can."""
    body = stem.removeprefix("\ufeff")
    blocks = blocks_of(body, limits, merge_keys)
    reading = YAMLReadings(limits, merge_keys, blocks.step).beginning(body)
    if reading is None:
        return None
    return CutDocument(stem, [reading], layout_of(body, blocks), is_json=False, merge_keys=merge_keys, limits=limits)


def _written(text: str, cut: CutDocument) -> str | None:
    """Return what is written of the word; None if none is begun, or if it is not written as it is read."""
    for reading in cut.readings:
        if reading.place in (Place.VALUE, Place.KEY):
            partial = reading.choices[0].partial
            if isinstance(partial, TextLike) and text.endswith(partial.prefix) and "\n" not in partial.prefix:
                return partial.prefix
    return None
