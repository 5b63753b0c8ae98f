"""YAML 1.2 text to a value, exactly and slowly: the authority wherever the bulk parser may be wrong.

`ruamel.yaml` parses what `yaml_scanner` scans; its events, which carry lines and columns, become a value in
`yaml_composer`, which says what is refused. The text has no U+0085, U+2028 and U+2029 (`separators`). Hostile text
costs time linear in its length. About 0.3 MB/s: never for bulk. Laxer than the specification where a value is clear all
the same: in flow collections and quoted scalars lines need not be indented, and a comment may follow a quote, a
bracket or the `|` of a block scalar at once.
"""

from __future__ import annotations

from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.reader import ReaderError

from schemalm.documents.json_reader import position_of
from schemalm.documents.limits import DocumentLimits
from schemalm.documents.values import JSONValue
from schemalm.documents.yaml_composer import Composer, Expansion
from schemalm.documents.yaml_scanner import ExactYAML
from schemalm.documents.yaml_wording import in_words
from schemalm.errors import DocumentError


def compose(
    text: str,
    limits: DocumentLimits,
    source: str = "",
    *,
    merge_keys: bool = False,
    expansion: Expansion | None = None,
) -> JSONValue:
    """Return the value of YAML text; raises `DocumentError` with line and column for all that is refused.

    `merge_keys`: resolve `<<` as YAML 1.1 does, in place of refusing it. `expansion` is counted further.
    """
    composer = Composer(limits, source, merge_keys, expansion or Expansion())
    try:
        return composer.document(ExactYAML().parse(text))
    except DocumentError:
        raise
    except MarkedYAMLError as error:
        message, mark = in_words(error)
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    except ReaderError as error:
        line, column = position_of(text, error.position)
        message = f"the character U+{ord(text[error.position]):04X} is not allowed in YAML"
    except Exception:  # the parser lets its own slips through: chr() of an escape out of range
        line, column = composer.position
        message = "the text after this place is not YAML"
    raise DocumentError(message, line=line, column=column, source=source)
