"""The server: which requests of an editor there are, and which of them are out of date.

In goes a run; the server answers an editor over standard input and output until it is told to end. The event loop only
hands out work: the run has a thread of its own, and texts are read in others. A change of a document cancels what was
asked about it before, and the protocol's cancellation works as well. A request that nothing can be said to, such as one
inside broken YAML, has an empty answer.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from schemalm import __version__
from schemalm.documents.cut.word import read_word
from schemalm.editor.continuation import continuation
from schemalm.editor.diagnostics import errors_of, judgements_of, too_large
from schemalm.editor.hovers import Describer, path_at
from schemalm.editor.open_text import OpenText
from schemalm.editor.suggestions import Searches, completions
from schemalm.errors import SchemaLMError
from schemalm.generation.run import Run
from schemalm.hosting.hosted_run import HostedRun
from schemalm.hosting.worker import BusyError, WorkerError

T = TypeVar("T")
_MAX_WAITING = 64


@dataclass(frozen=True)
class EditorLimits:
    """What one request may cost.

    max_characters: of a document; nothing is said about larger ones. max_seconds: for an answer; then what is known is
    the answer. max_search_seconds: a search goes on for so long, unless another word is typed. seconds_of_rest: how
    long a document rests before it is checked.
    """

    max_characters: int = 1 << 19
    max_seconds: float = 3.0
    max_search_seconds: float = 30.0
    seconds_of_rest: float = 0.3


class EditorServer(LanguageServer):  # type: ignore[misc] # checked alike whether pygls is installed or not
    """A server for the documents of one run."""

    def __init__(self, run: Run, limits: EditorLimits) -> None:
        super().__init__("schemalm", __version__)
        self.limits = limits
        self.hosted = HostedRun(run, batch_size=1, max_waiting=_MAX_WAITING, max_seconds=limits.max_seconds)
        self.describer = Describer(run.tokenizer.grammar)
        self.searches = Searches(self.hosted, limits.max_seconds, limits.max_search_seconds)
        self._answers: defaultdict[str, set[asyncio.Task[Any]]] = defaultdict(set)
        self._checks: dict[str, asyncio.Task[None]] = {}
        self._judging = asyncio.Lock()

    def text(self, uri: str) -> OpenText | None:
        """Return the text of an open document; None if it is not open, or too large."""
        document = self.workspace.text_documents.get(uri)
        if document is None or len(document.source) > self.limits.max_characters:
            return None
        return OpenText.of(document)

    async def answer(self, uri: str, work: Coroutine[Any, Any, T]) -> T | None:
        """Return what work about a document gives; None if nothing can be said. `changed` cancels it."""
        task = asyncio.current_task()
        assert task is not None
        self._answers[uri].add(task)
        try:
            return await work
        except (SchemaLMError, BusyError, WorkerError):
            return None
        finally:
            self._answers[uri].discard(task)

    def changed(self, uri: str) -> None:
        """Cancel what was asked about a document before it changed, and check it when it has rested."""
        self.forget(uri)
        self._begin(uri, self._check(uri, self.limits.seconds_of_rest, asks_judges=False))

    def saved(self, uri: str) -> None:
        """Check a document that was opened or saved, and ask the judges about it if it has no error."""
        self._begin(uri, self._check(uri, 0, asks_judges=True))

    def forget(self, uri: str) -> None:
        """Cancel what was asked about a document."""
        for task in (*self._answers.pop(uri, ()), *filter(None, [self._checks.pop(uri, None)])):
            task.cancel()

    def _begin(self, uri: str, check: Coroutine[Any, Any, None]) -> None:
        if before := self._checks.pop(uri, None):
            before.cancel()
        self._checks[uri] = asyncio.create_task(check)

    async def _check(self, uri: str, seconds_of_rest: float, *, asks_judges: bool) -> None:
        await asyncio.sleep(seconds_of_rest)
        document = self.workspace.text_documents[uri]
        text = self.text(uri)
        if text is None:
            self._publish(uri, document.version, [too_large(len(document.source), self.limits.max_characters)])
            return
        with suppress(BusyError, WorkerError):  # the next change is checked again
            errors = await asyncio.to_thread(errors_of, self.hosted, text)
            self._publish(uri, text.version, errors)
            if asks_judges and not errors:
                async with self._judging:
                    found = await asyncio.to_thread(judgements_of, self.hosted, text)
                self._publish(uri, text.version, found)

    def _publish(self, uri: str, version: int | None, found: list[types.Diagnostic]) -> None:
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, found, version))


def editor_server(run: Run, limits: EditorLimits | None = None) -> EditorServer:
    """Return a server for the documents of a run; `start_io` starts it."""
    server = EditorServer(run, limits or EditorLimits())
    server.feature(types.INITIALIZED)(_initialized)
    server.feature(types.TEXT_DOCUMENT_DID_OPEN)(_opened)
    server.feature(types.TEXT_DOCUMENT_DID_CHANGE)(_changed)
    server.feature(types.TEXT_DOCUMENT_DID_SAVE)(_saved)
    server.feature(types.TEXT_DOCUMENT_DID_CLOSE)(_closed)
    options = types.CompletionOptions(trigger_characters=[" ", '"', "'"])
    server.feature(types.TEXT_DOCUMENT_COMPLETION, options)(_complete)
    server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())(_complete_inline)
    server.feature(types.TEXT_DOCUMENT_HOVER)(_hover)
    return server


async def _initialized(ls: EditorServer, params: types.InitializedParams) -> None:
    """Fill the first masks, so that the first key that is typed does not wait for them."""
    word = read_word("")
    assert word is not None
    await ls.searches.found(word)


def _opened(ls: EditorServer, params: types.DidOpenTextDocumentParams) -> None:
    ls.saved(params.text_document.uri)


def _changed(ls: EditorServer, params: types.DidChangeTextDocumentParams) -> None:
    ls.changed(params.text_document.uri)


def _saved(ls: EditorServer, params: types.DidSaveTextDocumentParams) -> None:
    ls.saved(params.text_document.uri)


def _closed(ls: EditorServer, params: types.DidCloseTextDocumentParams) -> None:
    ls.forget(params.text_document.uri)
    ls.text_document_publish_diagnostics(types.PublishDiagnosticsParams(params.text_document.uri, []))


async def _complete(ls: EditorServer, params: types.CompletionParams) -> types.CompletionList | None:
    text = ls.text(params.text_document.uri)
    return None if text is None else await ls.answer(text.uri, _suggestions(ls, text, params.position))


async def _suggestions(ls: EditorServer, text: OpenText, position: types.Position) -> types.CompletionList | None:
    offset = text.offset_at(position)
    given, merge_keys = text.text[:offset], ls.hosted.merge_keys
    word = await asyncio.to_thread(read_word, given, is_json=text.is_json, merge_keys=merge_keys)
    if word is None:
        return None
    found = await ls.searches.found(word)
    return await asyncio.to_thread(completions, text, offset, word, found, ls.describer)


async def _complete_inline(ls: EditorServer, params: types.InlineCompletionParams) -> types.InlineCompletionList | None:
    text = ls.text(params.text_document.uri)
    if text is None:
        return None
    offset = text.offset_at(params.position)
    written = await ls.answer(text.uri, continuation(ls.hosted, text, offset, ls.limits.max_seconds))
    if not written:
        return None
    return types.InlineCompletionList([types.InlineCompletionItem(written, range=text.range_of(offset, offset))])


async def _hover(ls: EditorServer, params: types.HoverParams) -> types.Hover | None:
    text = ls.text(params.text_document.uri)
    return None if text is None else await ls.answer(text.uri, _described(ls, text, params.position))


async def _described(ls: EditorServer, text: OpenText, position: types.Position) -> types.Hover | None:
    offset = text.offset_at(position)
    path = await asyncio.to_thread(path_at, text, offset, merge_keys=ls.hosted.merge_keys)
    found = "" if path is None else await asyncio.to_thread(ls.describer.markdown, path)
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, found)) if found else None
