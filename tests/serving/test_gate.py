"""Requests that are wrong, too large, too slow, too many or not allowed get one clean error; the rest goes on."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

pytest.importorskip("starlette", reason="needs the extra `serve`")
pytest.importorskip("uvicorn", reason="needs the extra `serve`")
from tests.serving.conftest import Server, serving, until

from schemalm.errors import ConfigurationError
from schemalm.generation import Run
from schemalm.generation.engine import Engine
from schemalm.serving.context import ServingLimits
from schemalm.serving.server import check_address

TOKEN = "a token that nobody guesses"
CHECK, OK = "/schemalm/v1/check", {"text": "kind: job"}


@pytest.fixture(scope="module")
def guarded(run: Run) -> Iterator[Server]:
    with serving(run, ServingLimits(max_waiting=2, batch_size=1, max_seconds=0.5), TOKEN) as found:
        yield found


@contextmanager
def connected(server: Server, request: bytes) -> Iterator[socket.socket]:
    """A connection on which some bytes were sent."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(request)
        yield connection


def head_of(body: bytes, path: str = "/v1/completions") -> bytes:
    lines = (f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json")
    return "\r\n".join((*lines, f"Content-Length: {len(body)}", "\r\n")).encode()


def received(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"\xff\xfe", 400, "bad_utf8"),
        (b'{"text": "\xc3"}', 400, "bad_utf8"),
        (b"{", 400, "bad_json"),
        (b"", 400, "bad_json"),
        (b'{"text": "\\ud800"}', 400, "bad_json"),
        (b"[" * 9000 + b"]" * 9000, 400, "bad_json"),
        (b"[]", 400, "invalid_value"),
        (b'{"text": 1}', 400, "invalid_value"),
        (b'{"txt": ""}', 400, "unsupported_field"),
        (b'{"text": "' + b"x" * 20_000 + b'"}', 413, "body_too_large"),
        (b"x" * 900_000, 413, "body_too_large"),
    ],
)
def test_a_body_that_cannot_be_used_is_refused(server: Server, body: bytes, status: int, code: str) -> None:
    found, error = server.error(CHECK, body)
    assert (found, error["code"]) == (status, code)
    server.answer(CHECK, OK)


def test_an_endless_body_is_refused(server: Server) -> None:
    with connected(server, head_of(b"x" * 100_000_000, CHECK)) as connection:

        def send() -> None:
            try:
                while True:
                    connection.sendall(b"x" * 65536)
            except OSError:
                pass

        thread = threading.Thread(target=send)
        thread.start()
        assert connection.recv(12) == b"HTTP/1.1 413"
        connection.shutdown(socket.SHUT_RDWR)
        thread.join()
    server.answer(CHECK, OK)


def test_only_json_is_taken_so_forms_of_other_sites_cannot_ask(server: Server) -> None:
    status, error = server.error(CHECK, OK, Content_Type="text/plain")
    assert (status, error["code"]) == (415, "wrong_content_type")


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [
        ("localhost", True),
        ("LOCALHOST:80", True),
        ("127.0.0.1:8000", True),
        ("192.168.0.7", True),
        ("[::1]:8000", True),
        (socket.gethostname(), True),
        ("evil.example", False),
        ("localhost.evil.example:8000", False),
        ("127.0.0.1.evil.example", False),
        ("", False),
    ],
)
def test_a_host_name_of_somebody_else_is_refused(server: Server, host: str, is_ours: bool) -> None:
    status, found, _ = server.ask("/v1/models", Host=host)
    assert status == (200 if is_ours else 421)
    assert is_ours or found["error"]["code"] == "wrong_host"


@pytest.mark.parametrize(
    "sent", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}, {"Authorization": "Bearer \xff"}]
)
def test_without_the_token_only_health_is_told(guarded: Server, sent: dict[str, str]) -> None:
    for path in ("/v1/models", "/metrics", "/openapi.json", "/nowhere"):
        status, found, headers = guarded.ask(path, **sent)
        assert (status, found["error"]["type"]) == (401, "authentication_error")
        assert headers["www-authenticate"] == "Bearer"
    assert guarded.ask("/health", **sent)[:2] == (200, {"status": "ok"})
    assert guarded.ask("/v1/models", Authorization=f"Bearer {TOKEN}")[0] == 200


@pytest.mark.parametrize(
    ("host", "token"), [("0.0.0.0", None), ("192.168.0.7", None), ("example.org", None), ("127.0.0.1", "short")]
)
def test_others_need_a_token_that_is_long_enough(host: str, token: str | None) -> None:
    with pytest.raises(ConfigurationError, match="token"):
        check_address(host, token)


def test_the_loopback_needs_no_token() -> None:
    for host in ("127.0.0.1", "127.0.0.3", "localhost", "::1"):
        check_address(host, None)
    check_address("0.0.0.0", TOKEN)


def test_paths_and_methods_that_there_are_not_are_named(server: Server) -> None:
    status, error = server.error("/v1/nowhere", {})
    assert (status, error["code"]) == (404, "not_found")
    status, found, headers = server.ask(CHECK)
    assert (status, found["error"]["code"], headers["allow"]) == (405, "wrong_method", "POST")


def test_a_body_that_does_not_come_is_given_up(guarded: Server) -> None:
    head = (
        f"POST {CHECK} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {TOKEN}\r\n"
        'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"te'
    )
    with connected(guarded, head.encode()) as connection:
        answer = received(connection)
    assert answer.startswith(b"HTTP/1.1 408")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "body_too_slow"


def stalled(server: Server, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Let the worker wait, and return the event that lets it go on."""
    go_on, is_stalled = threading.Event(), threading.Event()
    server.worker.call(lambda: (is_stalled.set(), go_on.wait()))
    is_stalled.wait()
    return go_on


def test_more_than_may_wait_gets_429_and_what_waits_is_answered(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(run, ServingLimits(max_waiting=2, batch_size=1)) as server:
        go_on = stalled(server, monkeypatch)
        answers: list[Any] = []
        waiting = [
            threading.Thread(target=lambda: answers.append(server.ask("/v1/completions", {"max_tokens": 5})))
            for _ in range(2)
        ]
        for thread in waiting:
            thread.start()
        until(lambda: server.worker.num_waiting == 2)
        status, found, headers = server.ask("/v1/completions", {"max_tokens": 5})
        assert (status, found["error"]["code"], headers["retry-after"]) == (429, "busy", "1")
        go_on.set()
        for thread in waiting:
            thread.join()
        assert [status for status, _, _ in answers] == [200, 200]


def test_more_requests_than_may_be_open_get_429(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(run, ServingLimits(max_open=1)) as server:
        go_on = stalled(server, monkeypatch)
        thread = threading.Thread(target=server.ask, args=("/v1/completions", {"max_tokens": 5}))
        thread.start()
        until(lambda: server.worker.num_waiting == 1)
        assert server.ask("/v1/models")[0] == 429
        assert server.ask("/health")[0] == 200
        go_on.set()
        thread.join()
        assert server.ask("/v1/models")[0] == 200


@pytest.mark.parametrize("is_stream", [False, True])
def test_a_client_that_goes_away_ends_its_documents(
    server: Server, is_stream: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Documents that hardly end by themselves.
    monkeypatch.setattr("schemalm.hosting.growth.SECONDS_BETWEEN", 0)
    go_on = stalled(server, monkeypatch)
    body = json.dumps({"n": 4, "max_tokens": 8000, "temperature": 20, "stream": is_stream}).encode()
    with connected(server, head_of(body) + body):
        until(lambda: server.worker.num_waiting == 4)
    until(lambda: server.context.metrics.num_open == 0)
    go_on.set()
    until(lambda: server.worker.num_waiting == server.worker.num_running == 0)
    server.answer(CHECK, OK)
    if not is_stream:
        assert 'path="/v1/completions",status="499"' in server.ask("/metrics")[1]


def test_a_client_that_goes_away_ends_documents_that_are_being_written(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    dropped: list[int] = []
    drop = Engine.drop

    def counted(engine: Engine, requests: Any) -> None:
        dropped.append(len(requests))
        drop(engine, requests)

    monkeypatch.setattr(Engine, "drop", counted)
    steps = ", ".join(["{run: ...}"] * 400)
    body = json.dumps({"prompt": f"steps: [{steps}]", "prompt_is": "partial", "n": 4, "max_tokens": 8000}).encode()
    with connected(server, head_of(body) + body):
        until(lambda: server.worker.num_running == 4)
    until(lambda: server.worker.num_running == 0)
    assert sum(dropped) == 4


def test_counts_are_told_in_the_format_of_prometheus(server: Server) -> None:
    server.answer("/v1/completions", {"max_tokens": 5, "seed": 1})
    server.error("/v1/models/unknown", None)
    page = server.ask("/metrics")[1]
    samples = dict(line.rsplit(" ", 1) for line in page.splitlines() if not line.startswith("#"))
    assert int(samples['schemalm_requests_total{path="/v1/completions",status="200"}']) >= 1
    assert int(samples['schemalm_requests_total{path="/v1/models/{model}",status="404"}']) >= 1
    assert int(samples['schemalm_tokens_total{model="tiny"}']) >= 5
    assert samples["schemalm_request_seconds_count"] == samples['schemalm_request_seconds_bucket{le="+Inf"}']
    assert samples['schemalm_documents_running{model="tiny"}'] == "0"
    assert all(line.startswith(("# HELP schemalm_", "# TYPE schemalm_", "schemalm_")) for line in page.splitlines())
