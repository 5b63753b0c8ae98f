"""The checks of `python -m schemalm.integrations.nanochat`: each name and each command, on given or embedded data.

A check returns a sentence about what it found, or raises an error that names the setting to change.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import orjson
import torch
from torch.nn import functional as F

from schemalm.dataset.embedded import embedded_workflows
from schemalm.dataset.pt import read_pt_metadata
from schemalm.dataset.store import METADATA_FILE, TOKENIZER_FILE, read_metadata
from schemalm.errors import ConfigurationError, DataError, DecodeError, SchemaLMError
from schemalm.integrations.nanochat import functions, generate_workflow, prepare_training_data, train
from schemalm.integrations.nanochat.configurations import get_config, print_config_comparison
from schemalm.integrations.nanochat.loaders import (
    create_dataloader,
    create_train_val_loaders,
    read_rows,
    tokenizing_distributed_data_loader,
)
from schemalm.integrations.nanochat.model import GPT
from schemalm.integrations.nanochat.tokenizer import BOS, TCTTokenizer
from schemalm.messages.wording import counted
from schemalm.model.inputs import IGNORED_TARGET

NUM_WORKFLOWS = 40
EMBEDDED_CONTEXT_SIZE = 128
NUM_ROWS = 4
# The number of rows that are searched for ones that start a document.
NUM_SEARCHED = 1000
# The model of a check reads at most so many tokens of a row.
NUM_READ = 64
NUM_STEPS = 20


class CheckError(SchemaLMError):
    """A check failed."""


@dataclass(frozen=True)
class Subject:
    """The subject of the checks: a data folder, with its tokenizer, context size and vocabulary size."""

    data: Path
    tokenizer: TCTTokenizer
    context_size: int
    vocab_size: int


def run_commands(folder: Path) -> Iterator[str]:
    """Run the commands to prepare embedded workflows, train on them and generate some; yield a sentence for each."""
    corpus, data, run = folder / "workflows.jsonl", folder / "data", folder / "run"
    workflows = embedded_workflows(NUM_WORKFLOWS)
    lines = [orjson.dumps({"value": each.value, "repo": each.source, "path": each.name}) for each in workflows]
    corpus.write_bytes(b"\n".join(lines))
    sizes = ("--context-size", str(EMBEDDED_CONTEXT_SIZE))
    _quietly(prepare_training_data.main, ("--input", str(corpus), "--output", str(data), *sizes))
    yield f"prepare_training_data: {counted(NUM_WORKFLOWS, 'embedded workflow')} to {', '.join(_names(data))}"
    steps = ("--model_size", "tiny", "--num_iterations", "2", "--device_batch_size", "2", "--samples", "0")
    _quietly(train.main, ("--data_dir", str(data), "--checkpoint_dir", str(run), *steps))
    yield f"train: 2 iterations of a tiny model to the checkpoint {', '.join(_names(run / 'checkpoints'))}"
    written = _quietly(
        generate_workflow.main,
        ("--checkpoint", str(run), "--num_samples", "2", "--format", "json", "--json", "--max-tokens", "40"),
    )
    yield f"generate_workflow: {counted(len(orjson.loads(written)['documents']), 'workflow')} written"


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _quietly(command: Callable[[Sequence[str]], None], arguments: Sequence[str]) -> str:
    """Return what a command wrote to standard output; raises `CheckError` with its last line if it failed."""
    errors = io.StringIO()
    with redirect_stdout(io.StringIO()) as output, redirect_stderr(errors):
        try:
            command(arguments)
        except SystemExit as end:
            if end.code:
                last = errors.getvalue().strip().rsplit("\n", 1)[-1]
                raise CheckError(f"{command.__module__} ended with {end.code}: {last}") from None
    return output.getvalue()


def subject_of(
    data: Path, tokenizer: Path | None = None, context_size: int | None = None, vocab_size: int | None = None
) -> Subject:
    """Return the subject of the checks; raises `SchemaLMError` that names a setting that does not match the data."""
    rows = read_rows(data, "train")
    if context_size not in (None, rows.context_size):
        raise ConfigurationError(
            f"--context_size is {context_size}, but {data} has windows of {rows.context_size}: set it to "
            f"{rows.context_size}, or prepare the data with --context-size {context_size}"
        )
    chosen = TCTTokenizer(tokenizer or _tokenizer_of(data))
    expected = _vocab_size_of(data) or chosen.get_vocab_size()
    if chosen.get_vocab_size() != expected:
        raise ConfigurationError(
            f"--tokenizer {tokenizer} has {chosen.get_vocab_size():,} ids, but {data} was prepared with {expected:,}: "
            "name the tokenizer that the data was prepared with"
        )
    if vocab_size not in (None, expected):
        raise ConfigurationError(f"--vocab_size is {vocab_size}, but {data} has {expected} ids: set it to {expected}")
    subject = Subject(data, chosen, rows.context_size, expected)
    try:
        is_readable = len(rows) > 0 and len(_documents(subject)) > 0
    except DecodeError as error:
        raise ConfigurationError(
            f"{data} contains no documents of this tokenizer ({error}): name the tokenizer that the data was prepared "
            "with, by --tokenizer"
        ) from None
    if not is_readable:
        raise DataError(
            f"{data} has no start of a document in its first {NUM_SEARCHED:,} rows: name the folder that "
            "prepare_training_data wrote, by --data_dir"
        )
    return subject


def _tokenizer_of(data: Path) -> Path | None:
    """Return the tokenizer file in a data folder; None, for the packaged tokenizer, if there is none."""
    file = _folder_of(data) / TOKENIZER_FILE
    return file if file.exists() else None


def _vocab_size_of(data: Path) -> int | None:
    folder = _folder_of(data)
    described = read_pt_metadata(folder)
    if described is not None:
        return described.vocab_size
    return read_metadata(folder).vocab_size if (folder / METADATA_FILE).exists() else None


def _folder_of(data: Path) -> Path:
    return data if data.is_dir() else data.parent


def check_tokenizer(subject: Subject) -> str:
    """Check each method of the tokenizer, on documents of the data."""
    tokenizer, texts = subject.tokenizer, _documents(subject)
    batch = tokenizer(texts, prepend=BOS, num_threads=2)
    _expect([*map(tokenizer.decode, batch)], texts, "the result of decode for encode's ids")
    _expect({ids[0] for ids in batch}, {tokenizer.get_bos_token_id()}, "the ids that encode prepended")
    first = " ".join(map(tokenizer.id_to_token, batch[0][:3]))
    documents = f"{counted(len(texts), 'document')} encoded and decoded; they begin with {first}"
    return f"{tokenizer.get_vocab_size():,} ids; {documents}"


def check_functions(subject: Subject) -> str:
    """Check each function, with the tokenizer of the data."""
    functions.set_default_tokenizer(subject.tokenizer)
    try:
        text = _documents(subject)[0]
        ids = functions.encode(text)
        _expect(functions.vocab_size(), subject.vocab_size, "the result of vocab_size")
        _expect(functions.decode(ids), (text, len(ids), len(ids)), "the result of decode")
        _expect(functions.extract_window(ids, 0, 3), [0, *ids[:3]], "the result of extract_window")
        half = functions.decode_prefix(ids[: len(ids) // 2])
        _expect(functions.decode(functions.encode(half))[0], half, "half a document, completed, encoded and decoded")
    finally:
        functions.set_default_tokenizer(None)
    return f"a document of {counted(len(ids), 'token')}; its first half, completed, has {len(half):,} characters"


def _documents(subject: Subject) -> list[str]:
    """Return some documents of the data, cut at the end of their first window and completed."""
    rows = read_rows(subject.data, "train")
    x_BT, _ = rows.batch(range(min(len(rows), NUM_SEARCHED)))
    return [*map(subject.tokenizer.decode_prefix, x_BT[x_BT[:, 0] == 0][:NUM_ROWS, 1:])]


def check_loaders(subject: Subject) -> str:
    """Check `x` and `y` of both splits: their shapes, and that `y` is `x` shifted by one position, or ignored."""
    one = create_dataloader(subject.data, NUM_ROWS, context_size=subject.context_size)
    loaders = create_train_val_loaders(subject.data, subject.data, NUM_ROWS, context_size=subject.context_size)
    _expect(len(one), len(loaders[0]), "the number of batches to train")
    for loader in (one, *loaders):
        x_BT, y_BT = next(iter(loader))
        _expect((tuple(x_BT.shape), x_BT.dtype), (tuple(y_BT.shape), torch.int64), "the shape and type of x")
        _expect(x_BT.shape[1], subject.context_size, "the length of a row of x")
        is_target_BT = y_BT[:, :-1] != IGNORED_TARGET
        _expect(torch.equal(x_BT[:, 1:][is_target_BT], y_BT[:, :-1][is_target_BT]), True, "y is x shifted by one")
    num_batches = " and ".join(f"{len(loader):,}" for loader in loaders)
    return f"{num_batches} batches of {NUM_ROWS} rows for training and validation; x and y are {tuple(x_BT.shape)}"


def check_endless_loader(subject: Subject) -> str:
    """Check batches of `tokenizing_distributed_data_loader` for both splits."""
    for split in ("train", "val"):
        loader = tokenizing_distributed_data_loader(NUM_ROWS, subject.context_size, split, subject.data)
        for x_BT, y_BT in islice(loader, 3):
            _expect((*x_BT.shape, *y_BT.shape), (NUM_ROWS, subject.context_size) * 2, "the shapes of x and y")
    return f"3 batches of each split; x and y are {(NUM_ROWS, subject.context_size)}"


def check_configurations(subject: Subject) -> str:
    """Check the three sizes, and their table."""
    found = {size: get_config(size, subject.context_size)["parameters"] for size in ("small", "medium", "large")}
    with redirect_stdout(io.StringIO()) as table:
        print_config_comparison(subject.context_size)
    _expect([f"{number:,}" in table.getvalue() for number in found.values()], [True] * 3, "parameters in the table")
    return "; ".join(f"{size} has {number:,} parameters" for size, number in found.items())


def check_model(subject: Subject) -> str:
    """Check that a small model learns a batch of the data in a plain loop."""
    length = min(NUM_READ, subject.context_size)
    x_BT, y_BT = read_rows(subject.data, "train").batch(range(NUM_ROWS))
    x_BT, y_BT = x_BT[:, :length], y_BT[:, :length]
    model = GPT(subject.vocab_size, length, d_model=64, n_layers=2, n_heads=2)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    losses = []
    for _ in range(NUM_STEPS):
        loss = F.cross_entropy(model(x_BT).flatten(0, 1), y_BT.flatten())
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
    _expect(losses[-1] < losses[0], True, f"whether the loss falls (from {losses[0]:.2f} to {losses[-1]:.2f})")
    return f"the loss of one batch falls from {losses[0]:.2f} to {losses[-1]:.2f} in {NUM_STEPS} steps of AdamW"


def _expect(found: object, expected: object, what: str) -> None:
    if found != expected:
        raise CheckError(f"{what}: expected {expected}, got {found}")


CHECKS: dict[str, Callable[[Subject], str]] = {
    "TCTTokenizer": check_tokenizer,
    "encode, decode, decode_prefix, vocab_size, extract_window": check_functions,
    "create_dataloader, create_train_val_loaders": check_loaders,
    "tokenizing_distributed_data_loader": check_endless_loader,
    "get_config, print_config_comparison": check_configurations,
    "GPT": check_model,
}
