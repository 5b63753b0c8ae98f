"""Housekeeping of a repository: dependencies, branches, caches, generated files."""

from __future__ import annotations

from random import Random

from workflow_book.kinds import Kind, speaks
from workflow_book.project import Project
from workflow_book.steps import GIT_IDENTITY, TOKEN, checkout, prepare
from workflow_book.toolchain import Json, Step, run, use
from workflow_book.triggers import on_schedule


def dependabot_automerge(project: Project, random: Random) -> Json:
    """Approve and merge small updates by Dependabot."""
    condition = random.choice(
        (
            "steps.metadata.outputs.update-type != 'version-update:semver-major'",
            "steps.metadata.outputs.update-type == 'version-update:semver-patch'",
            "steps.metadata.outputs.dependency-type == 'direct:development'",
        )
    )
    variables = {"PR_URL": "${{ github.event.pull_request.html_url }}", "GH_TOKEN": TOKEN}
    steps: list[Step] = [use("Fetch metadata", "dependabot/fetch-metadata", {"github-token": TOKEN}, id="metadata")]
    if random.random() < 0.5:
        steps.append(run("Approve", 'gh pr review --approve "$PR_URL"', if_=condition, env=variables))
    how = random.choice(("--squash", "--merge", "--rebase"))
    steps.append(run("Enable auto-merge", f'gh pr merge --auto {how} "$PR_URL"', if_=condition, env=variables))
    job = {
        "if": random.choice(
            ("github.actor == 'dependabot[bot]'", "github.event.pull_request.user.login == 'dependabot[bot]'")
        ),
        "runs-on": "<runner>",
        "steps": steps,
    }
    permissions = {"contents": "write", "pull-requests": "write"}
    event = random.choice(("pull_request", "pull_request_target"))
    return {"on": {event: None}, "permissions": permissions, "jobs": {random.choice(("dependabot", "automerge")): job}}


_UPDATES = {
    "python": "pipx run pip-tools compile --upgrade requirements.in",
    "javascript": "npx --yes npm-check-updates --upgrade --target minor\nnpm install --package-lock-only\n",
    "go": "go get -u ./...\ngo mod tidy\n",
    "rust": "cargo update",
    "ruby": "bundle update --conservative --patch",
    "php": "composer update --no-interaction",
    "elixir": "mix deps.update --all",
}


def update_dependencies(project: Project, random: Random) -> Json:
    """Update the lock file on a schedule and open a pull request."""
    inputs: Json = {
        "commit-message": random.choice(
            ("chore(deps): update lock file", "Update dependencies", "build: refresh lock file")
        ),
        "title": "Update dependencies",
        "body": "Scheduled update by `${{ github.workflow }}`.",
        "branch": random.choice(("deps/update", "automation/lock-file", "update-dependencies")),
        "delete-branch": True,
    }
    if random.random() < 0.5:
        inputs["labels"] = "dependencies\nautomated\n"
    steps = [
        *prepare(project),
        run("Update", _UPDATES[project.language]),
        use("Open pull request", "peter-evans/create-pull-request", inputs),
    ]
    job = {"runs-on": "<runner>", "permissions": {"contents": "write", "pull-requests": "write"}, "steps": steps}
    return {"on": on_schedule(random, random.choice(("weekly", "monthly"))), "jobs": {"update": job}}


def backport(project: Project, random: Random) -> Json:
    """Backport a merged pull request to a release branch if it has the label."""
    step = use("Create backport pull requests", "korthout/backport-action")
    if random.random() < 0.6:
        step["with"] = {"label_pattern": "^backport ([^ ]+)$", "pull_title": "[${target_branch}] ${pull_title}"}
    merged = random.choice(
        (
            "github.event.pull_request.merged == true",
            "github.event.pull_request.merged && contains(join(github.event.pull_request.labels.*.name), 'backport')",
        )
    )
    job = {
        "if": merged,
        "runs-on": "<runner>",
        "permissions": {"contents": "write", "pull-requests": "write"},
        "steps": [checkout(), step],
    }
    return {
        "on": {"pull_request_target": {"types": random.choice((["closed"], ["closed", "labeled"]))}},
        "jobs": {"backport": job},
    }


def clean_caches(project: Project, random: Random) -> Json:
    """Delete the caches of a branch once its pull request is closed."""
    script = (
        f"gh cache list --ref \"$REF\" --limit {random.choice((50, 100))} --json id --jq '.[].id' |\n"
        "  while read -r id; do\n"
        '    gh cache delete "$id"\n'
        "  done\n"
    )
    variables = {
        "GH_TOKEN": TOKEN,
        "GH_REPO": "${{ github.repository }}",
        "REF": "refs/pull/${{ github.event.pull_request.number }}/merge",
    }
    job = {
        "runs-on": "<runner>",
        "permissions": {"actions": "write"},
        "steps": [run("Delete caches", script, env=variables)],
    }
    return {"on": {"pull_request": {"types": ["closed"]}}, "jobs": {random.choice(("cleanup", "caches")): job}}


def sync_labels(project: Project, random: Random) -> Json:
    """Synchronize the labels of the repository with a file."""
    inputs = {"config-file": ".github/labels.yml", "delete-other-labels": random.choice((True, False))}
    steps = [checkout(), use("Sync labels", "EndBug/label-sync", inputs)]
    job = {"runs-on": "<runner>", "permissions": {"contents": "read", "issues": "write"}, "steps": steps}
    trigger = {"push": {"branches": ["<branch>"], "paths": [".github/labels.yml"]}, "workflow_dispatch": None}
    return {"on": trigger, "jobs": {"labels": job}}


def refresh_data(project: Project, random: Random) -> Json:
    """Run a script on a schedule and commit what it changed."""
    what, path = random.choice(
        (
            ("contributors", "CONTRIBUTORS.md"),
            ("schema", "schema/"),
            ("fixtures", "tests/fixtures/"),
            ("badges", "README.md"),
            ("metrics", "data/metrics.json"),
        )
    )
    commit = (
        "set -euo pipefail\n"
        f"{GIT_IDENTITY}"
        f"git add {path}\n"
        "if git diff --cached --quiet; then\n"
        '  echo "changed=false" >> "$GITHUB_OUTPUT"\n'
        "  exit 0\n"
        "fi\n"
        f'git commit -m "chore: refresh {what}"\n'
        "git push\n"
        'echo "changed=true" >> "$GITHUB_OUTPUT"\n'
    )
    steps = [
        *prepare(project),
        run(f"Refresh {what}", f"./scripts/refresh-{what}.sh > /dev/null"),
        run("Commit", commit, id="commit"),
    ]
    job = {"runs-on": "<runner>", "permissions": {"contents": "write"}, "steps": steps}
    return {"on": on_schedule(random), "jobs": {"refresh": job}}


def notify_downstream(project: Project, random: Random) -> Json:
    """Tell another repository that something changed here."""
    payload = '{"ref": "${{ github.ref }}", "sha": "${{ github.sha }}"}'
    inputs = {
        "token": "${{ secrets.DISPATCH_TOKEN }}",
        "repository": random.choice(("<owner>/website", "<owner>/deployments", "<owner>/integration-tests")),
        "event-type": random.choice(("<package>-updated", "upstream-release", "rebuild")),
        "client-payload": payload,
    }
    job = {"runs-on": "<runner>", "steps": [use("Send event", "peter-evans/repository-dispatch", inputs)]}
    trigger = random.choice(({"push": {"branches": ["<branch>"]}}, {"release": {"types": ["published"]}}))
    return {"on": trigger, "jobs": {random.choice(("dispatch", "notify")): job}}


KINDS = (
    Kind(dependabot_automerge, {"dependabot-automerge": "Dependabot auto-merge", "auto-merge": "Auto-merge"}, 1.08),
    Kind(
        update_dependencies,
        {"update-dependencies": "Update dependencies", "lock-file": "Refresh lock file"},
        0.72,
        speaks(*_UPDATES),
    ),
    Kind(backport, {"backport": "Backport"}, 0.54),
    Kind(clean_caches, {"cleanup-caches": "Clean up caches", "cleanup": "Cleanup"}, 0.48),
    Kind(sync_labels, {"sync-labels": "Sync labels", "labels": "Labels"}, 0.36),
    Kind(refresh_data, {"refresh": "Refresh", "update-data": "Update data", "generate": "Generate"}, 0.72),
    Kind(notify_downstream, {"dispatch": "Dispatch", "notify-downstream": "Notify downstream"}, 0.36),
)
