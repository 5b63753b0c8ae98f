"""The model's continuation of a document from the cursor, as an editor shows it in grey.

In goes the text of a document with a cursor; out comes the text that follows: whole lines that are certain, so that
nothing is shown that only ends the document for a limit. Where more of the document follows the cursor, one line.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress

from schemalm.documents import JSONValue
from schemalm.editor.open_text import OpenText
from schemalm.generation.completing import requests_beyond
from schemalm.generation.engine import Request
from schemalm.generation.results import Generated
from schemalm.generation.sampling import Sampling
from schemalm.hosting.growth import certain
from schemalm.hosting.hosted_run import HostedRun

# A continuation has at most so many lines, and is written from at most so many tokens.
MAX_LINES, MAX_TOKENS = 16, 400
_LIKELIEST = Sampling(temperature=0.0)


async def continuation(hosted: HostedRun, text: OpenText, offset: int, max_seconds: float) -> str:
    """Return what the model writes after a cursor; empty if that is nothing, or if the line goes on after the cursor.

    max_seconds: after so long, what is certain by then is returned. Raises DocumentError if the text is wrong before
    the cursor, and PromptError if no document begins so.
    """
    if text.rest_of_line(offset).strip():
        return ""
    num_lines = 1 if text.text[offset:].strip() else MAX_LINES
    given, found = text.text[:offset], ""
    with suppress(TimeoutError):
        async with asyncio.timeout(max_seconds):
            cut, tables = await hosted.beginning(given, is_json=text.is_json)

            def write(value: JSONValue) -> str:
                return cut.finish(value)[len(given) :]

            if tables is None:
                requests = [Request(0, 0, MAX_TOKENS, sampling=_LIKELIEST)]
            else:
                requests = await hosted.ask(lambda: requests_beyond(hosted.run, tables, 1, MAX_TOKENS, 0, _LIKELIEST))
            async with aclosing(hosted.follow(requests, grows=True)) as items:
                async for _, item in items:
                    if isinstance(item, Generated):
                        found = await asyncio.to_thread(write, item.value)
                        break
                    found = await asyncio.to_thread(certain, item, write) or found
                    if len(_first_lines(found, num_lines)) < len(found.rstrip("\r\n")):
                        break
    return _first_lines(found, num_lines)


def _first_lines(text: str, num_lines: int) -> str:
    """Return the first lines that are not blank, without the last line break."""
    lines = text.splitlines(keepends=True)
    return "".join(lines[:num_lines]).rstrip("\r\n")
