"""Where the programs of the judges are, which `schemalm judges install` installs, and what is missing.

There are two parts, each in a folder of its own that is named by a digest of the files that pin its packages: another
version of SchemaLM with other pins installs beside it, and no folder ever changes. `installing.py` fills them.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
from functools import cache
from importlib.resources import files
from pathlib import Path

VARIABLE = "SCHEMALM_JUDGES"
INSTALL = "schemalm judges install"
REQUIREMENTS, PACKAGE, LOCK = "requirements.txt", "package.json", "package-lock.json"
NODE_NEEDED = "Node.js 20 or newer, with npm"
# The files that pin the packages of each part.
PINS = {"npm": (PACKAGE, LOCK), "pip": (REQUIREMENTS,)}
_NUM_DIGITS = 12
_REQUIREMENT = re.compile(r"^([\w.-]+)==([\w.]+)$", re.MULTILINE)


def required(name: str) -> Path:
    """Return the path of a file of the package that pins or runs judges."""
    return Path(str(files("schemalm.judging"))) / "required" / name


def judges_folder() -> Path:
    """Return the folder of all judges: `$SCHEMALM_JUDGES`, else one in the user's data folder."""
    given = os.environ.get(VARIABLE)
    return Path(given).absolute() if given else _data_folder() / "schemalm" / "judges"


def _data_folder() -> Path:
    if given := os.environ.get("XDG_DATA_HOME"):
        return Path(given).absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    return Path.home() / ".local" / "share"


def part_folder(part: str) -> Path:
    """Return the folder of the `npm` or the `pip` packages; it exists only if it is whole."""
    digest = hashlib.sha256(b"\0".join(required(name).read_bytes() for name in PINS[part])).hexdigest()
    return judges_folder() / f"{part}-{digest[:_NUM_DIGITS]}"


def node_package(name: str) -> Path:
    """Return the folder of an npm package."""
    return part_folder("npm") / "node_modules" / name


def python_package_file(*parts: str) -> Path:
    """Return a file of the installed Python packages; on Windows a program ends in `.exe`."""
    path = part_folder("pip").joinpath(*parts)
    return path.with_name(f"{path.name}.exe") if sys.platform == "win32" else path


def node() -> str:
    """Return the program that runs JavaScript, or an empty text if there is none."""
    return shutil.which("node") or ""


@cache
def pinned_version(package: str) -> str:
    """Return the pinned version of an npm or Python package of the judges."""
    pins: dict[str, str] = json.loads(required(PACKAGE).read_text(encoding="utf-8"))["dependencies"]
    pins |= dict(_REQUIREMENT.findall(required(REQUIREMENTS).read_text(encoding="utf-8")))
    return pins[package]


def why_not(package: str, path: Path, *, needs_node: bool) -> str:
    """Return what is missing to run a package whose program is at `path`, and the command; empty if nothing is."""
    if needs_node and not node():
        return f"{NODE_NEEDED}: no `node` is on the path; install it, then run: {INSTALL}"
    if not path.exists():
        return f"{package} {pinned_version(package)} is not installed; run: {INSTALL}"
    return ""
