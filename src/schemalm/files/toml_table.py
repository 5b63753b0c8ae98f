"""A TOML table, read key by key: a missing, unknown or badly typed key is an error that names its location."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, Literal, NoReturn, Union, get_args, get_origin

from schemalm.errors import ConfigurationError
from schemalm.files.reading import read_bounded
from schemalm.messages.suggestions import close_names, did_you_mean

Scalar = str | int | float | bool
_MAX_BYTES = 1 << 16  # of the file
_DEEP_KEY = re.compile(r"(?:\.[\w \t\"'-]{1,64}+){64}")  # the parser's time is quadratic in the parts of a key
REQUIRED: Final[Any] = object()
_TYPES = {str: "a string", int: "an integer", bool: "true or false", dict: "a table", list: "a list"}


def read_toml(path: Path) -> Table:
    """Return the top table of a TOML file; raises `ConfigurationError` if the file cannot be read."""
    try:
        text = read_bounded(path, _MAX_BYTES).decode("utf-8")
        if _DEEP_KEY.search(text):
            raise ValueError("a key has more than 64 parts")
        return Table(str(path), tomllib.loads(text))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path}: is not TOML: {error}") from None


class Table:
    """The keys of one table that are not read yet; `location` names the file and the table in messages."""

    def __init__(self, location: str, content: Mapping[str, Any]) -> None:
        self._location = location
        self._content = dict(content)

    def fail(self, key: str, problem: str) -> NoReturn:
        """Raise `ConfigurationError` about a key."""
        raise ConfigurationError(f"{self._location}: {key} {problem}")

    def take(self, key: str, kind: type, default: Any = REQUIRED) -> Any:
        """Remove and return the value of a key, which must have a type; `default` if the key is absent."""
        if key not in self._content:
            if default is REQUIRED:
                self.fail(key, f"is missing: expected {_TYPES[kind]}")
            return default
        value = self._content.pop(key)
        if type(value) is not kind:
            self.fail(key, f"must be {_TYPES[kind]}, got {value!r}")
        return value

    def count(self, key: str, default: int | None) -> Any:
        """Remove and return an integer of at least 1; `default` if the key is absent."""
        value = self.take(key, int, default)
        if value is not None and value < 1:
            self.fail(key, f"must be at least 1, got {value}")
        return value

    def numbers(self, key: str, least: int, default: Any = REQUIRED) -> tuple[int, ...]:
        """Remove and return one or more different integers of at least `least`; `default` if the key is absent."""
        values = self.take(key, list, default)
        are_numbers = all(type(value) is int and value >= least for value in values)
        if not (are_numbers and 0 < len(values) == len(set(values))):
            self.fail(key, f"must be a list of different integers of at least {least}, got {values!r}")
        return tuple(values)

    def scalars(self, key: str) -> dict[str, Scalar]:
        """Remove and return a table of strings, numbers and booleans; empty if the key is absent."""
        values: dict[str, Scalar] = self.take(key, dict, {})
        for name, value in values.items():
            if not isinstance(value, Scalar):
                self.fail(f"{key}.{name}", f"must be a string, a number, true or false, got {value!r}")
        return values

    def table(self, key: str, default: Any = REQUIRED) -> Table:
        """Remove and return a table inside this one."""
        return Table(f"{self._location}: [{key}]", self.take(key, dict, default))

    def tables(self, key: str) -> list[Table]:
        """Remove and return the tables of an array of one or more tables."""
        values = self.take(key, list)
        if not values or not all(isinstance(value, dict) for value in values):
            self.fail(key, f"must be one or more tables [[{key}]], got {values!r}")
        return [Table(f"{self._location}: [[{key}]] {number}", value) for number, value in enumerate(values, start=1)]

    def settings(self, types: Mapping[str, Any], noun: str) -> dict[str, Any]:
        """Remove and return all remaining keys with their values, after checking them against `types` by name.

        `noun`, with its article, says what a key is in messages.
        """
        content, self._content = self._content, {}
        for name, value in content.items():
            if name not in types:
                self.fail(name, f"is not {noun}; {did_you_mean(close_names(name, types), list(types))}")
            if not matches_type(value, types[name]):
                self.fail(name, f"must be {describe_type(types[name])}, got {value!r}")
        return content

    def finish(self, *known: str) -> None:
        """Raise `ConfigurationError` if any key was not read; `known` are the names that the message suggests."""
        for key in self._content:
            self.fail(key, f"is not known here; {did_you_mean(close_names(key, known), known)}")


def matches_type(value: object, annotation: Any) -> bool:
    """Return whether a value has a parameter's type: a literal, a scalar type, or a union of these."""
    origin = get_origin(annotation)
    if origin is Literal:
        return value in get_args(annotation)
    if origin in (Union, UnionType):
        return any(matches_type(value, choice) for choice in get_args(annotation))
    return type(value) is annotation or (annotation is float and type(value) is int)


def describe_type(annotation: Any) -> str:
    """Return a parameter's type in words."""
    if get_origin(annotation) is Literal:
        return "one of " + ", ".join(map(str, get_args(annotation)))
    if get_origin(annotation) in (Union, UnionType):
        return " or ".join(describe_type(choice) for choice in get_args(annotation) if choice is not NoneType)
    return str(getattr(annotation, "__name__", annotation))
