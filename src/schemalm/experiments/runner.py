"""Run an experiment: only the missing runs, one or several at a time, in any number of sessions.

When a run ends, its result is written and the report is updated. A run that fails is reported and skipped. Every
process computes with one thread: that is fastest for several small models at a time, and gives reproducible losses.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from schemalm.documents import LeftOut
from schemalm.errors import ConfigurationError, SchemaLMError, TrainingError
from schemalm.experiments.corpus import Log, obtain_corpus
from schemalm.experiments.cpu_time import StepSeconds
from schemalm.experiments.recipe import Recipe
from schemalm.experiments.report import write_report
from schemalm.experiments.results import Result, append_result, read_results
from schemalm.experiments.runs import Experiment, PlannedRun, plan_runs
from schemalm.experiments.text_masks import check_installed
from schemalm.experiments.verdicts import judge_results, judges_of
from schemalm.interruption import Interrupted
from schemalm.training.progress import Progress


@dataclass(frozen=True)
class RunFilter:
    """Selects runs by arm, model, measure, budget and seed; an empty field selects all."""

    arms: Collection[str] = ()
    models: Collection[str] = ()
    measures: Collection[str] = ()
    budgets: Collection[int] = ()
    seeds: Collection[int] = ()

    def select(self, recipe: Recipe) -> list[PlannedRun]:
        """Return the selected runs of a recipe; raises `ConfigurationError` if there are none."""
        runs = list(plan_runs(recipe))
        for noun, chosen, known in self._choices(runs):
            for choice in chosen:
                if choice not in known:
                    listed = ", ".join(map(str, dict.fromkeys(known)))
                    raise ConfigurationError(f"the recipe has no {noun} {choice}; it has {listed}")
        chosen_runs = [run for run in runs if self._has(run)]
        if not chosen_runs:
            raise ConfigurationError(
                "the recipe has no run with this combination of arm, model, measure, budget and seed"
            )
        return chosen_runs

    def _has(self, run: PlannedRun) -> bool:
        return all(not chosen or known[0] in chosen for _, chosen, known in self._choices([run]))

    def _choices(self, runs: Sequence[PlannedRun]) -> Iterator[tuple[str, Collection[str | int], list[str | int]]]:
        """Yield for each field its name, the chosen values, and the values of the runs."""
        yield "arm", self.arms, [run.arm.name for run in runs]
        yield "model", self.models, [run.arm.model for run in runs]
        yield "measure", self.measures, [run.measure for run in runs]
        yield "budget", self.budgets, [run.budget for run in runs]
        yield "seed", self.seeds, [run.seed for run in runs]


@dataclass(frozen=True)
class Failure:
    """A failed run and the reason."""

    run: str
    reason: str


@dataclass(frozen=True)
class ExperimentSummary:
    """The outcome of one call: runs made, runs that already existed, and failures; and the documents left out."""

    num_made: int
    num_existing: int
    failures: tuple[Failure, ...]
    left_out: LeftOut


def run_experiment(
    recipe: Recipe,
    out: Path,
    *,
    run_filter: RunFilter = RunFilter(),
    jobs: int = 1,
    log: Log = lambda message: None,
    make_progress: Callable[[], Progress] = Progress,
) -> ExperimentSummary:
    """Make all selected runs without a result in `out`, `jobs` at a time, and write the report after each.

    make_progress: makes the listener of a run if `jobs` is 1.
    Raises `SchemaLMError` if the documents or the recipe cannot be used, but not for a run that fails.
    """
    planned = run_filter.select(recipe)
    check_installed([name for run in planned for name in _masks(recipe, run)])
    seeds = sorted({run.seed for run in planned})
    corpora = {seed: obtain_corpus(recipe, seed, out, log) for seed in seeds}
    experiment = Experiment(recipe, corpora, out, StepSeconds.read(out))
    done = {result.key for result in read_results(out)}
    missing = [run for run in planned if done.isdisjoint(experiment.keys(run))]
    log(f"runs: {len(planned) - len(missing)} of {len(planned)} are finished")
    with _one_thread():
        experiment.measure_steps(missing)
    judges = judges_of(recipe)
    failures: list[Failure] = []
    at_once = jobs > 1 and bool(missing)
    outcomes = _side_by_side(experiment, missing, jobs) if at_once else _one_by_one(experiment, missing, make_progress)
    for number, (run, outcome) in enumerate(outcomes, start=1):
        count = f"{len(planned) - len(missing) + number} of {len(planned)}"
        if isinstance(outcome, Failure):
            failures.append(outcome)
            log(f"{count}: {run}: failed: {outcome.reason}")
            continue
        append_result(out, outcome)
        judge_results(out, judges)
        experiment.tidy(run)
        write_report(out, recipe.name, recipe.arm_names)
        log(f"{count}: {run}: {outcome.bits_per_byte:.4f} bits per byte in {outcome.seconds:.0f} s")
    num_made, num_existing = len(missing) - len(failures), len(planned) - len(missing)
    return ExperimentSummary(num_made, num_existing, tuple(failures), experiment.corpora[seeds[0]].left_out)


def _masks(recipe: Recipe, run: PlannedRun) -> list[str]:
    """Return the names of the masks that a run needs."""
    return [*(run.arm.masks if recipe.writing else ()), *filter(None, [run.arm.renormalize])]


@contextmanager
def _one_thread() -> Iterator[None]:
    num_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(num_threads)


Outcomes = Iterator[tuple[PlannedRun, Result | Failure]]


def _one_by_one(experiment: Experiment, runs: Sequence[PlannedRun], make_progress: Callable[[], Progress]) -> Outcomes:
    """Yield each run with its result or failure, run in this process."""
    with _one_thread():
        for run in runs:
            yield run, _outcome(experiment, run, make_progress())


def _side_by_side(experiment: Experiment, runs: Sequence[PlannedRun], jobs: int) -> Outcomes:
    """Yield each run with its result or failure, in the order in which they end, run in separate processes."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(runs)), context, _begin_worker) as pool:
        futures = {pool.submit(_worker_outcome, experiment, run): run for run in runs}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BrokenProcessPool:
            raise TrainingError(
                "a worker process was killed, perhaps because memory ran out: continue with fewer --jobs"
            ) from None
        except BaseException:
            # Runs in progress are not awaited: they continue from their last checkpoint next time.
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                process.terminate()
            raise


def _begin_worker() -> None:
    # Only the parent process handles an interruption; it ends the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)


def _worker_outcome(experiment: Experiment, run: PlannedRun) -> Result | Failure:
    try:
        return _outcome(experiment, run)
    except Interrupted as interruption:
        os._exit(128 + interruption.number)  # otherwise the worker would start the next run


def _outcome(experiment: Experiment, run: PlannedRun, progress: Progress | None = None) -> Result | Failure:
    try:
        return experiment.execute(run, progress)
    except SchemaLMError as error:
        return Failure(str(run), str(error))
