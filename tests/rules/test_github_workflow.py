"""The built-in rules of GitHub workflows: which shapes their amended schema accepts."""

from __future__ import annotations

from functools import cache
from typing import Any

import jsonschema_rs
import pytest

from schemalm.checking.checker import Checker
from schemalm.compilation import compile_schema
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
        with_on("{pull_request: {types: [stacked], branches: [main]}}"),
        with_on("{schedule: [{cron: 5 4 * * mon, timezone: Europe/Berlin}]}"),
        with_on("{workflow_dispatch: {inputs: {x: {type: choice, options: [a, b], default: a}}}}"),
        with_on("{workflow_call: {inputs: {x: {type: boolean, default: '${{ inputs.y }}'}}}}"),
        f"on: push\nname: n\npermissions: {{}}\n{JOB}",
        with_job("env: {A: 1, B: true}, services: {db: {image: postgres}}"),
        with_job("strategy: {fail-fast: false, matrix: {a: [1]}}"),
        "on: push\njobs: {a: {runs-on: [a], steps: [{run: echo}]}}",
        with_job("container: {image: a, ports: [80]}, timeout-minutes: '${{ vars.x }}'"),
        with_step("{uses: ./a}, {uses: 'docker://a:1'}, {uses: a/b/c@v1, with: {x: 1}}, {parallel: [{run: a}]}"),
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
        with_job("if: 3000000000"),
        with_job("strategy: {max-parallel: 8.0, matrix: {a: [b]}}"),
        with_job("container: {image: a, credentials: {username: a}}"),
        with_step("{run: ''}"),
        with_step("{run: echo, shell: fish}"),
        with_step("{run: echo, shell: cmd}"),
        with_job("strategy: {max-parallel: '${{ 0 }}', matrix: {a: [b]}}"),
        with_step("{uses: 'docker://a:'}"),
    ],
)
def test_what_only_actionlint_refuses_is_refused_by_the_strict_level_only(text: str) -> None:
    assert accepts(text)
    assert not accepts(text, "github-workflow-strict")


@pytest.mark.parametrize(
    "text",
    [
        with_on("{image_version: {names: [a]}}"),
        with_on("{pull_request: {branches: main}}"),
        with_on("{workflow_call: {outputs: {x: {value: 1}}}}"),
        with_on("{workflow_call: {secrets: {x: }}}"),
        f"on: push\nname:\n{JOB}",
        f"on: push\nname: 1\n{JOB}",
        f"on: push\nrun-name: 1\n{JOB}",
        f"on: push\ndescription: d\n{JOB}",
        f"on: push\nenv: {{A: }}\n{JOB}",
        f"on: push\nconcurrency: 1\n{JOB}",
        f"on: push\ndefaults: {{run: {{working-directory: 1}}}}\n{JOB}",
        f"on: push\npermissions: {{copilot-requests: none}}\n{JOB}",
        f"on: push\npermissions: {{drives: read}}\n{JOB}",
        with_job("env: {A: }"),
        with_job("name: 1"),
        with_job("environment: 1"),
        with_job("concurrency: {group: 1}"),
        with_job("outputs: {x: 1}"),
        with_job("container: {image: 1}"),
        with_job("services: {db: postgres}"),
        with_job("services: {db: {image: a, options: 1}}"),
        with_job("snapshot: {image-name: a, version: abc}"),
        with_job("strategy: {fail-fast: false}"),
        with_job("strategy: {matrix: {include: ['${{ fromJSON(vars.x) }}']}}"),
        with_job("strategy: '${{ fromJSON(vars.x) }}'"),
        "on: push\njobs: {a: {runs-on: [1], steps: [{run: echo}]}}",
        with_step("{run: 1}"),
        with_step("{name: 1, run: echo}"),
        with_step("{run: echo, env: {A: }}"),
        with_step("{uses: a/b@v1, with: {x: }}"),
        "on: push\njobs: {a: {uses: a/b/.github/workflows/c.yml@v1, with: {x: }}}",
    ],
)
def test_what_only_the_published_schema_refuses_is_refused_by_the_strict_level_only(text: str) -> None:
    assert not jsonschema_rs.is_valid(read_schema("github-workflow", DEFAULT_LIMITS), parse_document(text))
    assert accepts(text)
    assert not accepts(text, "github-workflow-strict")


@pytest.mark.parametrize(
    "text",
    [
        with_on("{workflow_run: {workflows: a}}"),
        with_job('services: {"\\x01": {image: a}}'),
        with_step('{uses: "./\\x85"}'),
        'on: push\njobs: {a: {uses: "./.github/workflows/\\x85.yml"}}',
    ],
)
def test_what_only_zizmor_cannot_read_is_refused_by_the_strict_level_only(text: str) -> None:
    assert accepts(text)
    assert not accepts(text, "github-workflow-strict")


@cache
def checker(level: str) -> Checker:
    return Checker(compile_schema("github-workflow", rules=level))


def is_fine(text: str, level: str) -> bool:
    return not checker(level).failures(parse_document(text))


NEEDY = "b: {needs: a, if: \"contains(needs.*.result, 'failure')\", runs-on: a, steps: [{run: echo}]}}"
DISPATCH = f"on: {{workflow_dispatch: {{inputs: {{x: {{type: choice, options: [a, b]}}}}}}}}\n{JOB}"


@pytest.mark.parametrize(
    ("text", "strictly"),
    [
        (with_job("strategy: {matrix: {os: [a, b], other: [a]}}"), True),
        (with_job("strategy: {matrix: {os: [a, a]}}"), False),
        (with_job("strategy: {matrix: {os: [b, '${{ github.ref }}']}}"), False),
        (DISPATCH, True),
        (DISPATCH.replace("[a, b]", "[a, a]"), False),
        (DISPATCH.replace("echo", "'${{ github.event.inputs.x }}'"), True),
        (DISPATCH.replace("echo", "'${{ github.event.inputs.x.y }}'"), False),
        (f"on: push\nenv: '${{{{ fromJSON(vars.x) }}}}'\n{JOB}", True),
        (with_job("container: {image: a, env: '${{ needs }}'}"), False),
        (f"on: push\nenv: '${{{{ github }}}}'\n{JOB}", False),
        (f"on: push\nenv: '${{{{ github && inputs }}}}'\n{JOB}", False),
        (with_job("strategy: {matrix: '${{ fromJSON(vars.x) }}'}"), True),
        (with_job("strategy: {matrix: '${{ github.ref }}'}"), False),
        (with_job("strategy: {max-parallel: '${{ fromJSON(vars.x) }}', matrix: {a: [b]}}"), True),
        (with_job("strategy: {max-parallel: 8, matrix: {a: [b]}}, if: 2147483647"), True),
        (with_job("name: '${{ vars.A_1 }}'"), True),
        (with_job("name: '${{ vars.GITHUB_A }}'"), False),
        (with_job("name: \"${{ fromJSON('[1]')[0] }}\""), True),
        (with_job("name: \"${{ fromJSON('[1')[0] }}\""), False),
        (f"on: push\n{JOB[:-1]}, {NEEDY}", True),
    ],
)
def test_what_expressions_and_names_hold_at_the_strict_level(text: str, strictly: bool) -> None:
    assert is_fine(text, "github-workflow")
    assert is_fine(text, "github-workflow-strict") == strictly


def test_every_amendment_of_the_strict_level_keeps_a_reason() -> None:
    amendments: dict[str, Any] = dict(read_rules("github-workflow-strict").amend)
    assert all(amendment.reason for amendment in amendments.values())
