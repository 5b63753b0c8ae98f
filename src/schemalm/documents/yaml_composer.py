"""Building one JSON value from the parts of a YAML text, by the YAML 1.2 core schema.

Refused, each with its offset: the plain merge key `<<` unless the caller enables it, keys that are not strings,
duplicate keys, several documents, no document, `.inf` and `.nan`, numbers beyond the range of a double, unpaired
surrogates, YAML versions other than 1.2, aliases of incomplete values, and everything over a limit. All limits are
enforced while reading.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn

from schemalm.documents import yaml_faults as faults
from schemalm.documents.core_schema import INTEGER, NOT_FINITE, resolve_plain
from schemalm.documents.limits import DocumentLimits
from schemalm.documents.values import MAX_INTEGER_DIGITS, JSONValue, scalar_fault
from schemalm.documents.yaml_faults import YAMLFault


@dataclass
class Expansion:
    """The sizes that aliases have added so far; the limits apply to all documents of a text together."""

    num_nodes: int = 0
    num_characters: int = 0


@dataclass(slots=True)
class Subtree:
    """A value with its size: nodes and characters after aliases are expanded, and levels of containers."""

    value: JSONValue
    num_nodes: int = 1
    num_characters: int = 0
    height: int = 0


@dataclass(slots=True)
class _Open:
    """A list or mapping that has not ended; `key` is the mapping's key whose value is still missing.

    `merged`: the mappings that `<<` names, None before `<<` is read; `is_merging`: they are read next.
    """

    tree: Subtree
    anchor: str | None
    key: str | None = None
    merged: list[JSONValue] | None = None
    is_merging: bool = False


class Composer:
    """Builds one value from the calls of the parser; `merge_keys` and `expansion` are those of `compose`.

    Everything refused raises a `YAMLFault` with the offset of the part at fault.
    """

    def __init__(self, limits: DocumentLimits, merge_keys: bool, expansion: Expansion) -> None:
        self.limits = limits
        self.merge_keys = merge_keys
        self.expansion = expansion
        self.offset = 0
        self.opened: list[_Open] = []
        self.anchors: dict[str, Subtree] = {}
        self.roots: list[JSONValue] = []
        self.num_documents = 0
        self.num_nodes = 0
        self.num_characters = 0

    def value(self) -> JSONValue:
        """Return the value of the only document."""
        if not self.roots:
            raise YAMLFault(faults.EMPTY, 0)
        return self.roots[0]

    def _refuse(self, message: str) -> NoReturn:
        raise YAMLFault(message, self.offset)

    def document(self, version: str | None, start: int) -> None:
        """Begin a document."""
        self.offset = start
        self.num_documents += 1
        if self.num_documents > 1:
            self._refuse(faults.ONE_DOCUMENT)
        if version not in (None, "1.2"):
            self._refuse(faults.VERSION)

    def alias(self, name: str, start: int) -> None:
        """Add a copy of the value that an alias names."""
        self.offset = start
        target = self.anchors.get(name)
        if target is None:
            self._refuse(faults.NO_ANCHOR.format(name[:80]))
        if len(self.opened) + target.height > self.limits.max_depth:
            self._refuse(faults.TOO_DEEP_BY_ALIASES.format(self.limits.max_depth))
        self._expand(target)
        copied = Subtree(_copy(target.value), target.num_nodes, target.num_characters, target.height)
        self.add(copied, f"the value of *{name}")

    def scalar(self, text: str, is_plain: bool, anchor: str | None, start: int) -> None:
        """Add a scalar."""
        self.offset = start
        is_key = self.expects_key()
        if is_plain:
            if is_key and text == "<<":
                self._begin_merge()
                return
            value = self._plain_value(text)
        else:
            value = text
        if fault := scalar_fault(value):
            self._refuse(fault)
        tree = Subtree(value, 0 if is_key else 1, len(text))
        self._spend(tree.num_nodes, tree.num_characters)
        self.add(tree, text[:40] or "an empty key")
        if anchor is not None:
            self.anchors[anchor] = tree

    def empty(self, anchor: str | None, start: int, after: int) -> None:
        """Add an omitted scalar: null as a value, an error as a key."""
        self.scalar("", True, anchor, after if anchor is None else start)

    def _plain_value(self, text: str) -> JSONValue:
        if len(text) > MAX_INTEGER_DIGITS and INTEGER.fullmatch(text):
            self._refuse(faults.TOO_MANY_DIGITS.format(MAX_INTEGER_DIGITS))
        if not text and not self.opened:
            self._refuse(faults.EMPTY)
        value = resolve_plain(text)
        if isinstance(value, float) and math.isinf(value) and not NOT_FINITE.fullmatch(text):
            self._refuse(faults.TOO_LARGE.format(text[:40]))
        return value

    def begin(self, is_mapping: bool, anchor: str | None, start: int, column: int | None) -> None:
        """Begin a mapping or list."""
        self.offset = start
        if self.expects_key():
            self._refuse(faults.NOT_A_KEY)
        if not is_mapping and self._is_among_merged():
            self._refuse(faults.NOT_MERGEABLE)
        if len(self.opened) >= self.limits.max_depth:
            self._refuse(faults.TOO_DEEP.format(self.limits.max_depth))
        self._spend(1, 0)
        if anchor is not None:
            self.anchors.pop(anchor, None)  # inside, the name refers to this value, which is incomplete
        self.opened.append(_Open(Subtree({} if is_mapping else [], height=1), anchor))

    def end(self, start: int) -> None:
        """End the innermost mapping or list."""
        self.offset = start
        closed = self.opened.pop()
        if closed.merged:
            closed.tree.value = merge(closed.merged, closed.tree.value)
        self.add(closed.tree, "")
        if closed.anchor is not None:
            self.anchors[closed.anchor] = closed.tree

    def expects_key(self) -> bool:
        """Return whether the next part is a key of a mapping."""
        innermost = self.opened[-1] if self.opened else None
        return (
            innermost is not None
            and isinstance(innermost.tree.value, dict)
            and innermost.key is None
            and not innermost.is_merging
        )

    def _begin_merge(self) -> None:
        if not self.merge_keys:
            self._refuse(faults.NO_MERGE)
        mapping = self.opened[-1]
        if mapping.merged is not None:
            self._refuse(faults.REPEATED_MERGE)
        self._spend(0, len("<<"))
        mapping.merged = []
        mapping.is_merging = True

    def _is_among_merged(self) -> bool:
        """Return whether the next value is an item of the list that `<<` names."""
        return len(self.opened) > 1 and self.opened[-2].is_merging

    def add(self, tree: Subtree, spelling: str) -> None:
        """Add a complete value to its container; `spelling` names it in messages if it is a key."""
        if not self.opened:
            self.roots.append(tree.value)
            return
        parent = self.opened[-1]
        container = parent.tree.value
        parent.tree.num_nodes += tree.num_nodes
        parent.tree.num_characters += tree.num_characters
        if parent.is_merging:
            self._end_merge(parent, tree)
            return
        parent.tree.height = max(parent.tree.height, tree.height + 1)
        if isinstance(container, list):
            if self._is_among_merged() and not isinstance(tree.value, dict):
                self._refuse(faults.NOT_MERGEABLE)
            container.append(tree.value)
        elif isinstance(container, dict):
            if parent.key is None:
                parent.key = self._checked_key(tree.value, container, spelling)
            else:
                container[parent.key] = tree.value
                parent.key = None

    def _end_merge(self, mapping: _Open, tree: Subtree) -> None:
        """Take the value of `<<`: a mapping or a list of mappings; their own levels do not count."""
        is_list = isinstance(tree.value, list)
        mapping.merged = tree.value if isinstance(tree.value, list) else [tree.value]
        if not all(isinstance(value, dict) for value in mapping.merged):
            self._refuse(faults.NOT_MERGEABLE)
        mapping.tree.height = max(mapping.tree.height, tree.height - is_list)
        mapping.is_merging = False

    def _checked_key(self, key: JSONValue, container: dict[str, JSONValue], spelling: str) -> str:
        if not isinstance(key, str):
            self._refuse(faults.NO_STRING.format(spelling))
        if key in container:
            self._refuse(faults.REPEATED.format(key[:80]))
        return key

    def _expand(self, target: Subtree) -> None:
        """Count the size that an alias adds, for this document and for all documents of the text."""
        self._spend(target.num_nodes, target.num_characters)
        self.expansion.num_nodes += target.num_nodes
        self.expansion.num_characters += target.num_characters
        self._check_limits(self.expansion.num_nodes, self.expansion.num_characters)

    def _spend(self, num_nodes: int, num_characters: int) -> None:
        self.num_nodes += num_nodes
        self.num_characters += num_characters
        self._check_limits(self.num_nodes, self.num_characters)

    def _check_limits(self, num_nodes: int, num_characters: int) -> None:
        if num_nodes > self.limits.max_nodes or num_characters > self.limits.max_bytes:
            self._refuse(faults.TOO_MUCH)


def _copy(value: JSONValue) -> JSONValue:
    if isinstance(value, dict):
        return {key: _copy(child) for key, child in value.items()}
    return [_copy(child) for child in value] if isinstance(value, list) else value


def merge(merged: Iterable[JSONValue], own: JSONValue) -> JSONValue:
    """Merge mappings: a mapping's own key has precedence over a merged one, an earlier one over a later one."""
    result: dict[str, JSONValue] = {}
    for mapping in merged:
        if isinstance(mapping, dict):
            for key, value in mapping.items():
                result.setdefault(key, value)
    if isinstance(own, dict):
        result.update(own)
    return result
