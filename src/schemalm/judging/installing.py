"""Installs the programs of the judges: the npm packages, and the Python packages.

Each part is built in a hidden folder beside its place and moved there when it is whole, so an interrupted installation
leaves nothing half-made, and the next one begins anew. The Python packages do not go into any environment: their
programs are files. No package runs anything while it is installed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from schemalm.files.writing import filled_atomically
from schemalm.judging.installation import NODE_NEEDED, PINS, REQUIREMENTS, node, part_folder, required
from schemalm.judging.programs import FailedJudgeError, Finished, run_program

OLDEST_NODE = 20
_LIMIT_SECONDS = 1800  # of one step, on a slow network
_NUM_CHARACTERS = 2000  # of the errors that are shown
_BUILDER = ".builder"
_PIP_OPTIONS = ("--quiet", "--disable-pip-version-check", "--only-binary", ":all:")
_NPM_OPTIONS = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier")


@dataclass(frozen=True)
class Installed:
    """A part of the judges after an installation: its folder, and why it is not there, empty if it is."""

    part: str
    folder: Path
    failure: str = ""


def install_judges(say: Callable[[str], None]) -> list[Installed]:
    """Install both parts, unless they are there; one that cannot be installed does not keep the other from it.

    say: called with a line about each part before the work. Raises `ConfigurationError` if another command installs
    the same part, and `OSError` if the folder cannot be written.
    """
    return [_installed(part, fill, say) for part, fill in (("pip", _fill_pip), ("npm", _fill_npm))]


def _installed(part: str, fill: Callable[[Path], None], say: Callable[[str], None]) -> Installed:
    folder = part_folder(part)
    if folder.exists():
        say(f"{part} packages: already in {folder}")
        return Installed(part, folder)
    say(f"{part} packages: installing into {folder}")
    try:
        with filled_atomically(folder) as building:
            for name in PINS[part]:
                shutil.copyfile(required(name), building / name)
            fill(building)
    except FailedJudgeError as error:
        return Installed(part, folder, str(error))
    return Installed(part, folder)


def _fill_npm(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None or not node():
        raise FailedJudgeError(f"{NODE_NEEDED}, is needed and is not on the path: install it, and install again")
    version = _run([node(), "--version"]).output.strip()
    major = re.match(r"v(\d+)\.", version)
    if major is None or int(major[1]) < OLDEST_NODE:
        raise FailedJudgeError(f"{NODE_NEEDED}, is needed, found {version or 'another program'}")
    _run([npm, "ci", "--prefix", str(folder), *_NPM_OPTIONS])


def _fill_pip(folder: Path) -> None:
    # An environment of its own, since the one that runs this may have no pip.
    builder = folder / _BUILDER
    _run([sys.executable, "-m", "venv", str(builder)])
    python = builder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    packages = ("--target", str(folder), "--requirement", str(folder / REQUIREMENTS))
    _run([str(python), "-m", "pip", "install", *_PIP_OPTIONS, *packages])
    shutil.rmtree(builder)


def _run(command: Sequence[str]) -> Finished:
    """Run one step; raises `FailedJudgeError` with what it said if it fails."""
    done = run_program(command, limit_seconds=_LIMIT_SECONDS)
    if done.code != 0:
        said = (done.errors or done.output).strip()[-_NUM_CHARACTERS:]
        raise FailedJudgeError(f"`{subprocess.list2cmdline(command)}` ended with {done.code}: {said}")
    return done
