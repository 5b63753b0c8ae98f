"""The tables of a prompt: the mask admits what it states, and nothing that contradicts it.

In goes a partial value; out come tables for machines. A prompt that no document can keep is refused at once, with the
reason (`prompt_faults.py`): by the schema where the grammar of the prompt is empty; by guards and the rules about names
where the cheapest document under the prompt is not found, or breaks them.
"""

from __future__ import annotations

from functools import partial
from typing import Any, get_args

from schemalm.checking import Checker
from schemalm.documents.partial import Partial, partial_of
from schemalm.errors import DecodeError, GuardError, LimitError, PromptError, SchemaError
from schemalm.generation.in_progress import completed
from schemalm.generation.prompt_faults import cheapest_value, prompt_error
from schemalm.generation.stated_tokens import stated_tokens
from schemalm.machine import Machine, Tables
from schemalm.tokenizer import Tokenizer


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
    try:
        tables = Tables(tokenizer.grammar.with_prompt(stated), tokenizer.vocabulary)
    except LimitError:
        raise
    except SchemaError:
        raise prompt_error(tokenizer, stated) from None
    if not _has_document(tokenizer, tables):
        raise prompt_error(tokenizer, stated)
    return tables


def _has_document(tokenizer: Tokenizer, tables: Tables) -> bool:
    """Whether a document is found that keeps a prompt, the guards and the rules about names.

    If looking for one takes too much work, the answer is yes; a document that gets stuck is begun anew.
    """
    try:
        if not Checker(tokenizer.grammar).failures(cheapest_value(tables)):
            return True
        tokenizer.decode(completed(Machine(tables), partial(stated_tokens, tokenizer)))
    except (GuardError, DecodeError):
        return False
    except LimitError:
        return True
    return True
