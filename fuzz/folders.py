"""Folders in which a fuzzer replaces one file: the first byte of the input selects it, the rest is its new content."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.attacks.runner import make_valid


class Replaced:
    """A valid folder with one file replaced."""

    def __init__(self, part: str) -> None:
        """`part`: `data` or `run`, the prepared data or the run that a small corpus yields."""
        scratch = Path(tempfile.mkdtemp())
        here, output = Path.cwd(), os.dup(1)
        make_valid(scratch)
        os.chdir(here)
        os.dup2(output, 1)
        self.folder = scratch / part
        self.files = sorted(path for path in self.folder.rglob("*") if path.is_file() and not path.name.startswith("."))
        self._contents = {path: path.read_bytes() for path in self.files}

    def seeds(self) -> list[bytes]:
        """Return the inputs that change nothing, for the small files."""
        contents = enumerate(self._contents[path] for path in self.files)
        return [bytes([number]) + content for number, content in contents if len(content) < 60_000]

    def read(self, content: bytes, reader: Callable[[Path], object]) -> None:
        """Read the folder with one file replaced."""
        if not content:
            return
        path = self.files[content[0] % len(self.files)]
        try:
            path.write_bytes(content[1:])
            reader(self.folder)
        finally:
            path.write_bytes(self._contents[path])

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder.parent)
