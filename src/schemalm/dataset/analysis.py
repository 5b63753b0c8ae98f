"""Compares context sizes and strides for a corpus: the windows that each pair gives, and what they cost.

Input: the numbers of tokens of the documents (`lengths`). Output: the exact figures that preparing and training would
have with each context size and stride, and a recommendation with its reason. Nothing is prepared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from schemalm.baselines import AnyTokenizer
from schemalm.dataset.lengths import CorpusLengths, LengthCounts, SplitLengths
from schemalm.dataset.packing import pack_lengths
from schemalm.dataset.store import smallest_dtype
from schemalm.dataset.window_counts import windows_of
from schemalm.tokenizer import Tokenizer

CONTEXT_SIZES = (512, 1024, 2048)
STRIDES = (1, 2, 4, 8, 16, 32, 64, 128)
WANTED_COVERAGE = 0.9  # share of documents that should fit in one window
_ID_BYTES = 8  # per token of the .pt format
_STATE_BYTES = 2  # per token of prepared data, before compression
_DOCUMENT_BYTES, _SPLIT_BYTES = 16, 8  # of prepared data, in addition to tokens and states


@dataclass(frozen=True)
class Choice:
    """What a context size and a stride make of a corpus.

    `whole_documents` and `whole_tokens` are the shares of documents, and of their tokens, that fit in one window.
    `documents_with_positions` is the share of documents whose position tokens are in the vocabulary. All later fields
    count these documents only. `num_windows` counts both splits, `num_train_windows` the training split. `padded_share`
    is the share of training positions that is padding when a row is a window, `packed_padded_share` when rows are
    packed. `plain_bytes` is the size of both splits before compression. `attention_cost` is the number of training
    windows times the square of the context size, relative to the cheapest choice.
    """

    context_size: int
    stride: int
    whole_documents: float
    whole_tokens: float
    documents_with_positions: float
    num_windows: int
    num_train_windows: int
    padded_share: float
    packed_padded_share: float
    plain_bytes: int
    pt_bytes: int
    largest_position: int
    attention_cost: float


@dataclass(frozen=True)
class Analysis:
    """The choices for a corpus with documents of these lengths, the recommended choice, and the reason for it."""

    counts: LengthCounts
    choices: tuple[Choice, ...]
    recommended: Choice
    reason: str

    @property
    def num_documents(self) -> int:
        """The number of documents."""
        return int(self.counts.sum())

    @property
    def num_tokens(self) -> int:
        """The number of tokens in all documents."""
        return _num_tokens(self.counts)

    def to_dict(self) -> dict[str, Any]:
        """Return the analysis as plain values, without the lengths."""
        return {
            "num_documents": self.num_documents,
            "num_tokens": self.num_tokens,
            "choices": [asdict(choice) for choice in self.choices],
            "recommended": {
                "context_size": self.recommended.context_size,
                "stride": self.recommended.stride,
                "reason": self.reason,
            },
        }


def analyze(
    corpus: CorpusLengths,
    tokenizer: AnyTokenizer,
    train_split: float,
    *,
    context_sizes: Sequence[int] = CONTEXT_SIZES,
    strides: Sequence[int] = STRIDES,
) -> Analysis:
    """Analyze a corpus, split as `prepare` splits it.

    Raises `DataError` if the documents cannot be split in two.
    """
    counts = corpus.counts()
    split = cache(lambda max_tokens: corpus.split(train_split, max_tokens))
    choices = _relative(
        _choice(counts, split, tokenizer, context_size, stride)
        for context_size in context_sizes
        for stride in strides
        if stride <= context_size
    )
    return Analysis(counts, choices, *_recommended(choices))


def _choice(
    counts: LengthCounts,
    split: Callable[[int], SplitLengths],
    tokenizer: AnyTokenizer,
    context_size: int,
    stride: int,
) -> Choice:
    # The position token of a document's last window must be in the vocabulary.
    max_tokens = min(len(counts) - 1, context_size + stride * (tokenizer.vocab_size - 1))
    splits = split(max_tokens)
    num_windows = [_num_windows(lengths, context_size, stride) for lengths in splits]
    windows = _windows_by_length(splits.train, context_size, stride)
    packed = sum(pack_lengths(windows).values())
    num_tokens, num_documents = sum(map(_num_tokens, splits)), sum(int(lengths.sum()) for lengths in splits)
    return Choice(
        context_size=context_size,
        stride=stride,
        whole_documents=_share(counts[: context_size + 1].sum(), counts.sum()),
        whole_tokens=_share(_num_tokens(counts[: context_size + 1]), _num_tokens(counts)),
        documents_with_positions=_share(num_documents, counts.sum()),
        num_windows=sum(num_windows),
        num_train_windows=num_windows[0],
        padded_share=1 - _share(_num_tokens(windows), num_windows[0] * context_size),
        packed_padded_share=1 - _share(_num_tokens(windows), packed * context_size),
        plain_bytes=num_tokens * _token_bytes(tokenizer) + num_documents * _DOCUMENT_BYTES + 2 * _SPLIT_BYTES,
        pt_bytes=sum(num_windows) * (context_size + 1) * _ID_BYTES,
        largest_position=int(windows_of(np.array([max_tokens]), context_size, stride)[0]) - 1,
        attention_cost=float(num_windows[0] * context_size**2),
    )


def _relative(choices: Iterable[Choice]) -> tuple[Choice, ...]:
    """Return the choices with their costs relative to the lowest."""
    found = list(choices)
    least = min(choice.attention_cost for choice in found)
    return tuple(replace(choice, attention_cost=choice.attention_cost / least) for choice in found)


def _recommended(choices: Sequence[Choice]) -> tuple[Choice, str]:
    """Return the smallest context that fits nearly all documents with the stride that repeats least, and the reason."""
    enough = [choice for choice in choices if choice.whole_documents >= WANTED_COVERAGE]
    context_size = min(choice.context_size for choice in enough) if enough else choices[-1].context_size
    of_context = [choice for choice in choices if choice.context_size == context_size]
    best = max(of_context, key=lambda choice: (choice.documents_with_positions, choice.stride))
    finest = of_context[0]
    least = "the smallest context size here that fits" if enough else "the largest context size here, and fits only"
    too_long = 1 - best.documents_with_positions
    kept = f"but {too_long:.2%} of the documents are too long for" if too_long else "and all documents have"
    return best, (
        f"{context_size} is {least} {best.whole_documents:.1%} of the documents whole; stride {best.stride} gives the "
        f"fewest windows ({best.num_windows:,}, and {finest.num_windows:,} at stride {finest.stride}), {kept} position "
        "tokens"
    )


def _windows_by_length(counts: LengthCounts, context_size: int, stride: int) -> LengthCounts:
    """Count the documents' windows by length [context_size + 1]: only the last window of a document may be short."""
    lengths = np.arange(len(counts))
    num_full = windows_of(lengths, context_size, stride) - 1
    found = np.zeros(context_size + 1, dtype=np.int64)
    np.add.at(found, lengths - num_full * stride, counts)
    found[context_size] += int((num_full * counts).sum())
    return found


def _num_windows(counts: LengthCounts, context_size: int, stride: int) -> int:
    return int((windows_of(np.arange(len(counts)), context_size, stride) * counts).sum())


def _num_tokens(counts: LengthCounts) -> int:
    return int((np.arange(len(counts)) * counts).sum())


def _token_bytes(tokenizer: AnyTokenizer) -> int:
    states = _STATE_BYTES if isinstance(tokenizer, Tokenizer) else 0
    return np.dtype(smallest_dtype(tokenizer.vocab_size)).itemsize + states


def _share(part: float, whole: float) -> float:
    return float(part) / float(whole) if whole else 1.0
