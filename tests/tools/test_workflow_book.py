"""What the workflow book promises: valid, distinct, reproducible, varied, of realistic size."""

from __future__ import annotations

import hashlib
import importlib.resources
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import pytest

from workflow_book import ComposedWorkflow, compose_workflows

NUM_WORKFLOWS = 2_000


@pytest.fixture(scope="module")
def workflows() -> list[ComposedWorkflow]:
    return list(compose_workflows(NUM_WORKFLOWS, seed=0))


def refuse(uri: str) -> Any:
    raise LookupError(uri)


def assert_valid(schema: Any, workflows: list[ComposedWorkflow]) -> None:
    validator = jsonschema_rs.validator_for(schema, retriever=refuse)
    for workflow in workflows:
        errors = [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(workflow.value)]
        assert not errors, (workflow.repository, workflow.path, errors)


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from strings(key)
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def jobs_of(workflow: ComposedWorkflow) -> dict[str, Any]:
    jobs: dict[str, Any] = workflow.value["jobs"]
    return jobs


def needs_of(job: dict[str, Any]) -> list[str]:
    needs = job.get("needs", [])
    return [needs] if isinstance(needs, str) else needs


def test_every_workflow_is_valid_under_the_packaged_schema(workflows: list[ComposedWorkflow]) -> None:
    folder = importlib.resources.files("check_jsonschema.builtin_schemas.vendor")
    assert_valid(json.loads((folder / "github-workflows.json").read_text()), workflows)


def test_every_workflow_is_valid_under_the_newer_schema(workflows: list[ComposedWorkflow], shared_data: Path) -> None:
    with (shared_data / "schemastore" / "github-workflow.jsonl").open() as lines:
        schema = json.loads(lines.readline())["schema"]
    assert_valid(json.loads(schema) if isinstance(schema, str) else schema, workflows)


def test_the_same_seed_gives_the_same_sequence(workflows: list[ComposedWorkflow]) -> None:
    assert list(compose_workflows(300, seed=0)) == workflows[:300]
    assert list(compose_workflows(20, seed=1)) != workflows[:20]


def test_the_sequence_is_the_same_on_every_python() -> None:
    """The digest is from one version; a difference on another means that a draw depends on the version."""
    text = b"\n".join(orjson.dumps([r.repository, r.path, r.value]) for r in compose_workflows(1_000, seed=7))
    assert hashlib.sha256(text).hexdigest() == "3ea4299b7c3bd17559157691d0cf20c9928bac8ba29ae3600fc0d77ff83ea1e3"


@pytest.mark.slow
def test_values_and_paths_are_distinct_in_five_thousand() -> None:
    many = list(compose_workflows(5_000, seed=3))
    assert len({orjson.dumps(workflow.value, option=orjson.OPT_SORT_KEYS) for workflow in many}) == 5_000
    assert len({(workflow.repository, workflow.path) for workflow in many}) == 5_000


def test_there_are_enough_repositories_to_split_by(workflows: list[ComposedWorkflow]) -> None:
    counts = Counter(workflow.repository for workflow in workflows)
    assert 150 <= len(counts) <= 300
    assert max(counts.values()) < NUM_WORKFLOWS / 50
    assert all(re.fullmatch(r"[a-z0-9-]+/[a-z0-9-]+", name) for name in counts)
    assert all(re.fullmatch(r"\.github/workflows/[a-z0-9-]+\.ya?ml", workflow.path) for workflow in workflows)


def test_changing_a_value_does_not_change_later_ones() -> None:
    first = next(compose_workflows(1))
    first.value["jobs"].clear()
    assert next(compose_workflows(1)).value["jobs"]


def test_jobs_need_existing_jobs_without_cycles(workflows: list[ComposedWorkflow]) -> None:
    for workflow in workflows:
        names = set(jobs_of(workflow))
        for name, job in jobs_of(workflow).items():
            assert set(needs_of(job)) <= names - {name}, workflow
        assert not has_cycle({name: needs_of(job) for name, job in jobs_of(workflow).items()}), workflow


def has_cycle(graph: dict[str, list[str]]) -> bool:
    graph = dict(graph)
    while free := [name for name, needs in graph.items() if not set(needs) & set(graph)]:
        for name in free:
            del graph[name]
    return bool(graph)


def test_names_of_jobs_and_identifiers_of_steps_are_well_formed_and_unique(workflows: list[ComposedWorkflow]) -> None:
    for workflow in workflows:
        for name, job in jobs_of(workflow).items():
            assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", name), workflow
            ids = [step["id"] for step in job.get("steps", []) if "id" in step]
            assert len(ids) == len(set(ids)), workflow


def test_no_job_has_the_same_step_twice(workflows: list[ComposedWorkflow]) -> None:
    for workflow in workflows:
        for job in jobs_of(workflow).values():
            steps = [orjson.dumps(step, option=orjson.OPT_SORT_KEYS) for step in job.get("steps", [])]
            assert len(steps) == len(set(steps)), (workflow, job)


def test_expressions_are_balanced_and_no_token_is_left(workflows: list[ComposedWorkflow]) -> None:
    tokens = re.compile(r"<(package|module|owner|branch|runner|image|version|container|extension)>")
    for workflow in workflows:
        for text in strings(workflow.value):
            assert text.count("${{") == len(re.findall(r"\$\{\{[^{}]+?(\{[^{}]*\}[^{}]*?)*\}\}", text)), text
            assert not tokens.search(text), text


def test_expressions_refer_to_what_exists(workflows: list[ComposedWorkflow]) -> None:
    for workflow in workflows:
        for name, job in jobs_of(workflow).items():
            text = "\n".join(strings(job))
            known = {step["id"] for step in job.get("steps", []) if "id" in step}
            assert set(re.findall(r"\bsteps\.([a-z-]+)\.", text)) <= known, (workflow, name)
            assert set(re.findall(r"\bneeds\.([a-zA-Z_-]+)\.(?:outputs|result)", text)) <= set(needs_of(job)), (
                workflow,
                name,
            )
            assert set(re.findall(r"\bmatrix\.([a-z-]+)", text)) <= matrix_keys(job), (workflow, name)


def matrix_keys(job: dict[str, Any]) -> set[str]:
    matrix = job.get("strategy", {}).get("matrix", {})
    added = itertools.chain.from_iterable(matrix.get("include", ()))
    return (set(matrix) | set(added)) - {"include", "exclude"}


def test_inputs_that_expressions_use_are_declared(workflows: list[ComposedWorkflow]) -> None:
    for workflow in workflows:
        trigger = workflow.value["on"]
        declared: set[str] = set()
        if isinstance(trigger, dict):
            for event in ("workflow_call", "workflow_dispatch"):
                declared |= set((trigger.get(event) or {}).get("inputs", {}))
        assert set(re.findall(r"\binputs\.([a-zA-Z-]+)", "\n".join(strings(workflow.value)))) <= declared, workflow


def test_jobs_run_on_labels_that_exist(workflows: list[ComposedWorkflow]) -> None:
    label = re.compile(
        r"(ubuntu|macos|windows)-(latest|\d\d(\.04)?|20\d\d)(-arm)?|\$\{\{ (matrix\.os|inputs\.(os|runner)) \}\}"
    )
    for workflow in workflows:
        for job in jobs_of(workflow).values():
            assert "uses" in job or label.fullmatch(job["runs-on"]), job


FEATURES = {
    # languages and package managers
    "pip": r"pip install",
    "poetry": r"poetry install",
    "uv": r"uv sync",
    "tox": r"\btox\b",
    "nox": r"\bnox\b",
    "npm": r"npm ci",
    "pnpm": r"pnpm install",
    "yarn": r"yarn install",
    "bun": r"bun install",
    "deno": r"setup-deno",
    "go": r"go test",
    "cargo": r"cargo test",
    "maven": r"mvnw?\b",
    "gradle": r"gradlew",
    "kotlin": r"detekt|ktlint",
    "dotnet": r"dotnet test",
    "ruby": r"bundle exec",
    "php": r"composer install",
    "cmake": r"cmake --build",
    "elixir": r"mix test",
    "terraform": r"terraform plan",
    "mkdocs": r"mkdocs build",
    "sphinx": r"sphinx|make -C docs",
    "hugo": r"hugo --",
    "shell": r"bats",
    # matrices
    "include": r'"include":',
    "fail-fast": r'"fail-fast":',
    "max-parallel": r'"max-parallel":',
    "systems": r'"os":\["ubuntu-latest"',
    "computed matrix": r"fromJSON\(needs\.",
    # caching, services, containers
    "cache": r"actions/cache@",
    "hashFiles": r"hashFiles\(",
    "restore keys": r"restore-keys",
    "postgres": r"postgres:1",
    "redis": r"redis:7",
    "mysql": r"mysql:",
    "health": r"--health-cmd",
    "ports": r'"ports":',
    "container": r'"container":',
    "container volumes": r'"volumes":',
    # releases
    "trusted publishing": r"gh-action-pypi-publish",
    "npm publish": r"npm publish --provenance",
    "crates": r"cargo publish",
    "ghcr": r"ghcr\.io",
    "docker metadata": r"docker/metadata-action",
    "buildx": r"setup-buildx",
    "goreleaser": r"goreleaser",
    "github release": r"action-gh-release|gh release create",
    "changesets": r"changesets/action",
    "wheels": r"cibuildwheel",
    "release please": r"release-please-action",
    "attestation": r"attest-build-provenance",
    # triggers
    "cron": r'"cron":',
    "dispatch": r'"workflow_dispatch"',
    "call": r'"workflow_call":',
    "workflow_run": r'"workflow_run":',
    "merge group": r'"merge_group"',
    "repository dispatch": r'"repository_dispatch":',
    "paths": r'"paths":',
    "choice input": r'"type":"choice"',
    "boolean input": r'"type":"boolean"',
    "number input": r'"type":"number"',
    "environment input": r'"type":"environment"',
    "string input": r'"type":"string"',
    "run name": r'"run-name":',
    # permissions, concurrency, reuse, environments
    "permissions": r'"permissions":\{',
    "no permissions": r'"permissions":\{\}',
    "id token": r'"id-token":"write"',
    "concurrency": r'"cancel-in-progress":',
    "called": r'"uses":"\./\.github/workflows/',
    "inherit": r'"secrets":"inherit"',
    "call outputs": r"jobs\.\w+\.outputs",
    "environment url": r'"environment":\{"name":"[^"]+","url":',
    "pages": r"deploy-pages",
    # security and housekeeping
    "codeql": r"codeql-action/init",
    "scorecard": r"scorecard-action",
    "dependabot": r"dependabot/fetch-metadata",
    "stale": r"actions/stale",
    "labeler": r"actions/labeler",
    "pre-commit": r"pre-commit",
    "actionlint": r"actionlint",
    "shellcheck": r"[sS]hellcheck",
    # expressions, scripts, fields
    "github.ref": r"\$\{\{ github\.ref",
    "needs outputs": r"needs\.[\w-]+\.outputs",
    "success()": r"success\(\)",
    "always()": r"always\(\)",
    "failure()": r"failure\(\)",
    "strict bash": r"set -euo pipefail",
    "output": r"GITHUB_OUTPUT",
    "heredoc": r"<<EOF",
    "summary": r"GITHUB_STEP_SUMMARY",
    "timeout": r'"timeout-minutes":',
    "defaults": r'"defaults":\{"run"',
    "continue-on-error": r'"continue-on-error":',
    "working directory": r'"working-directory":',
    "powershell": r'"shell":"pwsh"',
    "workflow env": r'"on":.*"env":\{[^}]*\},"(jobs|defaults|permissions)":',
    "upload": r"upload-artifact",
    "download": r"download-artifact",
    "job outputs": r'"outputs":\{',
    "commit pin": r"actions/checkout@[0-9a-f]{40}",
    "major pin": r'actions/checkout@v\d+"',
}


@pytest.fixture(scope="module")
def texts(workflows: list[ComposedWorkflow]) -> list[str]:
    return [orjson.dumps(workflow.value).decode() for workflow in workflows]


@pytest.mark.parametrize("feature", FEATURES)
def test_the_book_covers(feature: str, texts: list[str]) -> None:
    pattern = re.compile(FEATURES[feature])
    assert any(pattern.search(text) for text in texts)


def test_sizes_are_like_those_of_real_workflows(texts: list[str]) -> None:
    """Compact JSON of real workflows has about 0.85 times the bytes of their YAML, whose median is about 2.2 kB."""
    sizes = sorted(len(text) for text in texts)
    assert sizes[0] < 400
    assert 1_000 < sizes[len(sizes) // 2] < 2_200
    assert sizes[len(sizes) // 10] < 800
    assert sizes[-len(sizes) // 100] > 4_000
