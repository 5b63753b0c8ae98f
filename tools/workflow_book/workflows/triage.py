"""Issues and pull requests: stale ones, labels, greetings, commands in comments."""

from __future__ import annotations

from random import Random

from workflow_book.kinds import Kind
from workflow_book.project import Project
from workflow_book.steps import GIT_IDENTITY, TOKEN, checkout
from workflow_book.toolchain import Json, run, use
from workflow_book.triggers import on_schedule


def stale(project: Project, random: Random) -> Json:
    """Mark and close issues and pull requests without recent activity."""
    days, then = random.choice((30, 45, 60, 90, 180)), random.choice((7, 14, 30))
    inputs: Json = {
        "stale-issue-message": random.choice(
            (
                f"No activity for {days} days. This will be closed in {then} days unless somebody comments.",
                f"There was no activity for {days} days. Does this still happen with the latest release of <package>?",
                "This looks inactive. Comment or remove the stale label to keep it open.",
            )
        ),
        "days-before-stale": days,
        "days-before-close": then,
    }
    if random.random() < 0.6:
        inputs["stale-pr-message"] = (
            f"This pull request has been quiet for {days} days. Please rebase it or say what holds it up."
        )
    if random.random() < 0.5:
        inputs |= {"stale-issue-label": "stale", "stale-pr-label": "stale"}
    if random.random() < 0.5:
        inputs["exempt-issue-labels"] = random.choice(
            ("pinned,security", "bug,help wanted", "keep", "roadmap,good first issue")
        )
    if random.random() < 0.3:
        inputs["operations-per-run"] = random.choice((60, 100, 200))
    job = {
        "runs-on": "<runner>",
        "permissions": {"issues": "write", "pull-requests": "write"},
        "steps": [use("Mark stale issues", "actions/stale", inputs)],
    }
    return {"on": on_schedule(random, "daily"), "jobs": {"stale": job}}


def labeler(project: Project, random: Random) -> Json:
    """Label pull requests by the files that they touch."""
    step = use("Label by path", "actions/labeler", {"repo-token": TOKEN} if random.random() < 0.6 else {})
    if random.random() < 0.4:
        step.setdefault("with", {})["sync-labels"] = True
    if random.random() < 0.2:
        step.setdefault("with", {})["configuration-path"] = ".github/labeler.yml"
    job = {"runs-on": "<runner>", "permissions": {"contents": "read", "pull-requests": "write"}, "steps": [step]}
    types = random.choice(
        (None, {"types": ["opened", "synchronize"]}, {"types": ["opened", "synchronize", "reopened"]})
    )
    return {"on": {"pull_request_target": types}, "jobs": {random.choice(("label", "labeler", "triage")): job}}


def lock_threads(project: Project, random: Random) -> Json:
    """Lock conversations that ended long ago."""
    inputs: Json = {
        "issue-inactive-days": random.choice((30, 60, 90, 365)),
        "pr-inactive-days": random.choice((30, 60, 90)),
    }
    if random.random() < 0.6:
        inputs["issue-lock-reason"] = random.choice(("resolved", ""))
    if random.random() < 0.5:
        inputs["issue-comment"] = "This issue is locked. Open a new one with a link to this one if it comes back."
    step = use("Lock threads", "dessant/lock-threads", inputs)
    job = {"runs-on": "<runner>", "permissions": {"issues": "write", "pull-requests": "write"}, "steps": [step]}
    return {"on": on_schedule(random), "concurrency": {"group": "lock-threads"}, "jobs": {"lock": job}}


def greet(project: Project, random: Random) -> Json:
    """Greet first-time contributors."""
    prefix = "issue-message", "pr-message"
    thanks = random.choice(
        ("Thanks for the report!", "Thank you for opening your first issue in <package>.", "Welcome to <package>!")
    )
    inputs = {
        "repo-token": TOKEN,
        prefix[0]: f"{thanks} A maintainer will look at it soon.",
        prefix[1]: random.choice(
            ("Thanks for your first pull request!", "Thank you! Please see CONTRIBUTING.md while the checks run.")
        ),
    }
    if project.habits.generation == 2:
        inputs = {key.replace("-", "_"): value for key, value in inputs.items()}
    job = {
        "runs-on": "<runner>",
        "permissions": {"issues": "write", "pull-requests": "write"},
        "steps": [use("Greet", "actions/first-interaction", inputs)],
    }
    return {
        "on": {"issues": {"types": ["opened"]}, "pull_request_target": {"types": ["opened"]}},
        "jobs": {"greet": job},
    }


def slash_command(project: Project, random: Random) -> Json:
    """React to a maintainer's command in a comment on a pull request."""
    command, script = random.choice(
        (
            ("/format", "npx --yes prettier --write .\ngit commit --all --message 'style: format'\ngit push\n"),
            ("/rebase", "git fetch origin <branch>\ngit rebase origin/<branch>\ngit push --force-with-lease\n"),
            (
                "/snapshot",
                "./scripts/update-snapshots.sh\ngit commit --all --message 'test: update snapshots'\ngit push\n",
            ),
        )
    )
    members = random.choice(('["OWNER", "MEMBER", "COLLABORATOR"]', '["OWNER", "MEMBER"]'))
    condition = (
        f"github.event.issue.pull_request && startsWith(github.event.comment.body, '{command}') && "
        f"contains(fromJSON('{members}'), github.event.comment.author_association)"
    )
    variables = {"GH_TOKEN": TOKEN, "NUMBER": "${{ github.event.issue.number }}"}
    steps = [
        checkout(fetch_depth=0, token="${{ secrets.BOT_TOKEN }}"),
        run("Switch to the pull request", 'gh pr checkout "$NUMBER"', env=variables),
        run(f"Run {command}", f"set -euo pipefail\n{GIT_IDENTITY}{script}"),
        use(
            "React",
            "peter-evans/create-or-update-comment",
            {"comment-id": "${{ github.event.comment.id }}", "reactions": random.choice(("rocket", "+1", "hooray"))},
        ),
    ]
    permissions = {"contents": "write", "issues": "write", "pull-requests": "write"}
    job = {"if": condition, "runs-on": "<runner>", "permissions": permissions, "steps": steps}
    return {"on": {"issue_comment": {"types": ["created"]}}, "jobs": {command[1:]: job}}


_SIZES = (
    "const { additions, deletions } = context.payload.pull_request;\n"
    "const lines = additions + deletions;\n"
    "const size = lines < 20 ? 'S' : lines < 200 ? 'M' : 'L';\n"
    "await github.rest.issues.addLabels({\n"
    "  ...context.repo,\n"
    "  issue_number: context.issue.number,\n"
    "  labels: [`size/${size}`],\n"
    "});\n"
)
_DESCRIPTION = (
    "const body = context.payload.pull_request.body ?? '';\n"
    "if (body.trim().length < 30) {\n"
    "  core.setFailed('Please describe what this pull request changes and why.');\n"
    "}\n"
)
_ASSIGN = (
    "const { owner, repo } = context.repo;\n"
    "await github.rest.issues.addAssignees({\n"
    "  owner,\n"
    "  repo,\n"
    "  issue_number: context.issue.number,\n"
    "  assignees: [context.actor],\n"
    "});\n"
)


def script_on_request(project: Project, random: Random) -> Json:
    """A short script with the API client: size labels, a description, an assignee."""
    name, script = random.choice((("size", _SIZES), ("description", _DESCRIPTION), ("assign", _ASSIGN)))
    job: Json = {
        "runs-on": "<runner>",
        "permissions": {"issues": "write", "pull-requests": "write"},
        "steps": [
            use(
                f"Set {name}" if name == "size" else f"Check {name}" if name == "description" else "Assign the author",
                "actions/github-script",
                {"script": script},
            )
        ],
    }
    if random.random() < 0.5:
        job["if"] = random.choice(("github.actor != 'dependabot[bot]'", "!github.event.pull_request.draft"))
    if random.random() < 0.3:
        job["continue-on-error"] = True
    types = ["opened", "reopened"] if name == "assign" else ["opened", "edited", "synchronize"]
    return {"on": {"pull_request_target": {"types": types}}, "jobs": {name: job}}


def new_issues(project: Project, random: Random) -> Json:
    """Label new issues, or add them to the board."""
    if random.random() < 0.5:
        label = random.choice(("needs-triage", "triage", "new"))
        step = run(
            "Add label",
            f'gh issue edit "$NUMBER" --add-label "{label}"',
            env={
                "GH_TOKEN": TOKEN,
                "GH_REPO": "${{ github.repository }}",
                "NUMBER": "${{ github.event.issue.number }}",
            },
        )
    else:
        step = run(
            "Add to project",
            f'gh project item-add {random.randint(1, 9)} --owner <owner> --url "$URL"',
            env={"GH_TOKEN": "${{ secrets.PROJECT_TOKEN }}", "URL": "${{ github.event.issue.html_url }}"},
        )
    steps = [checkout(), step] if random.random() < 0.2 else [step]
    job = {"runs-on": "<runner>", "permissions": {"contents": "read", "issues": "write"}, "steps": steps}
    return {
        "on": {"issues": {"types": random.choice((["opened"], ["opened", "reopened"], ["opened", "transferred"]))}},
        "jobs": {"triage": job},
    }


KINDS = (
    Kind(stale, {"stale": "Stale", "close-stale": "Close stale issues"}, 0.96),
    Kind(labeler, {"labeler": "Labeler", "label": "Label pull requests"}, 0.66),
    Kind(lock_threads, {"lock": "Lock threads"}, 0.42),
    Kind(greet, {"greetings": "Greetings", "welcome": "Welcome"}, 0.3),
    Kind(slash_command, {"commands": "Commands", "slash-command": "Slash command"}, 0.48),
    Kind(script_on_request, {"pr-size": "Pull request size", "pr-automation": "Pull request automation"}, 0.48),
    Kind(new_issues, {"triage": "Triage", "new-issue": "New issues", "add-to-project": "Add to project"}, 0.48),
)
