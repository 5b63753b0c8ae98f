"""Work that a schedule or another workflow starts: nightly runs, benchmarks, reports on finished runs."""

from __future__ import annotations

from random import Random

from workflow_book.kinds import Kind, has_task, is_program
from workflow_book.project import Project
from workflow_book.steps import (
    TOKEN,
    checkout,
    matrix_variable,
    notify_failure,
    prepare,
    tasks,
    upload,
    with_version,
)
from workflow_book.toolchain import Json, run, use
from workflow_book.triggers import on_change, on_schedule


def nightly(project: Project, random: Random) -> Json:
    """All tests every night, with a notification of failures."""
    version = matrix_variable(project)
    test: Json = {
        "if": random.choice(("github.repository == '<owner>/<package>'", "github.repository_owner == '<owner>'")),
        "runs-on": "${{ matrix.os }}",
        "timeout-minutes": random.choice((30, 60, 90, 120)),
        "continue-on-error": random.choice(
            (True, "${{ matrix.os != 'ubuntu-latest' }}", "${{ matrix.os == 'macos-latest' }}")
        ),
        "strategy": {
            "fail-fast": False,
            "max-parallel": random.choice((2, 3, 4)),
            "matrix": {
                "os": ["ubuntu-latest", "macos-latest"],
                project.toolchain.version_key: list(project.toolchain.versions[-3:]),
            },
        },
        "steps": [*prepare(project, version), *with_version(tasks(project, "test"), version)],
    }
    if random.random() < 0.6:
        del test["continue-on-error"]
    report: Json = {
        "needs": "test",
        "if": "failure()",
        "runs-on": "<runner>",
        "permissions": {"contents": "read", "issues": "write"},
        "steps": [checkout(), notify_failure(random)],
    }
    return {"on": on_schedule(random, "daily"), "jobs": {"test": test, "report": report}}


def benchmark(project: Project, random: Random) -> Json:
    """Run the benchmarks and compare them with earlier ones."""
    as_text = "output.txt" in project.tasks["benchmark"]["run"]
    tool = {"go": "go", "rust": "cargo", "python": "pytest", "java": "jmh", "kotlin": "jmh", "c++": "googlecpp"}.get(
        project.language, "customSmallerIsBetter"
    )
    inputs: Json = {
        "tool": tool,
        "output-file-path": "output.txt" if as_text else "output.json",
        "github-token": TOKEN,
        "auto-push": "${{ github.event_name == 'push' }}",
        "alert-threshold": random.choice(("130%", "150%", "200%")),
    }
    if random.random() < 0.5:
        inputs["comment-on-alert"] = True
    if random.random() < 0.3:
        inputs["fail-on-alert"] = True
    steps = [
        *prepare(project),
        *tasks(project, "benchmark"),
        use("Store result", "benchmark-action/github-action-benchmark", inputs),
    ]
    job = {"runs-on": "<runner>", "permissions": {"contents": "write", "pull-requests": "write"}, "steps": steps}
    return {"on": on_change(project, random, paths=False), "jobs": {random.choice(("benchmark", "bench")): job}}


def compare_branches(project: Project, random: Random) -> Json:
    """Benchmarks of a pull request against its base, as a table in the summary."""
    result = "output.txt" if "output.txt" in project.tasks["benchmark"]["run"] else "output.json"
    script = (
        "set -euo pipefail\n"
        "{\n"
        '  echo "### Benchmarks"\n'
        "  echo '```'\n"
        f"  diff --side-by-side base/{result} head/{result} || true\n"
        "  echo '```'\n"
        '} >> "$GITHUB_STEP_SUMMARY"\n'
    )
    jobs: Json = {}
    for name, reference in (
        ("base", "${{ github.event.pull_request.base.sha }}"),
        ("head", "${{ github.event.pull_request.head.sha }}"),
    ):
        steps = [*prepare(project, ref=reference), *tasks(project, "benchmark"), upload(name, result)]
        jobs[name] = {"runs-on": "<runner>", "steps": steps}
    get = use("Get results", "actions/download-artifact")
    jobs["compare"] = {
        "needs": ["base", "head"],
        "runs-on": "<runner>",
        "steps": [get, run("Compare", script, shell="bash")],
    }
    return {"on": {"pull_request": {"paths": list(project.toolchain.sources)}}, "jobs": jobs}


def after_run(project: Project, random: Random) -> Json:
    """A job that runs after another workflow."""
    name = random.choice(("CI", "Tests", "Build"))
    download = {
        "name": "report",
        "path": "report",
        "run-id": "${{ github.event.workflow_run.id }}",
        "github-token": TOKEN,
    }
    jobs: Json = {
        "on-failure": {
            "if": "github.event.workflow_run.conclusion == 'failure'",
            "runs-on": "<runner>",
            "permissions": {"contents": "read", "issues": "write"},
            "steps": [checkout(), notify_failure(random)],
        }
    }
    if random.random() < 0.6:
        jobs["on-success"] = {
            "if": "github.event.workflow_run.conclusion == 'success'",
            "runs-on": "<runner>",
            "permissions": {"actions": "read", "pull-requests": "write"},
            "steps": [
                use("Get report", "actions/download-artifact", download),
                run("Show report", 'cat report/summary.md >> "$GITHUB_STEP_SUMMARY"'),
            ],
        }
    trigger = {"workflow_run": {"workflows": [name], "types": ["completed"], "branches": ["<branch>"]}}
    return {"on": trigger, "jobs": jobs}


def on_dispatch(project: Project, random: Random) -> Json:
    """Run the tests when another repository requests it."""
    steps = [
        *prepare(project, ref="${{ github.event.client_payload.ref || github.ref }}"),
        *tasks(project, "build", "test"),
    ]
    trigger = {
        "repository_dispatch": {
            "types": random.choice((["upstream-release"], ["rebuild", "upstream-release"], ["trigger-tests"]))
        },
        "workflow_dispatch": None,
    }
    return {"on": trigger, "jobs": {random.choice(("downstream", "test")): {"runs-on": "<runner>", "steps": steps}}}


def debug_run(project: Project, random: Random) -> Json:
    """A manual run with all settings that help to find a flaky test."""
    inputs = {
        "filter": {
            "description": "Only tests whose name has this text",
            "type": "string",
            "required": False,
            "default": "",
        },
        "repeat": {"description": "How often to run them", "type": "number", "default": random.choice((1, 5, 10, 20))},
        "verbose": {"description": "Log everything", "type": "boolean", "default": random.choice((True, False))},
        "runner": {
            "description": "Where to run",
            "type": "choice",
            "default": "ubuntu-latest",
            "options": ["ubuntu-latest", "macos-latest", *(["windows-latest"] if project.toolchain.windows else [])],
        },
    }
    script = (
        "set -euo pipefail\n"
        'for attempt in $(seq 1 "$REPEAT"); do\n'
        '  echo "::group::attempt $attempt"\n'
        f"  {project.tasks['test']['run'].strip().splitlines()[0]}\n"
        '  echo "::endgroup::"\n'
        "done\n"
    )
    variables = {
        "REPEAT": "${{ inputs.repeat }}",
        "TEST_FILTER": "${{ inputs.filter }}",
        "LOG_LEVEL": "${{ inputs.verbose && 'debug' || 'info' }}",
    }
    step = run(
        "Run the tests again and again",
        script,
        shell="bash",
        env=variables,
        timeout_minutes=random.choice((20, 30, 45)),
    )
    logs = upload("logs-${{ github.run_attempt }}", "logs/", "Keep logs", if_="always()")
    job = {"runs-on": "${{ inputs.runner }}", "steps": [*prepare(project), step, logs]}
    return {"on": {"workflow_dispatch": {"inputs": inputs}}, "jobs": {random.choice(("flaky", "debug")): job}}


KINDS = (
    Kind(
        nightly,
        {"nightly": "Nightly", "nightly-tests": "Nightly tests", "scheduled": "Scheduled tests"},
        2.4,
        is_program,
        grows=True,
    ),
    Kind(
        benchmark,
        {"benchmark": "Benchmark", "bench": "Benchmarks", "performance": "Performance"},
        1.2,
        has_task("benchmark"),
    ),
    Kind(
        compare_branches,
        {"compare-benchmarks": "Compare benchmarks", "perf-diff": "Performance diff"},
        0.6,
        has_task("benchmark"),
    ),
    Kind(after_run, {"report": "Report", "on-failure": "On failure", "after-ci": "After CI"}, 0.8),
    Kind(on_dispatch, {"downstream": "Downstream", "repository-dispatch": "Dispatched tests"}, 0.6, is_program),
    Kind(debug_run, {"flaky": "Find flaky tests", "debug": "Debug", "manual": "Manual run"}, 0.8, is_program),
)
