"""The typed tokenizer: values to token ids and back, under a grammar.

It is made of a grammar and a vocabulary over its symbols, and hands all work on: values to the encoder, token ids to
the decoder, masks and machines to the tables. What the file holds, the tokenizer is: the schema, the key orders, the
whole values and the merges, as one JSON file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import repeat
from pathlib import Path
from typing import Any, Literal, overload

from schemalm.errors import ConfigurationError, DecodeError, InvalidDocument, LimitError
from schemalm.files.writing import write_atomically
from schemalm.grammar.grammar import Grammar
from schemalm.machine import Machine, Tables
from schemalm.machine.vocabulary import BOS_ID, PAD_ID, Vocabulary
from schemalm.machine.warming import warm_tables
from schemalm.tokenizer.compiled_rules import CompiledRules
from schemalm.tokenizer.decoder import Decoder
from schemalm.tokenizer.encoder import Encoder
from schemalm.tokenizer.engine import MergeEngine
from schemalm.tokenizer.parallel import Encoded, EncodeTask, encode_in_processes
from schemalm.tokenizer.parts import NO_STATES, GrammarStates, TokenizerParts
from schemalm.tokenizer.pretokenizer import MergeScope, Piece, Pretokenizer
from schemalm.tokenizer.sample import Sample, draw_sample
from schemalm.tokenizer.tokenizer_file import read_tokenizer_file, typed_content, typed_parts
from schemalm.tokenizer.training import WHOLE_VALUES_SHARE, learn_parts


class Tokenizer:
    """Encodes values of one schema as token ids; made by `train`, `from_grammar` or `load`."""

    def __init__(
        self,
        grammar: Grammar,
        vocabulary: Vocabulary | None = None,
        *,
        merge_scope: MergeScope = "word",
        states: GrammarStates = NO_STATES,
    ) -> None:
        """`vocabulary`: over the symbols of the grammar, and none but these by default."""
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

        sources: where each value comes from (its repository), so that large sources do not own the vocabulary; without
        it every value counts as a source of its own. merge_scope: how far merges reach. whole_values: the share of
        the learned tokens that are whole strings, at most, under the scope "word". seed: draws the documents that are
        learned from where there are too many for the memory (`sample`), and those that give the grammar states.
        Raises InvalidDocument for a value that breaks the schema, LimitError for one that takes more work than the
        limits admit, ConfigurationError for too small a vocab_size.
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
        """Learns from a sample that is already drawn; see `train`."""
        return cls._of(learn_parts(grammar, sample, vocab_size, seed, merge_scope, whole_values))

    @classmethod
    def load(cls, path: str | Path) -> Tokenizer:
        """Reads a tokenizer file; raises DataError where it is none."""
        return cls.from_json(read_tokenizer_file(path), str(path))

    @classmethod
    def from_json(cls, text: bytes, name: str = "the text") -> Tokenizer:
        """The tokenizer of a file's content; raises DataError, which calls it `name`, where it is none."""
        return cls._of(typed_parts(text, name))

    @classmethod
    def _of(cls, parts: TokenizerParts) -> Tokenizer:
        vocabulary = parts.vocabulary
        return cls(vocabulary.grammar, vocabulary, merge_scope=parts.merge_scope, states=parts.states)

    def save(self, path: str | Path) -> None:
        """Writes the tokenizer as one JSON file, schema included."""
        write_atomically(Path(path), self.to_json())

    def to_json(self) -> bytes:
        """The file's content: equal tokenizers give equal bytes."""
        return typed_content(TokenizerParts(self.vocabulary, self.merge_scope, self.states))

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

    def describe(self, token: int) -> str:
        """The token's symbols for people: `KEY:uses 'actions/checkout@v4' OBJECT_END`."""
        return self.vocabulary.describe(token)

    # Each part is made when it is first asked for: who decodes under a mask encodes nothing.

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
    def _token_piece_encoder(self) -> Encoder[tuple[int, ...]]:
        return Encoder(self._rules, self._engine.token_pieces)

    @cached_property
    def _piece_encoder(self) -> Encoder[Piece]:
        return Encoder(self._rules, self.pretokenizer.pieces)

    @cached_property
    def _decoder(self) -> Decoder:
        return Decoder(self._rules, self.vocabulary)

    @cached_property
    def tables(self) -> Tables:
        """Masks and transitions, shared by all machines of this tokenizer."""
        return Tables(self.grammar, self.vocabulary)

    def encode(self, value: Any) -> list[int]:
        """The token ids of a value; raises InvalidDocument (pointer, keyword, message) where the schema refuses it.

        Raises LimitError where that takes more work than the limits admit.
        """
        return self._encoder.encode(value)

    def encode_pieces(self, value: Any) -> list[tuple[int, ...]]:
        """The token ids of a value, those of each piece together; raises as `encode` does."""
        return self._token_piece_encoder.encode(value)

    def pieces(self, value: Any) -> list[Piece]:
        """The pieces of a value's derivation, which are split into segments; raises as `encode` does."""
        return self._piece_encoder.encode(value)

    def segments(self, value: Any) -> list[str]:
        """The segments of a value's derivation, one character per symbol; raises as `encode` does."""
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
        """The token ids of each value; with on_error="return" the error instead of a refused value's ids.

        workers: how many processes share the work; 1 encodes in this one. Raises ConfigurationError for less.
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
        """The value of one whole document; raises DecodeError (position, message) for anything else.

        Raises LimitError where that takes more work than the limits admit.
        """
        return self._decoder.decode(ids)

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

    def machine(self) -> Machine:
        """A machine at the beginning of a document."""
        return Machine(self.tables)

    def warm(self) -> None:
        """Fills ahead the masks of the nonterminals that training documents pass through, most frequent first.

        Masks are the same with and without it: without, each is filled when a machine first asks for it, in a few
        milliseconds. A tokenizer that was not trained knows no such nonterminals.
        """
        warm_tables(self.tables, self.states.nonterminals)
