"""Masks for models of text: the logits of any model with a byte-level tokenizer, under a JSON Schema.

The text is compact JSON with the keys in the schema's order (`text_machine`). What a machine follows of a row begins
after the tokens that were given to `generate`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import LogitsProcessor

from schemalm.compilation import compile_schema
from schemalm.errors import ConfigurationError, DecodeError
from schemalm.export.row_memory import RowMemory
from schemalm.generation.prompts import prompt_tables
from schemalm.grammar.grammar import Grammar
from schemalm.integrations.transformers.byte_tokens import token_bytes
from schemalm.machine.mask_tensors import unpack_masks
from schemalm.text_machine import ByteVocabulary, TextMachine, TextTables
from schemalm.tokenizer import Tokenizer

_Schema = dict[str, Any] | bool | str | Path


class _FollowedText:
    """A text after the given tokens; what follows its end is not read.

    is_broken: whether the masks forbid a token. Beam search asks about such rows, but never chooses them.
    """

    def __init__(self, machine: TextMachine, end: int) -> None:
        self.machine, self._end = machine, end
        self.is_over = self.is_broken = False

    def take(self, token: int) -> None:
        if token == self._end or self.is_over:
            self.is_over = True
            return
        try:
            self.machine.advance(token)
        except ValueError:
            self.is_over = self.is_broken = True


class SchemaLogitsProcessor(LogitsProcessor):  # type: ignore[misc]
    """Admits only tokens after which the text is the beginning of a valid document; the end where it is one.

    One processor serves one call of `generate`, or several with prompts of the same length: `reset` begins anew.
    """

    def __init__(self, schema: _Schema | Grammar, tokenizer: Any, *, prompt: Any = None, beginning: str = "") -> None:
        """schema: a schema, or a grammar that was compiled without rules.

        tokenizer: a fast byte-level tokenizer with an end of text. prompt: a partial value that the document must have,
        as in `schemalm.generate`. beginning: compact JSON that the given tokens end with; the document continues it.
        Raises SchemaError for the schema, PromptError for the prompt, DecodeError (position in bytes) if no document
        begins with `beginning`, and ConfigurationError for another tokenizer or a grammar with rules.
        """
        if tokenizer.eos_token_id is None:
            raise ConfigurationError("the tokenizer has no end of text: set its eos_token")
        grammar = schema if isinstance(schema, Grammar) else compile_schema(schema, rules=None)
        if prompt is not None:
            tables = prompt_tables(Tokenizer.from_grammar(grammar), prompt)
            assert tables is not None
            grammar = tables.grammar
        self._end: int = tokenizer.eos_token_id
        tables_of_text = TextTables(grammar, ByteVocabulary(token_bytes(tokenizer)))
        self._start = TextMachine(tables_of_text)
        self._beginning = text = beginning.encode()
        num_read = self._start.read(text)
        if num_read < len(text):
            raise DecodeError(
                f"no document of the schema begins so: {text[: num_read + 1].decode(errors='replace')[-40:]!r}",
                position=num_read,
            )
        self.reset()

    def reset(self) -> None:
        """Forget where the given tokens end, before a call of `generate` with others."""
        self._num_given: int | None = None
        begin: Callable[[], _FollowedText] = lambda: _FollowedText(self._start.copy(), self._end)  # noqa: E731
        self._texts = RowMemory(begin)

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Return scores in which forbidden tokens have minus infinity; raises ValueError if no row keeps the masks."""
        if self._num_given is None:
            self._num_given = input_ids.shape[1]
        followed = self._texts.at(input_ids[:, self._num_given :].tolist())
        if all(text.is_broken for text in followed):
            raise ValueError("no document of the schema begins with what these rows have after the given tokens")
        packed = torch.stack([torch.from_numpy(text.machine.mask()) for text in followed])
        admitted = torch.zeros(scores.shape, dtype=torch.bool)
        vocab_size = self._start.tables.trie.vocab_size
        admitted[:, :vocab_size] = unpack_masks(packed, vocab_size)
        for row, text in enumerate(followed):
            if text.is_over:
                admitted[row] = False
            admitted[row, self._end] = text.is_over or text.machine.is_complete
        return scores.masked_fill(~admitted.to(scores.device), float("-inf"))

    def document(self, tokens: Sequence[int]) -> str:
        """Return the document of a row as JSON, `beginning` included; one that was cut off is ended.

        tokens: those after the given ones; from the end of text on, they are ignored. Raises ValueError if the masks
        forbid them.
        """
        followed, text = _FollowedText(self._start.copy(), self._end), bytearray(self._beginning)
        for token in tokens:
            followed.take(token)
            if followed.is_broken:
                raise ValueError(f"the masks forbid the token {token} after {text.decode(errors='replace')[-40:]!r}")
            text += b"" if followed.is_over else followed.machine.tables.trie.tokens[token]
        if not followed.machine.is_complete:
            text += followed.machine.ending()
        return text.decode()
