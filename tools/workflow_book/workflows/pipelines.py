"""Continuous integration in several jobs that depend on each other, or whose work an earlier job decides."""

from __future__ import annotations

from random import Random

from workflow_book.kinds import Kind, has_task, is_program
from workflow_book.project import Project
from workflow_book.steps import (
    checkout,
    coverage_report,
    download,
    matrix_variable,
    notify_failure,
    prepare,
    tasks,
    upload,
    with_version,
)
from workflow_book.toolchain import Json, run, use
from workflow_book.triggers import on_change

_ALL_GREEN = (
    "test \"${{ contains(needs.*.result, 'failure') || contains(needs.*.result, 'cancelled') }}\" = \"false\"",
    "echo '${{ toJSON(needs) }}' | jq -e 'all(.[]; .result == \"success\" or .result == \"skipped\")'",
)


def stages(project: Project, random: Random) -> Json:
    """Lint, then test, then build, with the result kept as an artifact and often a gate that names one check."""
    jobs: Json = {}
    if "lint" in project.tasks or "format" in project.tasks:
        steps = [*prepare(project), *tasks(project, "lint", "format", "types")]
        jobs["lint"] = {
            "name": random.choice(("Lint", "Static checks", "Code style")),
            "runs-on": "<runner>",
            "steps": steps,
        }
    jobs["test"] = {"runs-on": "<runner>", "steps": [*prepare(project), *tasks(project, "test")]}
    if random.random() < 0.4:
        jobs["test"]["steps"] += coverage_report(project, random, "always()" if random.random() < 0.3 else None)
    if jobs.get("lint") and random.random() < 0.5:
        jobs["test"]["needs"] = random.choice(("lint", ["lint"]))
    jobs["build"] = {
        "needs": [name for name in jobs if name != "lint" or random.random() < 0.8],
        "runs-on": "<runner>",
        "steps": [
            *prepare(project),
            *tasks(project, "build"),
            upload(
                "<package>-${{ github.sha }}", project.toolchain.artifact, retention_days=random.choice((None, 3, 7))
            ),
        ],
    }
    if random.random() < 0.35:
        jobs["smoke"] = _smoke_test(project, random)
    if random.random() < 0.5:
        jobs[random.choice(("all-green", "ci-success", "required", "done"))] = _gate(list(jobs), random)
    return {"on": on_change(project, random), "jobs": jobs}


def _smoke_test(project: Project, random: Random) -> Json:
    """Return the job that downloads the result of the build and checks it."""
    look = random.choice(
        (
            'ls -lR out\ntest -n "$(ls -A out)"\n',
            "set -euo pipefail\n"
            "find out -type f -print0 | xargs -0 sha256sum | tee checksums.txt\n"
            "test -s checksums.txt\n",
            'du -sh out\nfor file in out/*; do\n  echo "found $file"\ndone\n',
        )
    )
    return {
        "needs": "build",
        "runs-on": "<runner>",
        "steps": [download("<package>-${{ github.sha }}", "out"), run("Look at the build", look)],
    }


def _gate(needs: list[str], random: Random) -> Json:
    """Return the job for branch protection, which passes only if all others pass."""
    script = random.choice(_ALL_GREEN)
    step = run("Check the results of all jobs", script)
    if random.random() < 0.4:
        step = run(
            "Fail unless everything passed",
            "exit 1",
            if_="contains(needs.*.result, 'failure') || contains(needs.*.result, 'cancelled')",
        )
    return {"if": "always()", "needs": needs, "runs-on": "<runner>", "permissions": {}, "steps": [step]}


def changed_parts(project: Project, random: Random) -> Json:
    """A first job detects the changes; each other job runs only if they concern it."""
    filters = {
        "source": [*project.toolchain.sources],
        "docs": ["docs/**", "**.md"],
        "workflows": [".github/workflows/**"],
    }
    text = "".join(f"{name}:\n" + "".join(f"  - '{path}'\n" for path in paths) for name, paths in filters.items())
    outputs = {name: f"${{{{ steps.filter.outputs.{name} }}}}" for name in filters}
    jobs: Json = {
        "changes": {
            "runs-on": "<runner>",
            "permissions": {"contents": "read", "pull-requests": "read"},
            "outputs": outputs,
            "steps": [checkout(), use("Find changed files", "dorny/paths-filter", {"filters": text}, id="filter")],
        },
        "test": {
            "needs": "changes",
            "if": "needs.changes.outputs.source == 'true' || needs.changes.outputs.workflows == 'true'",
            "runs-on": "<runner>",
            "steps": [*prepare(project), *tasks(project, "lint", "test")],
        },
        "docs": {
            "needs": "changes",
            "if": "needs.changes.outputs.docs == 'true'",
            "runs-on": "<runner>",
            "steps": [
                checkout(),
                use("Lint Markdown", "DavidAnson/markdownlint-cli2-action", {"globs": "**/*.md"}),
            ],
        },
    }
    if random.random() < 0.5:
        jobs["gate"] = _gate(["test", "docs"], random)
    return {"on": on_change(project, random, paths=False), "jobs": jobs}


def computed_matrix(project: Project, random: Random) -> Json:
    """A first job writes the matrix as JSON, and the second one runs it."""
    key, version = project.toolchain.version_key, matrix_variable(project)
    newest, everything = project.toolchain.versions[-1:], project.toolchain.versions
    as_json = [f"[{', '.join(f'{chr(34)}{item}{chr(34)}' for item in items)}]" for items in (everything, newest)]
    script = (
        "set -euo pipefail\n"
        f"versions='{as_json[1]}'\n"
        'if [ "$EVENT" = "push" ] || [ "$EVENT" = "schedule" ]; then\n'
        f"  versions='{as_json[0]}'\n"
        "fi\n"
        'echo "versions=$versions" >> "$GITHUB_OUTPUT"\n'
    )
    jobs: Json = {
        "plan": {
            "runs-on": "<runner>",
            "outputs": {"versions": "${{ steps.versions.outputs.versions }}"},
            "steps": [run("Choose versions", script, id="versions", env={"EVENT": "${{ github.event_name }}"})],
        },
        "test": {
            "name": f"{project.toolchain.label} {version}",
            "needs": "plan",
            "runs-on": "<runner>",
            "strategy": {
                "fail-fast": random.choice((True, False)),
                "matrix": {key: "${{ fromJSON(needs.plan.outputs.versions) }}"},
            },
            "steps": [*prepare(project, version), *with_version(tasks(project, "test"), version)],
        },
    }
    if random.random() < 0.4:
        jobs["test"]["steps"].append(notify_failure(random, if_="failure()"))
        jobs["test"]["permissions"] = {"contents": "read", "issues": "write"}
    return {"on": on_change(project, random), "jobs": jobs}


def sharded(project: Project, random: Random) -> Json:
    """A long test suite in shards, whose reports are merged at the end."""
    shards = random.choice((2, 3, 4, 6, 8))
    env = {"SHARD": "${{ matrix.shard }}", "TOTAL_SHARDS": shards}
    report = "report-${{ matrix.shard }}"
    summary = (
        'echo "## Test results" >> "$GITHUB_STEP_SUMMARY"\n'
        "for report in reports/*/summary.txt; do\n"
        '  cat "$report" >> "$GITHUB_STEP_SUMMARY"\n'
        "done\n"
    )
    jobs: Json = {
        "test": {
            "name": f"Shard ${{{{ matrix.shard }}}} of {shards}",
            "runs-on": "<runner>",
            "strategy": {"fail-fast": False, "matrix": {"shard": list(range(1, shards + 1))}},
            "env": env,
            "steps": [
                *prepare(project),
                *tasks(project, "test"),
                upload(report, "reports/", "Upload report", if_="${{ !cancelled() }}", retention_days=1),
            ],
        },
        "report": {
            "needs": "test",
            "if": "always()",
            "runs-on": "<runner>",
            "steps": [
                use("Download reports", "actions/download-artifact", {"path": "reports", "pattern": "report-*"}),
                run("Write summary", summary),
            ],
        },
    }
    return {"on": on_change(project, random), "jobs": jobs}


KINDS = (
    Kind(
        stages,
        {"pipeline": "Pipeline", "ci": "CI", "build-and-test": "Build and test", "verify": "Verify"},
        9,
        has_task("build"),
        scoped=True,
        grows=True,
    ),
    Kind(
        changed_parts, {"changes": "Changed parts", "pull-request": "Pull request", "pr": "PR checks"}, 2.6, grows=True
    ),
    Kind(
        computed_matrix,
        {"compatibility": "Compatibility", "versions": "Supported versions", "test-matrix": "Test matrix"},
        2,
        is_program,
        grows=True,
    ),
    Kind(
        sharded,
        {"shards": "Sharded tests", "test-suite": "Test suite", "slow-tests": "Slow tests"},
        1.2,
        is_program,
        grows=True,
    ),
)
