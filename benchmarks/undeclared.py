"""Counts names that workflows use and do not declare: by the checker of the rules, and by regular expressions alone.

The second count shares nothing with the package: it reads the value of a workflow, and looks for `needs.NAME`,
`steps.NAME`, `matrix.NAME` and `inputs.NAME` in every text that has an expression.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from schemalm.compilation import compile_schema
from schemalm.rules.checking import NameChecker

RULES = "github-workflow-strict"
KINDS = ("needs", "needs.x", "steps.x", "matrix.x", "inputs.x")
_TEXT = re.compile(r"'(?:[^']|'')*'")
# The end of an expression is outside of its texts.
_EXPRESSION = re.compile(r"\$\{\{((?:'[^']*'|[^'}]|\}(?!\}))*)\}\}")
_USE = re.compile(r"(?<![\w.'-])(needs|steps|matrix|inputs)\.([A-Za-z_][\w-]*)")


@dataclass
class NameCount:
    """Uses of names in documents by kind, those that nothing declares, and documents with any of those.

    num_refused: documents with a violation by the checker of the strict rules.
    """

    uses: Counter[str] = field(default_factory=Counter)
    undeclared: Counter[str] = field(default_factory=Counter)
    num_documents: int = 0
    num_with_undeclared: int = 0
    num_refused: int = 0

    def add(self, value: Any) -> None:
        """Counts the names of one workflow."""
        found = list(names_used(value))
        self.uses.update(kind for kind, _ in found)
        self.undeclared.update(kind for kind, is_declared in found if not is_declared)
        self.num_documents += 1
        self.num_with_undeclared += any(not is_declared for _, is_declared in found)
        self.num_refused += bool(_checker().violations(value))

    def to_dict(self) -> dict[str, Any]:
        """The figures as JSON."""
        return {
            "documents": self.num_documents,
            "with_undeclared": self.num_with_undeclared,
            "refused_by_checker": self.num_refused,
            "names": {kind: [self.undeclared[kind], self.uses[kind]] for kind in KINDS},
        }


@cache
def _checker() -> NameChecker:
    rules = compile_schema("github-workflow", rules=RULES).rules
    assert rules is not None
    return rules.checker


def names_used(workflow: Any) -> Iterator[tuple[str, bool]]:
    """Yields the kind of each name that a workflow uses, and whether it is declared."""
    jobs = _mapping(workflow, "jobs")
    ids = _folded(jobs)
    inputs = _folded(_mapping(workflow, "on", "workflow_dispatch", "inputs")) | _folded(
        _mapping(workflow, "on", "workflow_call", "inputs")
    )
    for part in workflow if isinstance(workflow, dict) else ():
        if part not in ("jobs", "on"):
            yield from _in_texts(workflow[part], {"inputs": inputs})
    for job in jobs.values():
        if not isinstance(job, dict):
            continue
        needs = job.get("needs", [])
        needs = [needs] if isinstance(needs, str) else needs if isinstance(needs, list) else []
        yield from (("needs", str(name).lower() in ids) for name in needs)
        declared = {"inputs": inputs, "needs": {str(name).lower() for name in needs}, "matrix": _matrix_keys(job)}
        yield from _in_job(job, declared)


def _in_job(job: dict[str, Any], declared: dict[str, set[str] | None]) -> Iterator[tuple[str, bool]]:
    """The names in a job; a step knows the steps before it, and the rest of the job knows all."""
    steps: set[str] = set()
    for step in job.get("steps") or ():
        yield from _in_texts(step, {**declared, "steps": set(steps)})
        members = [step, *(step.get("parallel") or ())] if isinstance(step, dict) else []
        steps |= {str(each["id"]).lower() for each in members if isinstance(each, dict) and "id" in each}
    for key, part in job.items():
        if key != "steps":
            yield from _in_texts(part, {**declared, "steps": steps}, is_condition=key == "if")


def _in_texts(
    part: Any, declared: dict[str, set[str] | None], is_condition: bool = False
) -> Iterator[tuple[str, bool]]:
    if isinstance(part, dict):
        for key, member in part.items():
            yield from _in_texts(member, declared, key == "if")
    elif isinstance(part, list):
        for item in part:
            yield from _in_texts(item, declared)
    elif isinstance(part, str):
        whole = [part] if is_condition and "${{" not in part else _EXPRESSION.findall(part)
        for expression in whole:
            for context, name in _USE.findall(_TEXT.sub("''", expression)):
                known = declared.get(context, set())
                yield f"{context}.x", known is None or name.lower() in known


def _matrix_keys(job: dict[str, Any]) -> set[str] | None:
    """The keys of a matrix; None if an expression decides them."""
    strategy = job.get("strategy")
    matrix = strategy.get("matrix") if isinstance(strategy, dict) else strategy
    if isinstance(matrix, str):
        return None
    keys: set[str] = set()
    for key, part in (matrix or {}).items():
        if key == "include" and isinstance(part, list) and not any(isinstance(item, str) for item in part):
            keys |= {str(name).lower() for item in part for name in item}
        elif key == "include":
            return None
        elif key != "exclude":
            keys.add(key.lower())
    return keys


def _mapping(value: Any, *path: str) -> dict[str, Any]:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _folded(mapping: dict[str, Any]) -> set[str]:
    return {str(key).lower() for key in mapping}
