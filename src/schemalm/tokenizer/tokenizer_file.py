"""Tokenizer files: reads the file of any tokenizer, and converts typed tokenizers to JSON and back.

Files may be untrusted. A schema in a file is an object or a boolean, and rules extend no others; no string in a file is
used as a path or a name.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from schemalm.errors import DataError, SchemaError
from schemalm.files.typed_json import MAX_TOKENIZER_BYTES, CheckedFile, Count
from schemalm.grammar.grammar import Grammar
from schemalm.grammar.symbols import NUM_BYTES
from schemalm.limits import DEFAULT_LIMITS
from schemalm.machine.vocabulary import Vocabulary
from schemalm.messages.visible import visible_name
from schemalm.rules.rules import translate_with_rules
from schemalm.rules.rules_file import rules_of_value
from schemalm.schema.sources import schema_of_value
from schemalm.tokenizer.parts import GrammarStates, TokenizerParts
from schemalm.tokenizer.pretokenizer import MergeScope

FORMAT = 2
# Earlier versions could train tokenizers with this scope.
REMOVED_SCOPE = "derivation"
# Total characters of a vocabulary's spellings; each takes about a hundred times its size in memory.
MAX_SPELLED_SYMBOLS = 1 << 22

Spelling = Annotated[str, Meta(min_length=1)]


class States(msgspec.Struct, frozen=True):
    """The rows of a model's grammar-state embedding."""

    nonterminals: tuple[str, ...]
    paths: tuple[str, ...]


class TypedFile(msgspec.Struct, frozen=True):
    """The content of a typed tokenizer's file; raises `ValueError` if it contradicts itself."""

    kind: Literal["typed"]
    format: Literal[2]
    vocab_size: Count
    merge_scope: MergeScope
    formats: Literal["assert", "annotate"]
    symbols: list[str]
    key_orders: list[list[str]]
    whole_values: list[Spelling]
    merges: list[tuple[Spelling, Spelling]]
    states: States
    schema: dict[str, Any] | bool
    rules: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        for order in self.key_orders:
            if len(set(order)) < len(order):
                key = Counter(order).most_common(1)[0][0]
                raise ValueError(f"key_orders must not repeat a key in an order, found {visible_name(key)!r} twice")
        num_spelled = sum(map(len, self.whole_values)) + sum(len(a) + len(b) for a, b in self.merges)
        if num_spelled > MAX_SPELLED_SYMBOLS:
            raise ValueError(
                f"whole_values and merges must spell at most {MAX_SPELLED_SYMBOLS:,} symbols, found {num_spelled:,}"
            )


def tokenizer_file(path: str | Path) -> CheckedFile:
    """The file of a tokenizer, whose errors are DataError; a path that is a symbolic link is followed."""
    file = Path(path)
    if file.is_symlink():
        file = file.resolve()
    absent = f"cannot read the tokenizer {path}: there is no such file"
    advice = "`schemalm tokenizer train` makes one"
    return CheckedFile(file.parent, file.name, DataError, advice, absent, MAX_TOKENIZER_BYTES)


def read_tokenizer_file(path: str | Path) -> bytes:
    """The content of a tokenizer file; raises DataError if it cannot be read."""
    return tokenizer_file(path).content()


def parts_from_json(text: bytes, name: str) -> TokenizerParts:
    """Reads the parts of a typed tokenizer from its file's content; raises DataError, which calls it `name`."""
    file = tokenizer_file(name)
    content = file.load(text, TypedFile)
    if content.get("kind") != "typed" or content.get("format") != FORMAT:
        found = visible_name(f"kind {content.get('kind')!r} and format {content.get('format')!r}")
        raise DataError(f"{file.shown} has {found}, expected kind 'typed' and format {FORMAT}: train it again")
    if content.get("merge_scope") == REMOVED_SCOPE:
        raise DataError(
            f"{file.shown} has merge_scope {REMOVED_SCOPE!r}, which this version no longer supports: train it again"
        )
    described = file.convert(content, TypedFile)
    try:
        parts = _parts(described)
    except (ValueError, SchemaError, RecursionError) as error:
        raise DataError(f"{file.shown} is not a tokenizer file: {error}") from None
    if described.symbols != _symbol_names(parts.vocabulary.grammar):
        raise DataError(
            f"{file.shown} was written by a version that derives different symbols from the schema: train it again"
        )
    if described.vocab_size != len(parts.vocabulary):
        file.fail(f"expected {len(parts.vocabulary)}, found {described.vocab_size}", ("vocab_size",))
    return parts


def _parts(content: TypedFile) -> TokenizerParts:
    orders = {frozenset(order): tuple(order) for order in content.key_orders}
    schema = schema_of_value(content.schema, DEFAULT_LIMITS)
    file = None if content.rules is None else rules_of_value(content.rules)
    translation, rules = translate_with_rules(schema, file, content.formats, DEFAULT_LIMITS)
    grammar = Grammar(translation, orders, rules=rules)
    vocabulary = Vocabulary(grammar, content.whole_values, content.merges)
    states = GrammarStates(content.states.nonterminals, content.states.paths)
    return TokenizerParts(vocabulary, content.merge_scope, states)


def parts_to_json(parts: TokenizerParts) -> bytes:
    """The content of a typed tokenizer's file; equal parts have equal bytes."""
    vocabulary, grammar = parts.vocabulary, parts.vocabulary.grammar
    content = {
        "kind": "typed",
        "format": FORMAT,
        "vocab_size": len(vocabulary),
        "merge_scope": parts.merge_scope,
        "formats": grammar.formats,
        "symbols": _symbol_names(grammar),
        "key_orders": [list(order) for order in grammar.key_orders.values()],
        "whole_values": vocabulary.whole_values,
        "merges": vocabulary.merges,
        "states": {"nonterminals": parts.states.nonterminals, "paths": parts.states.paths},
        "schema": grammar.schema,
    }
    if grammar.rules is not None:  # a tokenizer without rules has the same bytes as in versions that knew none
        content["rules"] = grammar.rules.file.content()
    return json.dumps(content, separators=(",", ":")).encode()


def _symbol_names(grammar: Grammar) -> list[str]:
    return [str(symbol) for symbol in grammar.symbols.symbols[NUM_BYTES:]]
