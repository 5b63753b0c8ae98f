"""Continuous integration in one job: a plain one, one over a matrix, one in a container, one per system."""

from __future__ import annotations

from random import Random
from typing import Any

from workflow_book.kinds import Kind, is_program, speaks
from workflow_book.project import Project
from workflow_book.steps import checkout, coverage_report, matrix_variable, prepare, tasks, upload, with_version
from workflow_book.toolchain import Json, run
from workflow_book.triggers import on_change

_CHECKS = ("lint", "format", "types", "build", "test")


def plain(project: Project, random: Random) -> Json:
    """One job that checks everything in turn."""
    chosen = [name for name in _CHECKS if name == "test" or random.random() < 0.6]
    steps = [*prepare(project), *tasks(project, *chosen)]
    if random.random() < 0.25:
        steps += coverage_report(project, random)
    if "build" in chosen and "build" in project.tasks and random.random() < 0.3:
        steps.append(upload("<package>", project.toolchain.artifact, retention_days=random.choice((None, 5, 7, 14))))
    job: Json = {"runs-on": "<runner>", "steps": steps}
    if random.random() < 0.2:
        job["name"] = random.choice(("Build and test", "Test", "Tests on Linux", "Checks"))
    if random.random() < 0.15:
        job["if"] = random.choice(_CONDITIONS)
    workflow: Json = {"on": on_change(project, random), "jobs": {_job_name(random): job}}
    return _with_environment(project, random, workflow)


def matrix(project: Project, random: Random) -> Json:
    """One job over versions, and often over operating systems."""
    toolchain, version = project.toolchain, matrix_variable(project)
    axes = _axes(project, random)
    strategy: Json = {}
    if random.random() < 0.6:
        strategy["fail-fast"] = False
    if random.random() < 0.12:
        strategy["max-parallel"] = random.choice((2, 3, 4))
    strategy["matrix"] = axes
    on_systems = "os" in axes
    steps = [*prepare(project, version), *with_version(tasks(project, "test"), version)]
    if random.random() < 0.4:
        first = f"matrix.{toolchain.version_key} == '{axes[toolchain.version_key][-1]}'"
        steps += coverage_report(project, random, f"{first} && matrix.os == 'ubuntu-latest'" if on_systems else first)
    job: Json = {"runs-on": "${{ matrix.os }}" if on_systems else "<runner>", "strategy": strategy, "steps": steps}
    label = f"{random.choice((toolchain.label, toolchain.label, 'Test'))} {version}"
    if random.random() < 0.55:
        job["name"] = f"{label} on ${{{{ matrix.os }}}}" if on_systems else label
    if any("experimental" in entry for entry in axes.get("include", ())):
        job["continue-on-error"] = "${{ matrix.experimental == true }}"
    jobs: Json = {random.choice(("test", "test", "tests", "build")): job}
    if random.random() < 0.4 and "lint" in project.tasks:
        lint = {"runs-on": "<runner>", "steps": [*prepare(project), *tasks(project, "lint", "format", "types")]}
        jobs = {"lint": lint, **jobs}
    return _with_environment(project, random, {"on": on_change(project, random), "jobs": jobs})


def _axes(project: Project, random: Random) -> Json:
    """Return the axes of a matrix, sometimes with more entries."""
    key, known = project.toolchain.version_key, project.toolchain.versions
    start = random.randint(0, max(0, len(known) - 2))
    versions = list(known[start : start + random.randint(2, len(known))])
    axes: Json = {}
    if random.random() < 0.6:
        systems = ["ubuntu-latest", "macos-latest", *(["windows-latest"] if project.toolchain.windows else [])]
        if random.random() < 0.25:
            systems = ["ubuntu-latest", random.choice(systems[1:])]
        axes["os"] = systems
    axes[key] = versions
    if random.random() < 0.2:
        axes = dict(reversed(axes.items()))
    if "os" in axes and len(versions) > 2 and random.random() < 0.3:
        oldest, *axes[key] = versions
        axes["include"] = [{"os": axes["os"][0], key: oldest}]
    if random.random() < 0.2:
        axes.setdefault("include", []).append(_extra_entry(random, axes, key, versions))
    return axes


def _extra_entry(random: Random, axes: Json, key: str, versions: list[str]) -> Json:
    """Return an entry that widens the matrix: one more system, or a flag on the newest version."""
    if "os" in axes and random.random() < 0.5:
        return {"os": random.choice(("ubuntu-24.04-arm", "macos-13", "windows-2022")), key: versions[-1]}
    system = {"os": "ubuntu-latest"} if "os" in axes else {}
    return {**system, key: versions[-1], "experimental": True}


def in_container(project: Project, random: Random) -> Json:
    """One job inside a container image that already has the toolchain."""
    container: Any = "<container>"
    if random.random() < 0.6:
        container = {"image": "<container>"}
        if random.random() < 0.6:
            container["env"] = {"CI": "true", "TZ": random.choice(("UTC", "Europe/Berlin"))}
        if random.random() < 0.4:
            container["volumes"] = ["/tmp/cache:/cache"]
        container["options"] = random.choice(
            ("--cpus 2", "--user root", "--memory 4g --init", "--cpus 2 --shm-size 1g")
        )
    job: Json = {
        "runs-on": "<runner>",
        "container": container,
        "steps": [checkout(), *tasks(project, "install", *random.sample(("lint", "types"), 1), "test")],
    }
    if random.random() < 0.4:
        job["defaults"] = {"run": {"shell": "sh" if "alpine" in project.tokens()["<container>"] else "bash"}}
    return {"on": on_change(project, random), "jobs": {random.choice(("container", "test", "build")): job}}


def per_system(project: Project, random: Random) -> Json:
    """One job for each operating system, with the differences written out."""
    linux: Json = {"runs-on": "<runner>", "steps": [*prepare(project), *tasks(project, "lint", "test")]}
    mac: Json = {
        "runs-on": random.choice(("macos-latest", "macos-14", "macos-15")),
        "steps": [
            checkout(),
            run("Install system packages", f"brew install {' '.join(random.sample(_BREW, 2))}"),
            *prepare(project)[1:],
            *tasks(project, "test"),
        ],
    }
    windows: Json = {
        "runs-on": random.choice(("windows-latest", "windows-2022")),
        "steps": [
            run("Configure git", "git config --global core.autocrlf false\ngit config --global core.longpaths true\n"),
            *prepare(project),
            *tasks(project, "test"),
            run("Show disk usage", "Get-PSDrive C | Select-Object Used, Free", if_="always()", shell="pwsh"),
        ],
    }
    jobs = {"linux": linux, "macos": mac}
    if project.toolchain.windows:
        jobs["windows"] = windows
    return _with_environment(project, random, {"on": on_change(project, random), "jobs": jobs})


def compilers(project: Project, random: Random) -> Json:
    """C and C++ over compilers, each with its own variables."""
    include = [
        {"os": "ubuntu-24.04", "compiler": f"gcc-{version}", "cc": f"gcc-{version}", "cxx": f"g++-{version}"}
        for version in random.sample((11, 12, 13, 14), 2)
    ]
    include += [
        {"os": "ubuntu-24.04", "compiler": f"clang-{version}", "cc": f"clang-{version}", "cxx": f"clang++-{version}"}
        for version in random.sample((16, 17, 18), random.randint(1, 2))
    ]
    if random.random() < 0.6:
        include.append({"os": "windows-2022", "compiler": "msvc", "cc": "cl", "cxx": "cl"})
    sanitizer = random.choice(("address,undefined", "thread", "undefined"))
    build_type = random.choice(("Debug", "Release"))
    configure = f"cmake -S . -B build -DCMAKE_BUILD_TYPE={build_type}"
    steps = [
        checkout(**random.choice(({}, {"submodules": "recursive"}))),
        run("Configure", configure, env={"CC": "${{ matrix.cc }}", "CXX": "${{ matrix.cxx }}"}),
        run("Build", f"cmake --build build --config {build_type} --parallel"),
        run("Test", f"ctest --output-on-failure -C {build_type}", working_directory="build"),
    ]
    job = {
        "name": "${{ matrix.compiler }}",
        "runs-on": "${{ matrix.os }}",
        "strategy": {"fail-fast": False, "matrix": {"include": include}},
        "steps": steps,
    }
    jobs: Json = {"build": job}
    if random.random() < 0.5:
        jobs["sanitizers"] = {
            "runs-on": "<runner>",
            "env": {
                "CXXFLAGS": f"-fsanitize={sanitizer} -fno-omit-frame-pointer",
                "UBSAN_OPTIONS": "print_stacktrace=1",
            },
            "steps": [checkout(), *tasks(project, "install", "test")],
        }
    return {"on": on_change(project, random), "jobs": jobs}


_BREW = ("coreutils", "gnu-sed", "jq", "libpq", "openssl@3", "pkg-config", "protobuf")
_CONDITIONS = (
    "github.event.pull_request.draft == false",
    "!contains(github.event.head_commit.message, '[skip ci]')",
    "github.actor != 'dependabot[bot]'",
    "github.repository == '<owner>/<package>'",
)


def _job_name(random: Random) -> str:
    return random.choice(("test", "build", "ci", "check", "build-and-test", "verify"))


def _with_environment(project: Project, random: Random, workflow: Json) -> Json:
    """Return the workflow with the usual variables of the toolchain, and sometimes a default shell."""
    if project.toolchain.environment and random.random() < 0.6:
        workflow["env"] = dict(project.toolchain.environment)
    elif random.random() < 0.12:
        workflow["env"] = random.choice(({"CI": True}, {"FORCE_COLOR": 1}, {"FORCE_COLOR": "1", "TZ": "UTC"}))
    if random.random() < 0.08:
        workflow["defaults"] = {"run": {"shell": "bash"}}
    return workflow


KINDS = (
    Kind(
        plain,
        {"ci": "CI", "test": "Test", "build": "Build", "check": "Check", "main": "Build and test"},
        12,
        scoped=True,
        grows=True,
    ),
    Kind(
        matrix,
        {"tests": "Tests", "ci": "CI", "test": "Test", "matrix": "Test matrix"},
        13,
        is_program,
        scoped=True,
        grows=True,
    ),
    Kind(
        in_container,
        {"container": "Container tests", "ci-container": "CI (container)"},
        1.6,
        lambda project: bool(project.toolchain.container),
        grows=True,
    ),
    Kind(
        per_system,
        {"platforms": "Platforms", "ci-platforms": "CI on all platforms", "build-all": "Build on all systems"},
        1.4,
        is_program,
        grows=True,
    ),
    Kind(
        compilers,
        {"compilers": "Compilers", "cmake": "CMake", "ci-compilers": "Build with all compilers"},
        10,
        speaks("c++"),
        grows=True,
    ),
)
