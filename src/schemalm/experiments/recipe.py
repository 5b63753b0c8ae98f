"""The recipe of an experiment: a TOML file, which this module reads into frozen records and validates.

    name, schema                  `schema` is a file or a built-in name
    rules                         a file, a built-in name or `none`; by default those of a built-in schema
    baseline                      the name of the arm that the others are compared with
    seeds, budgets                every arm runs with each seed and each budget
    budget_unit                   of budgets: training `tokens`, or `seconds` of CPU time in training steps
    equal_documents               whether arms also run on the documents that the baseline sees in the budget of tokens
    [data]                        fields of `DataSettings`
    [writing]                     fields of `WritingSettings`, if models write documents
    [training]                    `context_size`, and fields of `TrainingConfiguration` but for `num_steps` and `seed`
    [[arms]]                      `name`, `tokenizer`, and if they differ `training`, `seeds`, `budgets`,
                                  `equal_documents`, `baseline`, `renormalize`, `masks`

A tokenizer is a table of its `kind` and of keyword arguments for that kind's `train`. Arms of the same name may differ
in the size of their model; each is compared with the baseline arm of its size. A model writes documents under each of
its arm's `masks`: those of its own grammar, if it has one, else those of `text_masks.py`. Paths are relative to the
recipe file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_type_hints

from schemalm.errors import ConfigurationError
from schemalm.experiments.text_masks import NO_MASK, TEXT_MASKS
from schemalm.experiments.tokenizer_kinds import KINDS, TokenizerSettings
from schemalm.files.toml_table import REQUIRED, Scalar, Table, read_toml
from schemalm.generation.sampling import Sampling, check_request
from schemalm.rules.built_in import DEFAULT_RULES, chosen
from schemalm.training.configuration import TrainingConfiguration

DEFAULT_CONTEXT_SIZE = 512
DEFAULT_NUM_TOKENIZER_DOCUMENTS = 10_000
RENORMALIZERS = tuple(name for name in TEXT_MASKS if name != NO_MASK)
SETTINGS = {
    name: kind for name, kind in get_type_hints(TrainingConfiguration).items() if name not in ("num_steps", "seed")
}
DATA_KEYS = (
    *("train", "validation", "train_where", "validation_where"),
    *("num_train_documents", "num_validation_documents", "num_tokenizer_documents"),
)
TOP_KEYS = (
    *("name", "schema", "rules", "baseline", "seeds", "budgets", "budget_unit", "equal_documents"),
    *("data", "training", "writing", "arms"),
)
ARM_KEYS = ("name", "tokenizer", "training", "seeds", "budgets", "equal_documents", "baseline", "renormalize", "masks")
TOKENS, SECONDS = "tokens", "seconds"
# The mask of a typed tokenizer.
OWN_MASK = "grammar"


@dataclass(frozen=True)
class DataSettings:
    """The origin of the documents.

    train, validation: corpora.
    train_where, validation_where: use only rows of JSON Lines whose fields have these values. Sources of any validation
    row are left out of training.
    num_train_documents: how many training documents each seed draws; None for all.
    num_validation_documents: how many documents are scored, evenly spaced; None for all.
    num_tokenizer_documents: tokenizers learn from so many of the first training documents, whose order each seed draws.
    """

    train: Path
    validation: Path
    train_where: Mapping[str, Scalar]
    validation_where: Mapping[str, Scalar]
    num_train_documents: int | None
    num_validation_documents: int | None
    num_tokenizer_documents: int


@dataclass(frozen=True)
class WritingSettings:
    """How models write documents: how many under each mask, the budget of each in tokens, and the temperature."""

    num_documents: int = 200
    max_tokens: int = 512
    temperature: float = 0.8

    def __post_init__(self) -> None:
        check_request(self.num_documents, self.max_tokens, seed=0)
        Sampling(self.temperature)


@dataclass(frozen=True)
class Arm:
    """One arm: its tokenizer, all its training settings, its seeds, and its budgets.

    renormalize: the engine whose masks a text model is scored with, after training without them, or None.
    masks: under which the model writes documents, if the recipe says that models write.
    """

    name: str
    tokenizer: TokenizerSettings
    training: Mapping[str, Any]
    seeds: tuple[int, ...]
    budgets: tuple[int, ...]
    equal_documents: bool
    baseline: str
    renormalize: str | None
    masks: tuple[str, ...] = ()

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
    budget_unit: str = TOKENS
    writing: WritingSettings | None = None

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
        budget_unit=_budget_unit(top, equal_documents),
        writing=_writing(top),
    )


def _budget_unit(top: Table, equal_documents: bool) -> str:
    unit: str = top.take("budget_unit", str, TOKENS)
    if unit not in (TOKENS, SECONDS):
        top.fail("budget_unit", f"must be {TOKENS} or {SECONDS}, got {unit!r}")
    if unit == SECONDS and equal_documents:
        top.fail("equal_documents", f"requires budgets in {TOKENS}")
    return unit


def _writing(top: Table) -> WritingSettings | None:
    content: dict[str, Any] | None = top.take("writing", dict, None)
    if content is None:
        return None
    table = Table("[writing]", content)
    try:
        return WritingSettings(**table.settings(get_type_hints(WritingSettings), "a setting of writing"))
    except ConfigurationError as error:
        top.fail("writing", f"is invalid: {error}")


def _data(table: Table, folder: Path, given_paths: dict[str, str]) -> DataSettings:
    paths = {name: table.take(name, str, given_paths.get(name, REQUIRED)) for name in ("train", "validation")}
    paths |= given_paths
    settings = DataSettings(
        train=folder / paths["train"],
        validation=folder / paths["validation"],
        train_where=table.scalars("train_where"),
        validation_where=table.scalars("validation_where"),
        num_train_documents=table.count("num_train_documents", None),
        num_validation_documents=table.count("num_validation_documents", None),
        num_tokenizer_documents=table.count("num_tokenizer_documents", DEFAULT_NUM_TOKENIZER_DOCUMENTS),
    )
    table.finish(*DATA_KEYS)
    return settings


def _arm(table: Table, defaults: Arm) -> Arm:
    tokenizer = _tokenizer(table.table("tokenizer"))
    arm = Arm(
        name=_name(table),
        tokenizer=tokenizer,
        training={**defaults.training, **_settings(table.table("training", {}))},
        seeds=table.numbers("seeds", 0, list(defaults.seeds)),
        budgets=table.numbers("budgets", 1, list(defaults.budgets)),
        equal_documents=table.take("equal_documents", bool, defaults.equal_documents),
        baseline=table.take("baseline", str, defaults.baseline),
        renormalize=table.take("renormalize", str, None),
        masks=_masks(table, tokenizer),
    )
    table.finish(*ARM_KEYS)
    if arm.renormalize is not None and arm.renormalize not in RENORMALIZERS:
        table.fail("renormalize", f"must be one of {', '.join(RENORMALIZERS)}, got {arm.renormalize!r}")
    if arm.renormalize is not None and not _is_json_text(tokenizer):
        table.fail("renormalize", "requires a byte-bpe tokenizer with the text json")
    try:
        replaced = {**arm.training, "device": "cpu"}  # a run checks later whether its device exists
        TrainingConfiguration(num_steps=1, **replaced)
    except (ConfigurationError, TypeError) as error:
        table.fail("training", f"is invalid: {error}")
    return arm


def _masks(table: Table, tokenizer: TokenizerSettings) -> tuple[str, ...]:
    """Return the masks of an arm; by default the first that its tokenizer has. Text other than JSON has none."""
    known = [OWN_MASK] if KINDS[tokenizer.kind].is_typed else [*TEXT_MASKS] if _is_json_text(tokenizer) else []
    masks: list[Any] = table.take("masks", list, known[:1])
    if not all(mask in known for mask in masks) or len({*masks}) < len(masks):
        table.fail("masks", f"must be a list of different masks of {known}, got {masks!r}")
    return tuple(masks)


def _is_json_text(tokenizer: TokenizerSettings) -> bool:
    return tokenizer.kind == "byte-bpe" and tokenizer.options["text"] == "json"


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
