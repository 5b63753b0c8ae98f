"""Why a value breaks a schema: the place and the keyword that a person should look at first.

This evaluates shapes directly on a value. It runs only after the grammar has refused the value, and decides
nothing: it looks for the deepest reason.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from schemalm.documents.pointer import pointer_to
from schemalm.grammar.assertions import (
    KINDS,
    Assertion,
    Format,
    Is,
    IsInteger,
    KindIs,
    Maximum,
    MaxLength,
    Minimum,
    MinLength,
    MultipleOf,
    NumberIn,
    Pattern,
    Reference,
    StringIn,
    kind_of,
)
from schemalm.grammar.containers import (
    Contains,
    Has,
    Items,
    MaxItems,
    MaxProperties,
    Members,
    MinItems,
    MinProperties,
    PropertyNames,
    Unique,
)
from schemalm.grammar.formula import FALSE, And, Constant, ExactlyOne, Formula, Not, children
from schemalm.grammar.identity import identity
from schemalm.grammar.shapes import Shapes
from schemalm.grammar.texts.numbers import text_of_number

Path = tuple[str | int, ...]
MAX_SHOWN = 60
MAX_LISTED = 8


@dataclass(frozen=True)
class Failure:
    """One broken keyword at one place; `num_failures`: how many were found beside it, itself included."""

    path: Path
    keyword: str
    message: str
    num_failures: int = 1

    @property
    def pointer(self) -> str:
        """The JSON pointer of the place."""
        return pointer_to(self.path)


class Explainer:
    """Finds failures of values against shapes."""

    def __init__(self, shapes: Shapes, resolve: Callable[[str], Formula]) -> None:
        self._shapes = shapes
        self._resolve = resolve
        # The assertions that fail at a child, not at the value itself.
        self._inside: dict[type[Assertion], Callable[[Any, Any, Path], Failure | None]] = {
            Members: self._members,
            PropertyNames: self._names,
            Items: self._items,
            Unique: _repetition,
        }

    def explain(self, formula: Formula, value: Any, path: Path = ()) -> Failure | None:
        """The most telling failure of `value` against `formula`; None where it satisfies it."""
        if isinstance(formula, Constant):
            return Failure(path, "false schema", "nothing is allowed here") if formula == FALSE else None
        if isinstance(formula, Reference):
            return self.explain(self._resolve(formula.location), value, path)
        if isinstance(formula, Assertion):
            return self._assertion(formula, value, path)
        return self._connective(formula, value, path)

    def _connective(self, formula: Formula, value: Any, path: Path) -> Failure | None:
        parts = children(formula)
        failures = [self.explain(part, value, path) for part in parts]
        found = [failure for failure in failures if failure is not None]
        num_holding = len(parts) - len(found)
        if isinstance(formula, And):
            return _first_of(sorted(found, key=_breadth))
        if isinstance(formula, Not):
            return Failure(path, "not", f"{_show(value)} has a form that is ruled out") if num_holding else None
        if num_holding == 0:
            keyword = "oneOf" if isinstance(formula, ExactlyOne) else "anyOf"
            return self._best_branch(parts, found, value, path, keyword)
        if isinstance(formula, ExactlyOne) and num_holding > 1:
            return Failure(path, "oneOf", "more than one of the alternatives holds")
        return None

    def _best_branch(
        self, parts: tuple[Formula, ...], failures: list[Failure], value: Any, path: Path, keyword: str
    ) -> Failure:
        """The failure of the alternative of the value's kind that fails least; else that none holds."""
        kind = kind_of(value)
        fitting = [
            failure for part, failure in zip(parts, failures, strict=True) if self._shapes.restrict(part, kind) != FALSE
        ]
        fitting = [failure for failure in fitting if failure.keyword != "not"] or fitting
        fewest = min((failure.num_failures for failure in fitting), default=0)
        fitting = [failure for failure in fitting if failure.num_failures == fewest]
        deep = [failure for failure in fitting if len(failure.path) > len(path)]
        if len(fitting) == 1:
            return fitting[0]
        if deep:
            return max(deep, key=lambda failure: (len(failure.path), failure.keyword != "additionalProperties"))
        kinds = sorted({kind for part in parts for kind in self._kinds(part)})
        if not fitting and kinds:
            return Failure(path, "type", f"expected {' or '.join(kinds)}, found {_named(value)}")
        reasons = "; ".join(dict.fromkeys(failure.message for failure in fitting))
        return Failure(path, keyword, f"none of the alternatives holds: {reasons or _show(value)}")

    def _kinds(self, formula: Formula) -> Iterator[str]:
        yield from (kind for kind in KINDS if self._shapes.restrict(formula, kind) != FALSE)

    def _assertion(self, atom: Assertion, value: Any, path: Path) -> Failure | None:
        kind = kind_of(value)
        if atom.kind is None:
            return _general_failure(atom, kind, value, path)
        if atom.kind != kind:
            return None
        inside = self._inside.get(type(atom))
        if inside is not None:
            return inside(atom, value, path)
        return None if self._holds(atom, kind, value) else Failure(path, atom.keyword, _message(atom, value))

    def _holds(self, atom: Assertion, kind: str, value: Any) -> bool:
        if kind == "string":
            return self._shapes.holds(atom, value)
        if kind == "number":
            text = text_of_number(value)
            return bool(text) and self._shapes.contains(self._shapes.language(atom, "number"), text)
        if isinstance(atom, Contains):
            _, least, most = atom.parts
            count = sum(self.explain(atom.parts[0], item) is None for item in value)
            return bool(count >= least and (most is None or count <= most))
        if isinstance(atom, MinProperties | MinItems):
            return bool(len(value) >= atom.parts[0])
        if isinstance(atom, MaxProperties | MaxItems):
            return bool(len(value) <= atom.parts[0])
        return isinstance(atom, Has) and atom.name in value

    def _members(self, atom: Members, value: dict[str, Any], path: Path) -> Failure | None:
        found: list[Failure] = []
        for name, item in value.items():
            shape = atom.shape(name, partial(self._shapes.key_satisfies, str(name)))
            failure = self.explain(shape, item, (*path, name))
            if shape == FALSE:
                failure = Failure((*path, name), "additionalProperties", f"the key {name!r} is not allowed here")
            found += [failure] if failure else []
        return _first_of(found)

    def _names(self, atom: PropertyNames, value: dict[str, Any], path: Path) -> Failure | None:
        found = []
        for name in value:
            failure = self.explain(atom.parts[0], name)
            if failure is not None:
                found.append(Failure((*path, name), atom.keyword, f"the key {name!r}: {failure.message}"))
        return _first_of(found)

    def _items(self, atom: Items, value: list[Any], path: Path) -> Failure | None:
        rest: Formula = atom
        for index, item in enumerate(value):
            if not isinstance(rest, Items):
                break
            failure = self.explain(rest.first, item, (*path, index))
            if failure:
                return failure
            rest = rest.after
        return None


def _repetition(_: Unique, value: list[Any], path: Path) -> Failure | None:
    seen: set[Hashable] = set()
    for index, item in enumerate(value):
        if identity(item) in seen:
            return Failure((*path, index), "uniqueItems", f"the item {_show(item)} repeats an earlier one")
        seen.add(identity(item))
    return None


def _general_failure(atom: Assertion, kind: str, value: Any, path: Path) -> Failure | None:
    """The failure against an assertion that speaks of all kinds."""
    if isinstance(atom, KindIs):
        integral = kind == "number" and "integer" in atom.kinds and _is_integer(value, atom.integer)
        if kind in atom.kinds or integral:
            return None
        return Failure(path, "type", f"expected {' or '.join(atom.kinds)}, found {_named(value)}")
    assert isinstance(atom, Is)
    if kind in ("null", "boolean") and json.dumps(value) == atom.name:
        return None
    return Failure(path, "const", f"expected {atom.name}, found {_show(value)}")


def _is_integer(value: int | float, atom: IsInteger) -> bool:
    return isinstance(value, int) or (atom.fractions and value.is_integer())


def _first_of(failures: list[Failure]) -> Failure | None:
    """The first failure, standing for all."""
    return replace(failures[0], num_failures=sum(f.num_failures for f in failures)) if failures else None


def _breadth(failure: Failure) -> int:
    """Prefers, among conjuncts, a wrong kind here over anything inside, then what comes first."""
    return 0 if failure.keyword == "type" else 1


def _message(atom: Assertion, value: Any) -> str:
    shown, (first, *_) = _show(value), (*atom.parts, None)
    if isinstance(atom, StringIn | NumberIn):
        more = ", ..." if len(first) > MAX_LISTED else ""
        return f"{shown} is not one of {', '.join(first[:MAX_LISTED])}{more}"
    messages: dict[type[Assertion], str] = {
        Has: f"the key {first!r} is missing",
        Pattern: f"{shown} does not match the pattern {_in_one_line(str(first))}",
        Format: f"{shown} is not of the format {first}",
        MinLength: f"{shown} is shorter than {first} characters",
        MaxLength: f"{shown} is longer than {first} characters",
        MinProperties: f"{shown} has fewer than {first} keys",
        MaxProperties: f"{shown} has more than {first} keys",
        MinItems: f"{shown} has fewer than {first} items",
        MaxItems: f"{shown} has more than {first} items",
        Minimum: f"{shown} is too small: the least is {first}",
        Maximum: f"{shown} is too large: the most is {first}",
        MultipleOf: f"{shown} is no multiple of {first}",
        Contains: f"{shown} has too few or too many items of the form asked for",
    }
    return messages.get(type(atom), f"expected an integer, found {shown}")


def _named(value: Any) -> str:
    return "null" if value is None else f"{kind_of(value)} {_show(value)}"


def _in_one_line(source: str) -> str:
    return source.replace("\n", "\\n").replace("\r", "\\r")


def _show(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError, RecursionError):
        return f"a {type(value).__name__} that is no JSON"
    text = text.encode(errors="backslashreplace").decode()
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + "..."
