"""Additions to a workflow: side jobs, steps that help to find failures, and a job that reports them.

In: a raw workflow of a kind that allows them. Out: a copy with more jobs and steps. Names of jobs stay unique, and
no existing job changes its meaning.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from workflow_book.project import Project
from workflow_book.steps import checkout, coverage_report, notify_failure, prepare, tasks, upload, with_version
from workflow_book.toolchain import Json, Step, run, use

_NUM_SIDE_JOBS = ((0, 1, 2, 3, 4, 5, 7), (15, 19, 22, 17, 13, 9, 5))
SideJob = Callable[[Project, Random], Json]


def grow(project: Project, random: Random, workflow: Json) -> Json:
    """Return `workflow` with side jobs, and with more steps in the jobs that use the toolchain."""
    jobs = {name: _with_more_steps(project, random, job) for name, job in workflow["jobs"].items()}
    count = random.choices(*_NUM_SIDE_JOBS)[0]
    names = [
        name for name in _SIDE_JOBS if name not in _ABOUT_VERSIONS or project.language not in {"c++", "docs", "shell"}
    ]
    for name in random.sample(names, count):
        task, make = _SIDE_JOBS[name]
        if name not in jobs and _FORBIDDEN_BY.get(name) not in jobs and (task is None or task in project.tasks):
            jobs[name] = make(project, random)
    return {**workflow, "jobs": jobs}


def add_notification(random: Random, workflow: Json) -> Json:
    """Return `workflow` with a last job that notifies people if another job failed."""
    jobs = workflow["jobs"]
    notify: Json = {
        "needs": list(jobs),
        "if": random.choice(("failure()", "always() && contains(needs.*.result, 'failure')")),
        "runs-on": "<runner>",
        "permissions": {"contents": "read", "issues": "write"},
        "steps": [checkout(), notify_failure(random)],
    }
    return workflow if "notify" in jobs else {**workflow, "jobs": {**jobs, "notify": notify}}


def _task_job(*names: str) -> SideJob:
    def make(project: Project, random: Random) -> Json:
        return {"runs-on": "<runner>", "steps": [*prepare(project), *tasks(project, *names)]}

    return make


def _package(project: Project, random: Random) -> Json:
    steps = [*prepare(project, fetch_depth=0), *tasks(project, "build")]
    keep = upload(
        "<package>-${{ github.run_number }}", project.toolchain.artifact, retention_days=random.choice((None, 3, 7))
    )
    return {
        "name": random.choice(("Package", "Build package", "Build")),
        "runs-on": "<runner>",
        "steps": [*steps, keep],
    }


def _coverage(project: Project, random: Random) -> Json:
    steps = [*prepare(project), *tasks(project, "test"), *coverage_report(project, random)]
    keep = upload(
        "coverage", project.toolchain.coverage or "coverage/", "Keep the coverage report", if_="success() || failure()"
    )
    return {"name": "Coverage", "runs-on": "<runner>", "steps": [*steps, keep]}


def _oldest(project: Project, random: Random) -> Json:
    version = project.toolchain.versions[0]
    steps = with_version([*prepare(project, version), *tasks(project, "test")], version)
    return {"name": f"Oldest supported {project.toolchain.label}", "runs-on": "<runner>", "steps": steps}


def _experimental(project: Project, random: Random) -> Json:
    version = project.toolchain.versions[-1]
    steps = with_version([*prepare(project, version), *tasks(project, "test")], version)
    return {"runs-on": random.choice(("<runner>", "ubuntu-24.04-arm")), "continue-on-error": True, "steps": steps}


def _image(project: Project, random: Random) -> Json:
    inputs: Json = {"context": ".", "push": False, "tags": "<package>:test", "load": True}
    if random.random() < 0.5:
        inputs |= {"cache-from": "type=gha", "cache-to": "type=gha,mode=max"}
    steps = [
        checkout(),
        use("Set up Docker Buildx", "docker/setup-buildx-action"),
        use("Build image", "docker/build-push-action", inputs),
        run("Try the image", f"docker run --rm <package>:test {random.choice(('--version', '--help'))}"),
    ]
    return {"runs-on": "<runner>", "steps": steps}


def _examples(project: Project, random: Random) -> Json:
    names = random.sample(
        ("basic", "advanced", "quickstart", "streaming", "plugins", "auth", "minimal", "batch"), random.randint(2, 4)
    )
    script = random.choice(
        ("make -C examples/$EXAMPLE", './examples/run.sh "$EXAMPLE"', 'cd "examples/$EXAMPLE"\n./test.sh\n')
    )
    return {
        "name": "Example ${{ matrix.example }}",
        "runs-on": "<runner>",
        "strategy": {"fail-fast": False, "matrix": {"example": names}},
        "steps": [*prepare(project), run("Run the example", script, env={"EXAMPLE": "${{ matrix.example }}"})],
    }


def _workflows(project: Project, random: Random) -> Json:
    lint = random.choice(
        (
            use("Run actionlint", "docker://rhysd/actionlint:1.7.7", {"args": "-color"}),
            use("Check spelling", "crate-ci/typos"),
            use("Lint Markdown", "DavidAnson/markdownlint-cli2-action", {"globs": "**/*.md"}),
        )
    )
    return {"runs-on": "<runner>", "steps": [checkout(), lint]}


# The name of the job, the task that it requires of the repository, and its composer.
_SIDE_JOBS: dict[str, tuple[str | None, SideJob]] = {
    "lint": ("lint", _task_job("lint", "format")),
    "typecheck": ("types", _task_job("types")),
    "format": ("format", _task_job("format")),
    "audit": ("audit", _task_job("audit")),
    "package": ("build", _package),
    "coverage": ("test", _coverage),
    "oldest": ("test", _oldest),
    "experimental": ("test", _experimental),
    "docker": ("build", _image),
    "examples": ("build", _examples),
    "meta": (None, _workflows),
    "benchmarks": ("benchmark", _task_job("benchmark")),
}

_ABOUT_VERSIONS = frozenset({"oldest", "experimental"})
# Side jobs that would repeat the work of a job of this name.
_FORBIDDEN_BY = {"format": "lint", "typecheck": "lint", "package": "build"}

_VERSIONS_OF = {
    "python": "python --version\npip list\n",
    "javascript": "node --version\nnpm --version\n",
    "go": "go version\ngo env\n",
    "rust": "rustc --version --verbose\ncargo --version\n",
    "java": "java -version",
    "ruby": "ruby --version\nbundle --version\n",
    "php": "php --version\nphp -m\n",
    "dotnet": "dotnet --info",
    "c++": "cmake --version\nninja --version\n",
    "elixir": "elixir --version",
}
_SUMMARY = (
    "{\n"
    '  echo "### ${{ github.job }}"\n'
    '  echo ""\n'
    '  echo "| | |"\n'
    '  echo "|---|---|"\n'
    '  echo "| commit | ${{ github.sha }} |"\n'
    '  echo "| result | ${{ job.status }} |"\n'
    '} >> "$GITHUB_STEP_SUMMARY"\n'
)
_FREE_SPACE = "df -h /\nsudo rm -rf /usr/share/dotnet /usr/local/lib/android /opt/ghc\ndf -h /\n"
_CLEAN_TREE = (
    'if [ -n "$(git status --porcelain)" ]; then\n'
    "  git status --short\n"
    "  git diff\n"
    '  echo "::error::the build changed tracked files"\n'
    "  exit 1\n"
    "fi\n"
)
_VERSION_FILE = (
    "cat > version.json <<EOF\n"
    '{"commit": "${GITHUB_SHA}", "ref": "${GITHUB_REF_NAME}", "run": ${GITHUB_RUN_NUMBER}}\n'
    "EOF\n"
    "cat version.json\n"
)
_HEREDOC = (
    "{\n"
    "  echo 'changes<<END_OF_LOG'\n"
    "  git log --oneline --no-decorate -n 20\n"
    "  echo 'END_OF_LOG'\n"
    '} >> "$GITHUB_OUTPUT"\n'
)


def _with_more_steps(project: Project, random: Random, job: Json) -> Json:
    """Return a job with a few more steps, if it runs on a plain runner in the usual shell."""
    if "steps" not in job or len(job["steps"]) < 3 or "container" in job:
        return job
    steps: list[Any] = list(job["steps"])
    on_linux = job["runs-on"] == "<runner>"
    if project.language in _VERSIONS_OF and random.random() < 0.14:
        position = len(
            project.toolchain.plain_setup if on_linux and project.toolchain.plain_setup else project.toolchain.setup
        )
        steps.insert(
            position + 1, run(random.choice(("Show versions", "Print versions")), _VERSIONS_OF[project.language])
        )
    if on_linux:
        steps += [step for chance, step in _LATE_STEPS if random.random() < chance]
        if random.random() < 0.05:
            steps.insert(0, run("Free disk space", _FREE_SPACE))
    if random.random() < 0.16:
        days = random.choice((None, 3, 7))
        path = random.choice(("logs/", "test-results/", "**/*.log\n**/core.*\n", "reports/"))
        steps.append(upload(f"logs-{_suffix(job)}", path, "Upload logs", if_="failure()", retention_days=days))
    return {**job, "steps": steps}


_LATE_STEPS: tuple[tuple[float, Step], ...] = (
    (0.07, run("Check that the tree is clean", _CLEAN_TREE)),
    (0.05, run("Write version file", _VERSION_FILE)),
    (0.05, run("Collect changes", _HEREDOC, id="changes")),
    (0.08, run("Write summary", _SUMMARY, if_="always()")),
)


def _suffix(job: Json) -> str:
    """Return the suffix that distinguishes the artifacts of a job's matrix."""
    return "${{ strategy.job-index }}" if "strategy" in job else "${{ github.job }}"
