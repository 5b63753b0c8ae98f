"""The built-in rules of GitHub workflows: which shapes their amended schema accepts."""

from __future__ import annotations

from functools import cache
from typing import Any

import jsonschema_rs
import pytest

from schemalm.documents.reading import parse_document
from schemalm.limits import DEFAULT_LIMITS
from schemalm.rules.amendments import amended
from schemalm.rules.rules_file import read_rules
from schemalm.schema.sources import read_schema

LEVELS = ("github-workflow", "github-workflow-strict")
JOB = "jobs: {a: {runs-on: ubuntu-latest, steps: [{run: echo}]}}"


@cache
def validator(level: str) -> jsonschema_rs.Draft7Validator:
    schema = amended(read_schema("github-workflow", DEFAULT_LIMITS), read_rules(level).amend)
    return jsonschema_rs.Draft7Validator(schema)


def accepts(text: str, level: str = "github-workflow") -> bool:
    return validator(level).is_valid(parse_document(text))


def with_on(events: str) -> str:
    return f"on: {events}\n{JOB}"


def with_job(keys: str) -> str:
    return f"on: push\njobs: {{a: {{runs-on: ubuntu-latest, steps: [{{run: echo}}], {keys}}}}}"


def with_step(step: str) -> str:
    return f"on: push\njobs: {{a: {{runs-on: ubuntu-latest, steps: [{step}]}}}}"


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    "text",
    [
        with_on("push"),
        with_on("{pull_request: {types: [stacked], branches: main}}"),
        with_on("{image_version: {names: [a]}}"),
        with_on("{schedule: [{cron: 5 4 * * mon, timezone: Europe/Berlin}]}"),
        with_on("{workflow_dispatch: {inputs: {x: {type: choice, options: [a, b], default: a}}}}"),
        with_on("{workflow_call: {inputs: {x: {type: boolean, default: '${{ inputs.y }}'}}}}"),
        f"on: push\nname:\ndescription: d\npermissions: {{}}\n{JOB}",
        with_job("env: {A: , B: true}, services: {db: postgres}, strategy: {fail-fast: false}"),
        with_job("container: {image: a, ports: [80]}, timeout-minutes: '${{ vars.x }}'"),
        with_step("{uses: ./a}, {uses: 'docker://a:1'}, {uses: a/b/c@v1, with: {x: }}, {parallel: [{run: a}]}"),
        "on: push\njobs: {a: {uses: ./.github/workflows/a.yml}, b: {uses: a/b/.github/workflows/c.yaml@v1}}",
    ],
)
def test_what_all_judges_accept_is_accepted(text: str, level: str) -> None:
    assert accepts(text, level)


@pytest.mark.parametrize(
    "text",
    [
        with_on("pushes"),
        with_on("repository_dispatch"),
        with_on("{issues: {types: [open]}}"),
        with_on("{pull_request: {tags: [a]}}"),
        with_on("{schedule: [{cron: 61 * * * *}]}"),
        with_on("{workflow_dispatch: {inputs: {x: {type: choice}}}}"),
        with_on("{workflow_dispatch: {inputs: {x: {options: [a]}}}}"),
        with_on("{workflow_dispatch: {inputs: {x: {type: boolean, default: 'true'}}}}"),
        with_on("{workflow_dispatch: {inputs: {x: {default: 5}}}}"),
        with_on("{workflow_call: {inputs: {x: {default: a}}}}"),
        "on: push\njobs: {}",
        "on: push\njobs: {__a: {runs-on: a, steps: [{run: a}]}}",
        f"on: push\njobs: {{{'a' * 100}: {{runs-on: a}}}}",
        f"on: push\ncache-mode: read\n{JOB}",
        f"on: push\npermissions: {{contents: admin}}\n{JOB}",
        f"on: push\nconcurrency: {{group: a, queue: max, cancel-in-progress: true}}\n{JOB}",
        "on: push\nconcurrency: a\njobs: {a: {runs-on: a, concurrency: a, steps: [{run: a}]}}",
        with_job("uses: a/b/.github/workflows/c.yml@v1"),
        "on: push\njobs: {a: {runs-on: {group: a/b}, steps: [{run: a}]}}",
        with_step("{id: a b, run: echo}"),
        with_step("{run: echo, with: {a: b}}"),
        with_step("{uses: a/b@c, shell: bash}"),
        with_step("{run: echo, background: true}"),
        with_step("{wait: x}"),
        with_step("{parallel: [{parallel: [{run: a}]}]}"),
        with_step("{uses: a/b}"),
        with_step("{uses: a/b/.github/workflows/c.yml@v1}"),
        with_step("{run: echo, shell: ''}"),
        "on: push\njobs: {a: {uses: ./a.yml}}",
        "on: push\njobs: {a: {uses: a/b/.github/workflows/c.yml@a..b}}",
    ],
)
def test_what_github_refuses_is_refused(text: str) -> None:
    assert not accepts(text)


@pytest.mark.parametrize(
    "text",
    [
        with_on("{push: {branches: ['a b']}}"),
        with_on("{push: {paths: ['./a']}}"),
        with_on("{push: {branches: [a], branches-ignore: [b]}}"),
        with_on("{project: {types: [created]}}"),
        with_on("{workflow_run: {branches: [a]}}"),
        with_on("{schedule: [{cron: '* * * * *'}]}"),
        with_on("{schedule: [{cron: 5 4 * * *, timezone: Mars}]}"),
        with_on("{workflow_call: {inputs: {x: {type: string, required: true, default: a}}}}"),
        "on: push\njobs: {a: {runs-on: a}}",
        with_job("env: {}"),
        with_job("timeout-minutes: 0"),
        with_job("container: {image: a, credentials: {username: a}}"),
        with_step("{run: ''}"),
        with_step("{run: echo, shell: fish}"),
        with_step("{run: echo, shell: cmd}"),
        with_step("{uses: 'docker://a:'}"),
    ],
)
def test_what_only_actionlint_refuses_is_refused_by_the_strict_level_only(text: str) -> None:
    assert accepts(text)
    assert not accepts(text, "github-workflow-strict")


def test_every_amendment_of_the_strict_level_keeps_a_reason() -> None:
    amendments: dict[str, Any] = dict(read_rules("github-workflow-strict").amend)
    assert all(amendment.reason for amendment in amendments.values())
