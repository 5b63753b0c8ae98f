"""The reader of untrusted JSON files with a known structure.

A file is read up to a size. It must be JSON without repeated keys, and must have exactly the fields of a type, which
the library `msgspec` checks. Any difference is an error that names the file, the location (a JSON pointer), what was
found and what was expected. If a value determines memory or time, its type has bounds.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import msgspec
from msgspec import Meta

from schemalm.errors import ConfigurationError, SchemaLMError
from schemalm.files.folders import read_inside
from schemalm.json_pointer import pointer_to
from schemalm.messages.visible import visible_name
from schemalm.messages.wording import reason_of

T = TypeVar("T")

MAX_BYTES = 1 << 20
# A vocabulary of a million tokens of text.
MAX_TOKENIZER_BYTES = 1 << 26
# Larger files are checked against their type before they become Python objects, which need many times the memory.
_LARGE = 1 << 20
_MAX_DIGITS = 400
_MAX_SHOWN = 60
# The library's paths have this in place of a key of an object with arbitrary keys.
_ANY_KEY = "..."
_MAX_COUNTED = (1 << 63) - 1

# A count, an amount, any finite number, and the hash of a file.
Count = Annotated[int, Meta(ge=0, le=_MAX_COUNTED)]
Amount = Annotated[float, Meta(ge=0, le=1e300)]
Finite = Annotated[float, Meta(ge=-1e300, le=1e300)]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class _RefusedError(ValueError):
    """Text that is JSON by its grammar, but is ambiguous or has no JSON value."""


class MisfitError(ValueError):
    """A value that is not of a type: the `problem`, and the `path` of keys and indices to it."""

    def __init__(self, problem: str, path: tuple[str, ...]) -> None:
        super().__init__(problem)
        self.problem = problem
        self.path = path


def converted(value: Any, kind: type[T]) -> T:
    """Return a JSON value as a `kind`; raises `MisfitError` for any difference except fields that `kind` lacks."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        problem, path = _understood(str(error))
        path = _with_keys(value, kind, path)
        raise MisfitError(f"{problem}{_shown(problem, value, path)}", path) from None


@dataclass(frozen=True)
class CheckedFile:
    """A JSON file below a folder, with the type of its errors and the advice that they give.

    absent: the message if there is no such file. line: the line number, if only one line of the file is read.
    """

    folder: Path
    name: str
    error_type: type[SchemaLMError]
    advice: str
    absent: str = ""
    max_bytes: int = MAX_BYTES
    line: int | None = None

    def read(self, kind: type[T]) -> T:
        """Return the file's content as a `kind`; raises the file's error if it is missing or has another structure."""
        return self.parse(self.content(), kind)

    def content(self) -> bytes:
        """Return the bytes of the file; raises the file's error if it cannot be read."""
        try:
            return read_inside(self.folder, self.name, max_bytes=self.max_bytes)
        except (FileNotFoundError, NotADirectoryError):
            raise self.error_type(self.absent or f"{self.shown} is missing; {self.advice}") from None
        except OSError as error:
            raise self.error_type(f"{self.shown} cannot be read: {reason_of(error)}") from None

    @property
    def shown(self) -> str:
        """The file's path, safe to show."""
        return visible_name(str(self.folder / self.name))

    def parse(self, content: bytes, kind: type[T], *, constants: bool = False) -> T:
        """Return JSON text as a `kind`; `constants` allows NaN and Infinity. Raises the file's error."""
        return self.convert(self._decode(content, kind, constants), kind)

    def load(self, content: bytes, kind: Any = dict[str, Any]) -> dict[str, Any]:
        """Return the object in a JSON text; raises the file's error."""
        found = self._decode(content, kind)
        return found if isinstance(found, dict) else self.convert(found, dict[str, Any])

    def _decode(self, content: bytes, kind: Any, constants: bool = False) -> Any:
        """Return the value of a JSON text, whose type is checked only if it is large; raises the file's error."""
        try:
            if len(content) > _LARGE:
                msgspec.json.decode(content, type=kind)
            return (_WITH_CONSTANTS if constants else _STRICT).decode(content.decode())
        except msgspec.ValidationError as error:
            self.fail(*_understood(str(error)))
        except RecursionError:
            self.fail("it is nested too deeply")
        except _RefusedError as error:
            self.fail(str(error))
        except ValueError as error:
            self.fail(f"it is not JSON: {error}")

    def convert(self, value: Any, kind: type[T], at: str = "") -> T:
        """Return a value as a `kind`; `at` is its JSON pointer in the file. Raises the file's error."""
        try:
            found = converted(value, kind)
        except MisfitError as error:
            self.fail(error.problem, error.path, at)
        except (ConfigurationError, RecursionError) as error:
            self.fail(str(error), at=at)
        unknown = next(_unknown(value, msgspec.to_builtins(found), ()), None)
        if unknown is not None:
            self.fail("this version does not know this field", unknown, at)
        return found

    def fail(self, problem: str, path: tuple[str, ...] = (), at: str = "") -> NoReturn:
        """Raise the file's error about a location in it."""
        pointer = at + pointer_to(path)
        where = ("" if self.line is None else f", line {self.line}") + (
            f" at {visible_name(pointer)}" if pointer else ""
        )
        raise self.error_type(f"{self.shown} is damaged{where}: {problem}; {self.advice}") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        repeated = next(key for key in keys if keys.count(key) > 1)
        raise _RefusedError(f"an object has the key {visible_name(repeated)!r} twice")
    return found


def _constant(text: str) -> NoReturn:
    raise _RefusedError(f"{text} is not a JSON number")


def _integer(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise _RefusedError(f"it has a number of {len(text):,} digits")
    return int(text)


_STRICT = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_constant, parse_int=_integer)
_WITH_CONSTANTS = json.JSONDecoder(object_pairs_hook=_unique, parse_int=_integer)


def _understood(message: str) -> tuple[str, tuple[str, ...]]:
    """Split the library's message into the problem and the path; the path lacks the keys of objects with any keys."""
    problem, _, path = message.partition(" - at `$")
    words = problem.replace("`", "").replace("Expected", "expected", 1).replace("got", "found")
    return words, tuple(re.findall(r"[^.\[\]]+|(?<=\[)\.\.\.(?=\])", path.rstrip("`")))


def _with_keys(value: Any, kind: Any, path: tuple[str, ...]) -> tuple[str, ...]:
    """Complete a path with the keys that the library leaves out: each leads to a member that is refused on its own."""
    if _ANY_KEY not in path:
        return path
    before = path[: path.index(_ANY_KEY)]
    members = _at(value, before)
    for key in members if isinstance(members, dict) else ():
        alone = _replaced(value, before, {key: members[key]})
        try:
            msgspec.convert(alone, kind)
        except msgspec.ValidationError:
            return _with_keys(alone, kind, (*before, key, *path[len(before) + 1 :]))
    return path


def _at(value: Any, path: tuple[str, ...]) -> Any:
    """Return the value at a path, or None if there is none."""
    for part in path:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def _replaced(value: Any, path: tuple[str, ...], new: Any) -> Any:
    """Return a copy of a value with the part at an existing path replaced."""
    if not path:
        return new
    first, *rest = path
    if isinstance(value, dict):
        return {**value, first: _replaced(value[first], tuple(rest), new)}
    index = int(first)
    return [*value[:index], _replaced(value[index], tuple(rest), new), *value[index + 1 :]]


def _shown(problem: str, value: Any, path: tuple[str, ...]) -> str:
    """Return the scalar at the path, worded to follow the problem; empty if there is no scalar."""
    found = _at(value, path)
    if found is None or isinstance(found, dict | list):
        return ""
    shown = visible_name(json.dumps(found, ensure_ascii=False), _MAX_SHOWN)
    return f" {shown}" if "found" in problem else f", found {shown}"


def _unknown(value: Any, known: Any, path: tuple[str, ...]) -> Any:
    """Yield the paths of the keys of `value` that are not fields of `known`, the object read from it."""
    if isinstance(value, dict) and isinstance(known, dict):
        for key, child in value.items():
            if key not in known:
                yield (*path, key)
            else:
                yield from _unknown(child, known[key], (*path, key))
    elif isinstance(value, list) and isinstance(known, list):
        for index, (child, its) in enumerate(zip(value, known, strict=False)):
            yield from _unknown(child, its, (*path, str(index)))
