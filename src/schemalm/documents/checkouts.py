"""The origin of documents in a Git checkout: the name of its repository, and its licence.

Git is not run: its configuration is read as text. Only the path of a remote's address is kept, never its host, user or
password. The number of bytes read is bounded, whatever the files contain.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from schemalm.documents.licenses import license_of

GIT_FOLDER = ".git"

_CONFIGURATION_BYTES = 1 << 20
_LINK_BYTES = 1 << 12
_SECTION = re.compile(r'\s*\[\s*(?P<name>[^\s\]"]++)\s*+(?:"(?P<part>[^"]*+)"\s*+)?\]', re.ASCII)
_URL = re.compile(r"\s*url\s*=\s*(?P<url>.*)", re.ASCII | re.IGNORECASE)
_OF_A_SHELL = re.compile(r"(?:[^/:@\s]+@)?[^/:@\s]{2,}:(?P<path>.+)")  # user@host:path, but no drive letter
_NAME = re.compile(r"[\w.~+-]+(?:/[\w.~+-]+)+", re.ASCII)


@dataclass(frozen=True)
class Checkout:
    """A working tree: its real folder, its repository as `owner/name`, and its licence, empty if none is known."""

    folder: str
    repository: str
    license: str

    @classmethod
    def at(cls, folder: Path, name: str) -> Checkout:
        """Return the checkout in a folder with an entry `.git`; its repository is `name` if no remote is known."""
        real = os.path.realpath(folder)
        return cls(real, _repository(folder) or name, license_of(Path(real)))

    def contains(self, real_path: str) -> bool:
        """Return whether a path without links is inside; of Git's own folder, only git-annex's content counts."""
        git = f"{self.folder}{os.sep}{GIT_FOLDER}"
        return is_inside(real_path, f"{git}/annex/objects" if is_inside(real_path, git) else self.folder)


def is_inside(real_path: str, folder: str) -> bool:
    """Return whether a path is the folder or is inside it; both are without links."""
    return real_path == folder or real_path.startswith(folder.rstrip(os.sep) + os.sep)


def _repository(folder: Path) -> str:
    """Return the repository that the remote `origin` names; empty if there is none."""
    for configuration in _configurations(folder / GIT_FOLDER):
        if url := _origin(_text(configuration, _CONFIGURATION_BYTES)):
            return _path_of(url)
    return ""


def _configurations(git: Path) -> list[Path]:
    """Return the possible paths of the configuration; in a submodule or a linked tree, `.git` is a file."""
    if git.is_dir():
        return [git / "config"]
    link = _text(git, _LINK_BYTES)
    if not link.startswith("gitdir:"):
        return []
    target = git.parent / link.removeprefix("gitdir:").strip()
    shared = _text(target / "commondir", _LINK_BYTES).strip()
    return [target / "config", *([target / shared / "config"] if shared else [])]


def _origin(configuration: str) -> str:
    """Return the address of the remote `origin`; empty if there is none."""
    is_origin = False
    for line in configuration.splitlines():
        rest = line
        if section := _SECTION.match(line):
            is_origin = section["name"].lower() == "remote" and section["part"] == "origin"
            rest = line[section.end() :]
        if is_origin and (found := _URL.match(rest)):
            return re.split(r"\s[#;]", found["url"])[0].strip().strip('"')
    return ""


def _path_of(url: str) -> str:
    """Return the `owner/name` at the end of an address; empty if it has none, such as a path on this machine."""
    if "://" in url:
        try:
            parts = urlsplit(url)
        except ValueError:
            return ""
        path = "" if parts.scheme.lower() == "file" else parts.path
    else:
        found = _OF_A_SHELL.fullmatch(url)
        path = found["path"] if found else ""
    name = re.sub(r"/{2,}", "/", path).strip("/").removesuffix(".git").rstrip("/")
    return name if _NAME.fullmatch(name) else ""


def _text(file: Path, num_bytes: int) -> str:
    """Return the beginning of a file; empty if it cannot be read."""
    try:
        if not file.is_file():  # a pipe could block forever
            return ""
        with file.open("rb") as opened:
            return opened.read(num_bytes).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""
