"""The messages about text that is not YAML: what was found, what was expected, what to do.

All messages of the parser and the composer are here, except those of `values.scalar_fault`. Each is reported where the
fault begins: an unclosed bracket where it opens, a key without a colon at the key. `str.format` fills in single braces
(`{}`, `{!r}`). No message names a line, since the text may be one of several documents in a file.
"""

from __future__ import annotations

from typing import Final


class YAMLFault(Exception):  # noqa: N818 (internal: readers turn it into an error with line and column)
    """Text that is not YAML; the fault begins at `offset`."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


# Documents and directives.
EMPTY: Final = "the document is empty"
ONE_DOCUMENT: Final = "a second document begins; only one is read here"
ONE_VALUE: Final = "the document is complete before this: remove it, or begin another document with a line ---"
ONLY_A_COMMENT: Final = "nothing but a comment may follow ... on its line: move this to the next line, or remove it"
DIRECTIVE: Final = (
    "a line that begins with % must be a directive, such as %YAML 1.2: remove it, or quote it to mean text"
)
NO_START: Final = (
    "a line that begins with % is a directive, and a line --- must follow before the document: add that line, "
    "or quote the text if it is a key"
)
VERSION: Final = "only YAML 1.2 is read; remove the %YAML directive"

# Limits.
TOO_DEEP: Final = "nested too deep: more than {} levels"
TOO_DEEP_BY_ALIASES: Final = "nested too deep: more than {} levels after aliases are expanded"
TOO_MUCH: Final = "more values or text than the limits allow, aliases expanded (max_nodes, max_bytes)"
TOO_MANY_DIGITS: Final = "an integer of more than {} digits; quote it to mean text"
TOO_LARGE: Final = "the number {} is beyond the range of a double; quote it to mean text"
CHARACTER: Final = "the character U+{:04X} is not allowed in YAML: remove it"

# Indentation.
TAB: Final = "a tab cannot indent: indent with spaces"
DEEPER_BLANK: Final = "a blank line above this text is indented deeper than it: remove the spaces there"
COLUMN: Final = "this begins in column {}, but the keys or items above it begin in column {}: align it with them"
COLUMNS: Final = (
    "this begins in column {}, but the keys or items above it begin in column {} or {}: align it with one of them"
)
BELOW_TEXT: Final = (
    "this is not indented like the text below | or > before it: indent it alike if it belongs to that text, "
    "or align it with the keys and items above"
)
NO_DASH: Final = (
    "this is where the items of a list begin, but it has no dash: write '- ' before it, "
    "or indent it deeper if it belongs to the item above"
)
DASH_ALONE: Final = "no space follows the dash: write '- ' to begin an item of a list"
DASH_AMONG_KEYS: Final = (
    "found an item of a list (- ) where the keys of an object begin: indent it below its key, or remove the dash"
)

# Text at a location where it cannot begin.
NO_LIST: Final = (
    "'- ' begins an item of a list, and no item may begin here: put each item on its own line, or quote the text"
)
NO_QUESTION: Final = "'? ' begins a key, and no key may begin here: put it on its own line, or quote the text"
NO_KEY: Final = (
    "a colon and a space end a key, and no key may be here: quote the text if the colon belongs to it, "
    "or put the key on its own line"
)
KEY_IN_TEXT: Final = (
    "a key begins on a line that continues the text above, since it is indented deeper: "
    "align it with the other keys, or quote the text if the colon belongs to it"
)
NO_VALUE: Final = "no value begins with {!r}: quote the text, or remove this"
NOTHING: Final = "expected a value, found {!r}: remove it, or quote it to mean text"
BLOCK_IN_BRACKETS: Final = (
    "{!r} begins text on the lines below, which is not possible inside [...] or {{...}}: quote the text"
)
TAG_REFUSED: Final = "a tag (!...) is not supported: remove it, or quote the text"

# Keys.
NO_COLON: Final = (
    "this begins like a key but no ': ' follows it on the line: add the colon and a value, "
    "or indent it if it continues the text above"
)
NO_SPACE: Final = "no space follows the colon of this key: write '{}: ' and its value"
TEXT_BEFORE_KEY: Final = (
    "this text continues to a line that has a key: add ': ' if this is a key too, or check the indentation below"
)
EMPTY_KEY: Final = "a key must be a string: write one before the colon, or quote the text"
NOT_A_KEY: Final = "a key must be a string, not a list or object: quote it to mean text"
TEMPLATE: Final = (
    "{{ begins an object inside an object, and an object cannot be a key: "
    "quote the whole value if it is a template, as in '{{ ... }}'"
)
LONG_KEY: Final = "this key has more than {} characters: write '? key', and on the next line ': value'"

NO_STRING: Final = "a key must be a string: quote {}"
REPEATED: Final = "the key {!r} is repeated in one object: keep one of them"

# Merge keys.
NO_MERGE: Final = (
    "the merge key << is not resolved here: write the keys out, quote it to mean a plain key, "
    "or read with --merge-keys (merge_keys=True)"
)
NOT_MERGEABLE: Final = "<< takes an object, an alias of one, or a list of these"
REPEATED_MERGE: Final = "the key '<<' is repeated in one object; name several objects in a list: <<: [*a, *b]"

# Anchors and aliases.
NO_NAME: Final = "a name must follow & or *: write one, or quote the text if the character belongs to it"
TWO_ANCHORS: Final = "one value has two anchors (&...): remove one"
ALIAS_WITH_ANCHOR: Final = "an alias (*...) cannot have an anchor (&...): remove one of them"
NO_ANCHOR: Final = "unknown anchor: the alias *{} names no complete value before it; quote it to mean text"
AFTER_ALIAS: Final = "found text after an alias (*...): remove it, or quote the whole value to mean text"

# Quotes.
OPEN_QUOTE: Final = (
    "the quote that opens here is not closed before the document ends: add the same quote where its text ends"
)
LATE_QUOTE: Final = (
    "the quote that opens here is closed only on a later line, where more follows: close it where its text ends"
)
AFTER_QUOTE: Final = (
    "found text after the closing quote: put the whole value into quotes, and write a quote inside it as {}"
)
NO_ESCAPE: Final = (
    "\\{} is not an escape, and a backslash in double quotes begins one: write \\\\ for a backslash, "
    "or use single quotes"
)
SHORT_ESCAPE: Final = "the escape \\{} needs {} hexadecimal digits: write \\\\ for a backslash, or use single quotes"
NO_CHARACTER: Final = "no character has the number {:X}: the last one is \\U0010FFFF"

# Text on the lines below | or >.
HEADER: Final = (
    "only + or -, a digit from 1 to 9, and a comment may follow | or >: begin the text on the next line, "
    "or quote it if it begins with | or >"
)

# Lists in [...] and objects in {...}.
NOT_CLOSED: Final = "the {} that opens here is not closed: add {}"
NO_COMMA: Final = "expected a comma or {!r} in the {} here, found {!r}: add what is missing, or quote the text"
NO_COMMA_ABOVE: Final = "a key begins here, and no comma ends the entry above it: add a comma there"
AFTER_BRACKET: Final = "found text after the closing {!r}: remove it, or quote the whole value to mean text"
