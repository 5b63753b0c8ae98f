"""Reusable workflows with inputs, secrets and outputs, and workflows whose jobs call them."""

from __future__ import annotations

from random import Random

from workflow_book.kinds import Kind, has_task, is_program
from workflow_book.project import Project
from workflow_book.steps import TOKEN, checkout, docker_login, prepare, tasks, upload
from workflow_book.toolchain import Json, Step, run, use
from workflow_book.triggers import on_change
from workflow_book.workflows.images import build_and_push, metadata


def called_tests(project: Project, random: Random) -> Json:
    """A called workflow that tests one version on one system."""
    key = project.toolchain.version_key
    inputs: Json = {
        key: {"description": f"Which {project.toolchain.label} to test with", "type": "string", "required": True}
    }
    if random.random() < 0.7:
        inputs["os"] = {
            "description": "Label of the runner",
            "type": "string",
            "required": False,
            "default": project.habits.runner,
        }
    if random.random() < 0.5:
        inputs["upload-coverage"] = {"type": "boolean", "default": False}
    if random.random() < 0.3:
        inputs["timeout"] = {
            "description": "Minutes until the job is stopped",
            "type": "number",
            "default": random.choice((10, 20, 30)),
        }
    version = f"${{{{ inputs.{key} }}}}"
    steps = [
        *prepare(project, version),
        *[{**step} for step in tasks(project, "lint", "test") if "<version>" not in str(step)],
    ]
    call: Json = {"inputs": inputs}
    if "upload-coverage" in inputs and project.toolchain.coverage:
        call["secrets"] = {"CODECOV_TOKEN": {"description": "Token for uploads", "required": False}}
        upload_inputs = {"token": "${{ secrets.CODECOV_TOKEN }}", "files": project.toolchain.coverage}
        steps.append(
            use("Upload coverage", "codecov/codecov-action", upload_inputs, if_="${{ inputs.upload-coverage }}")
        )
    job: Json = {"runs-on": "${{ inputs.os }}" if "os" in inputs else "<runner>", "steps": steps}
    if "timeout" in inputs:
        job["timeout-minutes"] = "${{ inputs.timeout }}"
    return {"on": {"workflow_call": call}, "jobs": {"test": job}}


def called_build(project: Project, random: Random) -> Json:
    """A called workflow that builds an artifact and returns its name."""
    script = (
        "set -euo pipefail\n"
        'version="${VERSION:-$(git describe --tags --always)}"\n'
        "{\n"
        '  echo "version=$version"\n'
        '  echo "artifact=<package>-$version"\n'
        '} >> "$GITHUB_OUTPUT"\n'
    )
    inputs = {
        "version": {
            "description": "Version to stamp into the build",
            "required": False,
            "type": "string",
            "default": "",
        },
        "retention-days": {
            "description": "How long to keep the artifact",
            "required": False,
            "type": "number",
            "default": random.choice((3, 5, 7)),
        },
    }
    outputs = {
        name: {"description": text, "value": f"${{{{ jobs.build.outputs.{name} }}}}"}
        for name, text in (("version", "The version that was built"), ("artifact", "Name of the uploaded artifact"))
    }
    keep = upload("${{ steps.version.outputs.artifact }}", project.toolchain.artifact)
    keep["with"]["retention-days"] = "${{ inputs.retention-days }}"
    job = {
        "runs-on": "<runner>",
        "outputs": {name: f"${{{{ steps.version.outputs.{name} }}}}" for name in outputs},
        "steps": [
            *prepare(project, fetch_depth=0),
            run("Find out the version", script, id="version", env={"VERSION": "${{ inputs.version }}"}),
            *tasks(project, "build"),
            keep,
        ],
    }
    return {"on": {"workflow_call": {"inputs": inputs, "outputs": outputs}}, "jobs": {"build": job}}


def called_image(project: Project, random: Random) -> Json:
    """A called workflow that builds an image and returns its digest."""
    call: Json = {
        "inputs": {
            "image": {"description": "Name of the image", "required": True, "type": "string"},
            "push": {"description": "Push after building", "type": "boolean", "default": False},
        },
        "outputs": {"digest": {"description": "Digest of the image", "value": "${{ jobs.image.outputs.digest }}"}},
    }
    login = docker_login(project)
    login["if"] = "${{ inputs.push }}"
    if "secrets.GITHUB_TOKEN" not in str(login):
        names = [value.split("secrets.")[1].split()[0] for value in login["with"].values() if "secrets." in value]
        call["secrets"] = {name: {"required": True} for name in names}
    job = {
        "runs-on": "<runner>",
        "permissions": {"contents": "read", "packages": "write"},
        "outputs": {"digest": "${{ steps.push.outputs.digest }}"},
        "steps": [
            checkout(),
            use("Set up Docker Buildx", "docker/setup-buildx-action"),
            login,
            metadata(random, "${{ inputs.image }}"),
            build_and_push(random, "${{ inputs.push }}"),
        ],
    }
    return {"on": {"workflow_call": call}, "jobs": {"image": job}}


def called_deployment(project: Project, random: Random) -> Json:
    """A called workflow that deploys to a given environment."""
    call: dict[str, Json] = {
        "inputs": {
            "environment": {"required": True, "type": "string"},
            "version": {"required": True, "type": "string"},
            **({"dry-run": {"type": "boolean", "default": False}} if random.random() < 0.5 else {}),
        },
        "secrets": {"DEPLOY_TOKEN": {"required": True}},
    }
    flag = " ${{ inputs.dry-run && '--dry-run' || '' }}" if "dry-run" in call["inputs"] else ""
    deploy = f'./scripts/deploy.sh --environment "$ENVIRONMENT" --version "$VERSION"{flag}'
    variables = {
        "ENVIRONMENT": "${{ inputs.environment }}",
        "VERSION": "${{ inputs.version }}",
        "DEPLOY_TOKEN": "${{ secrets.DEPLOY_TOKEN }}",
    }
    steps: list[Step] = [checkout(), run("Deploy", deploy, env=variables)]
    if random.random() < 0.5:
        steps.append(
            run(
                "Verify",
                'curl --fail --retry 10 --retry-delay 5 "https://$ENVIRONMENT.<package>.dev/healthz"',
                env={"ENVIRONMENT": "${{ inputs.environment }}"},
            )
        )
    job = {
        "runs-on": "<runner>",
        "environment": "${{ inputs.environment }}",
        "concurrency": {"group": "deploy-${{ inputs.environment }}", "cancel-in-progress": False},
        "steps": steps,
    }
    return {"on": {"workflow_call": call}, "jobs": {"deploy": job}}


def calling_pipeline(project: Project, random: Random) -> Json:
    """Test, build and deploy, each by a workflow of the same repository."""
    key, ending = project.toolchain.version_key, project.habits.extension
    versions = list(project.toolchain.versions[-random.randint(2, 3) :])
    jobs: Json = {
        "test": {
            "uses": f"./.github/workflows/reusable-test.{ending}",
            "strategy": {"matrix": {key: versions}},
            "with": {key: f"${{{{ matrix.{key} }}}}"},
            **({"secrets": "inherit"} if random.random() < 0.5 else {}),
        },
        "build": {"needs": "test", "uses": f"./.github/workflows/reusable-build.{ending}"},
    }
    if random.random() < 0.4:
        jobs["build"]["with"] = {"version": "${{ github.ref_name }}", "retention-days": random.choice((3, 14, 30))}
    names = ["staging", "production"] if random.random() < 0.7 else ["production"]
    previous = ["build"]
    for name in names:
        jobs[f"deploy-{name}"] = {
            "needs": [*previous],
            "if": "github.ref == 'refs/heads/<branch>'",
            "uses": f"./.github/workflows/reusable-deploy.{ending}",
            "with": {"environment": name, "version": "${{ needs.build.outputs.version }}"},
            "secrets": random.choice(("inherit", {"DEPLOY_TOKEN": "${{ secrets.DEPLOY_TOKEN }}"})),
        }
        previous = ["build", f"deploy-{name}"]
    if random.random() < 0.3:
        del jobs["deploy-production"], previous
        jobs = {name: job for name, job in jobs.items() if "deploy" not in name}
    return {"on": on_change(project, random), "jobs": jobs}


def calling_release(project: Project, random: Random) -> Json:
    """On a tag: build by a called workflow, then write the release with its artifact."""
    ending = project.habits.extension
    release = (
        'gh release create "$GITHUB_REF_NAME" --title "<package> $VERSION" --generate-notes\n'
        'gh release upload "$GITHUB_REF_NAME" out/*\n'
    )
    jobs: Json = {
        "build": {
            "uses": f"./.github/workflows/reusable-build.{ending}",
            "with": {"version": "${{ github.ref_name }}"},
        },
        "image": {
            "uses": f"./.github/workflows/reusable-image.{ending}",
            "permissions": {"contents": "read", "packages": "write"},
            "with": {"image": "<image>", "push": True},
            "secrets": "inherit",
        },
        "release": {
            "needs": ["build", "image"],
            "runs-on": "<runner>",
            "permissions": {"contents": "write"},
            "steps": [
                checkout(),
                use(
                    "Get the build",
                    "actions/download-artifact",
                    {"name": "${{ needs.build.outputs.artifact }}", "path": "out"},
                ),
                run(
                    "Create release", release, env={"GH_TOKEN": TOKEN, "VERSION": "${{ needs.build.outputs.version }}"}
                ),
            ],
        },
    }
    if random.random() < 0.5:
        del jobs["image"]
        jobs["release"]["needs"] = "build"
    if random.random() < 0.5:
        jobs["notify"] = {
            "needs": ["build", "release"],
            "if": "always() && needs.release.result == 'failure'",
            "runs-on": "<runner>",
            "steps": [run("Report", 'echo "::error title=Release::release ${{ needs.build.outputs.version }} failed"')],
        }
    return {"on": {"push": {"tags": ["v*"]}}, "jobs": jobs}


def shared_organization(project: Project, random: Random) -> Json:
    """A short workflow that calls a workflow of the owner's `.github` repository."""
    name = random.choice(("ci", "lint", "release", "security", "docs"))
    reference = random.choice(("main", "v1", "v2", "v3"))
    job: Json = {"uses": f"<owner>/.github/.github/workflows/{name}.yml@{reference}"}
    if random.random() < 0.6:
        job["with"] = random.choice(
            (
                {"language": project.language},
                {"working-directory": "."},
                {project.toolchain.version_key: project.version},
            )
        )
    if random.random() < 0.6:
        job["secrets"] = "inherit"
    return {"on": on_change(project, random, paths=False), "jobs": {name: job}}


KINDS = (
    Kind(
        called_tests,
        {"reusable-test": "Reusable tests", "test-callable": "Test (called)", "workflow-test": "Test"},
        1.6,
        is_program,
    ),
    Kind(
        called_build, {"reusable-build": "Reusable build", "build-artifact": "Build artifact"}, 1.6, has_task("build")
    ),
    Kind(called_image, {"reusable-image": "Reusable image", "build-image": "Build image"}, 1.1, is_program),
    Kind(
        called_deployment,
        {"reusable-deploy": "Reusable deployment", "deploy-to": "Deploy to environment"},
        1.1,
        is_program,
    ),
    Kind(
        calling_pipeline, {"main": "Main", "pipeline": "Pipeline", "orchestrate": "Orchestrate"}, 2.6, has_task("build")
    ),
    Kind(calling_release, {"release-all": "Release", "tagged-release": "Tagged release"}, 1.2, has_task("build")),
    Kind(shared_organization, {"shared": "Shared workflow", "org-ci": "Organization CI", "standards": "Standards"}, 1),
)
