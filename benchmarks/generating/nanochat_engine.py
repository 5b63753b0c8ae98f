"""The engine of a nanochat checkout, with a model of the same shape and vocabulary, and its usual sampling."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

from generating.replayed import real_documents, shape_of
from generating.worker import Mode, Settings
from peer import load_nanochat
from schemalm.dataset.store import read_metadata


class NeverEnds:
    """A tokenizer whose special tokens no model writes, so that every row stays busy until the budget."""

    def encode_special(self, _text: str) -> int:
        """Returns an id that is none."""
        return -1

    def get_bos_token_id(self) -> int:
        """Returns an id that is none."""
        return -1


class NanochatEngine:
    """Writes as many tokens as the mean of the replayed documents, in all rows at once; see `Contender`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        metadata = read_metadata(Path(settings.data))
        model = load_nanochat(Path(settings.nanochat), shape_of(metadata, settings.model, is_told=False))
        # The engine asks for checkpoints when it runs as a program alone, and for packages that we do not need.
        sys.modules.setdefault("nanochat.checkpoint_manager", SimpleNamespace(load_model=None))  # type: ignore[arg-type]
        self._engine = import_module("nanochat.engine").Engine(model.eval(), NeverEnds())
        documents = real_documents(Path(settings.data), metadata, settings.max_tokens, settings.num_documents(64))
        self._lengths = [len(document) for document in documents]

    def write(self, mode: Mode) -> tuple[int, float]:
        """Writes batches until there are as many documents as the others write; their lengths are equal."""
        num_documents = self._settings.num_documents(mode.batch_size)
        length = round(sum(self._lengths[:num_documents]) / num_documents)
        num_tokens = 0
        for seed in range(-(-num_documents // mode.batch_size)):
            columns = self._engine.generate(
                [0], mode.batch_size, max_tokens=length, temperature=self._settings.temperature, seed=seed
            )
            num_tokens += sum(len(column) for column, _ in columns)
        return num_tokens, num_tokens / length
