"""The keywords that combine schemas: `allOf`, `anyOf`, `oneOf`, `not`, `if` with `then` and `else`, and references."""

from __future__ import annotations

from collections import Counter

from schemalm.schema.assertions import of_kind
from schemalm.schema.formula import TRUE, Formula, all_of, any_of, children, exactly_one, negate
from schemalm.schema.keywords.strings import StringIn
from schemalm.schema.nodes import Node
from schemalm.schema.translator import Keyword, Translator


def _condition(translator: Translator, node: Node) -> Formula:
    """`if`, `then` and `else`."""
    condition = translator.inner(node, "if")
    then = translator.inner(node, "then") if "then" in node else TRUE
    otherwise = translator.inner(node, "else") if "else" in node else TRUE
    return all_of([any_of([negate(condition), then]), any_of([condition, otherwise])])


def _gathered(branches: list[Formula]) -> list[Formula]:
    """The alternatives, with those that are distinct strings collected into one assertion."""
    constants = [next((part for part in children(branch) if isinstance(part, StringIn)), None) for branch in branches]
    counts = Counter(text for constant in constants if constant is not None for text in constant.texts)
    texts: list[str] = []
    others = []
    for branch, constant in zip(branches, constants, strict=True):
        is_constant = constant is not None and branch == all_of([of_kind("string"), constant])
        if constant is not None and is_constant and all(counts[text] == 1 for text in constant.texts):
            texts += constant.texts
        else:
            others.append(branch)
    return [*others, all_of([of_kind("string"), StringIn(tuple(texts))])] if texts else others


KEYWORDS: dict[str, Keyword] = {
    "allOf": lambda translator, node: all_of(translator.listed(node, "allOf")),
    "anyOf": lambda translator, node: any_of(_gathered(translator.listed(node, "anyOf"))),
    "oneOf": lambda translator, node: exactly_one(_gathered(translator.listed(node, "oneOf"))),
    "not": lambda translator, node: negate(translator.inner(node, "not")),
    "if": _condition,
    "$ref": lambda translator, node: translator.reference(node, "$ref"),
    "$dynamicRef": lambda translator, node: translator.reference(node, "$dynamicRef"),
    "$recursiveRef": lambda translator, node: translator.reference(node, "$recursiveRef"),
}
