"""Windows: cuts documents' tokens into training rows when they are read.

Input: a `Split` (the tokens of documents, and the state before each). Output: `Batch`es of rows `[start // stride,
t_start, ..., t_(start + context_size - 1)]`, with the states' masks and embedding rows, and with echoes and recalls
(n-gram look-ups in the document and in others), which depend on the document's tokens up to the window's end. A
document has windows at 0, step, 2 * step, ...; the last is the first to reach its end, so no window only repeats the
end of another. Short rows are padded, and padded targets are -100, which the loss ignores. The loader decides the order
of rows.

Tensor names: B batch, T context, D documents. Arrays are NumPy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemalm.dataset.echo import BoolArray, Int64Array, echoes
from schemalm.dataset.recall import RECALL_ORDERS, RecallTable, preceding
from schemalm.dataset.store import Split
from schemalm.dataset.window_counts import windows_of
from schemalm.errors import ConfigurationError
from schemalm.model.inputs import IGNORED_TARGET, NEVER


@dataclass(frozen=True)
class Batch:
    """Rows for a model, which reads `tokens_BT[:, :-1]` and predicts `targets_BT`.

    `nonterminals_BT` (rows of masks.npy), `states_BT2` (rows of the grammar-state embedding) and `echoes_BTE` belong to
    the targets at the same positions, and are 0 at padding; the first two are None for data without a grammar. So do
    `recalls_BTR2`, tokens with their certainties; they are None for data without recall.
    `documents_B` is the document of each row.
    """

    tokens_BT: Int64Array  # [B, context_size + 1]
    targets_BT: Int64Array  # [B, context_size]
    nonterminals_BT: Int64Array | None  # [B, context_size]
    states_BT2: Int64Array | None  # [B, context_size, 2]
    echoes_BTE: Int64Array  # [B, context_size, orders]
    recalls_BTR2: Int64Array | None  # [B, context_size, orders of recall, 2]
    documents_B: Int64Array  # [B]


class Windows:
    """All windows of a split, or of some of its documents, indexed from 0.

    `stride` is the unit of position tokens, rounded down; `step` is the distance between windows (in training, the
    stride). With `score_once`, tokens that the previous window covers are not targets.
    """

    def __init__(
        self,
        split: Split,
        context_size: int,
        stride: int,
        pad_id: int,
        *,
        step: int | None = None,
        documents: Int64Array | None = None,
        score_once: bool = False,
    ) -> None:
        self._step = stride if step is None else step
        if not (1 <= stride <= context_size and 1 <= self._step <= context_size):
            raise ConfigurationError(
                f"windows need a stride and a step from 1 to the context size; got stride {stride}, step {self._step}, "
                f"context size {context_size}"
            )
        self._split = split
        self.context_size = context_size
        self._stride = stride
        self.pad_id = pad_id
        self._num_scored_before = context_size - self._step if score_once else 0
        self.documents = np.arange(split.num_documents, dtype=np.int64) if documents is None else documents
        num_tokens_D = split.offsets[self.documents + 1] - split.offsets[self.documents]
        self._first_window = np.concatenate(([0], np.cumsum(windows_of(num_tokens_D, context_size, self._step))))

    def __len__(self) -> int:
        return int(self._first_window[-1])

    def all_lengths(self) -> NDArray[np.unsignedinteger[Any]]:
        """Return the number of tokens in each window: the context size, except for the last windows of documents."""
        last_D = self._first_window[1:] - 1
        lengths = np.full(len(self), self.context_size, dtype=np.min_scalar_type(self.context_size))
        lengths[last_D] = self.lengths(last_D)
        return lengths

    def lengths(self, indices: Int64Array) -> Int64Array:
        """Return the number of tokens in each of the windows `indices`."""
        document_B, start_B = self._starts(indices)
        num_tokens_B = self._split.offsets[document_B + 1] - self._split.offsets[document_B]
        lengths_B: Int64Array = np.minimum(num_tokens_B - start_B, self.context_size)
        return lengths_B

    def documents_of(self, indices: Int64Array) -> Int64Array:
        """Return the document of each of the windows `indices`."""
        return self._starts(indices)[0]

    def _starts(self, indices: Int64Array) -> tuple[Int64Array, Int64Array]:
        """Return the document of each window, and the window's start in it."""
        entry_B = np.searchsorted(self._first_window, indices, side="right") - 1
        return self.documents[entry_B], (indices - self._first_window[entry_B]) * self._step

    def tokens(self, indices: Int64Array) -> Int64Array:
        """Return only the ids of the windows `indices` [B, context_size + 1]; raises `IndexError` as `rows` does."""
        self._check(indices)
        return self._tokens_of(self._starts(indices)[1], self._excerpt(indices))

    def rows(self, indices: Int64Array) -> Batch:
        """Return the windows `indices` [B] as one batch; raises `IndexError` unless `0 <= index < len(self)`."""
        self._check(indices)
        document_B, start_B = self._starts(indices)
        excerpt = self._excerpt(indices)
        tokens_BT = self._tokens_of(start_B, excerpt)
        nonterminals_BT, states_BT2 = excerpt.side_features(self._split.state_table)
        return Batch(
            tokens_BT=tokens_BT,
            targets_BT=np.where(self._is_target(start_B, excerpt.is_token_BT), tokens_BT[:, 1:], IGNORED_TARGET),
            nonterminals_BT=nonterminals_BT,
            states_BT2=states_BT2,
            echoes_BTE=excerpt.echoes(),
            recalls_BTR2=excerpt.recalls(self._split.recall_tables(document_B)),
            documents_B=document_B,
        )

    def targets(self, indices: Int64Array) -> Int64Array:
        """Return which of the split's tokens are the targets of the windows `indices`, window after window."""
        document_B, start_B = self._starts(indices)
        column_T = np.arange(self.context_size)
        is_target_BT = self._is_target(start_B, column_T < self.lengths(indices)[:, None])
        numbers_BT = (self._split.offsets[document_B] + start_B)[:, None] + column_T
        found: Int64Array = numbers_BT[is_target_BT]
        return found

    def _is_target(self, start_B: Int64Array, is_token_BT: BoolArray) -> BoolArray:
        """Return which tokens of windows are targets: all but those that the window before covers."""
        is_scored_before_BT = (np.arange(self.context_size) < self._num_scored_before) & (start_B > 0)[:, None]
        return is_token_BT & ~is_scored_before_BT

    def _check(self, indices: Int64Array) -> None:
        if indices.size and not 0 <= indices.min() <= indices.max() < len(self):
            raise IndexError(
                f"window indices must be at least 0 and below {len(self)}, got {indices.min()} to {indices.max()}"
            )

    def _tokens_of(self, start_B: Int64Array, excerpt: _Excerpt) -> Int64Array:
        """Return the position tokens, followed by the padded tokens of an excerpt's windows."""
        content_BT = np.where(excerpt.is_token_BT, excerpt.tokens[excerpt.position_BT], self.pad_id)
        return np.concatenate(((start_B // self._stride)[:, None], content_BT), axis=1)

    def _excerpt(self, indices: Int64Array) -> _Excerpt:
        document_B, start_B = self._starts(indices)
        length_B = self.lengths(indices)
        document_D, entry_B = np.unique(document_B, return_inverse=True)
        end_D = np.zeros(len(document_D), dtype=np.int64)
        np.maximum.at(end_D, entry_B, start_B + length_B)
        begin_D = np.cumsum(end_D) - end_D
        read = [self._split.document(document) for document in document_D.tolist()]
        texts = [tokens[:end] for (tokens, _), end in zip(read, end_D.tolist(), strict=True)]
        states = [states[:end] for (_, states), end in zip(read, end_D.tolist(), strict=True) if states is not None]
        column_T = np.arange(self.context_size)
        return _Excerpt(
            tokens=np.concatenate(texts, dtype=np.int64),
            states=np.concatenate(states) if states else None,
            begin_D=begin_D,
            begin_B=begin_D[entry_B],
            position_BT=(begin_D[entry_B] + start_B)[:, None] + np.minimum(column_T, length_B[:, None] - 1),
            is_token_BT=column_T < length_B[:, None],
        )


@dataclass(frozen=True)
class _Excerpt:
    """The concatenated documents of some windows, each document once and up to the end of its last window.

    Document i starts at `begin_D[i]`, the document of window i at `begin_B[i]`. Windows have their tokens at
    `position_BT` where `is_token_BT` is true.
    """

    tokens: Int64Array
    states: NDArray[Any] | None
    begin_D: Int64Array
    begin_B: Int64Array
    position_BT: Int64Array
    is_token_BT: BoolArray

    def side_features(self, state_table: Int64Array | None) -> tuple[Int64Array | None, Int64Array | None]:
        """Return the rows of masks and of states before the tokens, 0 at padding; None without a grammar."""
        if self.states is None or state_table is None:
            return None, None
        rows_BT3 = np.where(self.is_token_BT[:, :, None], state_table[self.states[self.position_BT]], 0)
        return rows_BT3[:, :, 0], rows_BT3[:, :, 1:]

    def echoes(self) -> Int64Array:
        """Return the echoes before the tokens."""
        is_wanted = np.zeros(len(self.tokens), dtype=np.bool_)
        is_wanted[self.position_BT] = True
        found = echoes(self.tokens, self.begin_D, is_wanted)
        return np.where(self.is_token_BT[:, :, None], found[self.position_BT], NEVER)

    def recalls(self, table_B: list[RecallTable] | None) -> Int64Array | None:
        """Return the recalls before the tokens, 0 at padding; `table_B` are the tables of the windows' documents."""
        if table_B is None:
            return None
        found_BTR2 = np.zeros((*self.is_token_BT.shape, len(RECALL_ORDERS), 2), dtype=np.int64)
        begin_BT = np.broadcast_to(self.begin_B[:, None], self.is_token_BT.shape)
        for table in {id(table): table for table in table_B}.values():
            is_wanted_BT = self.is_token_BT & np.array([[other is table] for other in table_B])
            before_NK = preceding(self.tokens, self.position_BT[is_wanted_BT], begin_BT[is_wanted_BT])
            found_BTR2[is_wanted_BT] = table.recall(before_NK)
        return found_BTR2


def training_windows(split: Split) -> Windows:
    """Return all windows of a split, as it was prepared."""
    metadata = split.metadata
    return Windows(split, metadata.context_size, metadata.stride, metadata.pad_id)


def scoring_windows(
    split: Split, context_size: int, stride: int, pad_id: int, *, documents: Int64Array | None = None
) -> Windows:
    """Return windows in which every token of every document is a target exactly once, for evaluation.

    The first window of a document scores all its tokens. Later windows start about half a context apart (a multiple of
    the stride, or half a context if the stride is larger) and score only new tokens. Each token is therefore predicted
    from at least about half a context, except at the document's beginning.
    """
    half = max(context_size // 2, 1)
    step = half // stride * stride or half
    return Windows(split, context_size, stride, pad_id, step=step, documents=documents, score_once=True)
