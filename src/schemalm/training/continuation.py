"""What may change when a run is resumed, and how config.json records it.

A run can be resumed only with the same model, training configuration, data and tokenizer. `EXECUTION_FIELDS`, the
number of steps, the folder of the data, `versions` and `environment` may change. config.json contains the current
values. Its `lengths` lists the planned number of steps at the start and each later one, with the step after which it
changed: from there on, rates are those of a run of that length. The same changes therefore give the same run.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from schemalm.errors import CheckpointError, ConfigurationError
from schemalm.model.configuration import GPTConfiguration
from schemalm.training.configuration import EXECUTION_FIELDS, LEGACY_VALUES, TrainingConfiguration
from schemalm.training.progress import Progress
from schemalm.training.schedule import share_of_peak

_IDENTITY = ("model", "training", "data_sha256", "tokenizer_sha256")


def fill_missing_fields(config: dict[str, Any]) -> dict[str, Any]:
    """Return the content of a config.json, adding later fields with the values that older runs had."""
    sections = {
        "model": {"dropout": 0.0, "num_recalls": 0, "num_certainties": 0, "boost_gain": 0.0},
        "training": LEGACY_VALUES,
    }
    found = {name: config[name] for name in sections if isinstance(config.get(name), dict)}
    return {**config, **{name: {**sections[name], **section} for name, section in found.items()}}


def continued_config(
    run: Path, old: dict[str, Any], new: dict[str, Any], step: int, progress: Progress
) -> dict[str, Any]:
    """Return the content of config.json for a run described as `old` that is resumed after `step` as `new`.

    Raises `CheckpointError` if it would be another run, or has already done more steps than wanted.
    """
    found = differences(_identity(old), _identity(new))
    if found:
        raise CheckpointError(
            f"{run} was started with another configuration: {'; '.join(found)}. Resume with the original "
            "settings, or train into another folder"
        )
    if new["from"] is not None and (old.get("from") or {}).get("run") != new["from"]["run"]:
        raise CheckpointError(
            f"{run} was not started with the weights of {new['from']['run']}: resume it without --from"
        )
    if new["parent"] not in (None, old.get("parent")):
        progress.warning(f"the parent recorded at the start is kept: {old.get('parent') or 'none'}")
    changed = differences(old.get("versions"), new["versions"])
    if changed:
        progress.warning(f"resumed with other versions, so losses may differ in the last digits: {'; '.join(changed)}")
    execution = {name: value for name, value in new["training"].items() if name in EXECUTION_FIELDS}
    environment = {**old.get("environment", {}), "data": new["environment"]["data"]}
    config = {**old, "training": {**old["training"], **execution}, "environment": environment}
    return _with_num_steps(run, config, new["training"]["num_steps"], step, progress)


def _with_num_steps(run: Path, config: dict[str, Any], num_steps: int, step: int, progress: Progress) -> dict[str, Any]:
    """Return the configuration with another number of steps, which rates follow after `step`."""
    before = recorded_configuration(config, device="cpu").num_steps
    if num_steps < step:
        raise CheckpointError(
            f"{run} has already done {step} steps, more than the {num_steps} requested: request more, or return to an "
            "earlier checkpoint with --resume STEP"
        )
    lengths = [length for length in config.get("lengths", [initial_length(before)]) if length["after_step"] < step]
    if not lengths or lengths[-1]["num_steps"] != num_steps:
        lengths.append({"after_step": step, "num_steps": num_steps})
    longer = {**config, "training": {**config["training"], "num_steps": num_steps}, "lengths": lengths}
    if num_steps != before:
        progress.message(
            f"from {before:,} to {num_steps:,} steps: after step {step}, learning rates are those of a run of "
            f"{num_steps:,} steps{_rate_change(config, longer, step)}"
        )
    return longer


def initial_length(num_steps: int) -> dict[str, int]:
    """Return the first entry of `lengths`."""
    return {"after_step": 0, "num_steps": num_steps}


def _rate_change(before: dict[str, Any], after: dict[str, Any], step: int) -> str:
    """Describe how the rates change after `step`, as shares of their peak."""
    old, new = (recorded_configuration(config, device="cpu") for config in (before, after))
    if not 0 < step < new.num_steps:
        return ""
    return f"; the next is {share_of_peak(step + 1, new):.0%} of its peak ({share_of_peak(step, old):.0%} before)"


def recorded_configuration(config: dict[str, Any], **changes: Any) -> TrainingConfiguration:
    """Return the configuration that a run was last trained with, from its config.json, with `changes` applied.

    Raises `CheckpointError` for the content of another version or impossible values, and `ConfigurationError` for
    impossible changes.
    """
    settings = fill_missing_fields(config).get("training", {})
    try:
        if settings.get("model") == "custom":
            settings = {**settings, "model": GPTConfiguration(**config["model"])}
        recorded = TrainingConfiguration(**{**settings, "device": changes.get("device", "cpu")})
    except (TypeError, KeyError, ConfigurationError) as error:
        raise CheckpointError(f"a run of another version, or a damaged one: {error}") from None
    return replace(recorded, **{"device": settings.get("device", recorded.device), **changes})


def _identity(config: dict[str, Any]) -> dict[str, Any]:
    """Return the parts of a run's configuration that must not change."""
    training = config.get("training")
    settings = training if isinstance(training, dict) else {}
    kept = {name: value for name, value in settings.items() if name not in EXECUTION_FIELDS | {"num_steps"}}
    return {key: config.get(key) for key in _IDENTITY} | {"training": kept}


def differences(old: Any, new: Any, path: str = "") -> list[str]:
    """Return `field was old, now new` for each field that differs."""
    if isinstance(old, dict) and isinstance(new, dict):
        keys = sorted(old.keys() | new.keys())
        found = [differences(old.get(key), new.get(key), f"{path}.{key}".strip(".")) for key in keys]
        return [line for lines in found for line in lines]
    return [] if old == new else [f"{path} was {old}, now {new}"]
