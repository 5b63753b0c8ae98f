"""The fictional repository: its toolchain, its choice among the alternatives of each step, and its habits.

In: a random generator. Out: a frozen `Project`, from which every workflow of that repository is written, so that
they agree with each other: one default branch, one style of pinning, one way to run the tests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from workflow_book.actions import Pinning, action_reference
from workflow_book.languages import TOOLCHAINS
from workflow_book.names import component_folders, owner_and_name
from workflow_book.toolchain import Json, Step, Toolchain

# The share of each language, roughly as in public code; the toolchains of one language share its weight.
_LANGUAGE_WEIGHTS = {
    "python": 24, "javascript": 22, "go": 12, "rust": 10, "java": 7, "kotlin": 3, "dotnet": 5, "ruby": 4, "php": 5,
    "c++": 5, "elixir": 3, "terraform": 4, "docs": 5, "shell": 3, "deno": 2, "swift": 2,
}  # fmt: skip
_TASKS = ("install", "lint", "format", "types", "test", "build", "publish", "audit", "benchmark", "migrate")
# Tasks that not every repository has, and the share of the repositories that have them.
_OPTIONAL_TASKS = {"format": 0.6, "types": 0.55, "lint": 0.9}


@dataclass(frozen=True)
class Habits:
    """How the people of one repository write workflows of any kind."""

    branch: str
    extra_branches: tuple[str, ...]
    runner: str
    pinning: Pinning
    generation: int
    step_names: float
    checkout_name: str
    top_permissions: Any
    concurrency: Json | str | None
    timeout_minutes: int | None
    keep_credentials: bool
    harden_runner: bool
    explicit_cache: bool
    wrap_conditions: bool
    permissions_last: bool
    lower_case_names: bool
    job_separator: str
    extension: str


@dataclass(frozen=True)
class Project:
    """A fictional repository; `tasks` has one step for each thing that its toolchain can do."""

    owner: str
    name: str
    toolchain: Toolchain
    tasks: Mapping[str, Step]
    version: str
    components: tuple[str, ...]
    image: str
    database: str
    habits: Habits

    @property
    def repository(self) -> str:
        """The source's name, `owner/name`."""
        return f"{self.owner}/{self.name}"

    @property
    def language(self) -> str:
        """The language of the toolchain."""
        return self.toolchain.language

    def tokens(self) -> dict[str, str]:
        """Return the replacement of each template token in this repository."""
        return {
            "<package>": self.name,
            "<module>": self.name.replace("-", "_"),
            "<owner>": self.owner,
            "<branch>": self.habits.branch,
            "<runner>": self.habits.runner,
            "<image>": self.image,
            "<version>": self.version,
            "<container>": self.toolchain.container.replace("<version>", self.version.removesuffix(".x")),
            "<extension>": self.toolchain.extension,
        }

    def action(self, name: str) -> str:
        """Return this repository's reference to the action `name`; a name with a version is unchanged."""
        if "@" in name or name.startswith("docker://"):
            return name
        return action_reference(name, self.habits.generation, self.habits.pinning)


def make_project(random: Random) -> Project:
    """Make up one repository."""
    owner, name = owner_and_name(random)
    toolchain = _choose_toolchain(random)
    registry = random.choices(("ghcr.io", "docker.io", "quay.io"), (8, 2, 1))[0]
    return Project(
        owner=owner,
        name=name,
        toolchain=toolchain,
        tasks=_choose_tasks(random, toolchain),
        version=random.choice(
            [version for version in toolchain.versions[1:] if version not in {"beta", "nightly", "canary"}]
        ),
        components=component_folders(random),
        image=f"{registry}/{owner}/{name}",
        database=random.choice(("postgres", "postgres", "mysql", "redis")),
        habits=make_habits(random),
    )


def make_habits(random: Random) -> Habits:
    """Make up the habits of one repository."""
    branch = random.choices(("main", "master", "develop", "trunk"), (76, 18, 5, 1))[0]
    return Habits(
        branch=branch,
        extra_branches=random.choice(((), (), (), ("release/**",), ("v*.x",), ("staging",), ("next", "beta"))),
        runner=random.choices(("ubuntu-latest", "ubuntu-24.04", "ubuntu-22.04"), (78, 14, 8))[0],
        pinning=random.choices(("major", "exact", "commit"), (68, 8, 24))[0],
        generation=random.choices((0, 1, 2), (15, 55, 30))[0],
        step_names=random.choice((1.0, 0.9, 0.6, 0.35, 0.1)),
        checkout_name=random.choice(
            (
                "Checkout",
                "Checkout code",
                "Checkout repository",
                "Check out code",
                "Check out the repository",
                "checkout",
            )
        ),
        top_permissions=random.choice((None, None, {}, {"contents": "read"}, {"contents": "read"}, "read-all")),
        concurrency=random.choice(_CONCURRENCY),
        timeout_minutes=random.choice((None, None, None, 10, 15, 20, 30, 45)),
        keep_credentials=random.random() < 0.75,
        harden_runner=random.random() < 0.05,
        explicit_cache=random.random() < 0.25,
        wrap_conditions=random.random() < 0.3,
        permissions_last=random.random() < 0.2,
        lower_case_names=random.random() < 0.15,
        job_separator=random.choices(("-", "_"), (4, 1))[0],
        extension=random.choices(("yml", "yaml"), (4, 1))[0],
    )


_CONCURRENCY: tuple[Json | str | None, ...] = (
    None,
    None,
    None,
    {"group": "${{ github.workflow }}-${{ github.ref }}", "cancel-in-progress": True},
    {
        "group": "${{ github.workflow }}-${{ github.event.pull_request.number || github.ref }}",
        "cancel-in-progress": True,
    },
    {"group": "${{ github.workflow }}-${{ github.head_ref || github.run_id }}", "cancel-in-progress": True},
    {
        "group": "${{ github.workflow }}-${{ github.ref }}",
        "cancel-in-progress": "${{ github.event_name == 'pull_request' }}",
    },
    {"group": "ci-${{ github.ref }}", "cancel-in-progress": "${{ github.ref != 'refs/heads/<branch>' }}"},
)


def _choose_toolchain(random: Random) -> Toolchain:
    language = random.choices(tuple(_LANGUAGE_WEIGHTS), tuple(_LANGUAGE_WEIGHTS.values()))[0]
    return random.choice([toolchain for toolchain in TOOLCHAINS if toolchain.language == language])


def _choose_tasks(random: Random, toolchain: Toolchain) -> dict[str, Step]:
    tasks: dict[str, Step] = {}
    for task in _TASKS:
        alternatives: Sequence[Step] = getattr(toolchain, task)
        if alternatives and random.random() < _OPTIONAL_TASKS.get(task, 1.0):
            tasks[task] = random.choice(alternatives)
    return tasks
