"""The objects of a schema: their location, and which of their keywords apply.

Whether a keyword binds (constrains values) depends on the draft of the object, on the keywords beside it and, for
`format`, on a setting of the caller. A keyword that JSON Schema does not define is an annotation, as the standard says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from schemalm.errors import SchemaError
from schemalm.json_pointer import pointer_to
from schemalm.messages.wording import shortened
from schemalm.regular.formats import FORMATS
from schemalm.schema.dialects import DRAFT6, DRAFT7, DRAFT201909, DRAFT202012
from schemalm.schema.keyword_forms import CONSTRAINING, FORMS, fault_of
from schemalm.schema.references import References, Resolver, SchemaLocation
from schemalm.schema.sources import Schema

# Keywords with the draft that introduced them; before, they are annotations.
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
# Keywords that do not always bind; all others do, except beside `$ref` in old drafts.
CONDITIONAL = INTRODUCED.keys() | {"additionalItems", "format"}
# Keywords that a finite state cannot check.
GUARDED = frozenset({"uniqueItems"})
# The length of a value in messages.
MAX_VALUE_CHARACTERS = 80


class KeywordUse(NamedTuple):
    """One constraining keyword of the schema: `status` is construction, guard or annotation."""

    pointer: str
    keyword: str
    status: str


@dataclass(frozen=True, slots=True)
class Node:
    """A schema object with its JSON pointer, the resolver of its references, and its draft."""

    content: dict[str, Any]
    pointer: str
    resolver: Resolver
    draft: int

    def __contains__(self, keyword: str) -> bool:
        return keyword in self.content

    def __getitem__(self, keyword: str) -> Any:
        return self.content[keyword]

    def pointer_to(self, *path: str | int) -> str:
        """The JSON pointer of a part."""
        return self.pointer + pointer_to(path)


class Nodes:
    """Finds the objects of one schema; `formats`: "assert" if the keyword `format` binds."""

    def __init__(self, schema: Schema, formats: str) -> None:
        self.schema = schema
        self.formats = formats
        self.references = References(schema)

    def at(self, content: dict[str, Any], pointer: str, resolver: Resolver) -> Node:
        """The node at a pointer; raises SchemaError if a binding keyword has a value of the wrong form."""
        node = Node(content, pointer, resolver, self.references.drafts.of(content))
        for keyword, value in content.items():
            if keyword in FORMS and (fault := fault_of(keyword, value)) and self.binds(node, keyword):
                found = shortened(repr(value), MAX_VALUE_CHARACTERS)
                message = f"this is not a JSON Schema: {keyword} must be {fault}, found {found}"
                raise SchemaError(message, pointer=node.pointer_to(keyword), keyword=keyword)
        return node

    def inside(self, node: Node, *path: str | int) -> tuple[Any, str, Resolver]:
        """A schema inside a node: its content, its JSON pointer, and the resolver of its references."""
        content: Any = node.content
        for part in path:
            content = content[part]
        return content, node.pointer_to(*path), self.references.enter(content, node.resolver)

    def referenced(self, node: Node, keyword: str) -> SchemaLocation:
        """The target of the reference under a keyword; raises SchemaError if it is not a schema."""
        return self.references.resolve(keyword, node[keyword], node.pointer, node.resolver)

    def uses(self, node: Node) -> Iterator[KeywordUse]:
        """Yield the constraining keywords of a node."""
        for keyword in CONSTRAINING & node.content.keys():
            yield KeywordUse(f"{node.pointer}/{keyword}", keyword, self._status(node, keyword))

    def is_guarded(self, node: Node) -> bool:
        """Whether a node has a binding keyword that a finite state cannot check."""
        found = GUARDED & node.content.keys()
        return bool(found) and any(self._status(node, keyword) == "guard" for keyword in found)

    def _status(self, node: Node, keyword: str) -> str:
        if not self.binds(node, keyword):
            return "annotation"
        return "guard" if keyword in GUARDED and node[keyword] else "construction"

    def binds(self, node: Node, keyword: str) -> bool:
        """Whether a node has a keyword and the keyword constrains values."""
        content = node.content
        # Before 2019-09, keywords beside a `$ref` are ignored.
        if keyword not in content or (node.draft < DRAFT201909 and keyword != "$ref" and "$ref" in content):
            return False
        return keyword not in CONDITIONAL or not self._is_annotation(node, keyword)

    def _is_annotation(self, node: Node, keyword: str) -> bool:
        """Whether a keyword is an annotation because of the draft, a missing companion, or the setting of `formats`."""
        if keyword == "format":
            return self.formats == "annotate" or str(node["format"]) not in FORMATS
        if keyword in ("then", "else"):
            return node.draft < DRAFT7 or "if" not in node
        if keyword in ("minContains", "maxContains"):
            return node.draft < DRAFT201909 or "contains" not in node
        if keyword == "additionalItems":
            return not isinstance(node.content.get("items"), list)
        return INTRODUCED.get(keyword, 0) > node.draft
