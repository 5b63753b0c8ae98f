"""Turn a prompt into the tables of a machine that admits only documents which contain the prompt.

In goes a partial value; out come the tables, or the reason why no document of the schema contains it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

from schemalm.errors import InvalidDocument, LimitError, PromptError, SchemaError
from schemalm.generation.run import Run
from schemalm.json_pointer import pointer_to
from schemalm.machine import Tables

# Keywords that a prompt may break, because generation can add what is missing.
_MET_BY_ADDITIONS = frozenset({"required", "minProperties", "minItems", "contains", "minContains"})


def prompt_tables(run: Run, prompt: Any) -> Tables | None:
    """Return the tables of documents that contain a prompt; None if there is no prompt.

    Raises PromptError if no document of the schema contains the prompt, and LimitError if that takes too much work.
    """
    if prompt is None:
        return None
    try:
        return Tables(run.tokenizer.grammar.with_prompt(prompt), run.tokenizer.vocabulary)
    except LimitError:
        raise
    except SchemaError:
        raise _prompt_error(run, prompt) from None
    except (TypeError, ValueError) as error:
        raise PromptError(f"a prompt must be a JSON value: {error}") from None


def _prompt_error(run: Run, prompt: Any) -> PromptError:
    """Return the error for an impossible prompt, with the reason if its content is invalid in every document."""
    path, part = _conflict(run, prompt)
    pointer, reason = pointer_to(path), ""
    try:
        run.tokenizer.encode(_nested(path, part))
    except InvalidDocument as error:
        if error.pointer == pointer and error.keyword not in _MET_BY_ADDITIONS:
            reason = f": {error.message}"
    return PromptError(f"no document of the schema contains all of this{reason}", pointer=pointer)


def _conflict(run: Run, prompt: Any) -> tuple[list[str], Any]:
    """Return the keys that lead to the first part of the prompt that no document can contain, and that part."""
    path: list[str] = []
    while isinstance(prompt, dict):
        wrong = [name for name, item in prompt.items() if not _is_possible(run, _nested([*path, name], item))]
        if not wrong:
            break
        path.append(wrong[0])
        prompt = prompt[wrong[0]]
    return path, prompt


def _nested(path: Sequence[str], value: Any) -> Any:
    """Return the value nested in objects of one key each, whose keys are `path`."""
    return reduce(lambda inner, key: {key: inner}, reversed(path), value)


def _is_possible(run: Run, prompt: Any) -> bool:
    try:
        run.tokenizer.grammar.with_prompt(prompt)
    except SchemaError:
        return False
    return True
