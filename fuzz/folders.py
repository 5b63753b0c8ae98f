"""Folders of which fuzzers replace one file: the first byte of an input says which, the rest is its content."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.attacks.runner import make_right


class Replaced:
    """A folder that is right but for one file."""

    def __init__(self, part: str) -> None:
        """`part`: `data` or `run`, of what a corpus and a few steps of training give."""
        room = Path(tempfile.mkdtemp())
        here, output = Path.cwd(), os.dup(1)
        make_right(room)
        os.chdir(here)
        os.dup2(output, 1)
        self.folder = room / part
        self.files = sorted(path for path in self.folder.rglob("*") if path.is_file() and not path.name.startswith("."))
        self._contents = {path: path.read_bytes() for path in self.files}

    def seeds(self) -> list[bytes]:
        """Inputs that change nothing, of the files that are small."""
        contents = enumerate(self._contents[path] for path in self.files)
        return [bytes([number]) + content for number, content in contents if len(content) < 60_000]

    def read(self, content: bytes, reader: Callable[[Path], object]) -> None:
        """Reads the folder with one file replaced."""
        if not content:
            return
        path = self.files[content[0] % len(self.files)]
        try:
            path.write_bytes(content[1:])
            reader(self.folder)
        finally:
            path.write_bytes(self._contents[path])

    def close(self) -> None:
        """Removes the folder."""
        shutil.rmtree(self.folder.parent)
