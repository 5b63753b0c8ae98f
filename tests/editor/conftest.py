"""`schemalm lsp` in a process of its own, and an editor: the client of pygls, driven from a thread."""

from __future__ import annotations

import asyncio
import copy
import sys
import threading
from collections import defaultdict
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest
from tests.generation.conftest import SCHEMA, documents, trained

from schemalm.compilation import compile_schema
from schemalm.generation import Run
from schemalm.tokenizer import Tokenizer

# Nothing takes so long; a test whose answer does not come fails.
MAX_SECONDS = 300
PATIENT = """
import sys
from schemalm.editor.server import EditorLimits, editor_server
from schemalm.generation import load_run
seconds = float(sys.argv[2])
limits = EditorLimits(max_seconds=seconds, max_search_seconds=seconds)
editor_server(load_run(sys.argv[1]), limits).start_io()
"""
DESCRIBED = copy.deepcopy(SCHEMA)
DESCRIBED["properties"]["kind"] |= {"title": "Kind", "description": "What it is.", "default": "job"}
DESCRIBED["properties"]["steps"]["description"] = "What is done."
DESCRIBED["properties"]["steps"]["items"]["properties"]["uses"]["description"] = "An action."


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A tiny run of a schema that describes some of its parts."""
    corpus = documents()
    tokenizer = Tokenizer.train(compile_schema(DESCRIBED), [document.value for document in corpus], 400)
    return trained(tmp_path_factory.mktemp("run"), tokenizer, corpus)


class Editor:
    """An editor with one document. It counts positions in UTF-16, as the protocol does by default."""

    def __init__(self, *command: str) -> None:
        from lsprotocol import types  # noqa: PLC0415 (needs the extra `lsp`)
        from pygls.lsp.client import LanguageClient  # noqa: PLC0415

        self.types, self.client = types, LanguageClient("editor", "1")
        self.published: defaultdict[str, list[Any]] = defaultdict(list)
        self._news = threading.Condition()

        @self.client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def keep(params: Any) -> None:
            with self._news:
                self.published[params.uri].append(params)
                self._news.notify()

        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.uri, self.version = "", 0
        self.wait(self.client.start_io(*command))
        asked = types.InitializeParams(capabilities=types.ClientCapabilities())
        self.initialized = self.wait(self.client.initialize_async(asked))
        self.run(self.client.initialized, types.InitializedParams())

    def wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(MAX_SECONDS)

    def run(self, function: Any, *arguments: Any) -> Any:
        """Call a function in the client's thread."""

        async def called() -> Any:
            return function(*arguments)

        return self.wait(called())

    def open(self, text: str, name: str = "file.yml", language: str = "yaml") -> None:
        """Open a new document."""
        self.uri, self.version = f"file:///{len(self.published)}/{name}", 1
        self.published[self.uri] = []
        item = self.types.TextDocumentItem(self.uri, language, self.version, text)
        self.run(self.client.text_document_did_open, self.types.DidOpenTextDocumentParams(item))

    def change(self, text: str) -> None:
        """Replace the whole text."""
        self.run(self.client.text_document_did_change, self.changed(text))

    def changed(self, text: str) -> Any:
        """The next version, with this text."""
        self.version += 1
        document = self.types.VersionedTextDocumentIdentifier(self.version, self.uri)
        change = self.types.TextDocumentContentChangeWholeDocument(text)
        return self.types.DidChangeTextDocumentParams(document, [change])

    def save(self) -> None:
        document = self.types.TextDocumentIdentifier(self.uri)
        self.run(self.client.text_document_did_save, self.types.DidSaveTextDocumentParams(document))

    def diagnostics(self) -> list[Any]:
        """The diagnostics of the newest version, as soon as they are there."""

        def are_there() -> bool:
            return any(each.version == self.version for each in self.published[self.uri])

        with self._news:
            assert self._news.wait_for(are_there, MAX_SECONDS)
            return [*self.published[self.uri][-1].diagnostics]

    def at(self, text: str) -> dict[str, Any]:
        """The end of a text as a place in the document."""
        lines = text.split("\n")
        position = self.types.Position(len(lines) - 1, len(lines[-1].encode("utf-16-le")) // 2)
        return {"text_document": self.types.TextDocumentIdentifier(self.uri), "position": position}

    def complete(self, text: str) -> list[Any]:
        """The completions at the end of a text, which is the beginning of the document; in the order of their ranks."""
        asked = self.types.CompletionParams(**self.at(text))
        found = self.wait(self.client.text_document_completion_async(asked))
        return sorted(found.items, key=lambda item: item.sort_text) if found else []

    def inline(self, text: str) -> str | None:
        found = self.wait(self.client.text_document_inline_completion_async(self.asked_inline(text)))
        return found.items[0].insert_text if found else None

    def asked_inline(self, text: str) -> Any:
        context = self.types.InlineCompletionContext(self.types.InlineCompletionTriggerKind.Automatic)
        return self.types.InlineCompletionParams(context=context, **self.at(text))

    def hover(self, text: str) -> str | None:
        found = self.wait(self.client.text_document_hover_async(self.types.HoverParams(**self.at(text))))
        return found.contents.value if found else None

    def end(self) -> int:
        """Tell the server to end, and return its exit code."""
        self.wait(self.client.shutdown_async(None))
        self.run(self.client.exit, None)
        return self.exit_code()

    def exit_code(self) -> int:
        """The exit code of the server, once it has ended."""
        process = self.client._server
        assert process is not None
        code: int = self.wait(process.wait())
        self.wait(self.client.stop())
        return code

    def close(self) -> None:
        """End whatever is left."""
        process = self.client._server
        if process is not None and process.returncode is None:
            process.kill()
            self.exit_code()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def editor_of(run: Run) -> Editor:
    """An editor that starts the server of a run as people's editors do."""
    return Editor(sys.executable, "-m", "schemalm", "lsp", str(run.folder))


@pytest.fixture(scope="session")
def editor(run: Run) -> Iterator[Editor]:
    """An editor that all tests share, whose server waits for every answer, however slow the machine is."""
    found = Editor(sys.executable, "-c", PATIENT, str(run.folder), str(MAX_SECONDS))
    yield found
    found.close()
