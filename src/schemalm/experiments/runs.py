"""The runs of an experiment: plan them, and execute one of them from preparing its data to its result.

A run is one arm with one budget and one seed, at equal compute or on equal documents. It is an ordinary run folder, so
an interrupted run continues where it stopped, and executing it again repeats no finished work.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from schemalm.baselines import ByteBPETokenizer
from schemalm.dataset.packing import num_rows
from schemalm.dataset.store import TOKENIZER_FILE, Split, read_metadata
from schemalm.dataset.windows import training_windows
from schemalm.evaluation.likelihood import validation_likelihood
from schemalm.experiments.corpus import DrawnCorpus
from schemalm.experiments.cpu_time import NUM_STEPS, RunClock, StepSeconds
from schemalm.experiments.masked_scores import score_under_mask
from schemalm.experiments.recipe import SECONDS, Arm, Recipe
from schemalm.experiments.results import Measure, Result
from schemalm.experiments.shared_data import SharedData, tokens_per_document
from schemalm.experiments.text_masks import make_text_mask
from schemalm.experiments.writing import TrainedModel, WrittenSet, obtain_documents
from schemalm.files.digests import digest
from schemalm.training.checkpoint import checkpoint_steps, remove_checkpoints
from schemalm.training.configuration import LEGACY_VALUES, TrainingConfiguration
from schemalm.training.listeners import Listeners
from schemalm.training.loop import train
from schemalm.training.progress import Progress
from schemalm.training.run import load_checkpoint

# The values of settings that the first experiments used, but that their keys do not contain.
_FIRST_VALUES = {
    "micro_batch_size": None,
    "optimizer": "adamw",
    "muon_learning_rate": 0.02,
    "schedule": "cosine",
    "warmdown_fraction": 0.4,
    "max_loss_rise": 2.0,
    "compile": False,
    "activation_checkpointing": False,
    "shard_optimizer": False,
}


@dataclass(frozen=True)
class PlannedRun:
    """One run of an experiment."""

    arm: Arm
    baseline: Arm
    measure: Measure
    budget: int
    seed: int

    def keys(self, recipe: Recipe, corpus: DrawnCorpus) -> list[str]:
        """Return hashes of everything that determines the run's result: the current one first, then earlier ones.

        A setting that a later version added is omitted if it has the value that all earlier runs used, so that earlier
        results remain usable.
        """
        arm, baseline = self.arm, self.baseline
        compared = [baseline.tokenizer.kind, baseline.tokenizer.options] if self.measure == "documents" else []
        tokenizer = [arm.tokenizer.kind, arm.tokenizer.options, recipe.data.num_tokenizer_documents]
        training = _without(asdict(arm.configuration(1, self.seed)), LEGACY_VALUES)
        what = [arm.name, arm.renormalize, self.measure, self.budget, compared]
        what += [[arm.masks, asdict(recipe.writing)]] if recipe.writing is not None else []
        return [
            digest([what, tokenizer, settings, recipe.context_size, corpus.digest])
            for settings in (training, _without(training, _FIRST_VALUES))
        ]

    @property
    def unit(self) -> str:
        """What the budget counts."""
        return "CPU seconds" if self.measure == "time" else "tokens"

    def __str__(self) -> str:
        return (
            f"{self.arm.name} ({self.arm.model}), equal {self.measure}, {self.budget:,} {self.unit}, seed {self.seed}"
        )


def _without(settings: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings without those that have the given values."""
    return {name: value for name, value in settings.items() if name not in values or values[name] != value}


def plan_runs(recipe: Recipe) -> Iterator[PlannedRun]:
    """Yield all runs in an order that soon gives useful tables: small budgets first, then seed by seed."""
    budgets = sorted({budget for arm in recipe.arms for budget in arm.budgets})
    seeds = dict.fromkeys(seed for arm in recipe.arms for seed in arm.seeds)
    measures: tuple[Measure, ...] = ("time",) if recipe.budget_unit == SECONDS else ("compute", "documents")
    for budget in budgets:
        for seed in seeds:
            for measure in measures:
                for arm in recipe.arms:
                    baseline = recipe.baseline_of(arm)
                    if budget in arm.budgets and seed in arm.seeds and _applies(arm, baseline, measure):
                        yield PlannedRun(arm, baseline, measure, budget, seed)


def _applies(arm: Arm, baseline: Arm, measure: Measure) -> bool:
    """Return whether to run a measure: with the baseline's tokenizer, equal documents are the same as equal compute."""
    return measure != "documents" or (arm.equal_documents and arm.tokenizer != baseline.tokenizer)


@dataclass(frozen=True)
class Experiment:
    """An experiment in progress in the folder `out`, with the documents of each seed.

    step_seconds: plans the steps of runs with equal time.
    """

    recipe: Recipe
    corpora: Mapping[int, DrawnCorpus]
    out: Path
    step_seconds: StepSeconds

    def key(self, planned: PlannedRun) -> str:
        """Return the hash of everything that determines a run's result."""
        return self.keys(planned)[0]

    def keys(self, planned: PlannedRun) -> list[str]:
        """Return this hash, and those of earlier versions."""
        return planned.keys(self.recipe, self.corpora[planned.seed])

    def folder(self, planned: PlannedRun) -> Path:
        """Return the folder of a run, which depends on its training alone."""
        key = planned.keys(replace(self.recipe, writing=None), self.corpora[planned.seed])[0]
        name = f"{planned.arm.name}-{planned.arm.model}-{planned.measure}-{planned.budget}-seed{planned.seed}"
        return self.out / "runs" / f"{name}-{key}"

    def execute(self, planned: PlannedRun, progress: Progress | None = None) -> Result:
        """Train and score one run; make its tokenizer and data if they do not exist."""
        data, num_steps = self._data(planned)
        metadata = read_metadata(data)
        split, configuration = metadata.splits["train"], planned.arm.configuration(num_steps, planned.seed)
        run = self.folder(planned)
        clock = RunClock(run)
        listeners = Listeners(progress or Progress(), [clock])
        summary = train(data, run, configuration, resume="auto", report=listeners)
        model, config = load_checkpoint(run, device=configuration.device)
        likelihood = validation_likelihood(model, data, config)
        renormalized = None
        if planned.arm.renormalize is not None:
            corpus, tokenizer = self.corpora[planned.seed], ByteBPETokenizer.load(data / TOKENIZER_FILE)
            mask = make_text_mask(planned.arm.renormalize, tokenizer, corpus.published_schema(), corpus.key_orders)
            renormalized = asdict(score_under_mask(model, data, config["training"], mask))
        return Result(
            key=self.key(planned),
            arm=planned.arm.name,
            baseline=planned.baseline.name,
            model=planned.arm.model,
            measure=planned.measure,
            budget=planned.budget,
            seed=planned.seed,
            num_steps=summary.num_steps,
            num_tokens=summary.num_tokens,
            num_documents=split.num_documents,
            num_epochs=summary.num_tokens / split.num_tokens,
            bits_per_byte=likelihood.score.bits_per_byte,
            nats_per_token=likelihood.score.loss,
            under_mask=likelihood.under_mask,
            num_validation_documents=likelihood.num_documents,
            num_validation_bytes=likelihood.score.num_bytes,
            tokens_per_document=tokens_per_document(metadata, "val"),
            tokens_per_train_document=tokens_per_document(metadata, "train"),
            vocab_size=metadata.vocab_size,
            num_parameters=model.num_parameters(),
            seconds=summary.elapsed_seconds,
            tokenizer={"kind": planned.arm.tokenizer.kind, **planned.arm.tokenizer.options},
            training=config["training"],
            context_size=metadata.context_size,
            tokenizer_sha256=metadata.tokenizer_sha256,
            data_sha256=config["data_sha256"],
            versions=config["versions"],
            environment={name: value for name, value in config["environment"].items() if name != "data"},
            renormalized=renormalized,
            cpu_seconds=clock.total,
            written=self._written(planned, run, data),
        )

    def measure_steps(self, runs: Iterable[PlannedRun]) -> None:
        """Measure the steps of the runs with equal time whose way of training has not been measured yet."""
        ways: dict[str, tuple[Path, TrainingConfiguration]] = {}
        for planned in runs:
            way = self._way(planned)
            if planned.measure == "time" and way not in {*ways, *self.step_seconds.known}:
                configuration = planned.arm.configuration(NUM_STEPS, planned.seed)
                ways[way] = self._shared(planned).data_of_documents(planned.arm.tokenizer, None), configuration
        self.step_seconds.measure(ways)

    def _way(self, planned: PlannedRun) -> str:
        """Return a name for what determines the time of a step: all but the seed."""
        arm = planned.arm
        settings = [arm.tokenizer.kind, arm.tokenizer.options, asdict(arm.configuration(1, seed=0))]
        return f"{arm.name} {digest([settings, self.recipe.context_size])}"

    def _written(self, planned: PlannedRun, run: Path, data: Path) -> list[WrittenSet] | None:
        settings = self.recipe.writing
        if settings is None:
            return None
        corpus = self.corpora[planned.seed]
        model = TrainedModel(run, data, corpus.published_schema(), corpus.key_orders, planned.seed)
        name = f"{run.name}-{digest(asdict(settings))}"
        return [obtain_documents(self.out, f"{name}-{mask}", model, mask, settings) for mask in planned.arm.masks]

    def tidy(self, planned: PlannedRun) -> None:
        """Remove the checkpoints of a finished run, but keep models that write; metrics and configuration remain."""
        if self.recipe.writing is None:
            run = self.folder(planned)
            remove_checkpoints(run, checkpoint_steps(run))

    def _shared(self, planned: PlannedRun) -> SharedData:
        recipe = self.recipe
        corpus = self.corpora[planned.seed]
        return SharedData(self.out, corpus, recipe.context_size, recipe.data.num_tokenizer_documents)

    def _data(self, planned: PlannedRun) -> tuple[Path, int]:
        """Return the data of a run, and the number of steps to train."""
        arm, shared = planned.arm, self._shared(planned)
        if planned.measure == "time":
            data = shared.data_of_documents(arm.tokenizer, None)
            return data, self.step_seconds.num_steps(self._way(planned), planned.budget)
        if planned.measure == "compute":
            data, num_tokens = shared.data_of_tokens(arm.tokenizer, planned.budget), float(planned.budget)
        else:
            seen = read_metadata(shared.data_of_tokens(planned.baseline.tokenizer, planned.budget)).splits["train"]
            data = shared.data_of_documents(arm.tokenizer, seen.num_documents)
            num_tokens = planned.budget / seen.num_tokens * read_metadata(data).splits["train"].num_tokens
        metadata, settings = read_metadata(data), arm.configuration(1, planned.seed)
        lengths = training_windows(Split(data, "train", metadata)).all_lengths()
        num_rows_once = num_rows(lengths, metadata.context_size, settings.packing)
        num_windows = num_tokens * num_rows_once / metadata.splits["train"].num_tokens
        return data, max(1, round(num_windows / settings.batch_size))
