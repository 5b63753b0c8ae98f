"""Block scalars at the cursor: the texts that they may become, and the lines that follow."""

from __future__ import annotations

from typing import Final

from schemalm.documents.cut.choices import NOT_PRINTABLE, Choice
from schemalm.documents.partial import TextLike
from schemalm.documents.values import JSONValue

_CHARACTER: Final = f"[^{NOT_PRINTABLE}]"
_TEXT: Final = rf"[^\t {NOT_PRINTABLE}]"
_LAST_LINE: Final = rf"[ \t]*{_TEXT}{_CHARACTER}*"  # if it had blanks alone, readers would disagree
_MORE_LINES: Final = rf"(?:\n(?:{_CHARACTER}*\n)*{_LAST_LINE})?"
_ENDS: Final = {"-": "", "+": r"\n+"}
_ONE_BREAK: Final = r"\n"


def block_text(
    prefix: str, joint: str, column: int, chomping: str | None, *, is_folded: bool, at_line: bool, is_first: bool
) -> Choice:
    """Return the choice of more text in a block scalar.

    prefix: the text so far, up to where `joint` leads. column: of the lines. at_line: whether a line begins there, and
    is_first, whether it determines the column. A folded scalar gets one line, a literal one any number of them.
    """
    if is_folded:
        rest = f"{_TEXT}{_CHARACTER}*" if at_line else f"{_CHARACTER}*"
    elif is_first:
        rest = rf"\n*{_TEXT}{_CHARACTER}*{_MORE_LINES}"
    else:
        rest = rf"(?:{_CHARACTER}*\n)*{_LAST_LINE}" if at_line else f"{_CHARACTER}*{_MORE_LINES}"
    rest += _ENDS.get(chomping or "", _ONE_BREAK)

    def suffix(value: JSONValue) -> str:
        first, *others = str(value)[len(prefix) :].split("\n")
        return joint + first + "".join("\n" + (" " * column + line if line else "") for line in others)

    return Choice(TextLike(prefix, rest), suffix)
