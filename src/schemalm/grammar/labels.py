"""Labels of nonterminals: short names that are the same in every process and in every version.

Tokenizer files and models identify nonterminals by label. So the hashed text names states and formulas as this module
spells them, and stays the same when one of their classes or fields is renamed. For a text it also contains the name of
a DFA state, which comes from `Language.told` and depends on the class names of `regular`.
"""

from __future__ import annotations

import hashlib

from schemalm.grammar.obligation import Obligation
from schemalm.grammar.states import Array, Key, Object, State, Text, Value
from schemalm.rules.places import AtPlace, FreeText, IsAlike, NoNames, Promised, PromisedValue, TextAt
from schemalm.schema.assertions import Is, IsInteger, KindIs, Reference
from schemalm.schema.formula import And, ChildHas, Constant, ExactlyOne, Formula, Not, Or, Question
from schemalm.schema.keywords.arrays import Contains, Items, MaxItems, MinItems, Unique
from schemalm.schema.keywords.numbers import Maximum, Minimum, MultipleOf, NumberIn
from schemalm.schema.keywords.objects import Has, MaxProperties, Members, MinProperties, PropertyNames
from schemalm.schema.keywords.strings import Format, MaxLength, MinLength, Pattern, StringIn
from schemalm.schema.prompt import HasKeyLike, NumberBegins, Prompt, StatedItems, StatedKeys, StringIs, StringLike

FORMULA_NAMES: dict[type[Formula], str] = {
    And: "And",
    ChildHas: "Asked",
    AtPlace: "AtPlace",
    Constant: "Constant",
    Contains: "Contains",
    ExactlyOne: "ExactlyOne",
    Format: "Format",
    FreeText: "FreeText",
    Has: "Has",
    HasKeyLike: "HasKeyLike",
    Is: "Is",
    IsInteger: "IsInteger",
    Items: "Items",
    IsAlike: "IsAlike",
    KindIs: "KindIs",
    MaxItems: "MaxItems",
    MaxLength: "MaxLength",
    MaxProperties: "MaxProperties",
    Maximum: "Maximum",
    Members: "Members",
    MinItems: "MinItems",
    MinLength: "MinLength",
    MinProperties: "MinProperties",
    Minimum: "Minimum",
    MultipleOf: "MultipleOf",
    Not: "Not",
    NumberBegins: "NumberBegins",
    NumberIn: "NumberIn",
    Or: "Or",
    Pattern: "Pattern",
    NoNames: "NoNames",
    Promised: "Promised",
    PromisedValue: "PromisedValue",
    Prompt: "Prompt",
    PropertyNames: "PropertyNames",
    Question: "Question",
    Reference: "Reference",
    StatedItems: "StatedItems",
    StatedKeys: "StatedKeys",
    StringIn: "StringIn",
    StringIs: "StringIs",
    StringLike: "StringLike",
    TextAt: "TextAt",
    Unique: "Unique",
}


def label_of(state: State, accepts: tuple[int, ...], owner_accepts: tuple[int, ...], text_name: str) -> str:
    """Returns the label of a nonterminal: 16 hexadecimal digits.

    accepts, owner_accepts: as in the nonterminal. text_name: the name of the rest of its text, or empty if it is no
    text.
    """
    content = f"Nonterminal(state={_state(state)}, accepts={accepts}, owner_accepts={owner_accepts})"
    if text_name:
        content += f" {text_name}"
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _state(state: State) -> str:
    if isinstance(state, Value):
        return f"Value(inquiry={_obligation(state.obligation)})"
    if isinstance(state, Object):
        return f"Object(inquiry={_obligation(state.obligation)}, order={state.order.names}, position={state.position})"
    if isinstance(state, Array):
        return f"Array(inquiry={_obligation(state.obligation)})"
    # A DFA state's number depends on the order of calls. So 0 stands for all of them, and `text_name` distinguishes
    # them.
    if isinstance(state, Text):
        return f"Text(kind={state.kind!r}, place=0)"
    assert isinstance(state, Key)
    return f"Key(owner={_state(state.owner)}, formulas={_spelled(state.formulas)}, place=0)"


def _obligation(obligation: Obligation) -> str:
    return f"Inquiry(formulas={_spelled(obligation.formulas)}, allowed={_spelled(obligation.allowed)})"


def _spelled(part: object) -> str:
    """Returns the spelling of a formula, or of one of its parts."""
    if isinstance(part, AtPlace | TextAt | FreeText):
        return f"{FORMULA_NAMES[type(part)]}({part.parts[0].path})"
    if isinstance(part, Formula):
        return f"{FORMULA_NAMES[type(part)]}({', '.join(map(_spelled, part.parts))})"
    if isinstance(part, tuple):
        return f"({', '.join(map(_spelled, part))}{',' if len(part) == 1 else ''})"
    return repr(part)
