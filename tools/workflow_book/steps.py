"""Steps that many workflows share, as templates, and the step lists that every repository builds from its toolchain."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from workflow_book.project import Project
from workflow_book.toolchain import Json, Step, run, use

TOKEN = "${{ secrets.GITHUB_TOKEN }}"
GIT_IDENTITY = (
    'git config user.name "github-actions[bot]"\n'
    'git config user.email "41898282+github-actions[bot]@users.noreply.github.com"\n'
)


def checkout(**inputs: Any) -> Json:
    """Return the step that checks the repository out; inputs by keyword (`fetch_depth=0`)."""
    return use("Checkout", "actions/checkout", {key.replace("_", "-"): value for key, value in inputs.items()})


def with_version(steps: Sequence[Step], version: str) -> list[Step]:
    """Return `steps` with every `<version>` replaced by `version`, which may be an expression."""
    return [replace_token(step, "<version>", version) for step in steps]


def replace_token(value: Any, token: str, text: str) -> Any:
    """Return a copy of a template in which `token` is replaced by `text` in every string."""
    if isinstance(value, str):
        return value.replace(token, text)
    if isinstance(value, dict):
        return {key: replace_token(item, token, text) for key, item in value.items()}
    if isinstance(value, list):
        return [replace_token(item, token, text) for item in value]
    return value


def tasks(project: Project, *names: str) -> list[Step]:
    """Return this repository's steps for those of the named tasks that it has."""
    return [project.tasks[name] for name in names if name in project.tasks]


def prepare(project: Project, version: str | None = None, **checkout_inputs: Any) -> list[Step]:
    """Return the steps from checkout to installed dependencies; `version` is an expression if a matrix sets it."""
    toolchain = project.toolchain
    setup = toolchain.setup if version or not toolchain.plain_setup else toolchain.plain_setup
    if project.habits.explicit_cache and toolchain.manager not in _MUST_CACHE_THEMSELVES:
        setup = (*(_without_cache(step) for step in setup if step.get("uses") != "Swatinem/rust-cache"), cache(project))
    steps = [checkout(**checkout_inputs), *setup, *tasks(project, "install")]
    return with_version(steps, version) if version else steps


# Setup actions that manage their own cache.
_MUST_CACHE_THEMSELVES = frozenset({"bundler", "gradle"})


def _without_cache(step: Step) -> Step:
    """Return a setup step without caching, which a separate step does."""
    inputs = {key: value for key, value in step.get("with", {}).items() if key not in {"cache", "enable-cache"}}
    return {**step, "with": inputs} if inputs else {key: value for key, value in step.items() if key != "with"}


def matrix_variable(project: Project) -> str:
    """Return the expression that names this toolchain's version in a matrix."""
    return f"${{{{ matrix.{project.toolchain.version_key} }}}}"


def cache(project: Project, prefix: str = "deps") -> Json:
    """Return the step that caches what the package manager downloads, by the digest of its lock file."""
    key = f"${{{{ runner.os }}}}-{project.toolchain.manager}-{prefix}-"
    return use(
        "Cache dependencies",
        "actions/cache",
        {
            "path": project.toolchain.cache_path,
            "key": f"{key}${{{{ hashFiles('{project.toolchain.lock_file}') }}}}",
            "restore-keys": f"{key}\n",
        },
    )


def upload(name: str, path: str, step_name: str = "Upload artifact", **fields: Any) -> Json:
    """Return the step that keeps `path` as the artifact `name`."""
    days = fields.pop("retention_days", None)
    inputs: Json = {"name": name, "path": path, **({"retention-days": days} if days else {})}
    return use(step_name, "actions/upload-artifact", inputs, **fields)


def download(name: str, path: str, step_name: str = "Download artifact") -> Json:
    """Return the step that fetches the artifact `name` into `path`."""
    return use(step_name, "actions/download-artifact", {"name": name, "path": path})


def coverage_report(project: Project, random: Random, condition: str | None = None) -> list[Step]:
    """Return the step that uploads the coverage report, or none if the toolchain writes no report."""
    if not project.toolchain.coverage:
        return []
    inputs: Json = {"token": "${{ secrets.CODECOV_TOKEN }}", "files": project.toolchain.coverage}
    if random.random() < 0.4:
        inputs["fail_ci_if_error"] = random.choice((True, False))
    if random.random() < 0.3:
        inputs["flags"] = random.choice(("unittests", "unit", "${{ runner.os }}"))
    fields = {"if_": condition} if condition else {}
    return [
        use(
            random.choice(("Upload coverage", "Upload coverage to Codecov")), "codecov/codecov-action", inputs, **fields
        )
    ]


def docker_login(project: Project) -> Json:
    """Return the step that signs in to the registry of this repository's images."""
    registry = project.image.split("/")[0]
    if registry == "ghcr.io":
        inputs = {"registry": registry, "username": "${{ github.actor }}", "password": TOKEN}
    elif registry == "docker.io":
        inputs = {"username": "${{ secrets.DOCKERHUB_USERNAME }}", "password": "${{ secrets.DOCKERHUB_TOKEN }}"}
    else:
        inputs = {
            "registry": registry,
            "username": "${{ vars.QUAY_USERNAME }}",
            "password": "${{ secrets.QUAY_TOKEN }}",
        }
    return use("Log in to the container registry", "docker/login-action", inputs)


def notify_failure(random: Random, **fields: Any) -> Json:
    """Return the step that notifies people of a failure; further fields of the step by keyword."""
    if random.random() < 0.5:
        return run(
            "Notify Slack",
            "curl -sSf -X POST -H 'Content-Type: application/json' \\\n"
            '  --data "{\\"text\\": \\"$GITHUB_WORKFLOW failed: $RUN_URL\\"}" \\\n'
            '  "$SLACK_WEBHOOK_URL"\n',
            env={
                "SLACK_WEBHOOK_URL": "${{ secrets.SLACK_WEBHOOK_URL }}",
                "RUN_URL": "${{ github.server_url }}/${{ github.repository }}/actions/runs/${{ github.run_id }}",
            },
            **fields,
        )
    return run(
        "Open an issue",
        'gh issue create --title "$GITHUB_WORKFLOW failed on $(date -u +%F)" \\\n'
        f'  --label "{random.choice(("ci", "bug", "ci,automated", "flaky", "priority: high"))}" \\\n'
        '  --body "See $GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID"\n',
        env={"GH_TOKEN": "${{ github.token }}"},
        **fields,
    )
