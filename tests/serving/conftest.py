"""A tiny run that is served on a free port of this machine, and a plain client of HTTP."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from tests.hosting.conftest import run, until

from schemalm.generation import Run

if TYPE_CHECKING:
    from schemalm.serving.context import Context, ServingLimits

__all__ = ["run", "until"]  # a fixture, and what its tests use


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
