"""The keywords about objects, and how their assertions change from key to key.

`at_key` returns a formula for the value under the next key (`child_has`) and for the keys after it. `Has` and the
counts apply only to the keys that are still to come.
"""

from __future__ import annotations

from functools import partial

from schemalm.schema.assertions import Assertion, KeyTest, of_kind
from schemalm.schema.formula import FALSE, TRUE, Formula, all_of, any_of, child_has, negate
from schemalm.schema.keywords.counts import at_least, at_most
from schemalm.schema.keywords.strings import pattern
from schemalm.schema.nodes import Node
from schemalm.schema.translator import Keyword, Translator, together


class ObjectAssertion(Assertion):
    """An assertion about an object's members."""

    __slots__ = ()
    kind = "object"

    def at_key(self, name: str | None, test: KeyTest) -> Formula:
        """The formula for the value under the next key and for the keys after it; a free key has the name None."""
        raise NotImplementedError

    def key_formulas(self) -> tuple[Formula, ...]:
        """The formulas over string assertions that decide what a key means for this assertion."""
        return ()


class Has(ObjectAssertion):
    """parts: (name,): this key is still to come."""

    __slots__ = ()
    keyword = "required"
    holds_at_end = False

    @property
    def name(self) -> str:
        """The key."""
        name: str = self.parts[0]
        return name

    @property
    def needed_keys(self) -> tuple[str, ...]:
        """The key."""
        return self.parts

    def at_key(self, name: str | None, test: KeyTest) -> Formula:
        """True if this is the key, else unchanged."""
        return TRUE if name == self.name else self


class Members(ObjectAssertion):
    """parts: (named, patterned, rest): the shape of the value under each key.

    named: tuple of (name, shape). patterned: tuple of (formula about the key, shape). rest: the shape under all keys
    that neither a name nor a pattern matches.
    """

    __slots__ = ("_named",)
    keyword = "properties"

    def __init__(self, *parts: object) -> None:
        super().__init__(*parts)
        self._named: dict[str, Formula] = dict(self.parts[0])

    @property
    def names(self) -> tuple[str, ...]:
        """The names that `properties` lists."""
        return tuple(self._named)

    def key_formulas(self) -> tuple[Formula, ...]:
        """The formulas of the patterned keys."""
        return tuple(key for key, _ in self.parts[1])

    def shape(self, name: str | None, test: KeyTest) -> Formula:
        """The shape of the value under a key."""
        shapes = [self._named[name]] if name in self._named else []
        shapes += [shape for key, shape in self.parts[1] if test(key)]
        rest: Formula = self.parts[2]
        return all_of(shapes) if shapes else rest

    def at_key(self, name: str | None, test: KeyTest) -> Formula:
        """The value under the key has its shape."""
        return all_of([child_has(self.shape(name, test)), self])


class PropertyNames(ObjectAssertion):
    """parts: (formula over string assertions,): every key satisfies it."""

    __slots__ = ()
    keyword = "propertyNames"

    def key_formulas(self) -> tuple[Formula, ...]:
        """The one formula."""
        return self.parts

    def at_key(self, name: str | None, test: KeyTest) -> Formula:
        """False if the key does not satisfy the formula, else unchanged."""
        return self if test(self.parts[0]) else FALSE


class MinProperties(ObjectAssertion):
    """parts: (count,): the object needs at least this many more keys."""

    __slots__ = ()
    keyword = "minProperties"
    holds_at_end = False

    def at_key(self, name: str | None, test: KeyTest) -> Formula:
        """One key fewer is needed."""
        return MinProperties(self.parts[0] - 1) if self.parts[0] > 1 else TRUE


class MaxProperties(ObjectAssertion):
    """parts: (count,): the object may have at most this many more keys."""

    __slots__ = ()
    keyword = "maxProperties"

    def at_key(self, name: str | None, test: KeyTest) -> Formula:
        """One key fewer is allowed."""
        return MaxProperties(self.parts[0] - 1) if self.parts[0] > 0 else FALSE


def _members(translator: Translator, node: Node) -> Formula:
    """`properties`, `patternProperties` and `additionalProperties` together."""
    names = node.content.get("properties", {})
    translator.mention_keys(node, "properties", names)
    named = tuple((name, translator.inner(node, "properties", name)) for name in names)
    patterned = []
    for source in node.content.get("patternProperties", {}):
        key = pattern(translator, source, node.pointer_to("patternProperties", source), "patternProperties")
        patterned.append((key, translator.inner(node, "patternProperties", source)))
        translator.mention_keys(node, "patternProperties", translator.patterns.finite_texts(source))
    rest = translator.inner(node, "additionalProperties") if "additionalProperties" in node else TRUE
    return Members(named, tuple(patterned), rest)


def _property_names(translator: Translator, node: Node) -> Formula:
    names = translator.inner(node, "propertyNames")
    translator.key_names.append((node, names))
    return PropertyNames(names)


def _required(translator: Translator, node: Node) -> Formula:
    # Before draft 4, `required` was a boolean inside a property; such schemas still occur.
    return _has_all(translator, node, "required", node["required"]) if isinstance(node["required"], list) else TRUE


def _has_all(translator: Translator, node: Node, keyword: str, names: list[str]) -> Formula:
    """The shape of objects that have these keys."""
    translator.mention_keys(node, keyword, names)
    return all_of(map(Has, names))


def _dependencies(keyword: str, translator: Translator, node: Node) -> Formula:
    """The requirements of keys that are present: other keys, or a shape of the whole object."""
    parts = []
    for name, dependency in node[keyword].items():
        translator.mention_keys(node, keyword, [name])
        is_listed = isinstance(dependency, list)
        shape = _has_all(translator, node, keyword, dependency) if is_listed else translator.inner(node, keyword, name)
        parts.append(any_of([negate(of_kind("object")), negate(Has(name)), shape]))
    return all_of(parts)


KEYWORDS: dict[str, Keyword] = {
    **together(("properties", "patternProperties", "additionalProperties"), _members),
    "propertyNames": _property_names,
    "required": _required,
    "minProperties": at_least("minProperties", MinProperties),
    "maxProperties": at_most("maxProperties", MaxProperties),
    **{
        keyword: partial(_dependencies, keyword)
        for keyword in ("dependencies", "dependentRequired", "dependentSchemas")
    },
}
