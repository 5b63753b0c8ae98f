"""Releases: packages to registries, wheels, binaries on GitHub releases."""

from __future__ import annotations

from random import Random
from typing import Any

from workflow_book.kinds import Kind, has_task, speaks
from workflow_book.project import Project
from workflow_book.steps import TOKEN, checkout, download, prepare, tasks, upload
from workflow_book.toolchain import Json, Step, run, use
from workflow_book.triggers import on_tag

_REGISTRY_URLS = {
    "python": ("pypi", "https://pypi.org/p/<package>"),
    "javascript": ("npm", "https://www.npmjs.com/package/<package>"),
    "rust": ("crates-io", "https://crates.io/crates/<package>"),
    "dotnet": ("nuget", "https://www.nuget.org/packages/<package>"),
    "ruby": ("rubygems", "https://rubygems.org/gems/<package>"),
    "elixir": ("hex", "https://hex.pm/packages/<package>"),
}


def publish_package(project: Project, random: Random) -> Json:
    """Build the package and publish it to the registry of the language, in one job or two."""
    name, url = _REGISTRY_URLS.get(
        project.language, ("release", "${{ github.server_url }}/${{ github.repository }}/releases")
    )
    environment: Any = {"name": name, "url": url} if random.random() < 0.6 else name
    permissions = {"contents": "read", "id-token": "write"}
    if project.language == "ruby":
        permissions["contents"] = "write"
    secrets = registry_secrets(project)
    publish = [
        {**step, "env": {**step.get("env", {}), **secrets}} if secrets else step for step in tasks(project, "publish")
    ]
    if project.language == "python" and random.random() < 0.65:
        jobs: Json = {
            "build": {
                "runs-on": "<runner>",
                "steps": [
                    *prepare(project),
                    *tasks(project, "build"),
                    upload("dist", "dist/", "Keep distributions"),
                ],
            },
            "publish": {
                "needs": "build",
                "runs-on": "<runner>",
                "environment": environment,
                "permissions": permissions,
            },
        }
        tools = [use("Install uv", "astral-sh/setup-uv")] if "run" in publish[0] else []
        jobs["publish"]["steps"] = [download("dist", "dist/", "Get distributions"), *tools, *publish]
    else:
        steps = [*prepare_for_registry(project), *tasks(project, "build"), *publish]
        jobs = {"publish": {"runs-on": "<runner>", "permissions": permissions, "steps": steps}}
        if random.random() < 0.5:
            jobs["publish"]["environment"] = environment
    if random.random() < 0.3:
        test = {"runs-on": "<runner>", "steps": [*prepare(project), *tasks(project, "test")]}
        jobs = {"test": test, **jobs}
        jobs["build" if "build" in jobs else "publish"]["needs"] = "test"
    return {"on": on_tag(random), "jobs": jobs}


def registry_secrets(project: Project) -> dict[str, str]:
    """Return the variables from which the registry's client reads its token."""
    if project.toolchain.manager in {"npm", "pnpm", "bun"}:
        return {"NODE_AUTH_TOKEN": "${{ secrets.NPM_TOKEN }}"}
    if project.toolchain.manager == "yarn":
        return {"YARN_NPM_AUTH_TOKEN": "${{ secrets.NPM_TOKEN }}"}
    return {}


def prepare_for_registry(project: Project) -> list[Step]:
    """Return the steps up to installed dependencies, with the registry to publish to set for Node.js."""
    steps = prepare(project)
    return [
        {**step, "with": {**step["with"], "registry-url": "https://registry.npmjs.org"}}
        if step.get("uses") == "actions/setup-node"
        else step
        for step in steps
    ]


_RUST_TARGETS = (
    ("x86_64-unknown-linux-gnu", "ubuntu-latest", "tar.gz"),
    ("x86_64-unknown-linux-musl", "ubuntu-latest", "tar.gz"),
    ("aarch64-unknown-linux-gnu", "ubuntu-24.04-arm", "tar.gz"),
    ("x86_64-apple-darwin", "macos-13", "tar.gz"),
    ("aarch64-apple-darwin", "macos-14", "tar.gz"),
    ("x86_64-pc-windows-msvc", "windows-latest", "zip"),
)


def rust_binaries(project: Project, random: Random) -> Json:
    """Build for each target, then put all archives on the release."""
    targets = [_RUST_TARGETS[0], *random.sample(_RUST_TARGETS[1:], random.randint(1, 5))]
    include = [{"target": target, "os": system, "archive": archive} for target, system, archive in targets]
    pack = (
        "set -euo pipefail\n"
        'archive="<package>-${GITHUB_REF_NAME}-${TARGET}"\n'
        'mkdir "$archive"\n'
        'cp README.md LICENSE "$archive/"\n'
        'if [ "$ARCHIVE" = "zip" ]; then\n'
        '  cp "target/$TARGET/release/<package>.exe" "$archive/"\n'
        '  7z a "$archive.zip" "$archive"\n'
        "else\n"
        '  cp "target/$TARGET/release/<package>" "$archive/"\n'
        '  tar czf "$archive.tar.gz" "$archive"\n'
        "fi\n"
        'echo "asset=$archive.$ARCHIVE" >> "$GITHUB_OUTPUT"\n'
    )
    variables = {"TARGET": "${{ matrix.target }}", "ARCHIVE": "${{ matrix.archive }}"}
    build = {
        "name": "${{ matrix.target }}",
        "runs-on": "${{ matrix.os }}",
        "strategy": {"fail-fast": False, "matrix": {"include": include}},
        "steps": [
            checkout(),
            use("Install Rust", "dtolnay/rust-toolchain@stable", {"targets": "${{ matrix.target }}"}),
            use("Cache cargo", "Swatinem/rust-cache", {"key": "${{ matrix.target }}"}),
            run("Build", "cargo build --release --locked --target ${{ matrix.target }}"),
            run("Pack", pack, id="pack", shell="bash", env=variables),
            upload("${{ matrix.target }}", "${{ steps.pack.outputs.asset }}"),
        ],
    }
    return {"on": {"push": {"tags": ["v*"]}}, "jobs": {"build": build, "release": _attach_files(random)}}


def _attach_files(random: Random) -> Json:
    """Return the job that puts all artifacts of the run on the release of the tag."""
    get = use("Download artifacts", "actions/download-artifact", {"path": "assets", "merge-multiple": True})
    if random.random() < 0.5:
        create: Step = use(
            "Create release", "softprops/action-gh-release", {"files": "assets/*", "generate_release_notes": True}
        )
    else:
        script = (
            'gh release create "$GITHUB_REF_NAME" --repo "$GITHUB_REPOSITORY" --generate-notes --verify-tag assets/*\n'
        )
        create = run("Create release", script, env={"GH_TOKEN": "${{ github.token }}"})
    sums = run("Write checksums", "cd assets\nsha256sum * > SHA256SUMS\n")
    return {
        "needs": "build",
        "runs-on": "<runner>",
        "permissions": {"contents": "write"},
        "steps": [get, *([sums] if random.random() < 0.5 else []), create],
    }


def goreleaser(project: Project, random: Random) -> Json:
    """Let GoReleaser build and publish."""
    inputs: Json = {
        "distribution": "goreleaser",
        "version": random.choice(("latest", "~> v2")),
        "args": "release --clean",
    }
    steps: list[Step] = [checkout(fetch_depth=0), *project.toolchain.plain_setup]
    permissions = {"contents": "write"}
    if random.random() < 0.4:
        steps.append(docker_registry_login())
        permissions["packages"] = "write"
    if random.random() < 0.4:
        steps.append(use("Install cosign", "sigstore/cosign-installer"))
        permissions["id-token"] = "write"
    env = {"GITHUB_TOKEN": TOKEN}
    if random.random() < 0.3:
        env["HOMEBREW_TAP_TOKEN"] = "${{ secrets.HOMEBREW_TAP_TOKEN }}"
    steps.append(use("Run GoReleaser", "goreleaser/goreleaser-action", inputs, env=env))
    job = {"runs-on": "<runner>", "permissions": permissions, "steps": steps}
    return {"on": {"push": {"tags": ["v*"]}}, "jobs": {random.choice(("goreleaser", "release")): job}}


def docker_registry_login() -> Json:
    """Return the step that signs in to GitHub's container registry."""
    inputs = {"registry": "ghcr.io", "username": "${{ github.actor }}", "password": TOKEN}
    return use("Log in to GHCR", "docker/login-action", inputs)


def wheels(project: Project, random: Random) -> Json:
    """Binary wheels for all systems, then a trusted publication."""
    systems = [
        "ubuntu-latest",
        "windows-latest",
        "macos-14",
        *random.sample(("macos-13", "ubuntu-24.04-arm", "windows-11-arm"), 2),
    ]
    options: Json = {
        "CIBW_BUILD": f"cp{random.choice((39, 310, 311))}-* cp312-* cp313-*",
        "CIBW_SKIP": random.choice(("*-musllinux_*", "*-win32 *_i686", "pp*")),
    }
    if random.random() < 0.5:
        options["CIBW_TEST_COMMAND"] = "pytest {project}/tests"
        options["CIBW_TEST_REQUIRES"] = "pytest"
    build = {
        "name": "Wheels on ${{ matrix.os }}",
        "runs-on": "${{ matrix.os }}",
        "strategy": {"fail-fast": False, "matrix": {"os": systems}},
        "steps": [
            checkout(),
            use("Build wheels", "pypa/cibuildwheel", {"output-dir": "wheelhouse"}, env=options),
            upload("wheels-${{ matrix.os }}", "wheelhouse/*.whl", "Keep wheels"),
        ],
    }
    source = {
        "runs-on": "<runner>",
        "steps": [
            checkout(),
            run("Build sdist", "pipx run build --sdist"),
            upload("sdist", "dist/*.tar.gz", "Keep sdist"),
        ],
    }
    publish = {
        "needs": ["wheels", "sdist"],
        "if": "github.event_name == 'release' && github.event.action == 'published'",
        "runs-on": "<runner>",
        "environment": {"name": "pypi", "url": "https://pypi.org/p/<package>"},
        "permissions": {"id-token": "write"},
        "steps": [
            use("Get everything", "actions/download-artifact", {"path": "dist", "merge-multiple": True}),
            use("Publish to PyPI", "pypa/gh-action-pypi-publish@release/v1"),
        ],
    }
    trigger = {"release": {"types": ["published"]}, "workflow_dispatch": None}
    return {"on": trigger, "jobs": {"wheels": build, "sdist": source, "publish": publish}}


KINDS = (
    Kind(
        publish_package,
        {"publish": "Publish", "release": "Release", "publish-package": "Publish package"},
        4,
        has_task("build", "publish"),
        reports=True,
    ),
    Kind(
        rust_binaries,
        {"release": "Release", "binaries": "Release binaries", "cd": "CD"},
        8,
        speaks("rust"),
        reports=True,
    ),
    Kind(goreleaser, {"release": "Release", "goreleaser": "GoReleaser"}, 7, speaks("go"), reports=True),
    Kind(wheels, {"wheels": "Wheels", "build-wheels": "Build wheels"}, 2, speaks("python"), reports=True),
)
