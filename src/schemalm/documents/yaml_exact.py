"""The exact but slow YAML 1.2 reader: it decides wherever the bulk parser may be wrong.

`yaml_parser` passes the parts of the text to `yaml_composer`, whose docstring says what is refused. Even for hostile
text, the time is linear in the length. It reads about 1 MB/s, so it is not for bulk.
"""

from __future__ import annotations

import re

from schemalm.documents.json_reader import position_of
from schemalm.documents.limits import DocumentLimits
from schemalm.documents.values import JSONValue
from schemalm.documents.yaml_composer import Composer, Expansion
from schemalm.documents.yaml_faults import CHARACTER, YAMLFault
from schemalm.documents.yaml_parser import parse
from schemalm.errors import DocumentError

# The characters that are not allowed in a text (section 5.1).
_NOT_PRINTABLE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def compose(
    text: str,
    limits: DocumentLimits,
    source: str = "",
    *,
    merge_keys: bool = False,
    expansion: Expansion | None = None,
) -> JSONValue:
    """Return the value of YAML text; raises `DocumentError` with line and column for everything refused.

    `merge_keys` resolves `<<` as YAML 1.1 does, instead of refusing it. `expansion` is the count of earlier documents
    of the text, to which this one adds.
    """
    return build(text, Composer(limits, merge_keys, expansion or Expansion()), source)


def build(text: str, composer: Composer, source: str, *, entry_word: str | None = None) -> JSONValue:
    """Return the value that a composer makes of a text; `entry_word` is that of `parse`."""
    try:
        check_characters(text)
        parse(text, composer, entry_word=entry_word)
        return composer.value()
    except YAMLFault as fault:
        raise fault_at(text, fault, source) from None


def fault_at(text: str, fault: YAMLFault, source: str) -> DocumentError:
    """Return the error that a fault of a text is, with its line and column."""
    line, column = position_of(text, fault.offset)
    if line == 1 and text.startswith("\ufeff"):  # columns do not count the byte order mark
        column = max(1, column - 1)
    return DocumentError(fault.message, line=line, column=column, source=source)


def check_characters(text: str) -> None:
    """Refuse the characters that YAML does not allow; raises `YAMLFault`."""
    if found := _NOT_PRINTABLE.search(text):
        raise YAMLFault(CHARACTER.format(ord(found[0])), found.start())
