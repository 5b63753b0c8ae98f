"""Globs of filters as patterns in ECMA-262, as actionlint reads them: of branches and tags, and of paths.

A glob may begin with `!`. Of character classes, they cover those of letters, digits, `_` and `.`, with usual ranges.
"""

from __future__ import annotations

_CLASS = r"\[(?:0-9|[1-9]-9|a-z|A-Z|a-f|[A-Za-z0-9_]{2})(?:0-9|a-z|A-Z|[A-Za-z0-9_.])*\]"
_ESCAPED = r"\\[+!\\]"
# What is never an ordinary character of a glob.
_SPECIAL = r"\\?+*\[\]!\x00-\x1f\x7f"


def branch_pattern() -> str:
    """Of branches, tags and versions: no white space, no `~`, `^` and `:`; no slash at an end, no point at the end."""
    special = rf"\s~^:{_SPECIAL}"
    first, last = _item(f"/{special}"), _item(f"/.{special}")
    some = _item(special)
    whole = rf"(?:{first}[?+]?|\*+){_any_of(some)}*(?:{last}|{some}[?+]|\*)|{last}|{first}[?+]|\*+"
    return f"^!?(?:{whole})$"


def path_pattern() -> str:
    """Of paths: no white space at an end, and no folder `.` or `..` at the beginning."""
    end, visible, named = (_item(excluded + _SPECIAL) for excluded in (r"\s", r"\s.", r"\s./"))
    start = rf"(?:\.(?:{named}[?+]?|\*+)|{visible}[?+]?|\*+)"
    return rf"^!?{start}(?:{_any_of(_item(_SPECIAL))}*(?:{end}[?+]?|\*))?$"


def _item(excluded: str) -> str:
    return f"(?:[^{excluded}]|{_CLASS}|{_ESCAPED})"


def _any_of(item: str) -> str:
    return rf"(?:{item}[?+]?|\*+)"
