"""Why no document keeps a prompt: the part at fault, and the reason that `schemalm check` would give.

The part at fault is the innermost one that no document can contain, whatever else the document has. It is put into an
example document, and what the checker says about it there is the reason.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import Any

from schemalm.checking import Checker
from schemalm.documents.partial import (
    ANYTHING,
    MORE,
    Exactly,
    More,
    OneOf,
    Partial,
    PartialArray,
    PartialObject,
    TextLike,
    opened,
)
from schemalm.documents.value_paths import Path, replaced, value_at
from schemalm.errors import GuardError, LimitError, PromptError, SchemaError
from schemalm.json_pointer import pointer_to
from schemalm.machine import Machine, Tables
from schemalm.machine.derivation import Derivation
from schemalm.machine.vocabulary import FIRST_SYMBOL_ID
from schemalm.tokenizer import Tokenizer

# Keywords that more keys or items would satisfy.
_MET_BY_ADDITIONS = frozenset({"required", "minProperties", "minItems", "contains", "minContains", "dependentRequired"})
_IMPOSSIBLE = "no document of the schema contains all of this"


def prompt_error(tokenizer: Tokenizer, prompt: Partial) -> PromptError:
    """Return the error for a prompt that no document keeps."""
    checker = Checker(tokenizer.grammar)
    whole = _example(tokenizer, prompt)
    if whole is not None:  # The names are at fault.
        failures = checker.failures(whole)
        path, reason = (failures[0].path, failures[0].message) if failures else ((), _IMPOSSIBLE)
        return PromptError(reason, pointer=pointer_to(path))
    path, part = _part_at_fault(tokenizer, prompt)
    place, document = _document_with(tokenizer, path, part)
    failures = checker.failures(document)
    found = next((failure for failure in failures if failure.path[: len(place)] == place), None)
    if found is None:
        return PromptError(_IMPOSSIBLE, pointer=pointer_to(path))
    advice = "; the prompt allows no more here: open this part with ..." if found.keyword in _MET_BY_ADDITIONS else ""
    return PromptError(found.message + advice, pointer=pointer_to(found.path))


def _document_with(tokenizer: Tokenizer, path: Path, part: Partial) -> tuple[Path, Any]:
    """Return an example document with a part at fault, and the path of the innermost container that it can have."""
    example = _example(tokenizer, _nested(path, opened(part)))
    if example is None:
        example = _example(tokenizer, _nested(path, ANYTHING))
    if example is not None:
        return path, replaced(example, path, _filled(part, value_at(example, path)))
    *above, key = path  # No document has such a key or item.
    inner = _nested((key,), part)
    return _document_with(tokenizer, tuple(above), inner)


def cheapest_value(tables: Tables) -> Any:
    """Return the cheapest document of a grammar, whatever its names; raises GuardError if no document is found."""
    derivation = Derivation(tables.grammar)
    for symbol in cheapest_symbols(tables):
        derivation.push(symbol)
    return derivation.value


def cheapest_symbols(tables: Tables) -> list[int]:
    """Return the symbols of `cheapest_value`."""
    return [token - FIRST_SYMBOL_ID for token in Machine(tables, follows_names=False).completion()]


def _example(tokenizer: Tokenizer, prompt: Partial) -> Any:
    """Return the cheapest document under a prompt, whatever its names; None if there is none."""
    try:
        return cheapest_value(tokenizer.tables_with(prompt))
    except LimitError:
        raise
    except (SchemaError, GuardError):
        return None


def _part_at_fault(tokenizer: Tokenizer, prompt: Partial) -> tuple[Path, Partial]:
    """Return the path of the innermost part that no document contains, and that part."""
    path: Path = ()
    while (found := _child_at_fault(tokenizer, path, prompt)) is not None:
        path, prompt = (*path, found[0]), found[1]
    return path, prompt


def _child_at_fault(tokenizer: Tokenizer, path: Path, prompt: Partial) -> tuple[str | int, Partial] | None:
    """Return the first part of a prompt at `path` that no document contains; None if only several parts together are.

    By bisection: a long prompt has many parts, and looking for a document takes long.
    """
    parts = list(_parts(prompt))

    def is_impossible(num_parts: int) -> bool:
        return _example(tokenizer, _nested(path, _beginning(prompt, num_parts))) is None

    if not parts:
        return None
    num_possible = bisect_left(range(1, len(parts)), True, key=is_impossible)
    key, part = parts[num_possible]
    return (key, part) if _example(tokenizer, _nested((*path, key), part)) is None else None


def _beginning(prompt: Partial, num_parts: int) -> Partial:
    """Return what is stated by the first parts of an object or list, which others may follow."""
    if isinstance(prompt, PartialObject):
        return PartialObject(prompt.entries[:num_parts], is_open=True)
    return PartialArray((*prompt.items[:num_parts], MORE)) if isinstance(prompt, PartialArray) else prompt


def _parts(prompt: Partial) -> Iterator[tuple[str | int, Partial]]:
    """Yield the parts of an object, or the items of a list whose index is known."""
    if isinstance(prompt, PartialObject):
        yield from prompt.entries
    elif isinstance(prompt, PartialArray):
        for index, item in enumerate(prompt.items):
            if isinstance(item, More):
                return
            yield index, item


def _nested(path: Path, part: Partial) -> Partial:
    """Return the prompt that states a part at a path, and nothing else."""
    for step in reversed(path):
        if isinstance(step, str):
            part = PartialObject(((step, part),), is_open=True)
        else:
            part = PartialArray((*[ANYTHING] * step, part, MORE))
    return part


def _filled(part: Partial, example: Any) -> Any:
    """Return the value that a prompt states, with what an example has where it states nothing."""
    match part:
        case Exactly():
            return part.value
        case PartialObject():
            others = example if isinstance(example, dict) else {}
            stated = {key: _filled(child, others.get(key)) for key, child in part.entries}
            return stated | {key: child for key, child in others.items() if part.is_open and key not in stated}
        case PartialArray():
            return _filled_items(part, example if isinstance(example, list) else [])
        case TextLike():
            return example if isinstance(example, str) else part.prefix
        case OneOf():
            return example if example is not None else _filled(part.choices[0], None)
        case _:
            return example


def _filled_items(part: PartialArray, others: list[Any]) -> list[Any]:
    stated = [item for item in part.items if not isinstance(item, More)]
    padded = [*others, *[None] * len(stated)]
    values = [_filled(item, other) for item, other in zip(stated, padded, strict=False)]
    return values + (others[len(stated) :] if len(stated) < len(part.items) else [])
