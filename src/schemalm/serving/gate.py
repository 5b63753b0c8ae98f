"""Who may ask: a host name that is ours, a token where one is needed, and not too many requests at once.

In goes every request; out comes its answer, or a refusal that costs next to nothing. The host name keeps out pages of
other sites that let their own name lead to this machine (DNS rebinding): they need a name, so any address is fine. The
type of the body keeps out forms of other sites, which cannot send JSON without asking first.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import logging
import time
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any

import msgspec

from schemalm.serving.faults import Refusal, busy, refusal_of
from schemalm.serving.metrics import Metrics
from schemalm.serving.page import PAGE, SCRIPT, STYLE

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]
# Who only wants to know whether the server is alive needs no token, and neither does the page that asks for it.
OPEN_PATHS = frozenset({"/health", PAGE, STYLE, SCRIPT})
LOOPBACK_NAMES = frozenset({"localhost"})
_log = logging.getLogger(__name__)


class Gate:
    """An application that lets requests pass to another one.

    token: what clients must send as `Authorization: Bearer`; None lets everybody pass. host_names: besides those of the
    loopback. max_open: how many requests are answered at once. max_seconds: how long a client may take to read a piece
    of an answer.
    """

    def __init__(
        self,
        app: App,
        metrics: Metrics,
        *,
        token: str | None,
        host_names: Collection[str],
        max_open: int,
        max_seconds: float,
    ) -> None:
        self._app, self._metrics = app, metrics
        self._token = None if token is None else token.encode()
        self._host_names = {name.lower() for name in host_names} | LOOPBACK_NAMES
        self._max_open, self._max_seconds = max_open, max_seconds

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request, or pass on other events of the server."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, self._max_seconds)
        started = time.monotonic()
        self._metrics.num_open += 1
        try:
            self._check(scope)
            await self._app(scope, receive, answer.send)
        except TimeoutError:  # the client does not read
            pass
        except Exception as error:
            await self._refuse(answer, error)
        finally:
            self._metrics.num_open -= 1
            self._metrics.count_request(_route(scope), answer.status, time.monotonic() - started)

    def _check(self, scope: MutableMapping[str, Any]) -> None:
        """Raise `Refusal` for a request that may not pass."""
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1")
        if not self._is_ours(host):
            message = (
                f"the host name {host[:100]!r} is not one of this server; use its address, or start it with --host"
            )
            raise Refusal(421, message, code="wrong_host")
        if scope["path"] in OPEN_PATHS:
            return
        if self._token is not None and not self._has_token(headers.get(b"authorization", b"")):
            message = "the token is missing or wrong; send it as `Authorization: Bearer TOKEN`"
            raise Refusal(401, message, code="wrong_token", headers={"WWW-Authenticate": "Bearer"})
        if self._metrics.num_open > self._max_open:
            raise busy(f"{self._max_open} requests are being answered")

    def _has_token(self, authorization: bytes) -> bool:
        kind, _, token = authorization.partition(b" ")
        assert self._token is not None
        return kind.lower() == b"bearer" and hmac.compare_digest(token.strip(), self._token)

    def _is_ours(self, host: str) -> bool:
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
        try:
            ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            return name.lower() in self._host_names
        return True

    async def _refuse(self, answer: _Answer, error: Exception) -> None:
        refusal = refusal_of(error)
        if refusal.status >= 500:
            _log.error("a request failed", exc_info=error)
        if not answer.status:
            body = msgspec.json.encode(refusal.to_json())
            headers = {"content-type": "application/json", "content-length": str(len(body)), **refusal.headers}
            encoded = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
            await answer.send({"type": "http.response.start", "status": refusal.status, "headers": encoded})
            await answer.send({"type": "http.response.body", "body": body})


def _route(scope: MutableMapping[str, Any]) -> str:
    """Return the path of a request without what clients choose in it; `other` if there is none."""
    if "endpoint" not in scope:
        return "other"
    path = str(scope["path"])
    for name, value in scope.get("path_params", {}).items():
        path = path.removesuffix(value) + f"{{{name}}}"
    return path


class _Answer:
    """Sends an answer to a client that may be slow; `status` is 0 as long as none has begun."""

    def __init__(self, send: Send, max_seconds: float) -> None:
        self._send, self._max_seconds = send, max_seconds
        self.status = 0

    async def send(self, message: Message) -> None:
        """Send a part of the answer; raises TimeoutError if the client does not take it."""
        if message["type"] == "http.response.start":
            self.status = int(message["status"])
        async with asyncio.timeout(self._max_seconds):
            await self._send(message)
