"""Running an experiment: what is not done yet, one run after another or several at a time, in any number of sittings.

Results are kept as soon as a run ends, and the report is written anew. A run that fails is told and passed over. Every
process computes on one thread: that is fastest for small models side by side, and gives the same losses each time.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

import torch

from schemalm.documents import LeftOut
from schemalm.errors import ConfigurationError, SchemaLMError, TrainingError
from schemalm.experiments.corpus import Tell, obtain_corpus
from schemalm.experiments.llguidance_masks import check_llguidance
from schemalm.experiments.recipe import Recipe
from schemalm.experiments.report import write_report
from schemalm.experiments.results import Result, append_result, read_results
from schemalm.experiments.runs import Experiment, PlannedRun, plan_runs
from schemalm.interruption import Interrupted
from schemalm.training.progress import Progress


@dataclass(frozen=True)
class Part:
    """A part of an experiment: its runs of some arms, models, measures, budgets and seeds; an empty choice is all."""

    arms: Collection[str] = ()
    models: Collection[str] = ()
    measures: Collection[str] = ()
    budgets: Collection[int] = ()
    seeds: Collection[int] = ()

    def of(self, recipe: Recipe) -> list[PlannedRun]:
        """The runs of this part; raises `ConfigurationError` where the recipe has none."""
        runs = list(plan_runs(recipe))
        for noun, chosen, known in self._choices(runs):
            for choice in chosen:
                if choice not in known:
                    listed = ", ".join(map(str, dict.fromkeys(known)))
                    raise ConfigurationError(f"the recipe has no {noun} {choice}; it has {listed}")
        chosen_runs = [run for run in runs if self._has(run)]
        if not chosen_runs:
            raise ConfigurationError("the recipe has no run with such an arm, model, measure, budget and seed together")
        return chosen_runs

    def _has(self, run: PlannedRun) -> bool:
        return all(not chosen or known[0] in chosen for _, chosen, known in self._choices([run]))

    def _choices(self, runs: Sequence[PlannedRun]) -> Iterator[tuple[str, Collection[str | int], list[str | int]]]:
        """What may be chosen, what is, and what the runs have of it."""
        yield "arm", self.arms, [run.arm.name for run in runs]
        yield "model", self.models, [run.arm.model for run in runs]
        yield "measure", self.measures, [run.measure for run in runs]
        yield "budget", self.budgets, [run.budget for run in runs]
        yield "seed", self.seeds, [run.seed for run in runs]


@dataclass(frozen=True)
class Failure:
    """A run that came to no result, and why."""

    run: str
    reason: str


@dataclass(frozen=True)
class Sitting:
    """What one call did: runs that it made, that were there already, and that failed; what its corpora left out."""

    num_made: int
    num_there: int
    failures: tuple[Failure, ...]
    left_out: LeftOut


def run_experiment(
    recipe: Recipe,
    out: Path,
    *,
    part: Part = Part(),
    jobs: int = 1,
    tell: Tell = lambda message: None,
    make_progress: Callable[[], Progress] = Progress,
) -> Sitting:
    """Make all runs of a part that `out` has no result of, `jobs` at a time, and write the report after each.

    `make_progress` gives the listener of a run where there is one at a time. Raises `SchemaLMError` where the documents
    or the recipe cannot be used, not for a run that fails.
    """
    planned = part.of(recipe)
    if any(run.arm.renormalize for run in planned):
        check_llguidance()
    seeds = sorted({run.seed for run in planned})
    experiment = Experiment(recipe, {seed: obtain_corpus(recipe, seed, out, tell) for seed in seeds}, out)
    done = {result.key for result in read_results(out)}
    missing = [run for run in planned if done.isdisjoint(experiment.keys(run))]
    tell(f"runs: {len(planned) - len(missing)} of {len(planned)} are done")
    failures: list[Failure] = []
    at_once = jobs > 1 and bool(missing)
    outcomes = _side_by_side(experiment, missing, jobs) if at_once else _one_by_one(experiment, missing, make_progress)
    for number, (run, outcome) in enumerate(outcomes, start=1):
        count = f"{len(planned) - len(missing) + number} of {len(planned)}"
        if isinstance(outcome, Failure):
            failures.append(outcome)
            tell(f"{count}: {run}: failed: {outcome.reason}")
            continue
        append_result(out, outcome)
        experiment.tidy(run)
        write_report(out, recipe.name, recipe.arm_names)
        tell(f"{count}: {run}: {outcome.bits_per_byte:.4f} bits per byte in {outcome.seconds:.0f} s")
    num_made, num_there = len(missing) - len(failures), len(planned) - len(missing)
    return Sitting(num_made, num_there, tuple(failures), experiment.corpora[seeds[0]].left_out)


Outcomes = Iterator[tuple[PlannedRun, Result | Failure]]


def _one_by_one(experiment: Experiment, runs: Sequence[PlannedRun], make_progress: Callable[[], Progress]) -> Outcomes:
    """Each run with what came of it, in this process."""
    num_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for run in runs:
            yield run, _outcome(experiment, run, make_progress())
    finally:
        torch.set_num_threads(num_threads)


def _side_by_side(experiment: Experiment, runs: Sequence[PlannedRun], jobs: int) -> Outcomes:
    """Each run with what came of it, in the order in which they end, in processes of their own."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(runs)), context, _begin_worker) as pool:
        futures = {pool.submit(_worker_outcome, experiment, run): run for run in runs}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BrokenProcessPool:
            raise TrainingError(
                "a process was ended from outside, perhaps for want of memory: go on with fewer --jobs"
            ) from None
        except BaseException:
            # What is under way is not waited for: it goes on from its last checkpoint another time.
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                process.terminate()
            raise


def _begin_worker() -> None:
    # The parent process alone answers an interruption; it ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)


def _worker_outcome(experiment: Experiment, run: PlannedRun) -> Result | Failure:
    try:
        return _outcome(experiment, run)
    except Interrupted as interruption:
        os._exit(128 + interruption.number)  # a pool's process would take up the next run


def _outcome(experiment: Experiment, run: PlannedRun, progress: Progress | None = None) -> Result | Failure:
    try:
        return experiment.execute(run, progress)
    except SchemaLMError as error:
        return Failure(str(run), str(error))
