"""What the book knows about one language with one package manager: a table of step templates.

A template is a step as a dict, with `uses` without a version and with tokens such as `<version>` or `<package>` in
its strings, which the repository of the workflow replaces (see `project.py`). Templates are
shared and never changed; composers of workflows copy them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
Step = Mapping[str, Any]


def run(name: str, script: str, **fields: Any) -> Json:
    """Return a step that runs `script`; further fields of the step by keyword (`if_` for `if`)."""
    return {"name": name, "run": script, **_fields(fields)}


def use(name: str, action: str, inputs: Mapping[str, Any] | None = None, **fields: Any) -> Json:
    """Return a step that uses `action` with `inputs`; further fields of the step by keyword (`if_` for `if`)."""
    return {"name": name, "uses": action, **({"with": dict(inputs)} if inputs else {}), **_fields(fields)}


def _fields(fields: Mapping[str, Any]) -> Json:
    return {key.rstrip("_").replace("_", "-"): value for key, value in fields.items()}


@dataclass(frozen=True)
class Toolchain:
    """A language with a package manager: how such a repository is set up, checked, built and published.

    The steps of a field are alternatives, and each repository uses one of them; only `setup` is a sequence.
    `plain_setup` replaces `setup` if the version is not from a matrix.
    """

    language: str
    manager: str
    version_key: str
    versions: tuple[str, ...]
    setup: tuple[Step, ...]
    test: tuple[Step, ...]
    install: tuple[Step, ...] = ()
    lint: tuple[Step, ...] = ()
    format: tuple[Step, ...] = ()
    types: tuple[Step, ...] = ()
    build: tuple[Step, ...] = ()
    publish: tuple[Step, ...] = ()
    audit: tuple[Step, ...] = ()
    benchmark: tuple[Step, ...] = ()
    migrate: tuple[Step, ...] = ()
    plain_setup: tuple[Step, ...] = ()
    environment: Mapping[str, str | int] = field(default_factory=dict)
    sources: tuple[str, ...] = ("src/**",)
    cache_path: str = ""
    lock_file: str = ""
    coverage: str = ""
    artifact: str = "dist/"
    container: str = ""
    codeql: str = ""
    extension: str = ""
    windows: bool = True
    services: bool = False

    @property
    def label(self) -> str:
        """The name before a version number: `Python`, `Node.js`, `JDK`."""
        return _LABELS.get(self.manager) or _LABELS.get(self.language) or self.language.capitalize()


_LABELS = {
    "bun": "Bun",
    "c++": "C++",
    "docs": "site",
    "dotnet": ".NET",
    "java": "JDK",
    "javascript": "Node.js",
    "kotlin": "JDK",
    "php": "PHP",
}
