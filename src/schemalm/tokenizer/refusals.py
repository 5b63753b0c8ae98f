"""Explains why a value is refused: it is not JSON, its keys differ in case alone, or it breaks the schema or names.

Most documents are valid, so the encoder imports this module when the first one is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from schemalm.documents.values import scalar_fault
from schemalm.messages.visible import visible_name
from schemalm.regular.numbers import MAX_DIGITS
from schemalm.rules.violations import NAMES, Violation
from schemalm.schema.explanation import Explainer, Failure, Path
from schemalm.tokenizer.compiled_rules import CompiledRules
from schemalm.tokenizer.key_case import keys_alike

# Valid values that the grammar refuses: see the departures in docs/support.md.
NOT_WRITTEN = (
    f"integers may have at most {MAX_DIGITS} digits, and a schema that excludes numbers or formats "
    "also excludes values on which validators disagree"
)


class Refusals:
    """Finds the failures of values that a grammar refuses."""

    def __init__(self, rules: CompiledRules) -> None:
        grammar = rules.grammar
        self._rules, self._shape = rules, grammar.shape
        self._ignores_key_case = grammar.shapes.ignores_key_case
        reasons = grammar.rules.reasons if grammar.rules is not None else None
        self._explainer = Explainer(grammar.shapes, grammar.budget, reasons)

    def first(self, value: Any, refused_at: Path) -> Failure:
        """The most relevant failure of a value; refused_at: where the walk through it ended."""
        return (
            _json_fault(value, refused_at)
            or next(self._faults_of_keys(_at(value, refused_at), refused_at), None)
            or self._explainer.explain(self._shape, value, refused_at)
            or _not_written(refused_at)
        )

    def all(self, value: Any, refused_at: Path) -> list[Failure]:
        """The independent failures of a JSON value, those about names last; refused_at: as in `first`."""
        fault = _json_fault(value, refused_at)
        if fault:
            return [fault]
        of_keys = [fault for path, node in _objects(value) for fault in self._faults_of_keys(node, path)]
        found = self._explainer.explain_all(self._shape, value, refused_at)
        if not (of_keys or found):
            found = [_not_written(refused_at)]
        found += self.of_names(self._rules.violations(value))
        renamed = {fault.path for fault in of_keys}
        return of_keys + [failure for failure in found if failure.path not in renamed]

    def of_names(self, violations: Iterable[Violation]) -> list[Failure]:
        """The failures that violations of rules about names are."""
        return [Failure(one.path, NAMES, one.message, offset=one.span[0] if one.span else None) for one in violations]

    def _faults_of_keys(self, node: Any, path: Path) -> Iterator[Failure]:
        """The faults of keys of an object at `path` that differ in case alone, if rules forbid that."""
        if self._ignores_key_case and isinstance(node, dict):
            for first, second in keys_alike(node):
                keys = f"{visible_name(first)!r} and {visible_name(second)!r}"
                words = f"the keys {keys} differ in upper and lower case alone; rename one of them"
                yield Failure((*path, second), NAMES, words)


def _at(value: Any, path: Path) -> Any:
    for element in path:
        value = value[element]
    return value


def _objects(value: Any) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield each object in a value, with its path."""
    pending: list[tuple[Path, Any]] = [((), value)]
    for path, node in pending:
        if isinstance(node, dict):
            yield path, node
        children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        pending += [((*path, element), child) for element, child in children if isinstance(child, dict | list)]


def _not_written(path: Path) -> Failure:
    return Failure(path, "type", f"this value cannot be written: {NOT_WRITTEN}")


def _json_fault(value: Any, path: Path) -> Failure | None:
    """Why the key or scalar at `path` is not JSON; None if it is."""
    fault = None
    for depth, element in enumerate(path):
        if isinstance(value, dict):
            fault = scalar_fault(element) if isinstance(element, str) else f"the key {element!r} is not a string"
        if fault:
            return Failure(path[: depth + 1], "type", fault)
        value = value[element]
    fault = scalar_fault(value) if not isinstance(value, dict | list) else None
    return Failure(path, "type", fault) if fault else None
