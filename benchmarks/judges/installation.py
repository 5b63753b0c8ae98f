"""Where `make judges` installs the programs."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from schemalm.errors import SchemaLMError

REPOSITORY = Path(__file__).resolve().parents[2]
# The variable lets a checkout use the judges of another one.
FOLDER = Path(os.environ.get("SCHEMALM_JUDGES") or REPOSITORY / ".judges").resolve()
_PROGRAMS = FOLDER / "venv" / ("Scripts" if sys.platform == "win32" else "bin")


class MissingJudgeError(SchemaLMError):
    """A judge cannot be asked, because its program is missing."""


def node_package(name: str) -> Path:
    """The folder of an npm package."""
    return FOLDER / "node_modules" / name


def python_program(name: str) -> Path:
    """The program of a Python package."""
    return _PROGRAMS / (f"{name}.exe" if sys.platform == "win32" else name)


def node() -> str:
    """The program that runs JavaScript, or an empty text if there is none."""
    return shutil.which("node") or ""
