"""The triggers of workflows: values of `on`."""

from __future__ import annotations

from random import Random

from workflow_book.project import Project
from workflow_book.toolchain import Json


def on_change(project: Project, random: Random, *, paths: bool | None = None) -> Json:
    """Return the trigger of checks: pushes to the default branch and pull requests, in one of the usual forms."""
    branches = [project.habits.branch, *project.habits.extra_branches]
    push: Json | None = {"branches": branches} if random.random() < 0.85 else None
    pull_request: Json | None = {"branches": [project.habits.branch]} if random.random() < 0.5 else None
    filtered = random.random() < 0.15 if paths is None else paths
    if filtered:
        files = [*project.toolchain.sources, ".github/workflows/**"]
        push = {**(push or {}), "paths": files}
        pull_request = {**(pull_request or {}), "paths": list(files)}
    elif random.random() < 0.1:
        push = {**(push or {}), "paths-ignore": ["docs/**", "**.md"]}
    elif random.random() < 0.08:
        pull_request = {**(pull_request or {}), "types": ["opened", "synchronize", "reopened", "ready_for_review"]}
    trigger: Json = {"push": push, "pull_request": pull_request}
    if random.random() < 0.2:
        trigger = {"pull_request": pull_request, "push": push}
    if random.random() < 0.15:
        trigger["merge_group"] = None
    if random.random() < 0.25:
        trigger["workflow_dispatch"] = None
    if random.random() < 0.12:
        trigger["schedule"] = schedule(random)
    return trigger


def schedule(random: Random, period: str | None = None) -> list[Json]:
    """Return a schedule at an odd minute, `daily`, `weekly`, `monthly` or any of them."""
    minute, hour = random.choice((0, 0, 7, 13, 17, 23, 30, 42)), random.randint(0, 23)
    period = period or random.choice(("daily", "weekly", "weekly", "monthly"))
    days = {
        "daily": random.choice(("* * *", "* * *", "* * 1-5")),
        "weekly": f"* * {random.randint(0, 6)}",
        "monthly": "1 * *",
    }
    return [{"cron": f"{minute} {hour} {days[period]}"}]


def on_schedule(random: Random, period: str | None = None) -> Json:
    """Return the trigger of a scheduled workflow, which usually can also be started by hand."""
    trigger: Json = {"schedule": schedule(random, period)}
    if random.random() < 0.75:
        trigger["workflow_dispatch"] = None
    return trigger


def on_tag(random: Random) -> Json:
    """Return the trigger of a release: a version tag or a published release."""
    choice = random.random()
    if choice < 0.55:
        return {"push": {"tags": [random.choice(("v*", "v*.*.*", "v[0-9]+.[0-9]+.[0-9]+", "[0-9]+.[0-9]+.[0-9]+*"))]}}
    if choice < 0.9:
        return {"release": {"types": [random.choice(("published", "published", "released", "created"))]}}
    return {"push": {"tags": ["v*"]}, "workflow_dispatch": None}
