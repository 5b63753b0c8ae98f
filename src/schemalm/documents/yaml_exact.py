"""YAML 1.2 text to a value, exactly and slowly: the authority wherever the bulk parser may be wrong.

`ruamel.yaml` scans and parses; its events, which carry lines and columns, are composed here by the YAML 1.2 core schema
(section 10.3 of the specification). Refused, each with its place: explicit tags, the plain merge key `<<`, keys that
are not strings, duplicate keys, several documents, no document, `.inf` and `.nan`, numbers beyond the range of a
double, surrogates, YAML versions other than 1.2, aliases of what is not complete, and what breaks a limit. Every
limit is kept while reading, so hostile text costs time linear in its length. About 0.3 MB/s: never for bulk.
Stricter than the specification in one place: `ruamel.yaml` takes no tab inside a plain scalar.
"""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.reader import ReaderError
from ruamel.yaml.scanner import Scanner, ScannerError

from schemalm.documents.json_reader import position_of
from schemalm.documents.limits import DocumentLimits
from schemalm.documents.values import MAX_INTEGER_DIGITS, JSONValue, scalar_fault
from schemalm.errors import DocumentError

NULL = re.compile(r"null|Null|NULL|~|")
BOOLEAN = re.compile(r"true|True|TRUE|false|False|FALSE")
INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_RADIX = {"0o": 8, "0x": 16}


def compose(text: str, limits: DocumentLimits, source: str = "") -> JSONValue:
    """Return the value of YAML text; raises `DocumentError` with line and column for all that is refused."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Scanner = _BoundedScanner
    composer = _Composer(limits, source)
    try:
        return composer.document(yaml.parse(text))
    except DocumentError:
        raise
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        message = error.problem or error.context or "not YAML"
        if message.startswith("expected '<document start>'"):
            message = "the document ended before this; only one document per text is read"
    except ReaderError as error:
        line, column = position_of(text, error.position)
        message = f"the character U+{ord(text[error.position]):04X} is not allowed in YAML"
    except Exception:  # the parser lets its own slips through: chr() of an escape out of range
        line, column = composer.position
        message = "the text after this place is not YAML"
    raise DocumentError(message, line=line, column=column, source=source)


def resolve_plain(text: str) -> JSONValue:
    """Return the value of a plain scalar under the YAML 1.2 core schema; infinities and NaN come back as floats."""
    if NULL.fullmatch(text):
        return None
    if BOOLEAN.fullmatch(text):
        return text[0] in "tT"
    if INTEGER.fullmatch(text):
        radix = _RADIX.get(text[:2])
        return int(text[2:], radix) if radix else int(text)
    if FLOAT.fullmatch(text):
        return float(text)
    if NOT_FINITE.fullmatch(text):
        return float(text.replace(".", ""))
    return text


class _BoundedScanner(Scanner):
    """A scanner that stops at tags and at deep flow nesting: both cost it time quadratic in their length."""

    def scan_tag(self) -> Any:
        raise ScannerError(
            problem="a tag (!...) is not supported: remove it, or quote the text", problem_mark=self.reader.get_mark()
        )

    def fetch_flow_collection_start(self, TokenClass: Any, to_push: str) -> None:  # noqa: N803
        # One level more than any document may have: the composer has the exact limit.
        if len(self.flow_context) > 128:
            raise ScannerError(problem="nested too deep", problem_mark=self.reader.get_mark())
        super().fetch_flow_collection_start(TokenClass, to_push)


@dataclass
class _Subtree:
    """A value with what it costs: nodes and characters with aliases expanded, and levels of containers."""

    value: JSONValue
    num_nodes: int = 1
    num_characters: int = 0
    height: int = 0


@dataclass
class _Open:
    """A list or mapping whose end has not come; `key` is the mapping's key that waits for its value."""

    tree: _Subtree
    anchor: str | None
    key: str | None = None


class _Composer:
    """Builds one value from parser events."""

    def __init__(self, limits: DocumentLimits, source: str) -> None:
        self.limits = limits
        self.source = source
        self.position = (1, 1)
        self.open: list[_Open] = []
        self.anchors: dict[str, _Subtree] = {}
        self.roots: list[JSONValue] = []
        self.num_documents = 0
        self.num_nodes = 0
        self.num_characters = 0

    def document(self, events: Iterable[Any]) -> JSONValue:
        for event in events:
            self.position = (event.start_mark.line + 1, event.start_mark.column + 1)
            handler = getattr(self, f"on_{type(event).__name__.removesuffix('Event').lower()}", None)
            if handler:
                handler(event)
        if not self.roots:
            self.position = (1, 1)
            self.refuse("the document is empty")
        return self.roots[0]

    def refuse(self, message: str) -> NoReturn:
        line, column = self.position
        raise DocumentError(message, line=line, column=column, source=self.source)

    def on_documentstart(self, event: Any) -> None:
        self.num_documents += 1
        if self.num_documents > 1:
            self.refuse("a second document begins; only one document per text is read")
        if event.version not in (None, (1, 2)):
            self.refuse("only YAML 1.2 is read; remove the %YAML directive")

    def on_alias(self, event: Any) -> None:
        target = self.anchors.get(event.anchor)
        if target is None:
            self.refuse(f"the alias *{event.anchor} stands for nothing that is complete before it")
        if len(self.open) + target.height > self.limits.max_depth:
            self.refuse(f"nested deeper than {self.limits.max_depth} levels after aliases are expanded")
        self.spend(target.num_nodes, target.num_characters)
        self.add(replace(target, value=copy.deepcopy(target.value)), f"what *{event.anchor} stands for")

    def on_scalar(self, event: Any) -> None:
        text = event.value
        is_plain = not event.style
        if is_plain and INTEGER.fullmatch(text) and len(text) > MAX_INTEGER_DIGITS:
            self.refuse(f"an integer of more than {MAX_INTEGER_DIGITS} digits")
        if is_plain and not text and not self.open:
            self.refuse("the document is empty")
        if is_plain and text == "<<" and self.expects_key():
            self.refuse("the merge key << is not supported; write the keys out, or quote it to mean a plain key")
        value = resolve_plain(text) if is_plain else text
        if isinstance(value, float) and math.isinf(value) and not NOT_FINITE.fullmatch(text):
            self.refuse(f"the number {text[:40]} is beyond the range of a double; quote it to mean a string")
        if fault := scalar_fault(value):
            self.refuse(fault)
        tree = _Subtree(value, num_nodes=0 if self.expects_key() else 1, num_characters=len(text))
        self.spend(tree.num_nodes, tree.num_characters)
        self.add(tree, text[:40] or "an empty key")
        self.remember(event.anchor, tree)

    def on_sequencestart(self, event: Any) -> None:
        self.open_container(event, [])

    def on_mappingstart(self, event: Any) -> None:
        self.open_container(event, {})

    def open_container(self, event: Any, value: JSONValue) -> None:
        if self.expects_key():
            self.refuse("a key must be a string, not a list or mapping")
        if len(self.open) >= self.limits.max_depth:
            self.refuse(f"nested deeper than {self.limits.max_depth} levels")
        self.spend(1, 0)
        self.open.append(_Open(_Subtree(value, height=1), event.anchor))

    def on_sequenceend(self, event: Any) -> None:
        closed = self.open.pop()
        self.add(closed.tree, "")
        self.remember(closed.anchor, closed.tree)

    on_mappingend = on_sequenceend

    def expects_key(self) -> bool:
        return bool(self.open) and isinstance(self.open[-1].tree.value, dict) and self.open[-1].key is None

    def add(self, tree: _Subtree, spelling: str) -> None:
        """Put a complete value where it belongs; `spelling` names it in case that is a key."""
        if not self.open:
            self.roots.append(tree.value)
            return
        parent = self.open[-1]
        parent.tree.num_nodes += tree.num_nodes
        parent.tree.num_characters += tree.num_characters
        parent.tree.height = max(parent.tree.height, tree.height + 1)
        container = parent.tree.value
        if isinstance(container, list):
            container.append(tree.value)
        elif isinstance(container, dict):
            if parent.key is None:
                parent.key = self.checked_key(tree.value, container, spelling)
            else:
                container[parent.key] = tree.value
                parent.key = None

    def checked_key(self, key: JSONValue, container: dict[str, JSONValue], spelling: str) -> str:
        if not isinstance(key, str):
            self.refuse(f"a key must be a string: quote {spelling}")
        if key in container:
            self.refuse(f"the key {key[:80]!r} is repeated in one mapping")
        return key

    def remember(self, anchor: str | None, tree: _Subtree) -> None:
        if anchor is not None:
            self.anchors[anchor] = tree

    def spend(self, num_nodes: int, num_characters: int) -> None:
        self.num_nodes += num_nodes
        self.num_characters += num_characters
        if self.num_nodes > self.limits.max_nodes or self.num_characters > self.limits.max_bytes:
            self.refuse(
                "more values or text than the limits allow, aliases expanded; raise max_nodes or max_bytes to read it"
            )
