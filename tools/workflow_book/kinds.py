"""A kind of workflow: its composer, its file names, and how common it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from workflow_book.project import Project
from workflow_book.toolchain import Json

Composer = Callable[[Project, Random], Json]


@dataclass(frozen=True)
class Kind:
    """One kind of workflow.

    `titles` maps file names without extension to the workflow's name; `fits` says for which repositories it makes
    sense. A `scoped` kind may be written for one component of a repository with several. A kind that `grows` has room
    for side jobs; one that `reports` may end with a job that notifies people of failures.
    """

    compose: Composer
    titles: Mapping[str, str]
    weight: float
    fits: Callable[[Project], bool] = lambda project: True
    scoped: bool = False
    grows: bool = False
    reports: bool = False


def has_task(*names: str) -> Callable[[Project], bool]:
    """Return a predicate: whether a repository has all the named tasks."""
    return lambda project: all(name in project.tasks for name in names)


def speaks(*languages: str) -> Callable[[Project], bool]:
    """Return a predicate: whether a repository is written in one of the languages."""
    return lambda project: project.language in languages


def is_program(project: Project) -> bool:
    """Return whether the repository is a program rather than documentation, infrastructure or scripts."""
    return project.language not in {"docs", "terraform", "shell"}
