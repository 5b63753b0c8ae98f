"""Keys and values at the cursor: searched once per word, shown with what the schema says.

In goes the word at a cursor; out come the items of a completion, the likeliest first. While a word is typed the search
stays the same, and so it is neither stopped nor begun again; a search for another word stops the one before.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from typing import NamedTuple

from lsprotocol.types import (
    CompletionItem,
    CompletionItemKind,
    CompletionList,
    MarkupContent,
    MarkupKind,
    TextEdit,
)

from schemalm.documents import JSONValue
from schemalm.documents.cut.word import Word
from schemalm.documents.writing import YAMLWriter, in_double_quotes
from schemalm.editor.hovers import Describer
from schemalm.editor.open_text import OpenText
from schemalm.errors import SchemaLMError
from schemalm.generation.insertions import Insertion, insertions
from schemalm.hosting.hosted_run import HostedRun
from schemalm.hosting.worker import BusyError, WorkerError

MAX_LABEL = 80
_CONTAINERS = frozenset({"object", "array"})
_KEY = re.compile(r"(?:\"([^\"]*)\"|'([^']*)'|([^:#]+?))[ \t]*:(?:[ \t]|$)")


class Found(NamedTuple):
    """What was found at a cursor; `is_whole`: before its time was over."""

    insertions: list[Insertion]
    is_whole: bool


class Searches:
    """Finds what may be inserted at a cursor: one search at a time, whose result is kept while the word is typed.

    max_seconds: how long an answer is waited for. max_search_seconds: how long the search goes on, for later answers.
    """

    def __init__(self, hosted: HostedRun, max_seconds: float, max_search_seconds: float) -> None:
        self._hosted, self._max_seconds, self._max_search_seconds = hosted, max_seconds, max_search_seconds
        self._question: object = None
        self._stopped = threading.Event()
        self._search: asyncio.Task[Found] | None = None

    async def found(self, word: Word) -> Found:
        """Return what may be inserted in place of a word; nothing if no document goes on there."""
        question = (word.searched.text, word.is_key, word.begins_block, word.quote)
        if self._search is None or question != self._question:
            self._stopped.set()
            self._stopped = threading.Event()
            self._question = question
            self._search = asyncio.create_task(self._found(word, self._stopped))
        search = self._search
        await asyncio.wait([search], timeout=self._max_seconds)
        return search.result() if search.done() else Found([], is_whole=False)

    async def _found(self, word: Word, stopped: threading.Event) -> Found:
        deadline = time.monotonic() + self._max_search_seconds

        def is_over() -> bool:
            return stopped.is_set() or time.monotonic() > deadline

        try:
            found = await self._hosted.ask(lambda: insertions(self._hosted.run, word, is_over))
        except (SchemaLMError, BusyError, WorkerError):
            found = []
        if is_over() and not stopped.is_set():
            self._question = None  # the next time it may find more, since it begins with masks that are known
        return Found(found, is_whole=not is_over())


def completions(text: OpenText, offset: int, word: Word, found: Found, describer: Describer) -> CompletionList:
    """Return the items for what was found for a word that ends at an offset."""
    start = offset - len(word.text)
    is_in_block = not (word.is_in_flow or word.before.is_json_text)
    known = _keys_below(text, start) if is_in_block else set()
    shown = [each for each in found.insertions if not (each.is_key and each.value in known)]
    items = [
        _item(text, start, offset, word, each, rank, describer)
        for rank, each in enumerate(shown)
        if "\n" not in str(each.value) or word.quote != "'"
    ]
    has_texts = any(isinstance(each.value, str) and not each.is_key for each in shown)
    return CompletionList(has_texts or not found.is_whole, items)


def _item(
    text: OpenText, start: int, offset: int, word: Word, found: Insertion, rank: int, describer: Describer
) -> CompletionItem:
    path = (*word.path, str(found.value)) if found.is_key else word.path
    label = found.value if isinstance(found.value, str) else json.dumps(found.value)
    written = _key(text, offset, word, label, describer) if found.is_key else _value(text, offset, word, found.value)
    constant = found.value in describer.description(path).constants
    value_kind = CompletionItemKind.EnumMember if constant else CompletionItemKind.Value
    description = describer.markdown(path)
    return CompletionItem(
        label if len(label) <= MAX_LABEL else label[: MAX_LABEL - 3] + "...",
        kind=CompletionItemKind.Property if found.is_key else value_kind,
        detail=_percent(found.probability),
        documentation=MarkupContent(MarkupKind.Markdown, description) if description else None,
        sort_text=f"{rank:04}",
        filter_text=label,
        text_edit=TextEdit(text.range_of(start, offset), written),
    )


def _key(text: OpenText, offset: int, word: Word, name: str, describer: Describer) -> str:
    """Return a key as it is written, with its colon unless one is there."""
    if word.quote:
        written = _in_quotes(text, offset, word, name)
    elif word.before.is_json_text:
        written = json.dumps(name, ensure_ascii=False)
    else:
        written = YAMLWriter().flow(name) if word.is_in_flow else YAMLWriter().key(name)
    if text.is_before_colon(offset):
        return written
    types = describer.description((*word.path, name)).types
    is_block = bool(types) and _CONTAINERS.issuperset(types) and not word.is_in_flow and not word.before.is_json_text
    return written + (":" if is_block else ": ")


def _value(text: OpenText, offset: int, word: Word, value: JSONValue) -> str:
    """Return a scalar as it is written."""
    if word.quote:
        return _in_quotes(text, offset, word, str(value))
    if word.before.is_json_text:
        return json.dumps(value, ensure_ascii=False)
    return YAMLWriter().flow(value) if word.is_in_flow else YAMLWriter().inline(value) or "null"


def _in_quotes(text: OpenText, offset: int, word: Word, value: str) -> str:
    """Return a text as it goes on in its quotes, with the closing one unless it is there."""
    closing = "" if text.text.startswith(word.quote, offset) else word.quote
    if word.quote == "'":
        return value.replace("'", "''") + closing
    is_json = word.before.is_json_text
    return (json.dumps(value, ensure_ascii=False)[1:-1] if is_json else in_double_quotes(value)) + closing


def _keys_below(text: OpenText, start: int) -> set[str]:
    """Return the keys of the same block that stand below the line of the cursor; `start`: where its own key begins."""
    column, found = text.column_at(start), set[str]()
    for line in text.lines_below(start):
        content = line.strip()
        indentation = len(line) - len(line.lstrip(" "))
        if content and not content.startswith("#") and indentation < column:
            break
        if indentation == column and (key := _KEY.match(content)):
            found.add(next(part for part in key.groups() if part is not None))
    return found


def _percent(probability: float) -> str:
    return f"{min(probability, 1):.0%}" if probability >= 0.01 else "< 1%"
