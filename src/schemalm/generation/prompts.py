"""The tables of a prompt: the mask admits what it states, and nothing that contradicts it.

In goes a partial value; out come tables for machines. A prompt that no document can keep is refused at once, with the
reason (`prompt_faults.py`): by the schema where the grammar of the prompt is empty; by guards and the rules about names
where the cheapest document under the prompt is not found, or breaks them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from itertools import chain
from typing import Any, get_args

from schemalm.checking import Checker
from schemalm.documents.partial import Partial, partial_of
from schemalm.errors import DecodeError, GuardError, LimitError, PromptError, SchemaError
from schemalm.generation.declarations import with_declaration
from schemalm.generation.in_progress import completed
from schemalm.generation.prompt_faults import cheapest_value, prompt_error
from schemalm.generation.stated_tokens import stated_tokens
from schemalm.machine import Machine, Tables
from schemalm.rules.violations import Violation
from schemalm.tokenizer import Tokenizer
from schemalm.tokenizer.compiled_rules import CompiledRules

# The most names that are declared for a prompt that refers to them.
MAX_DECLARED = 32


def prompt_tables(tokenizer: Tokenizer, prompt: Any) -> Tables | None:
    """Return the tables of the documents that a prompt states; None if there is no prompt.

    prompt: a value with `...` in it, whose outermost object or list is open, or a partial value. Raises what
    `tables_of` raises, and PromptError if the prompt is no JSON value.
    """
    if prompt is None:
        return None
    stated = prompt if isinstance(prompt, get_args(Partial)) else partial_of(prompt, is_open=True)
    return tables_of(tokenizer, stated)


def tables_of(tokenizer: Tokenizer, stated: Partial) -> Tables:
    """Return the tables of the documents that a partial value states.

    Raises PromptError with the pointer and the reason if there are none, LimitError if the limits do not suffice to
    find one.
    """
    try:
        return _tables_of(tokenizer, stated)
    except RecursionError:
        raise PromptError("nested too deeply") from None


def _tables_of(tokenizer: Tokenizer, stated: Partial) -> Tables:
    uncertain = None
    try:
        for prompt in chain((stated,), _with_names_declared(tokenizer, stated)):
            tables = tokenizer.tables_with(prompt)
            try:
                if _has_document(tokenizer, tables):
                    return tables
            except LimitError:
                # Looking for a document took too much work, so there may be one. If it gets stuck, it is begun anew.
                uncertain = uncertain or tables
    except LimitError:
        raise
    except SchemaError:
        pass
    if uncertain is None:
        raise prompt_error(tokenizer, stated)
    return uncertain


def _has_document(tokenizer: Tokenizer, tables: Tables) -> bool:
    """Whether a document is found that keeps a prompt, the guards and the rules about names."""
    try:
        if Checker(tokenizer.grammar).failures(cheapest_value(tables)):
            tokenizer.decode(completed(Machine(tables), partial(stated_tokens, tokenizer)))
    except (GuardError, DecodeError):
        return False
    return True


def _with_names_declared(tokenizer: Tokenizer, stated: Partial) -> Iterator[Partial]:
    """Yield prompts that also state declarations of the names that a prompt refers to, one more each time."""
    rules = CompiledRules(tokenizer.grammar)
    for _ in range(MAX_DECLARED):
        undeclared = next(iter(_undeclared(tokenizer, rules, stated)), None)
        if undeclared is None:
            return
        for declared in with_declaration(tokenizer.grammar, stated, undeclared):
            with suppress(SchemaError, GuardError):
                if undeclared not in _undeclared(tokenizer, rules, declared):
                    stated = declared
                    break
        else:
            return
        yield stated


def _undeclared(tokenizer: Tokenizer, rules: CompiledRules, stated: Partial) -> list[Violation]:
    """Return the undeclared names of the cheapest document under a prompt."""
    tables = tokenizer.tables_with(stated)
    return [found for found in rules.violations(cheapest_value(tables)) if found.fault == "undeclared"]
