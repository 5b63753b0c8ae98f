"""This project's generation, of this checkout or of an older one: documents replayed, or sampled from a trained run."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from generating.replayed import drawn_model, real_documents, shape_of
from generating.worker import Mode, Settings
from schemalm.dataset.store import read_metadata, read_tokenizer
from schemalm.generation import Generated, Run, load_run
from schemalm.generation.sampling import Sampling
from schemalm.tokenizer import Tokenizer

HAS_ENGINE = find_spec("schemalm.generation.engine") is not None


class Ours:
    """Writes documents with this project's generation; see `Contender`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._runs: dict[str, Run] = {}
        self._documents: list[list[int]] | None = None
        if not settings.run:
            metadata = read_metadata(Path(settings.data))
            self._documents = real_documents(
                Path(settings.data), metadata, settings.max_tokens, settings.num_documents(64)
            )

    def write(self, mode: Mode) -> tuple[int, float]:
        """Writes the documents of a round."""
        if self._documents is None:
            written = self._write(mode)
            return sum(len(each.tokens) for each in written), len(written)
        lengths = [len(document) for document in self._documents]
        num_documents = self._settings.num_documents(mode.batch_size)
        num_tokens = sum(lengths[:num_documents])
        if not HAS_ENGINE:
            self._write(mode)
            return num_tokens, num_documents
        from generating.replaying import replay  # noqa: PLC0415

        settings, sampling = self._settings, Sampling(self._settings.temperature)
        documents = self._documents[:num_documents]
        run = self._run(mode.dtype)
        num_tokens = replay(run, documents, sampling, num_tokens, mode.batch_size, settings.max_tokens)
        return num_tokens, num_tokens * num_documents / sum(lengths[:num_documents])

    def _write(self, mode: Mode, **options: Any) -> list[Generated]:
        settings = self._settings
        sampling = Sampling(settings.temperature)
        num_documents = settings.num_documents(mode.batch_size)
        if HAS_ENGINE:
            from generating.replaying import write  # noqa: PLC0415

            run = self._run(mode.dtype)
            return write(run, self._documents, sampling, num_documents, mode.batch_size, settings.max_tokens, **options)
        from generating.before import write_before  # noqa: PLC0415

        run = self._run("float32")
        return write_before(run, self._documents, sampling, num_documents, mode.batch_size, settings.max_tokens)

    def _run(self, dtype: str) -> Run:
        """Returns the run that generates in a number format; the model is the same in all."""
        if dtype not in self._runs:
            self._runs[dtype] = self._loaded(dtype)
        return self._runs[dtype]

    def _loaded(self, dtype: str) -> Run:
        formats = {"dtype": dtype} if HAS_ENGINE else {}
        if self._settings.run:
            return load_run(self._settings.run, **formats)
        data = Path(self._settings.data)
        metadata = read_metadata(data)
        tokenizer = Tokenizer.from_json(read_tokenizer(data), str(data))
        model = drawn_model(shape_of(metadata, self._settings.model))
        configuration = {"data": {"stride": metadata.stride}}
        return Run(data, model, tokenizer, configuration, 0, torch.device("cpu"), **formats)

    def lengths(self, _mode: Mode) -> dict[str, Any]:
        """Returns the lengths of the replayed documents in tokens."""
        return {"lengths": [len(document) for document in self._documents or []]}

    def parts(self, mode: Mode) -> dict[str, Any]:
        """Returns the share of CPU time of each part, measured with clocks around them."""
        from generating.parts import Clocks  # noqa: PLC0415

        self._write(mode)  # fills the tables
        with Clocks() as clocks:
            self._write(mode)
        return clocks.shares()

    def drafts(self, mode: Mode) -> dict[str, Any]:
        """Returns how many tokens are forced, drafted and accepted, by forward pass."""
        from generating.parts import Counts  # noqa: PLC0415

        with Counts() as counts:
            written = self._write(mode)
        return counts.figures(written, mode.batch_size)

    def exactness(self, mode: Mode) -> dict[str, Any]:
        """Returns how many sampled documents are the same one at a time without drafts, and in a batch with them."""
        from generating.replaying import write  # noqa: PLC0415

        run, sampling = self._run(mode.dtype), Sampling(self._settings.temperature)
        alone, together = (
            write(run, None, sampling, 16, batch_size, 128, drafts=drafts)
            for batch_size, drafts in ((1, False), (16, True))
        )
        same = sum(one.tokens == other.tokens for one, other in zip(alone, together, strict=True))
        return {"documents": len(alone), "same": same}

    def price(self, mode: Mode) -> dict[str, Any]:
        """Returns the bits per byte of validation documents in a number format."""
        from schemalm.evaluation.likelihood import decoding_likelihood  # noqa: PLC0415

        run = self._run(mode.dtype)
        likelihood = decoding_likelihood(run.decoder, Path(self._settings.data), run.configuration, 200)
        return likelihood.to_dict()
