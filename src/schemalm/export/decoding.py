"""Masks and the end of documents for `generate` of `transformers`, for models over a SchemaLM tokenizer.

Both read rows: the position token 0, then the tokens of a document. Once a document is whole, its row is filled with 0,
which no document contains.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import LogitsProcessor, StoppingCriteria

from schemalm.errors import GuardError, LimitError
from schemalm.export.row_memory import FollowedDocument, RowMemory
from schemalm.generation.in_progress import completed
from schemalm.tokenizer import Tokenizer


class DocumentLogitsProcessor(LogitsProcessor):  # type: ignore[misc]
    """Admits only tokens after which a valid document exists."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._documents = RowMemory(lambda: FollowedDocument(tokenizer.machine()))

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Return scores in which forbidden tokens have minus infinity; raises ValueError if no row is a document."""
        followed = self._documents.at(input_ids.tolist())
        if all(document.is_broken for document in followed):
            raise ValueError("no document of the schema begins with these rows")
        admitted = torch.stack([torch.from_numpy(self._mask(document)) for document in followed])
        return scores.masked_fill(~admitted.to(scores.device), float("-inf"))

    def _mask(self, document: FollowedDocument) -> Any:
        mask = document.machine.mask().copy()
        if document.is_over:
            mask[:] = False
            mask[self._tokenizer.pad_id] = True
        return mask


class DocumentStoppingCriteria(StoppingCriteria):  # type: ignore[misc]
    """Ends a row when its document is whole, or when it fills the model's context."""

    def __init__(self, tokenizer: Tokenizer, context_size: int) -> None:
        self._context_size = context_size
        self._documents = RowMemory(lambda: FollowedDocument(tokenizer.machine()))

    def __call__(self, input_ids: Tensor, scores: Any, **_: Any) -> Tensor:
        """Return which rows are done, bool [B]."""
        is_full = input_ids.shape[1] >= self._context_size
        done = [is_full or followed.is_over for followed in self._documents.at(input_ids.tolist())]
        return torch.tensor(done, device=input_ids.device)


def decode_rows(tokenizer: Tokenizer, rows: Sequence[Sequence[int]] | Tensor) -> list[Any]:
    """Return the documents of generated rows; one that was cut off is ended as the schema demands.

    Raises `ValueError` for a row that no document of the schema begins with.
    """
    lists = rows.tolist() if isinstance(rows, Tensor) else rows
    return [_document(tokenizer, _content(tokenizer, row)) for row in lists]


def _document(tokenizer: Tokenizer, tokens: list[int]) -> Any:
    """Return the document of some tokens, or of their first half if no end of it is found within the limits on work."""
    machine = tokenizer.machine()
    for token in tokens:
        machine.advance(token)
    try:
        return tokenizer.decode([*tokens, *completed(machine, None)])
    except (GuardError, LimitError):
        if not tokens:
            raise
        return _document(tokenizer, tokens[: len(tokens) // 2])


def _content(tokenizer: Tokenizer, row: Sequence[int]) -> list[int]:
    """Return the tokens of a row's document, without the position and the filling."""
    content = [*row[1:]]
    while content and content[-1] == tokenizer.pad_id:
        content.pop()
    return content
