"""What expressions may say at one kind of place: their form, syntax, contexts and functions.

Places are immutable; equal places have equal digests in every process. Names are compared as `Syntax.ignore_case` says.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from schemalm.rules.expressions.types import BOOLEAN, NULL, Type

Form = Literal["text", "condition", "whole", "none"]


@dataclass(frozen=True)
class Syntax:
    """Operators and literals of the expressions of a format.

    unary: operators of one character before an operand. binary: operators between operands; `==`, `!=` compare, `<`,
    `<=`, `>`, `>=` order, others are logical. checked: whether types bind; otherwise a value of any type may stand
    anywhere.
    """

    binary: tuple[str, ...] = ("||", "&&", "==", "!=", "<", "<=", ">", ">=")
    unary: tuple[str, ...] = ("!",)
    literals: tuple[tuple[str, Type], ...] = (("true", BOOLEAN), ("false", BOOLEAN), ("null", NULL))
    ignore_case: bool = True
    checked: bool = False

    def folded(self, name: str) -> str:
        """The form in which names are compared."""
        return name.lower() if self.ignore_case else name


@dataclass(frozen=True)
class Function:
    """The signature of a function.

    more: the type of all arguments after `parameters`, None if there are none; at_most: their greatest number, without
    a bound if there may be more and it is None. odd: their number must be odd.
    placeholders: a first argument that is a text holds `{0}`, `{1}`; `exact`: for all further arguments and only for
    them, `known`: only for them. json: if the only argument is a text alone, it holds JSON, and the result has the type
    of this JSON.
    """

    name: str
    parameters: tuple[Type, ...] = ()
    returns: Type = field(default=NULL)
    more: Type | None = None
    at_most: int | None = None
    odd: bool = False
    placeholders: Literal["", "known", "exact"] = ""
    json: bool = False

    @property
    def least(self) -> int:
        """The least number of arguments."""
        return len(self.parameters)

    @property
    def most(self) -> int | None:
        """The greatest number of arguments; None: no bound."""
        if self.at_most is not None:
            return self.at_most
        return len(self.parameters) if self.more is None else None

    def parameter(self, index: int) -> Type:
        """The type of an argument, counted from 0."""
        if index < len(self.parameters) or self.more is None:
            return self.parameters[index]
        return self.more


@dataclass(frozen=True)
class ExpressionPlace:
    """One kind of place that holds texts.

    form: `text`: free text with expressions between the delimiters; `condition`: one expression, with or without the
    delimiters; `whole`: exactly one expression between the delimiters; `none`: free text without an opening delimiter,
    as is `text` without contexts and functions. contexts: names and types of what may be read. types: the types that
    `Named` types refer to. accepts: the type of each expression at this place, if types are checked. depth: how many
    brackets may be open at once.
    """

    form: Form
    contexts: tuple[tuple[str, Type], ...] = ()
    functions: tuple[Function, ...] = ()
    accepts: Type | None = None
    types: tuple[tuple[str, Type], ...] = ()
    delimiters: tuple[str, str] = ("${{", "}}")
    depth: int = 16
    syntax: Syntax = Syntax()

    @cached_property
    def digest(self) -> str:
        """A name of the content that is the same in every process: 16 hexadecimal digits."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]

    @cached_property
    def has_expressions(self) -> bool:
        """Whether a text may hold an expression."""
        return self.form in ("condition", "whole") or (self.form == "text" and bool(self.contexts or self.functions))

    def __hash__(self) -> int:
        return hash(self.digest)
