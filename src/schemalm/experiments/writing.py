"""Let a trained model write documents under a mask, and keep them.

    OUT/documents/NAME.jsonl   one line per document: its text as JSON, its tokens, and how it ended
    OUT/documents/NAME.json    what writing cost and what the mask left out; written last

A set that was written is not written again, so figures about documents can be computed again from what was kept. All
models write with the engine of `generation`, in batches of the same size, so CPU seconds can be compared. Loading a
model, compiling a schema and filling tables ahead of time do not count.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from schemalm.baselines import ByteBPETokenizer
from schemalm.dataset.store import TOKENIZER_FILE
from schemalm.documents import canonical_json
from schemalm.errors import DataError
from schemalm.experiments.masked_scores import MaskedScores, score_under_mask
from schemalm.experiments.recipe import OWN_MASK, WritingSettings
from schemalm.experiments.schema_cuts import Cut
from schemalm.experiments.text_masks import NO_MASK, KeyOrders, make_text_mask
from schemalm.experiments.text_run import NoStates, TextRun, TextWriter
from schemalm.files.typed_json import CheckedFile
from schemalm.files.writing import write_atomically
from schemalm.generation.engine import Engine, Request
from schemalm.generation.generate import MAX_BATCH_SIZE
from schemalm.generation.results import Generated
from schemalm.generation.run import Run, load_run, recall_of
from schemalm.generation.sampling import Sampling
from schemalm.generation.side_features import SideFeatures
from schemalm.model.inference import InferenceModel
from schemalm.training.run import load_checkpoint

DOCUMENTS_FOLDER = "documents"
_MAX_BYTES = 1 << 28


@dataclass(frozen=True)
class WrittenDocument:
    """One document: its JSON text, which a text model may not have finished, its tokens, and `Generated.finish`."""

    text: str
    tokens: list[int]
    finish: str


@dataclass(frozen=True)
class WrittenSet:
    """The documents of one model under one mask: where they are kept, and what they cost in CPU seconds.

    engine: the title of the mask, such as a program with its version. cuts, warnings: see `TextMask`.
    scores: the likelihood of held-out documents under a mask that the model was trained without.
    """

    file: str
    mask: str
    engine: str
    cpu_seconds: float
    num_documents: int
    cuts: list[Cut]
    warnings: list[str]
    scores: MaskedScores | None

    def documents(self, out: Path) -> Iterator[WrittenDocument]:
        """Yield the documents, which are kept in the experiment's folder `out`."""
        file = _checked(out, f"{self.file}.jsonl")
        for number, line in enumerate(file.content().splitlines(), start=1):
            yield _checked(out, f"{self.file}.jsonl", number).parse(line, WrittenDocument)


@dataclass(frozen=True)
class TrainedModel:
    """A trained run in its folder, with its data, and the documents' key orders and schema as it is published."""

    run: Path
    data: Path
    schema: Any
    key_orders: KeyOrders
    seed: int


def obtain_documents(out: Path, name: str, model: TrainedModel, mask: str, settings: WritingSettings) -> WrittenSet:
    """Return the set of that name in the experiment's folder `out`; let the model write it if it does not exist."""
    description = f"{name}.json"
    if not (out / DOCUMENTS_FOLDER / description).exists():
        written, documents = _write(name, model, mask, settings)
        lines = (json.dumps(asdict(document)) for document in documents)
        folder = out / DOCUMENTS_FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / f"{name}.jsonl", "".join(f"{line}\n" for line in lines).encode())
        write_atomically(folder / description, json.dumps(asdict(written), indent=2).encode())
    return _checked(out, description).read(WrittenSet)


def _checked(out: Path, name: str, line: int | None = None) -> CheckedFile:
    folder = out / DOCUMENTS_FOLDER
    advice = f"delete {folder} to let the models write again"
    return CheckedFile(folder, name, DataError, advice, max_bytes=_MAX_BYTES, line=line)


def _write(
    name: str, model: TrainedModel, mask: str, settings: WritingSettings
) -> tuple[WrittenSet, list[WrittenDocument]]:
    if mask == OWN_MASK:
        run = load_run(model.run)
        run.tokenizer.warm()
        made, seconds = _generate(run, model.seed, settings)
        texts = [canonical_json(document.value).decode() for document in made]
        written = WrittenSet(name, mask, mask, seconds, len(made), [], [], None)
    else:
        gpt, config = load_checkpoint(model.run)
        tokenizer = ByteBPETokenizer.load(model.run / TOKENIZER_FILE)
        told = SideFeatures(NoStates(), recall_of(model.run, config, gpt.configuration))
        engine = make_text_mask(mask, tokenizer, model.schema, model.key_orders)
        text_run = TextRun(InferenceModel(gpt), config, TextWriter(tokenizer, engine), told)
        made, seconds = _generate(cast(Run, text_run), model.seed, settings)
        texts = [document.value for document in made]
        scores = None if mask == NO_MASK else score_under_mask(gpt, model.data, config["training"], engine)
        written = WrittenSet(name, mask, engine.title, seconds, len(made), [*engine.cuts], [*engine.warnings], scores)
    kept = [WrittenDocument(text, each.tokens, each.finish) for text, each in zip(texts, made, strict=True)]
    return written, kept


def _generate(run: Run, seed: int, settings: WritingSettings) -> tuple[list[Generated], float]:
    """Return the documents that a model writes, and the CPU seconds that this takes."""
    engine, sampling = Engine(run, min(settings.num_documents, MAX_BATCH_SIZE)), Sampling(settings.temperature)
    numbers = range(settings.num_documents)
    requests = [Request(number, seed, settings.max_tokens, sampling=sampling) for number in numbers]
    started = time.process_time()
    made = {piece.number: piece.generated for piece in engine.write(requests) if piece.generated is not None}
    seconds = time.process_time() - started
    return [made[number] for number in numbers], seconds
