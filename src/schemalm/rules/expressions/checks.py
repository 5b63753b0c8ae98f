"""Types of expressions under way: what the operands read so far make of a whole expression.

In: operands and operators from left to right. Out: the type of the whole, the types that remain of it if it is true
and if it is false, and whether an operator or operand may come. A logical operator yields one of its operands: of
`a && b` the left one only if it is false. Comparison chains group from the right. Objects and lists are not compared.
"""

from __future__ import annotations

from typing import NamedTuple

from schemalm.rules.expressions.types import ANY, BOOLEAN, EITHER, NUMBER, STRING, Array, Type, is_object, joined

EQUALITY = frozenset(("==", "!="))
ORDER = frozenset(("<", "<=", ">", ">="))
COMPARISONS = EQUALITY | ORDER
_ORDERED = (ANY, EITHER, NUMBER, STRING)
# A type, what remains of it if the value is true, and if it is false.
Kinds = tuple[Type, Type, Type]
BOOLEANS: Kinds = (BOOLEAN, BOOLEAN, BOOLEAN)


class Pending(NamedTuple):
    """The operators and operands of one bracket before the current operand.

    left, operator: those of a comparison under way. conjunction: the join of the operands of `&&` so far;
    later_conjunction: without the first; disjunction, later_disjunction: the same for `||`.
    """

    left: Type | None = None
    operator: str = ""
    conjunction: Type | None = None
    later_conjunction: Type | None = None
    disjunction: Type | None = None
    later_disjunction: Type | None = None


def is_fine(pending: Pending, kind: Type) -> bool:
    """Whether an operand of this type may end a comparison under way."""
    if pending.operator in ORDER:
        return kind in _ORDERED
    if pending.operator in EQUALITY and pending.left in (ANY, EITHER):
        return True
    return not pending.operator or not _is_compound(kind)


def _is_compound(kind: Type) -> bool:
    return is_object(kind) or isinstance(kind, Array)


def after_operator(pending: Pending, kinds: Kinds, operator: str) -> Pending | None:
    """What is under way after an operand and an operator; None if the types forbid it."""
    plain = kinds[0]
    if not is_fine(pending, plain):
        return None
    if operator in COMPARISONS:
        if pending.operator in ORDER or (plain not in _ORDERED if operator in ORDER else _is_compound(plain)):
            return None
        return pending._replace(left=_compared(plain), operator="<" if operator in ORDER else "==")
    element = _element(pending, kinds)
    if operator == "&&":
        later = None if pending.conjunction is None else joined(pending.later_conjunction, element[2])
        conjunction = joined(pending.conjunction, element[2])
        return pending._replace(left=None, operator="", conjunction=conjunction, later_conjunction=later)
    _, if_true, _ = _conjunction(pending, element)
    later = None if pending.disjunction is None else joined(pending.later_disjunction, if_true)
    return Pending(disjunction=joined(pending.disjunction, if_true), later_disjunction=later)


def _compared(plain: Type) -> Type:
    """The left side of a comparison, as far as it matters."""
    return plain if plain in (ANY, EITHER) else STRING


def whole(pending: Pending, kinds: Kinds) -> Kinds | None:
    """The types of an expression that ends with this operand; None if the types forbid the operand."""
    if not is_fine(pending, kinds[0]):
        return None
    plain, if_true, if_false = _conjunction(pending, _element(pending, kinds))
    if pending.disjunction is None:
        return plain, if_true, if_false
    value = joined(pending.disjunction, plain)
    return value, value, joined(pending.later_disjunction, plain)


def _element(pending: Pending, kinds: Kinds) -> Kinds:
    """The types of a comparison or an operand."""
    return BOOLEANS if pending.operator else kinds


def _conjunction(pending: Pending, last: Kinds) -> Kinds:
    """The types of operands joined by `&&`."""
    if pending.conjunction is None:
        return last
    value = joined(pending.conjunction, last[0])
    return value, joined(pending.later_conjunction, last[0]), value
