"""The workflow book: an endless, seeded sequence of realistic workflows of fictional repositories.

In: a count and a seed. Out: that many workflows, no two with the same value, no two with the same repository and path.
The same seed yields the same sequence on every supported Python: everything is drawn from one `random.Random`, and
nothing depends on the order of a set. A longer sequence begins with the shorter one.
The values are valid under GitHub's schema; the tests show that, and it is not checked here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Any

import orjson

from workflow_book.extras import add_notification, grow
from workflow_book.habits import finish
from workflow_book.kinds import Kind
from workflow_book.project import Project, make_project
from workflow_book.scope import narrow
from workflow_book.workflows import KINDS

_NUM_REPOSITORIES = 240
# After this number of repeated candidates, one more repository is added.
_PATIENCE = 40
_CHANCE_OF_COMPONENT = 0.5
_CHANCE_OF_REPORT = 0.4
_CHANCE_OF_NO_NAME = 0.015


@dataclass(frozen=True)
class ComposedWorkflow:
    """One composed workflow: its JSON `value`, the fictional `repository` ("owner/name") and its `path` there."""

    value: dict[str, Any]
    repository: str
    path: str


@dataclass(frozen=True)
class _Repository:
    """A repository with the kinds of workflow that fit it."""

    project: Project
    kinds: tuple[Kind, ...]
    weights: tuple[float, ...]


def compose_workflows(count: int, seed: int = 0) -> Iterator[ComposedWorkflow]:
    """Yield `count` distinct workflows of about 240 fictional repositories, the same ones for the same `seed`."""
    return islice(_all_workflows(Random(seed)), count)


def _all_workflows(random: Random) -> Iterator[ComposedWorkflow]:
    names: set[str] = set()
    shelf = [_new_repository(random, names) for _ in range(_NUM_REPOSITORIES)]
    seen: set[bytes] = set()
    misses = 0
    while True:
        workflow = _compose(random.choice(shelf), random)
        value = orjson.dumps(workflow.value, option=orjson.OPT_SORT_KEYS)
        path = f"{workflow.repository}/{workflow.path}".encode()
        if value in seen or path in seen:
            misses += 1
            if misses == _PATIENCE:
                shelf.append(_new_repository(random, names))
                misses = 0
            continue
        seen.update((value, path))
        misses = 0
        yield workflow


def _new_repository(random: Random, names: set[str]) -> _Repository:
    """Make up a repository whose name is not in `names`, and add the name there."""
    project = make_project(random)
    while project.repository in names:
        project = make_project(random)
    names.add(project.repository)
    kinds = tuple(kind for kind in KINDS if kind.fits(project))
    return _Repository(project, kinds, tuple(kind.weight for kind in kinds))


def _compose(repository: _Repository, random: Random) -> ComposedWorkflow:
    """Compose one workflow for a repository."""
    project = repository.project
    kind = random.choices(repository.kinds, repository.weights)[0]
    stem, title = random.choice(tuple(kind.titles.items()))
    workflow = kind.compose(project, random)
    if kind.grows:
        workflow = grow(project, random, workflow)
    if kind.reports and random.random() < _CHANCE_OF_REPORT:
        workflow = add_notification(random, workflow)
    if kind.scoped and project.components and random.random() < _CHANCE_OF_COMPONENT:
        folder = random.choice(project.components)
        component = folder.split("/")[1]
        stem, title = f"{stem}-{component}", f"{title} ({component})"
        workflow = narrow(workflow, folder)
    if project.habits.lower_case_names:
        title = title.lower()
    if random.random() >= _CHANCE_OF_NO_NAME:
        workflow["name"] = title
    path = f".github/workflows/{stem}.{project.habits.extension}"
    return ComposedWorkflow(finish(project, random, workflow), project.repository, path)
