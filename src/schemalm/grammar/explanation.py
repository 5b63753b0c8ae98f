"""Why a value breaks a schema: the place and the keyword that a person should look at first.

This evaluates shapes directly on a value. It runs only after the grammar has refused the value, and decides
nothing: it looks for the deepest reason.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from schemalm.grammar.assertions import (
    KINDS,
    Assertion,
    Has,
    Is,
    IsInteger,
    Items,
    KindIs,
    Members,
    MinItems,
    MinProperties,
    NumberIn,
    Reference,
    StringIn,
    kind_of,
)
from schemalm.grammar.formula import FALSE, And, Constant, ExactlyOne, Formula, Not, Or, children
from schemalm.grammar.numbers import text_of_number
from schemalm.grammar.shapes import Shapes

Path = tuple[str | int, ...]
MAX_SHOWN = 60


@dataclass(frozen=True)
class Failure:
    """One broken keyword at one place; `rank` orders failures by how much they tell."""

    path: Path
    keyword: str
    message: str

    @property
    def pointer(self) -> str:
        """The JSON pointer of the place."""
        return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in self.path)


class Explainer:
    """Finds failures of values against shapes."""

    def __init__(self, shapes: Shapes, resolve: Callable[[str], Formula]) -> None:
        self._shapes = shapes
        self._resolve = resolve

    def explain(self, formula: Formula, value: Any, path: Path = ()) -> Failure | None:
        """The most telling failure of `value` against `formula`; None where it satisfies it."""
        if isinstance(formula, Constant):
            return Failure(path, "false schema", "nothing is allowed here") if formula == FALSE else None
        if isinstance(formula, Assertion):
            return self._assertion(formula, value, path)
        parts = children(formula)
        failures = [self.explain(part, value, path) for part in parts]
        found = [failure for failure in failures if failure is not None]
        if isinstance(formula, And):
            return min(found, key=_breadth) if found else None
        if isinstance(formula, Not):
            return None if found else Failure(path, "not", f"{_show(value)} has a form that is ruled out")
        if isinstance(formula, Or) and len(found) < len(parts):
            return None
        if isinstance(formula, ExactlyOne) and len(found) < len(parts):
            several = len(found) < len(parts) - 1
            return Failure(path, "oneOf", "more than one of the alternatives holds") if several else None
        return self._best_branch(parts, failures, value, path, "oneOf" if isinstance(formula, ExactlyOne) else "anyOf")

    def _best_branch(
        self, parts: tuple[Formula, ...], failures: list[Failure | None], value: Any, path: Path, keyword: str
    ) -> Failure:
        """The failure of the one alternative of the value's kind; else that none holds."""
        kind = kind_of(value)
        fitting = [
            failure
            for part, failure in zip(parts, failures, strict=True)
            if failure is not None and self._shapes.restrict(part, kind) != FALSE
        ]
        fitting = [failure for failure in fitting if failure.keyword != "not"] or fitting
        deep = [failure for failure in fitting if len(failure.path) > len(path)]
        if len(fitting) == 1:
            return fitting[0]
        if deep:
            return max(deep, key=lambda failure: (len(failure.path), failure.keyword != "additionalProperties"))
        kinds = sorted({kind for part in parts for kind in self._kinds(part)})
        if not fitting and kinds:
            return Failure(path, "type", f"expected {' or '.join(kinds)}, found {kind_of(value)} {_show(value)}")
        reasons = "; ".join(dict.fromkeys(failure.message for failure in fitting))
        return Failure(path, keyword, f"none of the alternatives holds: {reasons or _show(value)}")

    def _kinds(self, formula: Formula) -> Iterator[str]:
        yield from (kind for kind in KINDS if self._shapes.restrict(formula, kind) != FALSE)

    def _assertion(self, atom: Assertion, value: Any, path: Path) -> Failure | None:
        if isinstance(atom, Reference):
            return self.explain(self._resolve(atom.location), value, path)
        if isinstance(atom, KindIs):
            return self._kind(atom, value, path)
        if isinstance(atom, Is):
            holds = (value is None or isinstance(value, bool)) and json.dumps(value) == atom.parts[0]
            return None if holds else Failure(path, "const", f"expected {atom.parts[0]}, found {_show(value)}")
        kind = kind_of(value)
        if atom.kind != kind:
            return None
        if kind == "object":
            return self._object(atom, value, path)
        if kind == "array":
            return self._array(atom, value, path)
        if kind == "number":
            return self._number(atom, value, path)
        if self._shapes.holds(atom, value):
            return None
        return Failure(path, atom.keyword, f"{_show(value)} {_expectation(atom)}")

    def _kind(self, atom: KindIs, value: Any, path: Path) -> Failure | None:
        kind = kind_of(value)
        integral = kind == "number" and "integer" in atom.kinds and value == int(value)
        if kind in atom.kinds or integral:
            return None
        return Failure(path, "type", f"expected {' or '.join(atom.kinds)}, found {kind} {_show(value)}")

    def _number(self, atom: Assertion, value: Any, path: Path) -> Failure | None:
        if isinstance(atom, IsInteger):
            return None if value == int(value) else Failure(path, "type", f"expected an integer, found {_show(value)}")
        holds = isinstance(atom, NumberIn) and text_of_number(value) in atom.parts[0]  # type: ignore[operator]
        return None if holds else Failure(path, atom.keyword, f"{_show(value)} {_expectation(atom)}")

    def _object(self, atom: Assertion, value: dict[str, Any], path: Path) -> Failure | None:
        if isinstance(atom, Has):
            return (
                None if atom.parts[0] in value else Failure(path, "required", f"the key {atom.parts[0]!r} is missing")
            )
        if isinstance(atom, MinProperties):
            return None if len(value) >= atom.parts[0] else Failure(path, atom.keyword, "the object has too few keys")  # type: ignore[operator]
        assert isinstance(atom, Members)
        found: list[Failure] = []
        for name, item in value.items():
            matched = frozenset(source for source in atom.patterns if self._shapes.matches(source, name))
            shape = atom.shape(name, matched)
            if shape == FALSE:
                return Failure((*path, name), "additionalProperties", f"the key {name!r} is not allowed here")
            failure = self.explain(shape, item, (*path, name))
            found += [failure] if failure else []
        return found[0] if found else None

    def _array(self, atom: Assertion, value: list[Any], path: Path) -> Failure | None:
        if isinstance(atom, MinItems):
            return None if len(value) >= atom.parts[0] else Failure(path, atom.keyword, "the array has too few items")  # type: ignore[operator]
        items: Assertion = atom
        for index, item in enumerate(value):
            assert isinstance(items, Items)
            failure = self.explain(items.first, item, (*path, index))
            if failure:
                return failure
            items = items.after
        return None


def _breadth(failure: Failure) -> int:
    """Prefers, among conjuncts, a wrong kind here over anything inside, then what comes first."""
    return 0 if failure.keyword == "type" else 1


def _expectation(atom: Assertion) -> str:
    if isinstance(atom, StringIn | NumberIn):
        allowed = atom.parts[0]
        shown = ", ".join(map(str, allowed[:8]))  # type: ignore[index]
        return f"is not one of {shown}{', ...' if len(allowed) > 8 else ''}"  # type: ignore[arg-type]
    if atom.keyword == "pattern":
        return f"does not match the pattern {atom.parts[0]}"
    return f"breaks {atom.keyword} {atom.parts[0] if atom.parts else ''}".rstrip()


def _show(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + "..."
