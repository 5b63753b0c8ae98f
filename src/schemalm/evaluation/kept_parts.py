"""Finished parts of an evaluation, kept in a folder, so that an interrupted one goes on where it stopped.

    FOLDER/parts/identity.json    a hash of everything that determines the evaluation
    FOLDER/parts/NAME.json        the result of a part
    FOLDER/parts/NAME.jsonl       results that come one by one

Parts of another evaluation are refused, never mixed. Without a folder nothing is kept.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from schemalm.errors import ConfigurationError, SchemaLMError
from schemalm.files.digests import digest
from schemalm.files.folders import path_inside
from schemalm.files.typed_json import CheckedFile
from schemalm.files.writing import write_atomically

T = TypeVar("T")

EVALUATIONS_FOLDER, PARTS_FOLDER, IDENTITY_FILE = "evaluations", "parts", "identity.json"
_MAX_BYTES = 1 << 28
_ADVICE = "choose another folder with --out"


def folder_for(run: Path, identity: Any) -> Path:
    """Return where an evaluation of a run belongs by default: in the run folder, or in `evaluations` if that is taken.

    A folder is taken if it has a report, or parts of another evaluation.
    """
    own = digest(identity)
    numbered = (run / EVALUATIONS_FOLDER / str(number) for number in itertools.count(2))
    return next(folder for folder in itertools.chain([run], numbered) if _evaluation_in(folder) in (None, own))


def _evaluation_in(folder: Path) -> str | None:
    """Return the identity of the evaluation in a folder, "unknown" for a report of one, and None if there is none."""
    if os.path.lexists(folder / PARTS_FOLDER / IDENTITY_FILE):
        return _identity_file(folder).read(dict[str, str]).get("identity", "unknown")
    return "unknown" if os.path.lexists(folder / "report.html") else None


def _identity_file(folder: Path) -> CheckedFile:
    return CheckedFile(path_inside(folder, PARTS_FOLDER), IDENTITY_FILE, ConfigurationError, _ADVICE)


class KeptParts:
    """The parts of one evaluation; `identity`: plain values that determine its results."""

    def __init__(self, folder: Path | None, identity: Any) -> None:
        """Raises `ConfigurationError` if the folder has the parts of another evaluation."""
        self._folder = None if folder is None else path_inside(folder, PARTS_FOLDER)
        if folder is None or self._folder is None:
            return
        own, found = digest(identity), _evaluation_in(folder)
        if found not in (None, own):
            raise ConfigurationError(f"{folder} has another evaluation; {_ADVICE}")
        if found is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_atomically(self._folder / IDENTITY_FILE, json.dumps({"identity": own}).encode())

    def part(self, name: str, kind: type[T], make: Callable[[], T]) -> T:
        """Return a part that is kept, or make it and keep it; raises `ConfigurationError` if it is damaged."""
        file = f"{name}.json"
        if self._folder is None:
            return make()
        if os.path.lexists(self._folder / file):
            return self._file(file).read(kind)
        made = make()
        write_atomically(self._folder / file, msgspec.json.encode(made))
        return made

    def rows(self, name: str, kind: type[T], check: Callable[[T], object]) -> list[T]:
        """Return the results that were kept one by one; a last line that was not finished does not count.

        check: raises `SchemaLMError` for what cannot be a result. Raises `ConfigurationError` if a line is damaged.
        """
        file = f"{name}.jsonl"
        if self._folder is None or not os.path.lexists(self._folder / file):
            return []
        checked = self._file(file)
        lines = checked.content().split(b"\n")[:-1]
        return [_row(replace(checked, line=number), line, kind, check) for number, line in enumerate(lines, start=1)]

    def keep(self, name: str, kept: Iterable[T], coming: Iterable[T]) -> Iterator[T]:
        """Yield the results `coming`, and keep each after those that are kept already."""
        if self._folder is None:
            yield from coming
            return
        path = self._folder / f"{name}.jsonl"
        write_atomically(path, b"".join(map(_line, kept)))  # without an unfinished line
        with path.open("ab") as file:
            for result in coming:
                file.write(_line(result))
                file.flush()
                yield result

    def _file(self, name: str) -> CheckedFile:
        assert self._folder is not None
        return CheckedFile(self._folder, name, ConfigurationError, _ADVICE, max_bytes=_MAX_BYTES)


def _row(file: CheckedFile, line: bytes, kind: type[T], check: Callable[[T], object]) -> T:
    row = file.parse(line, kind)
    try:
        check(row)
    except SchemaLMError as error:
        file.fail(str(error))
    return row


def _line(result: Any) -> bytes:
    return msgspec.json.encode(result) + b"\n"
