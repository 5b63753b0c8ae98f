"""A TOML table, read key by key: what is missing, of a wrong type or unknown is an error that names its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NoReturn

from schemalm.errors import ConfigurationError

Scalar = str | int | float | bool
REQUIRED: Final[Any] = object()
_TYPES = {str: "a string", int: "an integer", bool: "true or false", dict: "a table", list: "a list"}


class Table:
    """The keys of one table that are not read yet; `place` names it, file first, in messages."""

    def __init__(self, place: str, content: Mapping[str, Any]) -> None:
        self._place = place
        self._content = dict(content)

    def fail(self, key: str, problem: str) -> NoReturn:
        """Raise `ConfigurationError` about a key."""
        raise ConfigurationError(f"{self._place}: {key} {problem}")

    def take(self, key: str, kind: type, default: Any = REQUIRED) -> Any:
        """The value of a key, which must be of a type; `default` where it is absent."""
        if key not in self._content:
            if default is REQUIRED:
                self.fail(key, f"is missing: expected {_TYPES[kind]}")
            return default
        value = self._content.pop(key)
        if type(value) is not kind:
            self.fail(key, f"must be {_TYPES[kind]}, got {value!r}")
        return value

    def count(self, key: str, default: int | None) -> Any:
        """An integer of at least 1."""
        value = self.take(key, int, default)
        if value is not None and value < 1:
            self.fail(key, f"must be at least 1, got {value}")
        return value

    def numbers(self, key: str, least: int, default: Any = REQUIRED) -> tuple[int, ...]:
        """Different integers of at least `least`, one of them or more."""
        values = self.take(key, list, default)
        are_numbers = all(type(value) is int and value >= least for value in values)
        if not (are_numbers and 0 < len(values) == len(set(values))):
            self.fail(key, f"must be a list of different integers of at least {least}, got {values!r}")
        return tuple(values)

    def scalars(self, key: str) -> dict[str, Scalar]:
        """A table of strings, numbers and truth values, empty where it is absent."""
        values: dict[str, Scalar] = self.take(key, dict, {})
        for name, value in values.items():
            if not isinstance(value, Scalar):
                self.fail(f"{key}.{name}", f"must be a string, a number, true or false, got {value!r}")
        return values

    def table(self, key: str, default: Any = REQUIRED) -> Table:
        """A table inside this one."""
        return Table(f"{self._place}: [{key}]", self.take(key, dict, default))

    def tables(self, key: str) -> list[Table]:
        """The tables of an array, one of them or more."""
        values = self.take(key, list)
        if not values or not all(isinstance(value, dict) for value in values):
            self.fail(key, f"must be one or more tables [[{key}]], got {values!r}")
        return [Table(f"{self._place}: [[{key}]] {number}", value) for number, value in enumerate(values, start=1)]

    def rest(self) -> dict[str, Any]:
        """All keys that are left."""
        content, self._content = self._content, {}
        return content

    def finish(self, *known: str) -> None:
        """Raise `ConfigurationError` where a key is left that nobody asked for; `known` names those there may be."""
        for key in self._content:
            self.fail(key, f"is not known here; known are {', '.join(known)}")
