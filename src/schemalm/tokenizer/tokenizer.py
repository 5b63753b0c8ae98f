"""The typed tokenizer: converts values to token ids and back, under a grammar.

It combines a grammar with a vocabulary over the grammar's symbols and delegates all work: values to the encoder, token
ids to the decoder, masks and machines to the tables. One JSON file stores all of it: the schema, the key orders, the
whole values, the merges and the grammar states.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import repeat
from pathlib import Path
from typing import Any, Literal, overload

from schemalm.documents.partial import Partial
from schemalm.errors import ConfigurationError, DecodeError, InvalidDocument, LimitError
from schemalm.files.writing import write_atomically
from schemalm.grammar.grammar import Grammar
from schemalm.machine import Machine, Tables
from schemalm.machine.shared_tables import SharedTables
from schemalm.machine.vocabulary import BOS_ID, PAD_ID, Vocabulary
from schemalm.machine.warming import warm_tables
from schemalm.tokenizer.compiled_rules import CompiledRules
from schemalm.tokenizer.decoder import Decoder
from schemalm.tokenizer.encoder import Encoder
from schemalm.tokenizer.merge_engine import MergeEngine
from schemalm.tokenizer.parallel import Encoded, EncodeTask, encode_in_processes
from schemalm.tokenizer.parts import NO_STATES, GrammarStates, TokenizerParts
from schemalm.tokenizer.pretokenizer import MergeScope, Piece, Pretokenizer
from schemalm.tokenizer.sample import Sample, draw_sample
from schemalm.tokenizer.tokenizer_file import parts_from_json, parts_to_json, read_tokenizer_file
from schemalm.tokenizer.training import WHOLE_VALUES_SHARE, learn_parts


class Tokenizer:
    """Encodes values of one schema as token ids; create one with `train`, `from_grammar` or `load`."""

    def __init__(
        self,
        grammar: Grammar,
        vocabulary: Vocabulary | None = None,
        *,
        merge_scope: MergeScope = "word",
        states: GrammarStates = NO_STATES,
    ) -> None:
        """vocabulary: over the symbols of the grammar; by default these symbols alone, without merges."""
        self.grammar = grammar
        self.vocabulary = Vocabulary(grammar, (), ()) if vocabulary is None else vocabulary
        self.merge_scope = merge_scope
        self.states = states
        self.pretokenizer = Pretokenizer(grammar.symbols, merge_scope, self.vocabulary.whole_values)

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

        vocab_size: the maximum number of tokens. seed: chooses the documents to learn from if not all fit into memory
        (`sample`), and the documents whose grammar states are collected. sources: the source of each value, such as
        its repository, so that large sources do not dominate the vocabulary; by default each value is a source of its
        own. merge_scope: whether merges may join words ("value") or not ("word"). whole_values: the maximum share of
        the learned tokens that are whole strings, under the scope "word". Raises InvalidDocument for a value that
        breaks the schema, LimitError for a value that takes more work than the limits allow, ConfigurationError if
        vocab_size is too small.
        """
        sample = draw_sample(zip(values, repeat(None)) if sources is None else zip(values, sources, strict=True), seed)
        return cls.train_on_sample(grammar, sample, vocab_size, seed, merge_scope, whole_values)

    @classmethod
    def train_on_sample(
        cls,
        grammar: Grammar,
        sample: Sample,
        vocab_size: int,
        seed: int,
        merge_scope: MergeScope = "word",
        whole_values: float = WHOLE_VALUES_SHARE,
    ) -> Tokenizer:
        """Learns from a sample that has been drawn already; see `train`."""
        return cls._from_parts(learn_parts(grammar, sample, vocab_size, seed, merge_scope, whole_values))

    @classmethod
    def load(cls, path: str | Path) -> Tokenizer:
        """Reads a tokenizer file; raises DataError if it cannot be read or is not a tokenizer."""
        return cls.from_json(read_tokenizer_file(path), str(path))

    @classmethod
    def from_json(cls, text: bytes, name: str = "the text") -> Tokenizer:
        """Reads a tokenizer from a file's content; raises DataError, which calls it `name`, if it is no tokenizer."""
        return cls._from_parts(parts_from_json(text, name))

    @classmethod
    def _from_parts(cls, parts: TokenizerParts) -> Tokenizer:
        vocabulary = parts.vocabulary
        return cls(vocabulary.grammar, vocabulary, merge_scope=parts.merge_scope, states=parts.states)

    def save(self, path: str | Path) -> None:
        """Writes the tokenizer as one JSON file, schema included."""
        write_atomically(Path(path), self.to_json())

    def to_json(self) -> bytes:
        """The content of the tokenizer's file; equal tokenizers have equal bytes."""
        return parts_to_json(TokenizerParts(self.vocabulary, self.merge_scope, self.states))

    @property
    def digest(self) -> str:
        """The SHA-256 digest of the tokenizer file, in hexadecimal."""
        return hashlib.sha256(self.to_json()).hexdigest()

    @property
    def vocab_size(self) -> int:
        """The number of token ids."""
        return len(self.vocabulary)

    @property
    def pad_id(self) -> int:
        """The id that pads rows; no document contains it."""
        return PAD_ID

    @property
    def bos_id(self) -> int:
        """The id that may precede a document; no document contains it."""
        return BOS_ID

    def describe(self, token: int) -> str:
        """The symbols of a token in readable form, such as `KEY:uses 'actions/checkout@v4' OBJECT_END`."""
        return self.vocabulary.describe(token)

    # Each part is created on first use: decoding under a mask, for example, needs no encoder.

    @cached_property
    def _rules(self) -> CompiledRules:
        return CompiledRules(self.grammar)

    @cached_property
    def _engine(self) -> MergeEngine:
        return MergeEngine(self.vocabulary, self.pretokenizer)

    @cached_property
    def _encoder(self) -> Encoder[int]:
        return Encoder(self._rules, self._engine.tokens)

    @cached_property
    def _token_group_encoder(self) -> Encoder[tuple[int, ...]]:
        return Encoder(self._rules, self._engine.token_groups)

    @cached_property
    def _piece_encoder(self) -> Encoder[Piece]:
        return Encoder(self._rules, self.pretokenizer.pieces)

    @cached_property
    def _decoder(self) -> Decoder:
        return Decoder(self._rules, self.vocabulary)

    @cached_property
    def tables(self) -> Tables:
        """Masks and transitions; `machine` begins new ones when many documents have made these large."""
        return Tables(self.grammar, self.vocabulary)

    @cached_property
    def _shared_tables(self) -> SharedTables:
        return SharedTables(self.tables)

    def tables_with(self, prompt: Partial) -> Tables:
        """Masks and transitions of the documents that a prompt states; raises SchemaError if there are none."""
        return self._shared_tables.with_prompt(prompt)

    def encode(self, value: Any) -> list[int]:
        """The token ids of a value; raises InvalidDocument (pointer, keyword, message) if the schema refuses it.

        Raises LimitError if that takes more work than the limits allow.
        """
        return self._encoder.encode(value)

    def encode_beginning(self, symbols: Sequence[int], *, is_whole: bool) -> list[int]:
        """The token ids of symbols that are the beginning of several pieces, as `encode` merges them.

        is_whole: whether no merge joins the last symbol with what comes after. Otherwise the segments that may go on
        are left out.
        """
        pieces = self.pretokenizer.pieces_of("".join(map(self.grammar.symbols.characters.__getitem__, symbols)))
        if pieces and not is_whole:
            pieces += self.pretokenizer.certain_segments(pieces.pop())
        return [token for piece in pieces for token in self._engine.tokens_of(piece)]

    def encode_pieces(self, value: Any) -> list[tuple[int, ...]]:
        """The token ids of a value, grouped by piece; raises what `encode` raises."""
        return self._token_group_encoder.encode(value)

    def pieces(self, value: Any) -> list[Piece]:
        """The pieces of a value's derivation, before they are split into segments; raises what `encode` raises."""
        return self._piece_encoder.encode(value)

    def segments(self, value: Any) -> list[str]:
        """The segments of a value's derivation, one character per symbol; raises what `encode` raises."""
        return [segment for piece in self.pieces(value) for segment in self.pretokenizer.split(*piece)]

    @overload
    def encode_batch(
        self, values: Iterable[Any], on_error: Literal["raise"] = ..., *, workers: int = ...
    ) -> list[list[int]]: ...

    @overload
    def encode_batch(
        self, values: Iterable[Any], on_error: Literal["return"], *, workers: int = ...
    ) -> list[list[int] | InvalidDocument | LimitError]: ...

    def encode_batch(self, values: Iterable[Any], on_error: str = "raise", *, workers: int = 1) -> Any:
        """The token ids of each value; with on_error="return" a refused value's error takes the place of its ids.

        workers: the number of processes; 1 encodes in the current process. Raises what `encode` raises, and
        ConfigurationError if workers is less than 1.
        """
        if workers < 1:
            raise ConfigurationError(f"workers must be at least 1, got {workers}")
        found: Iterator[Encoded] = map(self._encode_or_error, values)
        if workers > 1:
            found = encode_in_processes(EncodeTask(Tokenizer.from_json, self.to_json()), values, workers)
        encoded = []
        for answer in found:
            if isinstance(answer, InvalidDocument | LimitError) and on_error == "raise":
                raise answer
            encoded.append(answer)
        return encoded

    def _encode_or_error(self, value: Any) -> Encoded:
        try:
            return self.encode(value)
        except (InvalidDocument, LimitError) as error:
            return error

    def decode(self, ids: Sequence[int]) -> Any:
        """The value of one complete document; raises DecodeError (position, message) for anything else.

        Raises LimitError if that takes more work than the limits allow.
        """
        return self._decoder.decode(ids)

    def decode_prefix(self, ids: Sequence[int]) -> Any:
        """The value of a document's beginning, which the machine's completion ends.

        Raises DecodeError (position, message) if no document begins with these ids, LimitError if that takes more work
        than the limits allow.
        """
        with self.grammar.budget.call("decode_prefix"):
            machine = self.machine()
            for position, token in enumerate(ids):
                try:
                    machine.advance(token)
                except ValueError as error:
                    raise DecodeError(str(error), position=position) from None
            return self.decode([*ids, *machine.completion()])

    def machine(self) -> Machine:
        """A new machine at the beginning of a document."""
        return Machine(self._shared_tables.current())

    def warm(self) -> None:
        """Computes the masks of the nonterminals that occur in training documents, most frequent first.

        This is optional: otherwise each mask is computed in a few milliseconds when a machine first needs it. A
        tokenizer that was not trained knows no such nonterminals.
        """
        warm_tables(self.tables, self.states.nonterminals)
