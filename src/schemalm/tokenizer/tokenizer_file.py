"""Tokenizer files: their types, how they are read, and what the file of a typed tokenizer holds.

A file may be anybody's. A schema in it is an object or a boolean: no text of a file is ever taken for a path or a name.
"""

from __future__ import annotations

import json
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
from schemalm.schema.sources import schema_of_value
from schemalm.schema.translation import translate
from schemalm.tokenizer.parts import GrammarStates, TokenizerParts
from schemalm.tokenizer.pretokenizer import MergeScope

FORMAT = 2
# A scope that tokenizers could once be trained with.
REMOVED_SCOPE = "derivation"
# Characters that all spellings of a vocabulary have together: each takes memory some hundred times its size.
MAX_SPELLED = 1 << 22

Spelling = Annotated[str, Meta(min_length=1)]


class States(msgspec.Struct, frozen=True):
    """The rows of a model's grammar-state embedding."""

    nonterminals: tuple[str, ...]
    paths: tuple[str, ...]


class TypedFile(msgspec.Struct, frozen=True):
    """What the file of a typed tokenizer holds; raises `ValueError` where that contradicts itself."""

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

    def __post_init__(self) -> None:
        if any(len(set(order)) < len(order) for order in self.key_orders):
            raise ValueError("key_orders must list each key once in an order")
        num_spelled = sum(map(len, self.whole_values)) + sum(len(a) + len(b) for a, b in self.merges)
        if num_spelled > MAX_SPELLED:
            raise ValueError(
                f"whole_values and merges must spell at most {MAX_SPELLED:,} symbols, found {num_spelled:,}"
            )


def tokenizer_file(path: str | Path) -> CheckedFile:
    """The file of a tokenizer, whose errors are DataError; the path itself may be a link, for a user named it."""
    file = Path(path)
    if file.is_symlink():
        file = file.resolve()
    absent = f"cannot read the tokenizer {path}: there is no such file"
    advice = "`schemalm tokenizer train` makes one"
    return CheckedFile(file.parent, file.name, DataError, advice, absent, MAX_TOKENIZER_BYTES)


def read_tokenizer_file(path: str | Path) -> bytes:
    """The content of a tokenizer file; raises DataError where it cannot be read."""
    return tokenizer_file(path).content()


def typed_parts(text: bytes, name: str) -> TokenizerParts:
    """The parts of a typed tokenizer from its file's content; raises DataError, which calls it `name`."""
    file = tokenizer_file(name)
    content = file.load(text, TypedFile)
    if content.get("kind") != "typed" or content.get("format") != FORMAT:
        raise DataError(f"{file.place} is no typed tokenizer of format {FORMAT}: train it again")
    if content.get("merge_scope") == REMOVED_SCOPE:
        raise DataError(
            f'{file.place} has merges over whole derivations (merge_scope "{REMOVED_SCOPE}"), which this version does '
            "not have any more: train it again"
        )
    described = file.convert(content, TypedFile)
    try:
        parts = _parts(described)
    except (ValueError, SchemaError, RecursionError) as error:
        raise DataError(f"{file.place} is no tokenizer file: {error}") from None
    if described.symbols != _names_of_symbols(parts.vocabulary.grammar):
        raise DataError(
            f"{file.place} was made by a version that derives other symbols from its schema: train it again"
        )
    if described.vocab_size != len(parts.vocabulary):
        file.fail(f"expected {len(parts.vocabulary)}, found {described.vocab_size}", ("vocab_size",))
    return parts


def _parts(content: TypedFile) -> TokenizerParts:
    orders = {frozenset(order): tuple(order) for order in content.key_orders}
    grammar = Grammar(
        translate(schema_of_value(content.schema, DEFAULT_LIMITS), content.formats, DEFAULT_LIMITS), orders
    )
    vocabulary = Vocabulary(grammar, content.whole_values, content.merges)
    states = GrammarStates(content.states.nonterminals, content.states.paths)
    return TokenizerParts(vocabulary, content.merge_scope, states)


def typed_content(parts: TokenizerParts) -> bytes:
    """The content of a typed tokenizer's file: equal parts give equal bytes."""
    vocabulary, grammar = parts.vocabulary, parts.vocabulary.grammar
    content = {
        "kind": "typed",
        "format": FORMAT,
        "vocab_size": len(vocabulary),
        "merge_scope": parts.merge_scope,
        "formats": grammar.formats,
        "symbols": _names_of_symbols(grammar),
        "key_orders": [list(order) for order in grammar.key_orders.values()],
        "whole_values": vocabulary.whole_values,
        "merges": vocabulary.merges,
        "states": {"nonterminals": parts.states.nonterminals, "paths": parts.states.paths},
        "schema": grammar.schema,
    }
    return json.dumps(content, separators=(",", ":")).encode()


def _names_of_symbols(grammar: Grammar) -> list[str]:
    return [str(symbol) for symbol in grammar.symbols.symbols[NUM_BYTES:]]
