"""Finds the prepared data that a run was trained on, and checks that it is the same.

Data is identified by the sha256 of metadata.json, which contains those of all other files. A run and its data may move:
the folder is searched for at its recorded path, then beside the run and beside the folders above it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from schemalm.dataset.store import METADATA_FILE, Metadata, hash_file, read_metadata
from schemalm.errors import DataError
from schemalm.messages.visible import visible_line
from schemalm.model.configuration import GPTConfiguration
from schemalm.training.configuration import sizes_of_data


def find_data(run: Path, config: dict[str, Any], named: str | Path | None = None) -> Path:
    """Return the folder of the data that the run of this config.json was trained on: `named`, or found nearby.

    Raises `DataError` if there is none, or if it is other data; the message says what differs.
    """
    if named is not None:
        check_data(Path(named), config)
        return Path(named)
    recorded = config.get("environment", {}).get("data")
    if recorded is None:
        raise DataError(f"{run} does not record where its prepared data is: give its folder (--data DIR)")
    beside = [folder / Path(recorded).name for folder in run.resolve().parents]
    folders = [folder for folder in (Path(recorded), *beside) if (folder / METADATA_FILE).exists()]
    if not folders:
        where = visible_line(recorded)
        raise DataError(f"the prepared data of {run} is no longer at {where}: give its folder (--data DIR)")
    right = next((folder for folder in folders if _is_data_of(folder, config)), folders[0])
    check_data(right, config)
    return right


def check_data(data: Path, config: dict[str, Any]) -> None:
    """Raise `DataError` if the prepared folder `data` is missing or is not the one that the run was trained on."""
    metadata = read_metadata(data)
    if not _is_data_of(data, config):
        raise DataError(_what_differs(data, metadata, config))


def check_sizes(model: GPTConfiguration, metadata: Metadata) -> None:
    """Raise `DataError` if a model cannot read data because their sizes differ."""
    side_features = {
        "grammar_state": model.num_states > 0,
        "echo": model.num_echoes > 0,
        "recall": model.num_recalls > 0,
    }
    for name, expected in sizes_of_data(metadata, **side_features).items():
        if getattr(model, name) != expected:
            raise DataError(
                f"the data does not fit the model: {name} is {getattr(model, name)} in the model, but {expected} in "
                "the data"
            )


def _is_data_of(data: Path, config: dict[str, Any]) -> bool:
    return hash_file(data / METADATA_FILE) == config.get("data_sha256")


def _what_differs(data: Path, metadata: Metadata, config: dict[str, Any]) -> str:
    recorded = config.get("data", {})
    pairs: dict[str, tuple[Any, Any]] = {
        "sha256 of the tokenizer": (metadata.tokenizer_sha256, config.get("tokenizer_sha256")),
        "context size": (metadata.context_size, recorded.get("context_size")),
        "stride": (metadata.stride, recorded.get("stride")),
    }
    if (validation := metadata.splits.get("val")) is not None:
        for name, now in (("documents", validation.num_documents), ("bytes", validation.num_bytes)):
            pairs[f"number of validation {name}"] = (now, recorded.get(f"num_validation_{name}"))
    found = [f"its {name} is {now}, the run's was {then}" for name, (now, then) in pairs.items() if now != then]
    same_shape = (
        f"the sha256 of its {METADATA_FILE} differs from that in the run's config.json, as after preparing it with "
        "another version of SchemaLM; a new run can start with the weights of this one (schemalm train --from RUN)"
    )
    return (
        f"{data} is not the data that the run was trained on: {'; '.join(found) or same_shape}. "
        "Give the right folder (--data DIR)"
    )
