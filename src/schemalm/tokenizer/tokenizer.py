"""The typed tokenizer: values to token ids and back, under a grammar.

`encode` writes a value as segments of symbols and merges inside them; `decode` accepts exactly whole derivations. What
the file holds, the tokenizer is: the schema, the key orders, the whole values and the merges, as one JSON file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from schemalm.errors import ConfigurationError, DataError, DecodeError, InvalidDocument, LimitError, SchemaError
from schemalm.files.writing import write_atomically
from schemalm.grammar.grammar import Grammar
from schemalm.grammar.symbols import END, KEY_END, NUM_BYTES
from schemalm.limits import DEFAULT_LIMITS
from schemalm.machine.derivation import Derivation, NotDerivableError
from schemalm.machine.vocabulary import BOS_ID, FIRST_SYMBOL_ID, PAD_ID, Vocabulary
from schemalm.schema.sources import schema_of_value
from schemalm.schema.translation import translate
from schemalm.tokenizer.engine import MergeEngine
from schemalm.tokenizer.expansions import Expansions, RefusedError
from schemalm.tokenizer.linearization import Linearizer
from schemalm.tokenizer.parallel import encode_in_processes
from schemalm.tokenizer.reading import Reader
from schemalm.tokenizer.segmentation import Cutter, Kind, MergeScope, Stretch
from schemalm.tokenizer.tokenizer_file import FORMAT, TypedFile, read_tokenizer_file, tokenizer_file
from schemalm.tokenizer.writing import CUT, Find, JoinedWriting, Memory, Writing

if TYPE_CHECKING:
    from schemalm.machine import Machine, Tables

T = TypeVar("T")

# Of the learned tokens, those that are whole strings: at most so many.
WHOLE_VALUES_SHARE = 0.15


@dataclass(frozen=True)
class GrammarStates:
    """Which nonterminals (by label) and paths the training corpus has: rows of a model's grammar-state embedding.

    Row 0 stands for everything else; nonterminals follow, then paths.
    """

    nonterminals: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()

    @property
    def num_states(self) -> int:
        """Rows of the embedding."""
        return 1 + len(self.nonterminals) + len(self.paths)

    def rows(self) -> tuple[dict[str, int], dict[str, int]]:
        """The row of each known nonterminal label, and of each known path."""
        nonterminals = {label: row for row, label in enumerate(self.nonterminals, start=1)}
        return nonterminals, {path: row for row, path in enumerate(self.paths, start=1 + len(self.nonterminals))}


class Tokenizer:
    """Encodes values of one schema as token ids; made by `train`, `from_grammar` or `load`."""

    def __init__(
        self,
        grammar: Grammar,
        *,
        merge_scope: MergeScope = "word",
        whole_values: Sequence[str] = (),
        merges: Sequence[tuple[str, str]] = (),
        states: GrammarStates = GrammarStates(),
    ) -> None:
        self.grammar = grammar
        self.merge_scope = merge_scope
        self.vocabulary = Vocabulary(grammar, whole_values, merges)
        self.states = states
        end, key_end = (grammar.symbols.characters[grammar.symbols.ids[symbol]] for symbol in (END, KEY_END))
        self._whole_values = {spelling: self.vocabulary.ids[spelling] for spelling in whole_values}
        self.cutter = Cutter(merge_scope, frozenset(whole_values), end, key_end)

    # Each of these is made when it is first asked for: who decodes under a mask encodes nothing.

    @cached_property
    def _expansions(self) -> Expansions:
        return Expansions(self.grammar)

    @cached_property
    def _reader(self) -> Reader:
        return Reader(self._expansions, self.vocabulary)

    @cached_property
    def _engine(self) -> MergeEngine:
        return MergeEngine(self.vocabulary, self.cutter.pattern)

    @cached_property
    def _write_stretches(self) -> Callable[[Any], list[Stretch]]:
        return self._writer_of(self._stretch)

    @cached_property
    def _write_tokens(self) -> Callable[[Any], list[int]]:
        return self._writer_of(self.tokens_of)

    @cached_property
    def _write_token_pieces(self) -> Callable[[Any], list[tuple[int, ...]]]:
        return self._writer_of(lambda kind, text: (tokens,) if (tokens := self.tokens_of(kind, text)) else ())

    def _writer_of(self, find: Find[T]) -> Callable[[Any], list[T]]:
        """Writes values as what `find` gives for each of their stretches."""
        if self.merge_scope != "derivation":
            return self.writer(Writing(find))
        # Contents and the structure around them are one stretch.
        joined = self.writer(JoinedWriting(self.cutter))
        found: Memory[T] = Memory(partial(find, "structure"))
        return lambda value: [item for spelling in "".join(joined(value)).split(CUT) for item in found[spelling]]

    def writer(self, writing: Writing[T]) -> Callable[[Any], list[T]]:
        """A function that writes values as `writing` says; it raises as `encode` does."""
        return Linearizer(self._expansions, writing).write

    @classmethod
    def from_grammar(cls, grammar: Grammar) -> Tokenizer:
        """A tokenizer whose tokens are the grammar's symbols."""
        return cls(grammar)

    @classmethod
    def train(
        cls,
        grammar: Grammar,
        values: Iterable[Any],
        vocab_size: int = 8192,
        seed: int = 0,
        *,
        sources: Iterable[str] | None = None,
        merge_scope: MergeScope = "word",
        whole_values: float = WHOLE_VALUES_SHARE,
    ) -> Tokenizer:
        """Learns key orders, whole values and merges from valid values.

        sources: where each value comes from (its repository), so that large sources do not own the vocabulary; without
        it every value counts as a source of its own. merge_scope: how far merges reach. whole_values: the share of
        the learned tokens that are whole strings, at most, under the scope "word". seed: draws the documents that are
        learned from where there are too many for the memory (`sample`), and those that give the grammar states.
        Raises InvalidDocument for a value that breaks the schema, LimitError for one that takes more work than the
        limits admit, ConfigurationError for too small a vocab_size.
        """
        from schemalm.tokenizer.sample import draw_sample  # noqa: PLC0415
        from schemalm.tokenizer.training import train_tokenizer  # noqa: PLC0415

        sample = draw_sample(zip(values, repeat(None)) if sources is None else zip(values, sources, strict=True), seed)
        return train_tokenizer(grammar, sample, vocab_size, seed, merge_scope, whole_values)

    @classmethod
    def load(cls, path: str | Path) -> Tokenizer:
        """Reads a tokenizer file; raises DataError where it is none."""
        return cls.from_json(read_tokenizer_file(path), str(path))

    @classmethod
    def from_json(cls, text: bytes, name: str = "the text") -> Tokenizer:
        """The tokenizer of a file's content; raises DataError, which calls it `name`, where it is none."""
        file = tokenizer_file(name)
        content = file.load(text, TypedFile)
        if content.get("kind") != "typed" or content.get("format") != FORMAT:
            raise DataError(f"{file.shown} is no typed tokenizer of format {FORMAT}: train it again")
        described = file.convert(content, TypedFile)
        try:
            tokenizer = cls._described(described)
        except (ValueError, SchemaError, RecursionError) as error:
            raise DataError(f"{file.shown} is no tokenizer file: {error}") from None
        if described.symbols != _names_of_symbols(tokenizer.grammar):
            raise DataError(
                f"{file.shown} was made by a version that derives other symbols from its schema: train it again"
            )
        if described.vocab_size != tokenizer.vocab_size:
            file.fail(f"expected {tokenizer.vocab_size}, found {described.vocab_size}", ("vocab_size",))
        return tokenizer

    @classmethod
    def _described(cls, content: TypedFile) -> Tokenizer:
        orders = {frozenset(order): tuple(order) for order in content.key_orders}
        schema = schema_of_value(content.schema, DEFAULT_LIMITS)
        return cls(
            Grammar(translate(schema, content.formats, DEFAULT_LIMITS), orders),
            merge_scope=content.merge_scope,
            whole_values=content.whole_values,
            merges=content.merges,
            states=GrammarStates(content.states.nonterminals, content.states.paths),
        )

    def save(self, path: str | Path) -> None:
        """Writes the tokenizer as one JSON file, schema included."""
        write_atomically(Path(path), self.to_json())

    def to_json(self) -> bytes:
        """The file's content: equal tokenizers give equal bytes."""
        content = {
            "kind": "typed",
            "format": FORMAT,
            "vocab_size": self.vocab_size,
            "merge_scope": self.merge_scope,
            "formats": self.grammar.formats,
            "symbols": _names_of_symbols(self.grammar),
            "key_orders": [list(order) for order in self.grammar.key_orders.values()],
            "whole_values": self.vocabulary.whole_values,
            "merges": self.vocabulary.merges,
            "states": {"nonterminals": self.states.nonterminals, "paths": self.states.paths},
            "schema": self.grammar.schema,
        }
        return json.dumps(content, separators=(",", ":")).encode()

    @property
    def digest(self) -> str:
        """SHA-256 of the tokenizer file, hexadecimal."""
        return hashlib.sha256(self.to_json()).hexdigest()

    @property
    def vocab_size(self) -> int:
        """How many token ids there are."""
        return len(self.vocabulary)

    @property
    def pad_id(self) -> int:
        """The id that fills rows; no document contains it."""
        return PAD_ID

    @property
    def bos_id(self) -> int:
        """The id that may stand before a document; no document contains it."""
        return BOS_ID

    def stretches(self, value: Any) -> list[Stretch]:
        """A value's derivation in the stretches that are cut into segments; raises as `encode` does."""
        return self._write_stretches(value)

    def segments(self, value: Any) -> list[str]:
        """The segments of a value's derivation, one character per symbol; raises as `encode` does."""
        return [segment for stretch in self.stretches(value) for segment in self.cutter.cut(*stretch)]

    def encode(self, value: Any) -> list[int]:
        """The token ids of a value; raises InvalidDocument (pointer, keyword, message) where the schema refuses it.

        Raises LimitError where that takes more work than the limits admit.
        """
        return self._write_tokens(value)

    def encode_pieces(self, value: Any) -> list[tuple[int, ...]]:
        """The token ids of a value by pieces: texts, and the structure before each; raises as `encode` does."""
        return self._write_token_pieces(value)

    @overload
    def encode_batch(
        self, values: Iterable[Any], on_error: Literal["raise"] = ..., *, workers: int = ...
    ) -> list[list[int]]: ...

    @overload
    def encode_batch(
        self, values: Iterable[Any], on_error: Literal["return"], *, workers: int = ...
    ) -> list[list[int] | InvalidDocument | LimitError]: ...

    def encode_batch(self, values: Iterable[Any], on_error: str = "raise", *, workers: int = 1) -> Any:
        """The token ids of each value; with on_error="return" the error in place of a refused value's ids.

        workers: how many processes share the work; 1 encodes in this one. Raises ConfigurationError for less.
        """
        if workers < 1:
            raise ConfigurationError(f"workers must be at least 1, got {workers}")
        found = encode_in_processes(self, values, workers) if workers > 1 else map(self._encode_or_error, values)
        encoded = []
        for answer in found:
            if isinstance(answer, InvalidDocument | LimitError) and on_error == "raise":
                raise answer
            encoded.append(answer)
        return encoded

    def _encode_or_error(self, value: Any) -> list[int] | InvalidDocument | LimitError:
        try:
            return self.encode(value)
        except (InvalidDocument, LimitError) as error:
            return error

    def _stretch(self, kind: Kind, text: str) -> tuple[Stretch, ...]:
        """The stretch itself, unless it is empty; raises UnicodeEncodeError for what is no text."""
        return (Stretch(kind, text),) if self.cutter.spell(kind, text) else ()

    def tokens_of(self, kind: Kind, text: str) -> tuple[int, ...]:
        """The token ids of a stretch; raises UnicodeEncodeError for what is no text."""
        spelling = self.cutter.spell(kind, text)
        whole = self._whole_values.get(spelling)
        return self._engine.tokens(spelling) if whole is None else (whole,)

    def decode(self, ids: Sequence[int]) -> Any:
        """The value of one whole document; raises DecodeError (position, message) for anything else."""
        with self.grammar.budget.call("decode"):
            try:
                return self._reader.read(ids)
            except RefusedError:
                derivation = self._derive(ids)
        if not derivation.is_complete:
            raise DecodeError(f"the document is not whole after {len(ids)} tokens", position=len(ids))
        return derivation.value

    def decode_prefix(self, ids: Sequence[int]) -> Any:
        """The value of a document's beginning, ended by the machine's completion.

        Raises DecodeError where no document begins so, LimitError where that takes more work than the limits admit.
        """
        with self.grammar.budget.call("decode_prefix"):
            machine = self.machine()
            for position, token in enumerate(ids):
                try:
                    machine.advance(token)
                except ValueError as error:
                    raise DecodeError(str(error), position=position) from None
            return self.decode([*ids, *machine.completion()])

    def _derive(self, ids: Sequence[int]) -> Derivation:
        derivation = Derivation(self.grammar)
        for position, token in enumerate(ids):
            if not FIRST_SYMBOL_ID <= token < self.vocab_size:
                raise DecodeError(f"{token} is no token of a document", position=position)
            try:
                for symbol in self.vocabulary.symbols[token]:
                    derivation.push(symbol)
            except NotDerivableError as error:
                raise DecodeError(f"after {position} of {len(ids)} tokens: {error}", position=position) from None
        return derivation

    def describe(self, token: int) -> str:
        """The token's symbols for people: `KEY:uses 'actions/checkout@v4' OBJECT_END`."""
        return self.vocabulary.describe(token)

    @cached_property
    def tables(self) -> Tables:
        """Masks and transitions, shared by all machines of this tokenizer."""
        from schemalm.machine import Tables  # noqa: PLC0415

        return Tables(self.grammar, self.vocabulary)

    def warm(self) -> None:
        """Fills ahead the masks of the nonterminals that training documents pass through, most frequent first.

        Masks are the same with and without it: without, each is filled when a machine first asks for it, in a few
        milliseconds. A tokenizer that was not trained knows no such nonterminals.
        """
        from schemalm.machine.warming import warm_tables  # noqa: PLC0415

        warm_tables(self.tables, self.states.nonterminals)

    def machine(self) -> Machine:
        """A machine at the beginning of a document."""
        from schemalm.machine import Machine  # noqa: PLC0415

        return Machine(self.tables)


def _names_of_symbols(grammar: Grammar) -> list[str]:
    return [str(symbol) for symbol in grammar.symbols.symbols[NUM_BYTES:]]
