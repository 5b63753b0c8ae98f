"""From schema nodes to shapes: every keyword becomes assertions in a boolean formula.

In: a schema tree; out: the formula of its root, and of every node that a reference leads to. What stays true: a value
satisfies the formula exactly where it is valid under the node. A keyword that JSON Schema does not define is an
annotation, as it says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from schemalm.documents.pointer import pointer_to
from schemalm.errors import LimitError, SchemaError
from schemalm.grammar.assertions import (
    MAX_CONSTANTS,
    Format,
    KindIs,
    Maximum,
    MaxLength,
    Minimum,
    MinLength,
    MultipleOf,
    Pattern,
    Reference,
    StringIn,
    of_kind,
)
from schemalm.grammar.containers import (
    Has,
    MaxItems,
    MaxProperties,
    Members,
    MinItems,
    MinProperties,
    PropertyNames,
    Unique,
    contains,
    equals,
    items,
    one_of_values,
)
from schemalm.grammar.dialects import DRAFT6, DRAFT7, DRAFT201909, DRAFT202012
from schemalm.grammar.formula import FALSE, TRUE, Formula, all_of, any_of, atoms, children, exactly_one, negate
from schemalm.grammar.keyword_forms import FORMS, fault_of
from schemalm.grammar.limits import Budget
from schemalm.grammar.references import References, Resolver
from schemalm.grammar.shapes import Patterns
from schemalm.grammar.sources import Schema
from schemalm.grammar.symbols import CONST, KEY, MAX_SCHEMA_SYMBOLS, Symbol
from schemalm.grammar.texts.formats import FORMATS
from schemalm.grammar.texts.pattern import PatternError
from schemalm.grammar.unevaluated import Evaluations, combinations
from schemalm.wording import shortened

# Keywords that are annotations in the drafts before.
INTRODUCED = {
    "const": DRAFT6,
    "contains": DRAFT6,
    "propertyNames": DRAFT6,
    "if": DRAFT7,
    "then": DRAFT7,
    "else": DRAFT7,
    "dependentRequired": DRAFT201909,
    "dependentSchemas": DRAFT201909,
    "minContains": DRAFT201909,
    "maxContains": DRAFT201909,
    "unevaluatedItems": DRAFT201909,
    "unevaluatedProperties": DRAFT201909,
    "$recursiveRef": DRAFT201909,
    "prefixItems": DRAFT202012,
    "$dynamicRef": DRAFT202012,
}
# Of a value in messages.
MAX_VALUE_CHARACTERS = 80
# Keywords of which no finite state can tell whether they hold.
GUARDED = frozenset({"uniqueItems"})


class KeywordUse(NamedTuple):
    """One constraining keyword at one place of the schema: `status` is construction, guard or annotation."""

    pointer: str
    keyword: str
    status: str


@dataclass(frozen=True, slots=True)
class Node:
    """A schema object with its place: the JSON pointer, what resolves its references, and the draft it is read by."""

    content: dict[str, Any]
    pointer: str
    resolver: Resolver
    draft: int

    def __contains__(self, keyword: str) -> bool:
        return keyword in self.content

    def __getitem__(self, keyword: str) -> Any:
        return self.content[keyword]

    def place(self, *path: str | int) -> str:
        """The JSON pointer of something inside."""
        return self.pointer + pointer_to(path)


class Translator:
    """Translates the nodes of one schema.

    symbols: the names and constants that were met. nodes: the shape of every schema object, by
    its JSON pointer. expressions: every pattern, by its JSON pointer.
    """

    def __init__(self, schema: Schema, formats: str, budget: Budget, patterns: Patterns) -> None:
        self.schema = schema
        self.formats = formats
        self.limits = budget.limits
        self.references = References(schema)
        self._read: list[Node] = []
        self.symbols: dict[Symbol, None] = {}
        self.nodes: dict[str, Formula] = {}
        self.expressions: dict[str, str] = {}
        self._budget = budget
        self._patterns = patterns
        self._shapes: dict[str, Formula] = {}
        self._pointers = {"": ""}
        self._waiting: list[tuple[str, Any, str, Resolver]] = []
        self._keys: list[tuple[Node, Formula]] = []

    def translate(self) -> Formula:
        """The shape of the root; afterwards `shape` knows every node that references lead to."""
        root = self._shapes[""] = self.node(self.schema, "", self.references.root)
        while self._waiting:
            location, content, pointer, resolver = self._waiting.pop()
            if location not in self._shapes:
                self._pointers[location] = pointer
                self._shapes[location] = self.node(content, pointer, resolver)
        self._check_cycles()
        return root

    def _check_cycles(self) -> None:
        """Raises SchemaError where a reference leads back to itself before any key or item."""
        finished: set[str] = set()
        for start in self._shapes:
            path: list[tuple[str, Iterator[str]]] = [(start, self._direct_references(start))]
            open_locations = {start}
            while path:
                location, following = path[-1]
                after = next((other for other in following if other not in finished), None)
                if after in open_locations:
                    raise SchemaError("$ref leads back to itself", pointer=self._pointers[after], keyword="$ref")
                if after is None:
                    finished.add(location)
                    open_locations.discard(path.pop()[0])
                else:
                    open_locations.add(after)
                    path.append((after, self._direct_references(after)))

    def _direct_references(self, location: str) -> Iterator[str]:
        return (atom.location for atom in atoms([self._shapes[location]]) if isinstance(atom, Reference))

    def shape(self, location: str) -> Formula:
        """The shape of the node that a reference leads to."""
        return self._shapes[location]

    def node(self, content: Any, pointer: str, resolver: Resolver) -> Formula:
        """The shape of one node; `resolver` resolves the references inside it."""
        self._budget.spend()
        if isinstance(content, bool):
            return TRUE if content else FALSE
        node = self.at(content, pointer, resolver)
        self._read.append(node)
        handlers = [HANDLERS[keyword] for keyword in content if keyword in HANDLERS and self.binds(node, keyword)]
        shape = self.nodes[pointer] = all_of([handle(self, node) for handle in handlers])
        return shape

    @property
    def uses(self) -> Iterator[KeywordUse]:
        """The constraining keywords that were met."""
        for node in self._read:
            for keyword in BINDING & node.content.keys():
                yield KeywordUse(f"{node.pointer}/{keyword}", keyword, self._status(node, keyword))

    @property
    def has_guards(self) -> bool:
        """Whether a keyword was met of which no finite state can tell whether it holds."""
        return any(
            self._status(node, keyword) == "guard" for node in self._read for keyword in GUARDED & node.content.keys()
        )

    def _status(self, node: Node, keyword: str) -> str:
        if not self.binds(node, keyword):
            return "annotation"
        return "guard" if keyword in GUARDED and node[keyword] else "construction"

    def at(self, content: dict[str, Any], pointer: str, resolver: Resolver) -> Node:
        """A schema object at its place; raises SchemaError where a keyword that binds has no value of its form."""
        node = Node(content, pointer, resolver, self.references.drafts.of(content))
        for keyword, value in content.items():
            if keyword in FORMS and (fault := fault_of(keyword, value)) and self.binds(node, keyword):
                found = shortened(repr(value), MAX_VALUE_CHARACTERS)
                message = f"this is no JSON Schema: {keyword} has to be {fault}, found {found}"
                raise SchemaError(message, pointer=node.place(keyword), keyword=keyword)
        return node

    def binds(self, node: Node, keyword: str) -> bool:
        """Whether a node has a keyword that says something in this draft."""
        content = node.content
        # Before 2019-09 a `$ref` stands alone: its siblings say nothing.
        if keyword not in content or (node.draft < DRAFT201909 and keyword != "$ref" and "$ref" in content):
            return False
        return keyword in ALWAYS_BINDING or not self._is_annotation(node, keyword)

    def _is_annotation(self, node: Node, keyword: str) -> bool:
        """Whether a keyword says nothing in this draft, without its companion, or by the setting of `formats`."""
        if keyword == "format":
            return self.formats == "annotate" or str(node["format"]) not in FORMATS
        if keyword in ("then", "else"):
            return node.draft < DRAFT7 or "if" not in node
        if keyword in ("minContains", "maxContains"):
            return node.draft < DRAFT201909 or "contains" not in node
        if keyword == "additionalItems":
            return not isinstance(node.content.get("items"), list)
        return INTRODUCED.get(keyword, 0) > node.draft

    def inside(self, node: Node, *path: str | int) -> tuple[Any, str, Resolver]:
        """A node inside another one: what it is, its JSON pointer, and what resolves the references inside it."""
        content: Any = node.content
        for part in path:
            content = content[part]
        return content, node.place(*path), self.references.enter(content, node.resolver)

    def inner(self, node: Node, *path: str | int) -> Formula:
        """The shape of a node inside another one."""
        return self.node(*self.inside(node, *path))

    def aside(self, node: Node, *path: str | int) -> Formula:
        """The shape of a node inside another one, translated later: it may depend on the shape that asks for it."""
        return self._refer(*self.inside(node, *path))

    def listed(self, node: Node, keyword: str) -> list[Formula]:
        """The shapes of a list of nodes."""
        return [self.inner(node, keyword, index) for index in range(len(node[keyword]))]

    def reference(self, node: Node, keyword: str) -> Formula:
        """The shape of the node that a reference leads to."""
        place = self.references.resolve(keyword, node[keyword], node.pointer, node.resolver)
        return self._refer(place.node, place.pointer, place.resolver)

    def _refer(self, content: Any, pointer: str, resolver: Resolver) -> Formula:
        if isinstance(content, bool):
            return TRUE if content else FALSE
        location = self.references.location(pointer, resolver)
        self._waiting.append((location, content, pointer, resolver))
        return Reference(location)

    def note(self, node: Node, keyword: str, symbols: Iterable[Symbol]) -> None:
        """Notes the symbols that a keyword asks for; raises LimitError where they become too many."""
        most = min(self.limits.symbols, MAX_SCHEMA_SYMBOLS)
        for symbol in symbols:
            self.symbols[symbol] = None
            if len(self.symbols) > most:
                message = f"the schema lists more than {most:,} keys and strings"
                raise LimitError(message, limit="symbols", maximum=most, pointer=node.place(keyword), keyword=keyword)

    def note_keys(self, texts_of: Callable[[Formula], list[str]]) -> None:
        """Notes the keys that `propertyNames` lists; `texts_of`: those that satisfy its shape, where these are few."""
        for node, keys in self._keys:
            self.note(node, "propertyNames", map(KEY, texts_of(keys)))

    def required(self, node: Node, keyword: str, names: list[str]) -> Formula:
        """The shape of objects that have these keys."""
        self.note(node, keyword, map(KEY, names))
        return all_of(map(Has, names))

    def count(self, node: Node, keyword: str) -> int:
        """The value of a keyword that counts, as an integer."""
        return int(node[keyword])

    def least_count(self, node: Node, keyword: str) -> int:
        """The value of a keyword that asks for so many; raises LimitError over the limit."""
        count = self.count(node, keyword)
        name = "minimum_keys" if keyword == "minProperties" else "minimum_count"
        limit = getattr(self.limits, name)
        if count > limit:
            message = f"{keyword} is {count}, over the limit of {limit}"
            raise LimitError(message, limit=name, maximum=limit, pointer=node.place(keyword), keyword=keyword)
        return count

    def minimum(self, node: Node, keyword: str, assertion: Callable[[int], Formula]) -> Formula:
        """The assertion of a least count; raises LimitError over the limit."""
        count = self.least_count(node, keyword)
        return assertion(count) if count > 0 else TRUE

    def bound(self, node: Node, keyword: str) -> Formula:
        """The assertion of a bound; before draft 6, `exclusiveMinimum` says whether `minimum` itself is left out."""
        assertion = Minimum if keyword in ("minimum", "exclusiveMinimum") else Maximum
        value = node[keyword]
        if isinstance(value, bool):
            return TRUE
        exclusive = keyword.startswith("exclusive")
        if not exclusive:
            flag = "exclusiveMinimum" if assertion is Minimum else "exclusiveMaximum"
            exclusive = node.content.get(flag) is True
        return assertion(value, exclusive)

    def pattern(self, source: str, place: str, keyword: str) -> Formula:
        """The assertion of a pattern; raises SchemaError where it is malformed or not regular."""
        try:
            self._patterns.language(source)
        except PatternError as error:
            message = f"the pattern {source!r} cannot be used: {error}"
            raise SchemaError(message, pointer=place, keyword=keyword) from None
        self.expressions[place] = source
        return Pattern(source)

    def members(self, node: Node) -> Formula:
        """`properties`, `patternProperties` and `additionalProperties` together."""
        self.note(node, "properties", map(KEY, node.content.get("properties", {})))
        named = tuple((name, self.inner(node, "properties", name)) for name in node.content.get("properties", {}))
        patterned = []
        for source in node.content.get("patternProperties", {}):
            key = self.pattern(source, node.place("patternProperties", source), "patternProperties")
            patterned.append((key, self.inner(node, "patternProperties", source)))
            self.note(node, "patternProperties", map(KEY, self._patterns.finite_texts(source)))
        rest = self.inner(node, "additionalProperties") if "additionalProperties" in node else TRUE
        return Members(named, tuple(patterned), rest)

    def property_names(self, node: Node) -> Formula:
        """`propertyNames`."""
        names = self.inner(node, "propertyNames")
        self._keys.append((node, names))
        return PropertyNames(names)

    def items(self, node: Node) -> Formula:
        """`prefixItems`, `items` and `additionalItems`, whichever of the two spellings is used."""
        if isinstance(node.content.get("items"), list):
            rest = self.inner(node, "additionalItems") if "additionalItems" in node else TRUE
            return items(tuple(self.listed(node, "items")), rest)
        prefix = tuple(self.listed(node, "prefixItems")) if self.binds(node, "prefixItems") else ()
        return items(prefix, self.inner(node, "items") if "items" in node else TRUE)

    def dependencies(self, node: Node, keyword: str) -> Formula:
        """What the presence of keys asks for: other keys, or a shape of the whole object."""
        parts = []
        for name, dependency in node[keyword].items():
            self.note(node, keyword, [KEY(name)])
            is_listed = isinstance(dependency, list)
            shape = self.required(node, keyword, dependency) if is_listed else self.inner(node, keyword, name)
            parts.append(any_of([negate(of_kind("object")), negate(Has(name)), shape]))
        return all_of(parts)

    def condition(self, node: Node) -> Formula:
        """`if`, `then` and `else`."""
        condition = self.inner(node, "if")
        then = self.inner(node, "then") if "then" in node else TRUE
        otherwise = self.inner(node, "else") if "else" in node else TRUE
        return all_of([any_of([negate(condition), then]), any_of([condition, otherwise])])

    def contains(self, node: Node) -> Formula:
        """`contains` with its counts."""
        least = self.least_count(node, "minContains") if self.binds(node, "minContains") else 1
        most = self.count(node, "maxContains") if self.binds(node, "maxContains") else None
        return any_of([negate(of_kind("array")), contains(self.inner(node, "contains"), least, most)])

    def enumeration(self, node: Node, values: list[Any]) -> Formula:
        """The shape of a list of constants; more strings than have symbols are written as texts."""
        num_strings = len({value for value in values if isinstance(value, str)})
        has_symbols = num_strings <= MAX_CONSTANTS
        self.note(node, "enum", _symbols_in(value for value in values if has_symbols or not isinstance(value, str)))
        return one_of_values(values)

    def constant(self, node: Node, value: Any) -> Formula:
        """The shape of one constant."""
        self.note(node, "const", _symbols_in([value]))
        return equals(value)

    def unevaluated(self, node: Node, keyword: str) -> Formula:
        """`unevaluatedProperties` or `unevaluatedItems`: by which branches hold, what is left for it differs."""
        shape = self.inner(node, keyword)
        return combinations(Evaluations(self, keyword), node, shape, self.limits)


def _symbols_in(values: Iterable[Any]) -> Iterator[Symbol]:
    """The symbols of the strings and of the names of keys inside constants."""
    pending = list(values)
    for value in pending:
        if isinstance(value, str):
            yield CONST(value)
        elif isinstance(value, dict):
            yield from map(KEY, value)
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)


def _gathered(branches: list[Formula]) -> list[Formula]:
    """Alternatives of which those that are strings, none of them twice, are gathered into one assertion."""
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


Handler = Callable[[Translator, Node], Formula]


def _first_of(keywords: tuple[str, ...], handler: Handler) -> dict[str, Handler]:
    """Keywords that are translated together, once, where the first of them stands."""

    def handle(keyword: str, translator: Translator, node: Node) -> Formula:
        first = next(other for other in node.content if other in keywords and translator.binds(node, other))
        return handler(translator, node) if keyword == first else TRUE

    return {keyword: partial(handle, keyword) for keyword in keywords}


HANDLERS: dict[str, Handler] = {
    "$ref": lambda self, node: self.reference(node, "$ref"),
    "$dynamicRef": lambda self, node: self.reference(node, "$dynamicRef"),
    "$recursiveRef": lambda self, node: self.reference(node, "$recursiveRef"),
    "type": lambda self, node: KindIs(
        tuple(sorted([node["type"]] if isinstance(node["type"], str) else node["type"])), node.draft >= DRAFT6
    ),
    "enum": lambda self, node: self.enumeration(node, node["enum"]),
    "const": lambda self, node: self.constant(node, node["const"]),
    "pattern": lambda self, node: self.pattern(node["pattern"], node.place("pattern"), "pattern"),
    # A format binds whichever draft introduced it: the drafts leave it open which formats are known.
    "format": lambda self, node: Format(node["format"], node.draft),
    "minLength": lambda self, node: self.minimum(node, "minLength", MinLength),
    "maxLength": lambda self, node: MaxLength(self.count(node, "maxLength")),
    "minimum": lambda self, node: self.bound(node, "minimum"),
    "maximum": lambda self, node: self.bound(node, "maximum"),
    "exclusiveMinimum": lambda self, node: self.bound(node, "exclusiveMinimum"),
    "exclusiveMaximum": lambda self, node: self.bound(node, "exclusiveMaximum"),
    "multipleOf": lambda self, node: MultipleOf(node["multipleOf"]),
    "required": lambda self, node: (
        self.required(node, "required", node["required"]) if isinstance(node["required"], list) else TRUE
    ),
    **_first_of(("properties", "patternProperties", "additionalProperties"), Translator.members),
    "propertyNames": Translator.property_names,
    "minProperties": lambda self, node: self.minimum(node, "minProperties", MinProperties),
    "maxProperties": lambda self, node: MaxProperties(self.count(node, "maxProperties")),
    "dependencies": lambda self, node: self.dependencies(node, "dependencies"),
    "dependentRequired": lambda self, node: self.dependencies(node, "dependentRequired"),
    "dependentSchemas": lambda self, node: self.dependencies(node, "dependentSchemas"),
    "unevaluatedProperties": lambda self, node: self.unevaluated(node, "unevaluatedProperties"),
    **_first_of(("prefixItems", "items"), Translator.items),
    "minItems": lambda self, node: self.minimum(node, "minItems", MinItems),
    "maxItems": lambda self, node: MaxItems(self.count(node, "maxItems")),
    "contains": Translator.contains,
    "uniqueItems": lambda self, node: Unique(0) if node["uniqueItems"] else TRUE,
    "unevaluatedItems": lambda self, node: self.unevaluated(node, "unevaluatedItems"),
    "allOf": lambda self, node: all_of(self.listed(node, "allOf")),
    "anyOf": lambda self, node: any_of(_gathered(self.listed(node, "anyOf"))),
    "oneOf": lambda self, node: exactly_one(_gathered(self.listed(node, "oneOf"))),
    "not": lambda self, node: negate(self.inner(node, "not")),
    "if": Translator.condition,
}
# Keywords that the handler of another one reads.
COMPANIONS = frozenset({"additionalItems", "then", "else", "minContains", "maxContains"})
BINDING = HANDLERS.keys() | COMPANIONS
# Those that say something in every draft, whatever stands beside them but a `$ref`.
ALWAYS_BINDING = HANDLERS.keys() - INTRODUCED.keys() - {"format"}
