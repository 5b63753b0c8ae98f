"""A tiny run that is served on a free port of this machine, and a plain client of HTTP."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from tests.generation.conftest import SCHEMA, documents, trained

from schemalm.compilation import compile_schema
from schemalm.generation import Run
from schemalm.tokenizer import Tokenizer

if TYPE_CHECKING:
    from schemalm.serving.context import Context, ServingLimits


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The tiny run of the tests of generation."""
    corpus = documents()
    tokenizer = Tokenizer.train(compile_schema(SCHEMA), [document.value for document in corpus], 400)
    return trained(tmp_path_factory.mktemp("run"), tokenizer, corpus)


@dataclass
class Server:
    """A server that listens; `ask` sends one request and returns the status, the object and the headers."""

    port: int
    context: Context
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def worker(self) -> Any:
        return next(iter(self.context.runs)).worker

    def ask(self, path: str, body: Any = None, **headers: str) -> tuple[int, Any, dict[str, str]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        sent = {
            "Content-Type": "application/json",
            **self.headers,
            **{k.replace("_", "-"): v for k, v in headers.items()},
        }
        try:
            connection.request("GET" if body is None else "POST", path, data, sent)
            response = connection.getresponse()
            text = response.read().decode()
            is_json = response.headers["content-type"] == "application/json"
            return response.status, json.loads(text) if is_json else text, dict(response.headers)
        finally:
            connection.close()

    def answer(self, path: str, body: Any) -> Any:
        """The object of an answer that is no error."""
        status, found, _ = self.ask(path, body)
        assert status == 200, found
        return found

    def error(self, path: str, body: Any, **headers: str) -> tuple[int, dict[str, Any]]:
        """The status and the object of an error."""
        status, found, _ = self.ask(path, body, **headers)
        return status, found["error"]


@contextmanager
def serving(run: Run, limits: ServingLimits, token: str | None = None, name: str = "tiny") -> Iterator[Server]:
    """Serve a run under a name."""
    from schemalm.serving.server import context_of, gated, http_server  # noqa: PLC0415 (needs the extra `serve`)

    context = context_of([(name, run)], limits)
    server = http_server(gated(context, token))
    server.config.port = 0
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until(lambda: server.started or not thread.is_alive())
        yield Server(server.servers[0].sockets[0].getsockname()[1], context)
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def server(run: Run) -> Iterator[Server]:
    """The run, served with small limits."""
    from schemalm.serving.context import ServingLimits  # noqa: PLC0415

    with serving(run, ServingLimits(max_body_bytes=20_000, batch_size=4)) as found:
        yield found


def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so; the test hangs, and is ended, if it never is."""
    while not is_so():
        time.sleep(0.01)
