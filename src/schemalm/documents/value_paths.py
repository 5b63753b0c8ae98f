"""Paths to parts of a value, as people type them: `jobs.build.steps[2]`, or a JSON pointer; empty for the whole.

In goes text; out come keys and indices. The other functions read and replace the part at such a path.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from schemalm.errors import PromptError
from schemalm.json_pointer import parts_of, pointer_to

Path = tuple[str | int, ...]
_PART = re.compile(r"\.?([^.\[\]/=]+)|\[(\d{1,9})\]")
_INDEX = re.compile(r"0|[1-9]\d{0,8}", re.ASCII)


def parse_path(text: str) -> Path:
    """Return the keys and indices of a path or of a JSON pointer, which is empty or begins with `/`.

    In a pointer, a part of digits is an index; `part_in` takes it as a key where an object is. Raises `PromptError` for
    anything else.
    """
    if text.startswith("/"):
        return tuple(int(part) if _INDEX.fullmatch(part) else part for part in parts_of(text))
    parts: list[str | int] = []
    at = 0
    while at < len(text) and (found := _PART.match(text, at)) and (at > 0 or text[0] != "."):
        parts.append(found[1] if found[1] is not None else int(found[2]))
        at = found.end()
    if at < len(text):
        message = f"{text!r} is no path: write jobs.build.steps[2], or a JSON pointer such as /jobs/build/steps/2"
        raise PromptError(message, pointer=None)
    return tuple(parts)


def part_in(container: object, part: str | int) -> str | int:
    """Return a part of a path as it is meant inside a container: in an object every part is a key."""
    return str(part) if isinstance(container, dict) else part


def value_at(value: Any, path: Sequence[str | int]) -> Any:
    """Return the part of a value at a path; raises KeyError or IndexError if there is none."""
    for part in path:
        key = part_in(value, part)
        if isinstance(value, dict) or (isinstance(value, list) and isinstance(key, int)):
            value = value[key]  # type: ignore[index]  # a list has an index here, an object a key
        else:
            raise KeyError(part)
    return value


def resolved(value: Any, text: str) -> Path:
    """Return the path of a part of a value; raises `PromptError`, which names what is there, if there is none."""
    path: list[str | int] = []
    for part in parse_path(text):
        here = value_at(value, path)
        path.append(part_in(here, part))
        try:
            value_at(here, path[-1:])
        except (KeyError, IndexError):
            raise PromptError(f"there is no such part: {_content(here)}", pointer=pointer_to(path)) from None
    return tuple(path)


def outermost(paths: Sequence[Path]) -> list[Path]:
    """Return the paths that lie inside no other one, each once."""
    known = dict.fromkeys(paths)
    return [path for path in known if not any(path[:depth] in known for depth in range(len(path)))]


def replaced(value: Any, path: Sequence[str | int], part: Any) -> Any:
    """Return a value whose part at a path is another one; the rest is shared."""
    if not path:
        return part
    first, *rest = path
    inner = replaced(value[first], rest, part)
    if isinstance(value, dict):
        return value | {first: inner}
    return [*value[:first], inner, *value[first + 1 :]]  # type: ignore[operator]  # the index of an item


def _content(container: Any) -> str:
    if isinstance(container, dict):
        names = ", ".join(list(container)[:8])
        return f"the object has {names}{', ...' if len(container) > 8 else ''}" if container else "the object is empty"
    if isinstance(container, list):
        return f"the list has {len(container)} item{'' if len(container) == 1 else 's'}, counted from 0"
    return f"{container!r} has no parts"
