"""config.json of a run, with the type of every field checked: the file may come from anybody.

`read_config` accepts incomplete files, for listing and comparing runs: those of earlier versions lack fields.
`read_complete_config` requires all that is needed to resume a run or load its model, with values in range.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import msgspec
from msgspec import UNSET, Meta, UnsetType

from schemalm.errors import CheckpointError
from schemalm.files.typed_json import CheckedFile, Count
from schemalm.model.configuration import UPPER_LIMITS, GPTConfiguration
from schemalm.training.configuration import TrainingConfiguration
from schemalm.training.continuation import fill_missing_fields, recorded_configuration

CONFIG_FILE = "config.json"
_ADVICE = "it is damaged or of another version: repair it, or train into another folder"


def _all_optional(kind: type, **others: Any) -> Any:
    """Return a type with the fields of a dataclass, all optional; `others` replaces types that differ in the file."""
    hints = get_type_hints(kind) | others
    absent = [(field.name, hints[field.name] | UnsetType, UNSET) for field in fields(kind)]
    return msgspec.defstruct(kind.__name__, absent, frozen=True)


@dataclass(frozen=True)
class _Length:
    after_step: Count
    num_steps: Count


@dataclass(frozen=True)
class _Origin:
    run: str
    step: Count
    sha256: str


class _Data(msgspec.Struct, frozen=True):
    context_size: Count | UnsetType = UNSET
    stride: Count | UnsetType = UNSET
    num_validation_documents: Count | UnsetType = UNSET
    num_validation_bytes: Count | UnsetType = UNSET


class _Environment(msgspec.Struct, frozen=True):
    python: str | UnsetType = UNSET
    platform: str | UnsetType = UNSET
    num_threads: Count | UnsetType = UNSET
    data: str | UnsetType = UNSET
    started: str | UnsetType = UNSET


class _Config(msgspec.Struct, frozen=True, rename={"origin": "from"}):
    model: _all_optional(GPTConfiguration) | UnsetType = UNSET  # type: ignore[valid-type]
    training: _all_optional(TrainingConfiguration, model=str) | UnsetType = UNSET  # type: ignore[valid-type]
    lengths: list[_Length] | UnsetType = UNSET
    origin: _Origin | UnsetType | None = UNSET
    parent: str | UnsetType | None = UNSET
    data: _Data | UnsetType = UNSET
    data_sha256: str | UnsetType = UNSET
    tokenizer_sha256: str | UnsetType = UNSET
    recall_sha256: str | UnsetType | None = UNSET
    versions: dict[str, str] | UnsetType = UNSET
    environment: _Environment | UnsetType = UNSET


@dataclass(frozen=True)
class _CompleteData:
    context_size: Annotated[int, Meta(ge=1, le=UPPER_LIMITS["context_size"])]
    stride: Annotated[int, Meta(ge=1, le=UPPER_LIMITS["context_size"])]
    num_validation_documents: Count = 0
    num_validation_bytes: Count = 0


class _Complete(msgspec.Struct, frozen=True):
    model: GPTConfiguration
    training: dict[str, Any]
    data: _CompleteData
    data_sha256: str
    tokenizer_sha256: str


def _file(run: Path) -> CheckedFile:
    return CheckedFile(
        run, CONFIG_FILE, CheckpointError, _ADVICE, f"{run} is not a run folder: it has no {CONFIG_FILE}"
    )


def read_config(run: Path) -> dict[str, Any]:
    """Return the content of a run's config.json; raises `CheckpointError` if it is missing or damaged."""
    file = _file(run)
    content = file.read(dict[str, Any])
    if is_run_config(content):
        file.convert(content, _Config)
    return content


def is_run_config(config: dict[str, Any]) -> bool:
    """Whether the content of a config.json is that of a run: other programs use the file name too."""
    return all(isinstance(config.get(name), dict) for name in ("model", "training"))


def read_complete_config(run: Path) -> dict[str, Any]:
    """Return a complete config.json, as needed to resume the run; later fields get the values that older runs had."""
    file, config = _file(run), fill_missing_fields(read_config(run))
    named = {name: config[name] for name in _Complete.__struct_fields__ if name in config}
    # The model is converted separately, since the error path of the library does not lead into it.
    model = file.convert(named.get("model"), GPTConfiguration, "/model")
    context_size = file.convert(named, _Complete).data.context_size
    if model.context_size != context_size:
        file.fail(f"expected {context_size}, as in its data, found {model.context_size}", ("model", "context_size"))
    try:
        recorded_configuration(config, device="cpu")
    except CheckpointError as error:
        file.fail(str(error), ("training",))
    return {**config, "model": asdict(model)}
