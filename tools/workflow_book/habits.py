"""The last pass over a composed workflow, which rewrites it in the style of its repository.

In: a repository and a raw workflow (templates with tokens, every step named). Out: a new JSON value with tokens filled
in, actions pinned, the repository's habits applied (names, permissions, concurrency, timeouts, spelling of
conditions and triggers) and keys in the order in which people write them. Templates are never changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from random import Random
from typing import Any

from workflow_book.project import Project
from workflow_book.toolchain import Json

_WORKFLOW_ORDER = ("name", "run-name", "on", "permissions", "concurrency", "env", "defaults", "jobs")
_PERMISSIONS_LAST = ("name", "run-name", "on", "env", "defaults", "concurrency", "permissions", "jobs")
_JOB_ORDER = (
    "name", "needs", "if", "uses", "with", "secrets", "runs-on", "container", "services", "timeout-minutes",
    "permissions", "environment", "concurrency", "continue-on-error", "strategy", "outputs", "env", "defaults", "steps",
)  # fmt: skip
_STEP_ORDER = (
    "name", "id", "if", "uses", "with", "run", "shell", "working-directory", "env", "continue-on-error",
    "timeout-minutes",
)  # fmt: skip


def finish(project: Project, random: Random, workflow: Mapping[str, Any]) -> Json:
    """Return `workflow` as the people of `project` would have written it."""
    habits = project.habits
    draft: Json = _fill(workflow, project.tokens())
    checks_changes = "pull_request" in draft["on"] and "workflow_call" not in draft["on"]
    if habits.concurrency is not None and checks_changes:
        draft.setdefault("concurrency", _fill(habits.concurrency, project.tokens()))
    if habits.top_permissions is not None and _may_restrict(draft):
        draft.setdefault("permissions", _fill(habits.top_permissions, {}))
    draft["on"] = _spell_trigger(draft["on"], random)
    named: dict[str, bool] = {}
    draft["jobs"] = {name: _finish_job(project, random, job, named) for name, job in draft["jobs"].items()}
    if habits.job_separator == "_":
        draft["jobs"] = _with_underscores(draft["jobs"])
    return _ordered(draft, _PERMISSIONS_LAST if habits.permissions_last else _WORKFLOW_ORDER)


def _fill(value: Any, tokens: Mapping[str, str]) -> Any:
    """Return a copy with every token replaced."""
    if isinstance(value, str):
        if "<" in value:
            for token, text in tokens.items():
                value = value.replace(token, text)
        return value
    if isinstance(value, Mapping):
        return {key: _fill(item, tokens) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_fill(item, tokens) for item in value]
    return value


def _may_restrict(workflow: Json) -> bool:
    """Return whether default read access is enough for every job: called workflows may need more."""
    return not any("uses" in job and "permissions" not in job for job in workflow["jobs"].values())


def _spell_trigger(trigger: Json, random: Random) -> Any:
    """Return events without settings, usually in the short form of a name or a list of names."""
    if any(settings is not None for settings in trigger.values()) or random.random() < 0.25:
        return trigger
    names = list(trigger)
    return names[0] if len(names) == 1 else names


def _finish_job(project: Project, random: Random, job: Json, named: dict[str, bool]) -> Json:
    """Finish one job; `named` says which steps of the workflow have a name, so that all its jobs agree."""
    habits = project.habits
    if habits.wrap_conditions and "if" in job:
        job["if"] = _wrapped(job["if"])
    if "steps" in job:
        if habits.timeout_minutes is not None:
            job.setdefault("timeout-minutes", habits.timeout_minutes)
        if habits.harden_runner and not str(job["runs-on"]).startswith(("macos", "windows")) and "container" not in job:
            job["steps"].insert(0, _fill(_HARDEN_RUNNER, {}))
        if not habits.keep_credentials and not any(_pushes(step) for step in job["steps"]):
            job["steps"] = [_without_credentials(step) for step in job["steps"]]
        job["steps"] = [_finish_step(project, random, dict(step), named) for step in job["steps"]]
    return _ordered(job, _JOB_ORDER)


# Actions that push with the credentials that the checkout stores.
_PUSHING_ACTIONS = frozenset(
    {
        "benchmark-action/github-action-benchmark",
        "changesets/action",
        "helm/chart-releaser-action",
        "korthout/backport-action",
        "peter-evans/create-pull-request",
    }
)


def _pushes(step: Json) -> bool:
    return "git push" in step.get("run", "") or step.get("uses") in _PUSHING_ACTIONS


def _without_credentials(step: Json) -> Json:
    """Return a checkout that stores no credentials; return any other step unchanged."""
    if step.get("uses") != "actions/checkout":
        return step
    return {**step, "with": {**step.get("with", {}), "persist-credentials": False}}


_HARDEN_RUNNER: Json = {
    "name": "Harden the runner",
    "uses": "step-security/harden-runner",
    "with": {"egress-policy": "audit"},
}


def _finish_step(project: Project, random: Random, step: Json, named: dict[str, bool]) -> Json:
    habits = project.habits
    if habits.wrap_conditions and "if" in step:
        step["if"] = _wrapped(step["if"])
    if step.get("uses") == "actions/checkout":
        step["name"] = habits.checkout_name
    if "uses" in step:
        step["uses"] = project.action(step["uses"])
    if step["name"] not in named:
        named[step["name"]] = random.random() < _chance_of_name(step, habits.step_names)
    if not named[step["name"]]:
        del step["name"]
    elif habits.lower_case_names:
        step["name"] = step["name"][0].lower() + step["name"][1:]
    return _ordered(step, _STEP_ORDER)


def _chance_of_name(step: Json, habit: float) -> float:
    """Return how likely this step has a name: a long script nearly always does, a checkout only by strict habit."""
    if "\n" in step.get("run", "").strip():
        return max(habit, 0.8)
    return habit if "checkout" not in step.get("uses", "") or habit == 1.0 else habit * 0.7


def _wrapped(condition: Any) -> Any:
    return condition if not isinstance(condition, str) or "${{" in condition else f"${{{{ {condition} }}}}"


def _ordered(value: Json, order: Iterable[str]) -> Json:
    return {key: value[key] for key in order if key in value}


def _with_underscores(jobs: Json) -> Json:
    """Return the jobs with underscores instead of hyphens in their names and in all references to them."""
    renamed = {name: name.replace("-", "_") for name in jobs if "-" in name}
    for job in jobs.values():
        if "needs" in job:
            needs = job["needs"]
            job["needs"] = renamed.get(needs, needs) if isinstance(needs, str) else [renamed.get(n, n) for n in needs]
    references = {f"needs.{name}.": f"needs.{new}." for name, new in renamed.items()}
    return {renamed.get(name, name): _replace(job, references) for name, job in jobs.items()}


def _replace(value: Any, texts: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        if "needs." in value:
            for old, new in texts.items():
                value = value.replace(old, new)
        return value
    if isinstance(value, dict):
        return {key: _replace(item, texts) for key, item in value.items()}
    if isinstance(value, list):
        return [_replace(item, texts) for item in value]
    return value
