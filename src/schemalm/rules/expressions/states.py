"""The states of a text that may hold expressions: what was read of a token, the operand under way, the open brackets.

States are immutable and compare by value; they hold nothing of the text but what decides about its continuations.
"""

from __future__ import annotations

from collections.abc import Hashable
from enum import Enum, auto
from typing import NamedTuple

from schemalm.rules.expressions.checks import Pending
from schemalm.rules.expressions.place import Function
from schemalm.rules.expressions.types import ANY, Type

# The range of the next byte of an open UTF-8 character, and how many bytes follow after that one.
Pending8 = tuple[int, int, int]
# The level of an operand that leads to no names.
NO_NAMES = -1


class Phase(Enum):
    """What a state expects; in brackets what its `token` holds."""

    BEFORE = auto()  # the expression of a condition or whole text [matched characters of the opening delimiter]
    FREE = auto()  # free text [`Free`]
    OPERAND = auto()  # an operand or white space [whether the bracket may close without one]
    NO_ARGUMENTS = auto()  # the end of a call without arguments
    NAME = auto()  # more of a context, function or literal [`Word`]
    CALLEE = auto()  # the opening bracket of a call [name of the function]
    NUMBER = auto()  # more of a number [state of `numbers.py`]
    STRING = auto()  # more of a text [`Quoted`]
    OPERATOR = auto()  # more of an operator [its text]
    AFTER = auto()  # what may follow an operand
    DOT = auto()  # a property
    PROPERTY = auto()  # more of a property [folded text, None if no known property begins with it]
    KEY_END = auto()  # the end of a bracket whose only text was read [the closing bracket]
    CLOSING = auto()  # more of the closing delimiter [matched characters]
    END = auto()  # white space after the expression of a condition, nothing after that of a whole text


class Bracket(Enum):
    """What was opened."""

    TOP = auto()  # an expression between delimiters
    DIRECT = auto()  # a condition without delimiters
    GROUP = auto()
    INDEX = auto()
    CALL = auto()


class Operand(NamedTuple):
    """An operand under way, or the unary operators before one.

    level: how many names were read since the context, NO_NAMES if the type leads to no names. weight: how deep the
    operand nests so far. negations: 0 if types are not checked or there are none, else 1 or 2 for an odd or even
    number. narrowed: the types that remain if the value is true, and if it is false; None: both are `type`. indexable:
    whether properties may follow.
    """

    type: Type = ANY
    level: int = NO_NAMES
    weight: int = 0
    negations: int = 0
    narrowed: tuple[Type, Type] | None = None
    indexable: bool = False


class Frame(NamedTuple):
    """An open bracket.

    used: how deep the expression nests here. owner: the operand that the bracket belongs to. args: the number of
    arguments before the current one, as far as it matters; due, room: how many more arguments must and may come after
    the current one. logical: whether a logical operator was read; compared: whether a comparison is under way, at the
    top of conditions only.
    """

    kind: Bracket
    root: Bracket
    parent: Frame | None = None
    depth: int = 0
    used: int = 0
    owner: Operand = Operand()
    function: Function | None = None
    args: int = 0
    due: int = 0
    room: int | None = 0
    logical: bool = False
    compared: bool = False
    pending: Pending | None = None


class Free(NamedTuple):
    """What was read of free text: matched characters of the opening delimiter, and an open UTF-8 character."""

    matched: int = 0
    pending: Pending8 | None = None


class Word(NamedTuple):
    """What was read of a name: folded, and as written if a literal begins so."""

    folded: str = ""
    exact: str = ""


class Role(Enum):
    """What a text in quotes is."""

    VALUE = auto()
    KEY = auto()  # the name in `steps['name']`
    PROPERTY = auto()  # the property in `github['event']`
    FORMAT = auto()  # a text with placeholders
    BARE_FORMAT = auto()  # a text with nothing but placeholders and white space
    JSON = auto()  # JSON


class Quoted(NamedTuple):
    """What was read of a text in quotes.

    pending: the open UTF-8 character. ended: whether a quote was read that ends the text unless another follows it.
    matched: matched characters of the opening delimiter. content: state of the role.
    """

    role: Role
    pending: Pending8 | None = None
    ended: bool = False
    matched: int = 0
    content: Hashable = None


class State(NamedTuple):
    """A state of a text."""

    phase: Phase
    frame: Frame | None = None
    operand: Operand = Operand()
    token: Hashable = None


class Slot(NamedTuple):
    """Says that the next bytes belong to a name that must be declared, or may end it.

    type: the names, or an object that leads to names, whose property the name is. level: how many names were read
    since the context; 0 begins a new chain. quoted: whether the name stands in quotes.
    """

    type: Type
    level: int
    quoted: bool
