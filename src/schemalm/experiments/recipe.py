"""The recipe of an experiment: a TOML file, which this module reads into frozen records and validates.

    name, schema                  `schema` is a file or a built-in name
    rules                         a file, a built-in name or `none`; by default those of a built-in schema
    baseline                      the name of the arm that the others are compared with
    seeds, budgets                every arm runs with each seed and each budget, in training tokens
    equal_documents               whether arms also run on the documents that the baseline sees in the budget
    [data]                        fields of `DataSettings`
    [training]                    `context_size`, and fields of `TrainingConfiguration` but for `num_steps` and `seed`
    [[arms]]                      `name`, `tokenizer`, and if they differ `training`, `seeds`, `budgets`,
                                  `equal_documents`, `baseline`, `renormalize`

A tokenizer is a table of its `kind` and of keyword arguments for that kind's `train`. Arms of the same name may differ
in the size of their model; each is compared with the baseline arm of its size. Paths are relative to the recipe file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_type_hints

from schemalm.errors import ConfigurationError
from schemalm.experiments.tokenizer_kinds import KINDS, TokenizerSettings
from schemalm.files.toml_table import REQUIRED, Scalar, Table, read_toml
from schemalm.rules.built_in import DEFAULT_RULES, chosen
from schemalm.training.configuration import TrainingConfiguration

DEFAULT_CONTEXT_SIZE = 512
DEFAULT_NUM_TOKENIZER_DOCUMENTS = 10_000
RENORMALIZERS = ("llguidance",)
SETTINGS = {
    name: kind for name, kind in get_type_hints(TrainingConfiguration).items() if name not in ("num_steps", "seed")
}
DATA_KEYS = (
    *("train", "validation", "train_where", "validation_where"),
    *("num_validation_documents", "num_tokenizer_documents"),
)
TOP_KEYS = ("name", "schema", "rules", "baseline", "seeds", "budgets", "equal_documents", "data", "training", "arms")
ARM_KEYS = ("name", "tokenizer", "training", "seeds", "budgets", "equal_documents", "baseline", "renormalize")


@dataclass(frozen=True)
class DataSettings:
    """The origin of the documents.

    train, validation: corpora.
    train_where, validation_where: use only rows of JSON Lines whose fields have these values. Sources of any validation
    row are left out of training.
    num_validation_documents: how many documents are scored, evenly spaced; None for all.
    num_tokenizer_documents: tokenizers learn from so many of the first training documents, whose order each seed draws.
    """

    train: Path
    validation: Path
    train_where: Mapping[str, Scalar]
    validation_where: Mapping[str, Scalar]
    num_validation_documents: int | None
    num_tokenizer_documents: int


@dataclass(frozen=True)
class Arm:
    """One arm: its tokenizer, all its training settings, its seeds, and its budgets in training tokens.

    renormalize: the engine whose masks a text model is scored with, after training without them, or None.
    """

    name: str
    tokenizer: TokenizerSettings
    training: Mapping[str, Any]
    seeds: tuple[int, ...]
    budgets: tuple[int, ...]
    equal_documents: bool
    baseline: str
    renormalize: str | None

    @property
    def model(self) -> str:
        """The size of the model."""
        return str(self.training["model"])

    def configuration(self, num_steps: int, seed: int) -> TrainingConfiguration:
        """Return the configuration of a run; by default it writes four checkpoints and is validated once."""
        defaults = {"evaluate_every": num_steps, "checkpoint_every": max(1, num_steps // 4), "keep_checkpoints": 1}
        return TrainingConfiguration(num_steps=num_steps, seed=seed, **{**defaults, **self.training})


@dataclass(frozen=True)
class Recipe:
    """The definition of a whole experiment."""

    name: str
    schema: str
    rules: str | None
    data: DataSettings
    context_size: int
    arms: tuple[Arm, ...]

    @property
    def arm_names(self) -> frozenset[str]:
        """The names of all arms."""
        return frozenset(arm.name for arm in self.arms)

    def baseline_of(self, arm: Arm) -> Arm:
        """Return the arm with the same model that `arm` is compared with."""
        return next(other for other in self.arms if (other.name, other.model) == (arm.baseline, arm.model))


def read_recipe(path: Path, *, train: Path | None = None, validation: Path | None = None) -> Recipe:
    """Read a recipe; `train` and `validation` replace its paths.

    Raises `ConfigurationError` with the file and the key if a value is missing, unknown or out of range.
    """
    top = read_toml(path)
    given = {name: str(corpus.absolute()) for name, corpus in (("train", train), ("validation", validation)) if corpus}
    recipe = _recipe(top, path.parent, given)
    top.finish(*TOP_KEYS)
    _check_arms(recipe, top)
    return recipe


def _recipe(top: Table, folder: Path, given_paths: dict[str, str]) -> Recipe:
    schema, rules = top.take("schema", str), top.take("rules", str, DEFAULT_RULES)
    schema = str(folder / schema) if (folder / schema).is_file() else schema
    training = top.table("training", {})
    context_size = training.count("context_size", DEFAULT_CONTEXT_SIZE)
    settings = {"model": "tiny", **_settings(training)}
    seeds, budgets = top.numbers("seeds", 0), top.numbers("budgets", 1)
    equal_documents, baseline = top.take("equal_documents", bool, False), top.take("baseline", str)
    return Recipe(
        name=_name(top),
        schema=schema,
        rules=chosen(str(folder / rules) if (folder / rules).is_file() else rules, schema),
        data=_data(top.table("data"), folder, given_paths),
        context_size=context_size,
        arms=tuple(
            _arm(table, Arm("", TokenizerSettings("", {}), settings, seeds, budgets, equal_documents, baseline, None))
            for table in top.tables("arms")
        ),
    )


def _data(table: Table, folder: Path, given_paths: dict[str, str]) -> DataSettings:
    paths = {name: table.take(name, str, given_paths.get(name, REQUIRED)) for name in ("train", "validation")}
    paths |= given_paths
    settings = DataSettings(
        train=folder / paths["train"],
        validation=folder / paths["validation"],
        train_where=table.scalars("train_where"),
        validation_where=table.scalars("validation_where"),
        num_validation_documents=table.count("num_validation_documents", None),
        num_tokenizer_documents=table.count("num_tokenizer_documents", DEFAULT_NUM_TOKENIZER_DOCUMENTS),
    )
    table.finish(*DATA_KEYS)
    return settings


def _arm(table: Table, defaults: Arm) -> Arm:
    arm = Arm(
        name=_name(table),
        tokenizer=_tokenizer(table.table("tokenizer")),
        training={**defaults.training, **_settings(table.table("training", {}))},
        seeds=table.numbers("seeds", 0, list(defaults.seeds)),
        budgets=table.numbers("budgets", 1, list(defaults.budgets)),
        equal_documents=table.take("equal_documents", bool, defaults.equal_documents),
        baseline=table.take("baseline", str, defaults.baseline),
        renormalize=table.take("renormalize", str, None),
    )
    table.finish(*ARM_KEYS)
    if arm.renormalize is not None and arm.renormalize not in RENORMALIZERS:
        table.fail("renormalize", f"must be one of {', '.join(RENORMALIZERS)}, got {arm.renormalize!r}")
    is_json = arm.tokenizer.kind == "byte-bpe" and arm.tokenizer.options["text"] == "json"
    if arm.renormalize is not None and not is_json:
        table.fail("renormalize", "requires a byte-bpe tokenizer with the text json")
    try:
        replaced = {**arm.training, "device": "cpu"}  # a run checks later whether its device exists
        TrainingConfiguration(num_steps=1, **replaced)
    except (ConfigurationError, TypeError) as error:
        table.fail("training", f"is invalid: {error}")
    return arm


def _name(table: Table) -> str:
    name: str = table.take("name", str)
    if not re.fullmatch(r"[\w.+-]{1,80}", name, flags=re.ASCII) or name.startswith("."):
        table.fail(
            "name", f"must be 1 to 80 letters, digits, `-`, `_`, `+` and `.`, not starting with `.`, got {name!r}"
        )
    return name


def _settings(table: Table) -> dict[str, Any]:
    return table.settings(SETTINGS, "a setting of training")


def _tokenizer(table: Table) -> TokenizerSettings:
    kind = table.take("kind", str)
    if kind not in KINDS:
        table.fail("kind", f"must be one of {', '.join(KINDS)}, got {kind!r}")
    options = table.settings(KINDS[kind].types, f"an option of {kind}")
    return TokenizerSettings(kind, {**KINDS[kind].defaults, **options})


def _check_arms(recipe: Recipe, top: Table) -> None:
    """Check that arms are unique, and that the baseline of each has all its seeds and budgets."""
    arms = Counter((arm.name, arm.model) for arm in recipe.arms)
    for arm in recipe.arms:
        if arms[arm.name, arm.model] > 1:
            top.fail("arms", f"has {arm.name} with the model {arm.model} twice")
        if (arm.baseline, arm.model) not in arms:
            top.fail("arms", f"has no {arm.baseline} with the model {arm.model}, which is the baseline of {arm.name}")
        baseline = recipe.baseline_of(arm)
        for name in ("seeds", "budgets"):
            missing = sorted({*getattr(arm, name)} - {*getattr(baseline, name)})
            if missing:
                top.fail("arms", f"has {arm.name} with the {name} {missing}, which its baseline {baseline.name} lacks")
