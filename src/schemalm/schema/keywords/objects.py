"""The keywords about objects, and how what they assert moves on from key to key.

`at_key` says what an assertion becomes once the next key is there: a formula over what it asks of the value under it
(`asked`) and what it says of the keys after it. `Has` and the counts are true only of what is still to come.
"""

from __future__ import annotations

from functools import partial

from schemalm.schema.assertions import Assertion, KeyJudge, of_kind
from schemalm.schema.formula import FALSE, TRUE, Formula, all_of, any_of, asked, negate
from schemalm.schema.keywords.counts import at_least, at_most
from schemalm.schema.keywords.strings import pattern
from schemalm.schema.nodes import Node
from schemalm.schema.translator import Keyword, Translator

# They are translated together, once, where the first of them stands.
MEMBERS = ("properties", "patternProperties", "additionalProperties")
DEPENDENCIES = ("dependencies", "dependentRequired", "dependentSchemas")


class ObjectAssertion(Assertion):
    """An assertion about an object's members."""

    __slots__ = ()
    kind = "object"

    def at_key(self, name: str | None, judge: KeyJudge) -> Formula:
        """What remains once a key is there, and what is asked of the value under it; a free key has no name here."""
        raise NotImplementedError

    def key_formulas(self) -> tuple[Formula, ...]:
        """What the assertion has to know about a key, as formulas over string assertions."""
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
    def wanted_names(self) -> tuple[str, ...]:
        """The key."""
        return self.parts

    def at_key(self, name: str | None, judge: KeyJudge) -> Formula:
        """Fulfilled by the key of this name."""
        return TRUE if name == self.name else self


class Members(ObjectAssertion):
    """parts: (named, patterned, rest): which shape the value under each key has.

    named: tuple of (name, Formula); patterned: tuple of (formula about the key, Formula of the value);
    rest: the Formula of the values whose keys neither names nor patterns match.
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
        """The patterns."""
        return tuple(key for key, _ in self.parts[1])

    def shape(self, name: str | None, judge: KeyJudge) -> Formula:
        """The shape of the value under a key."""
        shapes = [self._named[name]] if name in self._named else []
        shapes += [shape for key, shape in self.parts[1] if judge(key)]
        rest: Formula = self.parts[2]
        return all_of(shapes) if shapes else rest

    def at_key(self, name: str | None, judge: KeyJudge) -> Formula:
        """Asks for the shape under the key."""
        return all_of([asked(self.shape(name, judge)), self])


class PropertyNames(ObjectAssertion):
    """parts: (formula over string assertions,): every key satisfies it."""

    __slots__ = ()
    keyword = "propertyNames"

    def key_formulas(self) -> tuple[Formula, ...]:
        """The one formula."""
        return self.parts

    def at_key(self, name: str | None, judge: KeyJudge) -> Formula:
        """Broken by a key that does not satisfy the formula."""
        return self if judge(self.parts[0]) else FALSE


class MinProperties(ObjectAssertion):
    """parts: (count,): the object still needs so many keys."""

    __slots__ = ()
    keyword = "minProperties"
    holds_at_end = False

    def at_key(self, name: str | None, judge: KeyJudge) -> Formula:
        """One key fewer."""
        return MinProperties(self.parts[0] - 1) if self.parts[0] > 1 else TRUE


class MaxProperties(ObjectAssertion):
    """parts: (count,): the object has room for so many more keys."""

    __slots__ = ()
    keyword = "maxProperties"

    def at_key(self, name: str | None, judge: KeyJudge) -> Formula:
        """One key fewer."""
        return MaxProperties(self.parts[0] - 1) if self.parts[0] > 0 else FALSE


def _members(keyword: str, translator: Translator, node: Node) -> Formula:
    """`properties`, `patternProperties` and `additionalProperties` together."""
    if keyword != next(other for other in node.content if other in MEMBERS and translator.nodes.binds(node, other)):
        return TRUE
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
    # Before draft 4 it was a boolean, beside the properties: such schemas are still met.
    return _has_all(translator, node, "required", node["required"]) if isinstance(node["required"], list) else TRUE


def _has_all(translator: Translator, node: Node, keyword: str, names: list[str]) -> Formula:
    """The shape of objects that have these keys."""
    translator.mention_keys(node, keyword, names)
    return all_of(map(Has, names))


def _dependencies(keyword: str, translator: Translator, node: Node) -> Formula:
    """What the presence of keys asks for: other keys, or a shape of the whole object."""
    parts = []
    for name, dependency in node[keyword].items():
        translator.mention_keys(node, keyword, [name])
        is_listed = isinstance(dependency, list)
        shape = _has_all(translator, node, keyword, dependency) if is_listed else translator.inner(node, keyword, name)
        parts.append(any_of([negate(of_kind("object")), negate(Has(name)), shape]))
    return all_of(parts)


KEYWORDS: dict[str, Keyword] = {
    **{keyword: partial(_members, keyword) for keyword in MEMBERS},
    "propertyNames": _property_names,
    "required": _required,
    "minProperties": at_least("minProperties", MinProperties),
    "maxProperties": at_most("maxProperties", MaxProperties),
    **{
        keyword: partial(_dependencies, keyword)
        for keyword in ("dependencies", "dependentRequired", "dependentSchemas")
    },
}
