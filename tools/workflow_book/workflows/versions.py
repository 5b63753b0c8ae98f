"""Versions: tools that keep the next release ready, raise versions, and publish charts."""

from __future__ import annotations

from random import Random

from workflow_book.kinds import Kind, is_program
from workflow_book.project import Project
from workflow_book.steps import GIT_IDENTITY, TOKEN, checkout, prepare, tasks
from workflow_book.toolchain import Json, run, use
from workflow_book.workflows.releases import prepare_for_registry, registry_secrets


def changesets(project: Project, random: Random) -> Json:
    """Open the pull request of the next version, or publish once it is merged."""
    manager = project.toolchain.manager
    inputs = {"version": f"{manager} run version", "publish": f"{manager} run release"}
    if random.random() < 0.6:
        inputs |= {"commit": "chore: release", "title": "chore: release"}
    env = {"GITHUB_TOKEN": TOKEN, "NPM_TOKEN": "${{ secrets.NPM_TOKEN }}"}
    steps = [*prepare(project, fetch_depth=0), *tasks(project, "build")]
    steps.append(use("Create release pull request or publish", "changesets/action", inputs, id="changesets", env=env))
    if random.random() < 0.4:
        packages = "${{ steps.changesets.outputs.publishedPackages }}"
        steps.append(
            run(
                "List published packages",
                'jq -r \'.[] | "\\(.name)@\\(.version)"\' <<< "$PACKAGES" >> "$GITHUB_STEP_SUMMARY"',
                if_="steps.changesets.outputs.published == 'true'",
                env={"PACKAGES": packages},
            )
        )
    job = {
        "if": "github.repository == '<owner>/<package>'",
        "runs-on": "<runner>",
        "permissions": {"contents": "write", "pull-requests": "write", "id-token": "write"},
        "steps": steps,
    }
    concurrency = {"group": "${{ github.workflow }}-${{ github.ref }}"}
    return {"on": {"push": {"branches": ["<branch>"]}}, "concurrency": concurrency, "jobs": {"release": job}}


_RELEASE_TYPES = {
    "python": "python",
    "javascript": "node",
    "go": "go",
    "rust": "rust",
    "java": "maven",
    "ruby": "ruby",
    "elixir": "elixir",
    "php": "php",
}


def release_please(project: Project, random: Random) -> Json:
    """Maintain a release pull request; publish once it is merged."""
    first = {
        "runs-on": "<runner>",
        "permissions": {"contents": "write", "pull-requests": "write"},
        "outputs": {
            "release_created": "${{ steps.release.outputs.release_created }}",
            "tag_name": "${{ steps.release.outputs.tag_name }}",
        },
        "steps": [
            use(
                "Run release-please",
                "googleapis/release-please-action",
                {"release-type": _RELEASE_TYPES.get(project.language, "simple")},
                id="release",
            )
        ],
    }
    jobs: Json = {"release-please": first}
    if "publish" in project.tasks and random.random() < 0.7:
        jobs["publish"] = {
            "needs": "release-please",
            "if": "needs.release-please.outputs.release_created == 'true'",
            "runs-on": "<runner>",
            "permissions": {"contents": "read", "id-token": "write"},
            "steps": [*prepare_for_registry(project), *tasks(project, "build", "publish")],
        }
        if secrets := registry_secrets(project):
            jobs["publish"]["env"] = secrets
    return {"on": {"push": {"branches": ["<branch>"]}}, "jobs": jobs}


def release_drafter(project: Project, random: Random) -> Json:
    """Maintain a draft of the next release notes."""
    step = use("Draft the next release", "release-drafter/release-drafter", env={"GITHUB_TOKEN": TOKEN})
    if random.random() < 0.4:
        step["with"] = {
            "config-name": random.choice(("release-drafter.yml", "release-notes.yml")),
            "disable-autolabeler": random.choice((True, False)),
        }
    job = {"runs-on": "<runner>", "permissions": {"contents": "write", "pull-requests": "write"}, "steps": [step]}
    trigger: Json = {"push": {"branches": ["<branch>"]}}
    if random.random() < 0.5:
        trigger["pull_request"] = {"types": ["opened", "reopened", "synchronize"]}
    return {"on": trigger, "jobs": {random.choice(("update-release-draft", "draft")): job}}


_TAG_NEXT_VERSION = (
    "set -euo pipefail\n"
    f"{GIT_IDENTITY}"
    "latest=$(git describe --tags --abbrev=0 --match 'v*' 2> /dev/null || echo v0.0.0)\n"
    'IFS=. read -r major minor patch <<< "${latest#v}"\n'
    'case "$BUMP" in\n'
    '  major) next="v$((major + 1)).0.0" ;;\n'
    '  minor) next="v${major}.$((minor + 1)).0" ;;\n'
    '  patch) next="v${major}.${minor}.$((patch + 1))" ;;\n'
    "esac\n"
    'git tag --annotate "$next" --message "Release $next"\n'
    'if [ "$DRY_RUN" = "true" ]; then\n'
    '  echo "would push $next"\n'
    "else\n"
    '  git push origin "$next"\n'
    "fi\n"
    "{\n"
    '  echo "previous=$latest"\n'
    '  echo "version=$next"\n'
    '} >> "$GITHUB_OUTPUT"\n'
)


def bump_version(project: Project, random: Random) -> Json:
    """By hand: raise the version, tag it, push the tag."""
    inputs = {
        "bump": {
            "description": "Which part of the version to raise",
            "required": True,
            "default": "patch",
            "type": "choice",
            "options": ["major", "minor", "patch"],
        },
        "dry-run": {
            "description": "Do everything except pushing",
            "type": "boolean",
            "default": random.choice((True, False)),
        },
    }
    job = {
        "runs-on": "<runner>",
        "permissions": {"contents": "write"},
        "outputs": {"version": "${{ steps.tag.outputs.version }}"},
        "steps": [
            checkout(fetch_depth=0),
            run(
                "Tag the next version",
                _TAG_NEXT_VERSION,
                id="tag",
                env={"BUMP": "${{ inputs.bump }}", "DRY_RUN": "${{ inputs.dry-run }}"},
            ),
        ],
    }
    workflow: Json = {"on": {"workflow_dispatch": {"inputs": inputs}}, "jobs": {"tag": job}}
    if random.random() < 0.6:
        workflow["run-name"] = random.choice(
            ("Bump ${{ inputs.bump }} version", "Release ${{ inputs.bump }} by @${{ github.actor }}")
        )
    if random.random() < 0.5:
        create = run(
            "Create release",
            'gh release create "$TAG" --generate-notes',
            env={"GH_TOKEN": "${{ github.token }}", "TAG": "${{ needs.tag.outputs.version }}"},
        )
        workflow["jobs"]["release"] = {
            "needs": "tag",
            "if": "${{ !inputs.dry-run }}",
            "runs-on": "<runner>",
            "permissions": {"contents": "write"},
            "steps": [checkout(), create],
        }
    return workflow


def helm_chart(project: Project, random: Random) -> Json:
    """Publish the charts of the repository."""
    steps = [
        checkout(fetch_depth=0),
        run(
            "Configure git",
            'git config user.name "$GITHUB_ACTOR"\ngit config user.email "$GITHUB_ACTOR@users.noreply.github.com"\n',
        ),
        use("Install Helm", "azure/setup-helm"),
        use(
            "Release charts",
            "helm/chart-releaser-action",
            {"charts_dir": random.choice(("charts", "deploy/charts"))},
            env={"CR_TOKEN": TOKEN},
        ),
    ]
    job = {"runs-on": "<runner>", "permissions": {"contents": "write"}, "steps": steps}
    return {"on": {"push": {"branches": ["<branch>"], "paths": ["charts/**"]}}, "jobs": {"release": job}}


KINDS = (
    Kind(
        changesets,
        {"release": "Release", "changesets": "Changesets", "version": "Version packages"},
        3,
        lambda project: project.toolchain.manager in {"npm", "pnpm", "yarn"},
        reports=True,
    ),
    Kind(release_please, {"release-please": "Release Please", "release-pr": "Release PR"}, 1.4, is_program),
    Kind(release_drafter, {"release-drafter": "Release Drafter", "draft-release": "Draft release"}, 1),
    Kind(
        bump_version,
        {
            "bump": "Bump version",
            "tag": "Tag",
            "create-release": "Create release",
            "prepare-release": "Prepare release",
        },
        1.2,
    ),
    Kind(helm_chart, {"release-charts": "Release charts", "chart-release": "Chart release"}, 0.4, is_program),
)
