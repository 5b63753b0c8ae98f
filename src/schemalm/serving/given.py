"""What a client gives to write from: a partial document, or the beginning of one.

In goes its text; out come the requests for the engine, and how an answer is written for a value.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool

from schemalm.documents import JSONValue, dump_document
from schemalm.documents.prompt_reader import read_prompts
from schemalm.errors import PromptError
from schemalm.generation.completing import requests_beyond
from schemalm.generation.engine import Request
from schemalm.generation.prompts import prompt_tables
from schemalm.machine import Tables
from schemalm.serving.bodies import Sampled
from schemalm.serving.served_run import ServedRun


@dataclass(frozen=True)
class Given:
    """What documents must have: `tables` of their prompt, None for any document. write: returns the answer's text."""

    tables: Tables | None
    write: Callable[[JSONValue], str]


def seed_of(body: Sampled) -> int:
    """Return the seed of a request, a new one if it has none; it has 32 bits, which every JSON reader keeps."""
    return secrets.randbits(32) if body.seed is None else body.seed


async def requests_for(
    served: ServedRun, tables: Tables | None, num_samples: int, body: Sampled, seed: int
) -> list[Request]:
    """Return requests for the engine, with a budget for what is written beside the prompt."""
    if tables is None:
        return [Request(number, seed, body.max_tokens, sampling=body.sampling) for number in range(num_samples)]
    return await served.ask(
        lambda: requests_beyond(served.run, tables, num_samples, body.max_tokens, seed, body.sampling)
    )


async def given_beginning(served: ServedRun, text: str, *, is_json: bool) -> Given:
    """Return what is given with the beginning of a document; an answer is what follows."""
    cut, tables = await served.beginning(text, is_json=is_json)
    return Given(tables, lambda value: cut.finish(value)[len(text) :])


async def given_partial(served: ServedRun, text: str, *, is_json: bool) -> Given:
    """Return what is given with a partial document; an answer is a whole one, in JSON if it `is_json`.

    The text may be YAML nevertheless.
    """
    prompts = [...] if not text.strip() else await run_in_threadpool(_prompts, served, text, is_json)
    if len(prompts) > 1:
        raise PromptError(f"there are {len(prompts)} documents; one was expected", pointer=None)
    tables = None
    if prompts[0] is not ...:
        tables = await served.ask(lambda: prompt_tables(served.run.tokenizer, prompts[0]))
    return Given(tables, lambda value: dump_document(value, "json" if is_json else "yaml"))


def _prompts(served: ServedRun, text: str, is_json: bool) -> list[object]:
    is_written_in_json = is_json and text.lstrip().startswith(("{", "["))
    return read_prompts(text, is_json=is_written_in_json, merge_keys=served.merge_keys)
