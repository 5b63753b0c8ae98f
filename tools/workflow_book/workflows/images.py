"""Container images: built on pull requests, pushed with metadata, for several platforms, scanned and attested."""

from __future__ import annotations

from random import Random

from workflow_book.kinds import Kind, is_program
from workflow_book.project import Project
from workflow_book.steps import checkout, docker_login
from workflow_book.toolchain import Json, Step, run, use

_TAGS = (
    "type=ref,event=branch",
    "type=ref,event=pr",
    "type=semver,pattern={{version}}",
    "type=semver,pattern={{major}}.{{minor}}",
    "type=sha",
    "type=raw,value=latest,enable={{is_default_branch}}",
    "type=schedule,pattern=nightly",
    "type=edge",
)


def metadata(random: Random, image: str = "<image>") -> Json:
    """Return the step that computes tags and labels."""
    chosen = [tag for tag in _TAGS if random.random() < 0.5] or [_TAGS[0]]
    inputs: Json = {"images": image}
    if random.random() < 0.8:
        inputs["tags"] = "".join(f"{tag}\n" for tag in chosen)
    if random.random() < 0.15:
        inputs["flavor"] = "latest=auto\n"
    return use("Docker metadata", "docker/metadata-action", inputs, id="meta")


def build_and_push(random: Random, push: bool | str, platforms: str = "", context: str = ".") -> Json:
    """Return the step that builds the image, and pushes it if `push` is true."""
    inputs: Json = {"context": context}
    if random.random() < 0.3:
        inputs["file"] = random.choice(("Dockerfile", "docker/Dockerfile", "build/package/Dockerfile"))
    if platforms:
        inputs["platforms"] = platforms
    inputs |= {"push": push, "tags": "${{ steps.meta.outputs.tags }}", "labels": "${{ steps.meta.outputs.labels }}"}
    if random.random() < 0.6:
        inputs |= {"cache-from": "type=gha", "cache-to": random.choice(("type=gha,mode=max", "type=gha"))}
    if random.random() < 0.2:
        inputs["build-args"] = "VERSION=${{ github.ref_name }}\nCOMMIT=${{ github.sha }}\n"
    if random.random() < 0.15:
        inputs |= {"provenance": True, "sbom": True}
    return use("Build and push", "docker/build-push-action", inputs, id="push")


def publish_image(project: Project, random: Random) -> Json:
    """Build one image; push it except from pull requests."""
    with_requests = random.random() < 0.6
    trigger: Json = {"push": {"branches": ["<branch>"], "tags": ["v*"]}}
    if with_requests:
        trigger["pull_request"] = {"branches": ["<branch>"]} if random.random() < 0.5 else None
    platforms = random.choice(
        ("", "linux/amd64,linux/arm64", "linux/amd64,linux/arm64", "linux/amd64,linux/arm64,linux/arm/v7")
    )
    login = docker_login(project)
    if with_requests:
        login["if"] = "github.event_name != 'pull_request'"
    steps: list[Step] = [checkout()]
    if platforms:
        steps.append(use("Set up QEMU", "docker/setup-qemu-action"))
    steps += [use("Set up Docker Buildx", "docker/setup-buildx-action"), login, metadata(random)]
    push: bool | str = "${{ github.event_name != 'pull_request' }}" if with_requests else True
    steps.append(build_and_push(random, push, platforms))
    permissions = {"contents": "read", "packages": "write"}
    if random.random() < 0.3 and not with_requests:
        permissions |= {"id-token": "write", "attestations": "write"}
        steps.append(_attest())
    if random.random() < 0.2:
        steps.append(run("Write summary", _SUMMARY, env={"TAGS": "${{ steps.meta.outputs.tags }}"}))
    job = {"runs-on": "<runner>", "permissions": permissions, "steps": steps}
    return {"on": trigger, "jobs": {random.choice(("docker", "image", "build-and-push", "build")): job}}


_SUMMARY = (
    'echo "### Image" >> "$GITHUB_STEP_SUMMARY"\n'
    "while read -r tag; do\n"
    '  echo "- \\`$tag\\`" >> "$GITHUB_STEP_SUMMARY"\n'
    'done <<< "$TAGS"\n'
)


def _attest() -> Json:
    inputs = {"subject-name": "<image>", "subject-digest": "${{ steps.push.outputs.digest }}", "push-to-registry": True}
    return use("Attest build provenance", "actions/attest-build-provenance", inputs)


def several_images(project: Project, random: Random) -> Json:
    """One image for each component, from a matrix."""
    names = [folder.split("/")[1] for folder in project.components] or ["server", "worker"]
    folder = project.components[0].split("/")[0] if project.components else "docker"
    include = [{"image": name, "context": f"{folder}/{name}"} for name in names]
    steps = [
        checkout(),
        use("Set up Docker Buildx", "docker/setup-buildx-action"),
        docker_login(project),
        metadata(random, "<image>-${{ matrix.image }}"),
        build_and_push(random, True, context="${{ matrix.context }}"),
    ]
    job: Json = {
        "name": "Image ${{ matrix.image }}",
        "runs-on": "<runner>",
        "permissions": {"contents": "read", "packages": "write"},
        "strategy": {"fail-fast": False, "matrix": {"include": include}},
        "steps": steps,
    }
    if random.random() < 0.3:
        job["strategy"]["max-parallel"] = 2
    trigger = {
        "push": {"branches": ["<branch>"], "paths": [f"{folder}/**", ".github/workflows/**"]},
        "workflow_dispatch": None,
    }
    return {"on": trigger, "env": {"DOCKER_BUILDKIT": 1}, "jobs": {"images": job}}


def scan_image(project: Project, random: Random) -> Json:
    """Build the image, scan it, report what was found."""
    inputs: Json = {
        "image-ref": "<package>:${{ github.sha }}",
        "format": "sarif",
        "output": "trivy-results.sarif",
        "severity": random.choice(("CRITICAL,HIGH", "CRITICAL", "MEDIUM,HIGH,CRITICAL")),
    }
    if random.random() < 0.5:
        inputs["ignore-unfixed"] = True
    steps = [
        checkout(),
        run("Build image", "docker build --tag <package>:${{ github.sha }} ."),
        use("Scan image", "aquasecurity/trivy-action", inputs),
        use(
            "Upload results", "github/codeql-action/upload-sarif", {"sarif_file": "trivy-results.sarif"}, if_="always()"
        ),
    ]
    if random.random() < 0.3:
        steps.insert(
            2, use("Write SBOM", "anchore/sbom-action", {"image": "<package>:${{ github.sha }}", "format": "spdx-json"})
        )
    job = {"runs-on": "<runner>", "permissions": {"contents": "read", "security-events": "write"}, "steps": steps}
    trigger: Json = {
        "push": {"branches": ["<branch>"]},
        "pull_request": {"paths": ["Dockerfile", *project.toolchain.sources]},
    }
    return {"on": trigger, "jobs": {"scan": job}}


KINDS = (
    Kind(
        publish_image,
        {
            "docker": "Docker",
            "image": "Container image",
            "docker-publish": "Publish Docker image",
            "container-image": "Image",
        },
        5,
        is_program,
        reports=True,
    ),
    Kind(
        several_images,
        {"images": "Images", "docker-images": "Docker images"},
        1.2,
        lambda project: is_program(project) and bool(project.components),
        reports=True,
    ),
    Kind(scan_image, {"trivy": "Trivy", "scan": "Image scan", "container-scan": "Container scan"}, 1, is_program),
)
