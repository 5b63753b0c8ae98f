"""Checks of the text of a repository: linters, formatters, spelling, commit messages."""

from __future__ import annotations

from random import Random

from workflow_book.kinds import Kind
from workflow_book.project import Project
from workflow_book.steps import GIT_IDENTITY, TOKEN, checkout, prepare, tasks
from workflow_book.toolchain import Json, Step, run, use
from workflow_book.triggers import on_change


def own_linters(project: Project, random: Random) -> Json:
    """The linters of the toolchain, in one job or one job each."""
    names = [name for name in ("lint", "format", "types") if name in project.tasks]
    if random.random() < 0.6:
        jobs: Json = {"lint": {"runs-on": "<runner>", "steps": [*prepare(project), *tasks(project, *names)]}}
    else:
        jobs = {name: {"runs-on": "<runner>", "steps": [*prepare(project), *tasks(project, name)]} for name in names}
    return {"on": on_change(project, random), "jobs": jobs}


def pre_commit(project: Project, random: Random) -> Json:
    """All hooks of pre-commit over all files."""
    setup = use("Set up Python", "actions/setup-python", {"python-version": random.choice(("3.11", "3.12", "3.x"))})
    steps: list[Step] = [checkout(), setup]
    if random.random() < 0.5:
        steps.append(use("Run pre-commit", "pre-commit/action"))
    else:
        steps += [
            use(
                "Cache hooks",
                "actions/cache",
                {
                    "path": "~/.cache/pre-commit",
                    "key": "pre-commit-${{ runner.os }}-${{ hashFiles('.pre-commit-config.yaml') }}",
                },
            ),
            run("Run hooks", f"{random.choice(('pipx run', 'uvx'))} pre-commit run --all-files --show-diff-on-failure"),
        ]
        if "uvx" in steps[-1]["run"]:
            steps[1] = use("Install uv", "astral-sh/setup-uv")
    return {
        "on": on_change(project, random, paths=False),
        "jobs": {"pre-commit": {"runs-on": "<runner>", "steps": steps}},
    }


_ACTIONLINT = (
    "bash <(curl -sSf https://raw.githubusercontent.com/rhysd/actionlint/main/scripts/download-actionlint.bash)\n"
    "./actionlint -color\n"
)
_SHELLCHECK = (
    "set -euo pipefail\n"
    "mapfile -t scripts < <(git ls-files '*.sh' 'scripts/*')\n"
    'if [ "${#scripts[@]}" -eq 0 ]; then\n'
    '  echo "no shell scripts"\n'
    "  exit 0\n"
    "fi\n"
    'shellcheck --severity=style "${scripts[@]}"\n'
)
_TEXT_CHECKS: dict[str, tuple[Step, ...]] = {
    "actionlint": (
        run("Run actionlint", _ACTIONLINT, shell="bash"),
        use("Run actionlint", "docker://rhysd/actionlint:1.7.7", {"args": "-color"}),
    ),
    "shellcheck": (
        run("Run ShellCheck", _SHELLCHECK, shell="bash"),
        use("Run ShellCheck", "ludeeus/action-shellcheck", {"scandir": "./scripts"}),
    ),
    "markdown": (
        use("Lint Markdown", "DavidAnson/markdownlint-cli2-action", {"globs": "**/*.md"}),
        run("Lint Markdown", "npx --yes markdownlint-cli2 '**/*.md' '#node_modules'"),
    ),
    "spelling": (
        use("Check spelling", "crate-ci/typos"),
        use("Check spelling", "crate-ci/typos", {"config": ".typos.toml"}),
        run("Check spelling", "pipx run codespell --skip='*.svg,*.lock'"),
    ),
    "yaml": (
        run("Lint YAML", "pipx run yamllint --strict ."),
        run("Check formatting of YAML", "npx --yes prettier --check '**/*.{yml,yaml}'"),
    ),
    "dockerfile": (
        use(
            "Lint Dockerfile", "hadolint/hadolint-action", {"dockerfile": "Dockerfile", "failure-threshold": "warning"}
        ),
    ),
    "editorconfig": (run("Check .editorconfig", "npx --yes editorconfig-checker"),),
    "licenses": (run("Check licence headers", "pipx run reuse lint"),),
}


def text_checks(project: Project, random: Random) -> Json:
    """Linters for everything but the main language: workflows, scripts, Markdown, YAML, spelling."""
    names = random.sample(tuple(_TEXT_CHECKS), random.randint(1, 4))
    jobs: Json = {
        name: {"runs-on": "<runner>", "steps": [checkout(), random.choice(_TEXT_CHECKS[name])]} for name in names
    }
    return {"on": on_change(project, random, paths=False), "jobs": jobs}


def commit_messages(project: Project, random: Random) -> Json:
    """Check that commit messages or the title of a pull request follow the convention."""
    if random.random() < 0.5:
        script = 'npx --yes commitlint --from "$BASE" --to "$HEAD" --verbose'
        env = {"BASE": "${{ github.event.pull_request.base.sha }}", "HEAD": "${{ github.event.pull_request.head.sha }}"}
        steps = [checkout(fetch_depth=0), run("Check commit messages", script, env=env)]
        return {"on": {"pull_request": None}, "jobs": {"commits": {"runs-on": "<runner>", "steps": steps}}}
    inputs: Json = {}
    if random.random() < 0.7:
        inputs["types"] = "".join(
            f"{name}\n" for name in ("feat", "fix", "docs", "refactor", "test", "chore", "ci")[: random.randint(4, 7)]
        )
    if random.random() < 0.4:
        inputs["requireScope"] = random.choice((True, False))
    if random.random() < 0.4:
        inputs["subjectPattern"] = "^(?![A-Z]).+$"
    step = use("Check the title", "amannn/action-semantic-pull-request", inputs, env={"GITHUB_TOKEN": TOKEN})
    types = ["opened", "edited", "synchronize", *random.choice(([], ["reopened"]))]
    job = {"runs-on": "<runner>", "permissions": {"pull-requests": "read"}, "steps": [step]}
    return {"on": {random.choice(("pull_request_target", "pull_request")): {"types": types}}, "jobs": {"title": job}}


def autofix(project: Project, random: Random) -> Json:
    """Format the code of a pull request and push the result back."""
    commit = (
        "if git diff --quiet; then\n"
        '  echo "nothing to format"\n'
        "  exit 0\n"
        "fi\n"
        f"{GIT_IDENTITY}"
        f'git commit --all --message "{random.choice(("style: format", "chore: apply formatting", "Format code"))}"\n'
        "git push\n"
    )
    tool = random.choice(("npx --yes prettier --write .", "pipx run pre-commit run --all-files || true", "make format"))
    steps = [checkout(ref="${{ github.head_ref }}"), run("Format", tool), run("Commit and push", commit)]
    job = {
        "if": "github.event.pull_request.head.repo.full_name == github.repository",
        "runs-on": "<runner>",
        "permissions": {"contents": "write"},
        "steps": steps,
    }
    return {"on": {"pull_request": None}, "jobs": {"format": job}}


KINDS = (
    Kind(
        own_linters,
        {"lint": "Lint", "style": "Style", "static-analysis": "Static analysis", "code-quality": "Code quality"},
        3.2,
        lambda project: "lint" in project.tasks,
        scoped=True,
    ),
    Kind(pre_commit, {"pre-commit": "pre-commit"}, 1.28),
    Kind(text_checks, {"linters": "Linters", "lint-docs": "Lint docs", "meta": "Meta", "hygiene": "Hygiene"}, 1.76),
    Kind(
        commit_messages, {"commitlint": "Commit messages", "pr-title": "PR title", "semantic-pr": "Semantic PR"}, 1.12
    ),
    Kind(autofix, {"autofix": "Autofix", "format": "Format"}, 0.56),
)
