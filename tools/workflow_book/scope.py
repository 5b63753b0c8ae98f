"""Narrow a workflow to one component of a repository with several: its folder, its paths, its artifacts.

In: a raw workflow and a folder such as `packages/core`. Out: a copy whose scripts run in that folder and which
starts only when the folder changes.
"""

from __future__ import annotations

from typing import Any

from workflow_book.toolchain import Json, Step


def narrow(workflow: Json, folder: str) -> Json:
    """Return `workflow` for the component in `folder`."""
    jobs = {name: _narrow_job(job, folder) for name, job in workflow["jobs"].items()}
    trigger = {event: _narrow_event(event, settings, folder) for event, settings in workflow["on"].items()}
    return {**workflow, "on": trigger, "jobs": jobs}


def _narrow_event(event: str, settings: Any, folder: str) -> Any:
    if event not in {"push", "pull_request"}:
        return settings
    kept = {key: value for key, value in (settings or {}).items() if key != "paths-ignore"}
    return {**kept, "paths": [f"{folder}/**", ".github/workflows/**"]}


def _narrow_job(job: Json, folder: str) -> Json:
    shell = job.get("defaults", {}).get("run", {})
    steps = [_narrow_step(step, folder) for step in job["steps"]]
    return {**job, "defaults": {"run": {**shell, "working-directory": folder}}, "steps": steps}


def _narrow_step(step: Step, folder: str) -> Step:
    """Point the inputs of an action to the folder; scripts already run there."""
    inputs = dict(step.get("with", {}))
    if step.get("uses") == "actions/upload-artifact":
        inputs["path"] = f"{folder}/{inputs['path']}"
    elif step.get("uses") == "codecov/codecov-action":
        inputs["files"] = f"{folder}/{inputs['files']}"
        inputs["flags"] = folder.rsplit("/", maxsplit=1)[-1]
    elif step.get("uses") == "actions/setup-node" and "cache" in inputs:
        locks = {"npm": "package-lock.json", "pnpm": "pnpm-lock.yaml", "yarn": "yarn.lock"}
        inputs["cache-dependency-path"] = f"{folder}/{locks[inputs['cache']]}"
    elif step.get("uses") == "actions/setup-go":
        if "go-version-file" in inputs:
            inputs["go-version-file"] = f"{folder}/go.mod"
        inputs["cache-dependency-path"] = f"{folder}/go.sum"
    elif step.get("uses") in {"golangci/golangci-lint-action", "ruby/setup-ruby"}:
        inputs["working-directory"] = folder
    elif step.get("uses") == "Swatinem/rust-cache":
        inputs["workspaces"] = folder
    elif step.get("uses") == "astral-sh/setup-uv":
        inputs["working-directory"] = folder
    return {**step, "with": inputs} if inputs else step
