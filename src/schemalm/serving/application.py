"""The routes of the server, and what all of them have in common.

In goes a request that may pass the gate; out comes the answer of its endpoint: an object, or events. The body is read
within bounds of size and time. If the client goes away, the work for it ends.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from schemalm.serving import openai_api, own_api
from schemalm.serving.answers import (
    ChatCompletion,
    CheckAnswer,
    Completion,
    Endings,
    Health,
    NextAnswer,
    Regenerated,
    TokensAnswer,
)
from schemalm.serving.bodies import (
    ChatBody,
    CheckBody,
    CompleteBody,
    CompletionBody,
    NextBody,
    RegenerateBody,
    TokensBody,
    read_body,
)
from schemalm.serving.context import Context, Events
from schemalm.serving.faults import Refusal, refusal_of
from schemalm.serving.metrics import CONTENT_TYPE
from schemalm.serving.openapi import description
from schemalm.serving.page import page_routes

T = TypeVar("T")
JSON = "application/json"
# What is read of a body that is too large before it is refused, in bodies: clients send before they read.
NUM_DRAINED = 64
# The status that is counted, and that nobody gets, for a client that goes away before it has an answer.
CLIENT_GONE = 499
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Endpoint:
    """An endpoint that takes a body. answer: what it answers, if not with events."""

    path: str
    body: type[msgspec.Struct]
    answer: type[msgspec.Struct]
    handle: Callable[[Context, Any], Awaitable[msgspec.Struct | Events]]


ENDPOINTS = (
    Endpoint("/v1/completions", CompletionBody, Completion, openai_api.completions),
    Endpoint("/v1/chat/completions", ChatBody, ChatCompletion, openai_api.chat_completions),
    Endpoint("/schemalm/v1/complete", CompleteBody, Endings, own_api.complete),
    Endpoint("/schemalm/v1/regenerate", RegenerateBody, Regenerated, own_api.regenerate),
    Endpoint("/schemalm/v1/next", NextBody, NextAnswer, own_api.next_),
    Endpoint("/schemalm/v1/tokens", TokensBody, TokensAnswer, own_api.tokens),
    Endpoint("/schemalm/v1/check", CheckBody, CheckAnswer, own_api.check),
)


def application(context: Context) -> Starlette:
    """Return the application that serves runs; its workers end with it."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        for served in context.runs:
            served.worker.stop()

    async def health(_: Request) -> Response:
        return _json(Health())

    async def metrics(_: Request) -> Response:
        return Response(context.metrics.page(context.runs), media_type=CONTENT_TYPE)

    async def openapi(_: Request) -> Response:
        return _json(description(ENDPOINTS))

    async def models(_: Request) -> Response:
        return _json(await openai_api.models(context))

    async def model(request: Request) -> Response:
        return _json(await openai_api.model(context, request.path_params["model"]))

    routes = [
        Route("/health", health),
        Route("/metrics", metrics),
        Route("/openapi.json", openapi),
        Route("/v1/models", models),
        Route("/v1/models/{model:path}", model),
        *page_routes(),
        *(Route(endpoint.path, _taking_body(context, endpoint), methods=["POST"]) for endpoint in ENDPOINTS),
    ]
    handlers: dict[Any, Any] = {Exception: _refused, ClientDisconnect: _gone, 404: _not_found, 405: _wrong_method}
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers=handlers)


def _taking_body(context: Context, endpoint: Endpoint) -> Callable[[Request], Awaitable[Any]]:
    async def answer(request: Request) -> Any:
        data = await _read(request, context)
        body = read_body(data, endpoint.body)
        found = await _while_connected(request, endpoint.handle(context, body))
        if isinstance(found, msgspec.Struct):
            return _json(found)
        try:
            first = await _while_connected(request, anext(found))
        except BaseException:
            await _closed(found)
            raise
        return _EventStream(first, found)

    return answer


async def _read(request: Request, context: Context) -> bytes:
    """Return the body of a request; raises `Refusal` if it is too large, too slow or of another type."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        raise Refusal(415, f"the body must be JSON: send it as `Content-Type: {JSON}`", code="wrong_content_type")
    most, parts, num_bytes = context.limits.max_body_bytes, list[bytes](), 0
    try:
        async with asyncio.timeout(context.limits.max_seconds):
            async for part in request.stream():
                num_bytes += len(part)
                if num_bytes <= most:
                    parts.append(part)
                elif num_bytes > NUM_DRAINED * most:
                    break
    except TimeoutError:
        message = f"the body did not come within {context.limits.max_seconds:g} seconds"
        raise Refusal(408, message, code="body_too_slow") from None
    if num_bytes > most:
        raise Refusal(413, f"the body has more than {most:,} bytes, the limit", code="body_too_large")
    return b"".join(parts)


async def _while_connected(request: Request, work: Awaitable[T]) -> T:
    """Return the result of some work; raises `ClientDisconnect`, and ends the work, if the client goes away."""
    task, gone = asyncio.ensure_future(work), asyncio.ensure_future(_disconnected(request.receive))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientDisconnect
        return task.result()
    finally:
        await _cancelled(task)
        await _cancelled(gone)


async def _disconnected(receive: Callable[[], Awaitable[Any]]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _cancelled(task: asyncio.Future[Any]) -> None:
    """Cancel a task, and wait for its end."""
    task.cancel()
    await asyncio.wait({task})


async def _closed(events: Events) -> None:
    async with aclosing(events):
        pass


class _EventStream:
    """An answer in events. If it fails on the way, its last event is the error instead of `[DONE]`."""

    def __init__(self, first: dict[str, Any], events: Events) -> None:
        self._first, self._events = first, events

    async def __call__(self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Any]) -> None:
        """Send the events until the last one, or until the client goes away."""
        sending, gone = asyncio.ensure_future(self._send(send)), asyncio.ensure_future(_disconnected(receive))
        try:
            await asyncio.wait({sending, gone}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        finally:
            await _cancelled(sending)
            await _cancelled(gone)
            await _closed(self._events)

    async def _send(self, send: Callable[[Any], Any]) -> None:
        headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send(_event(msgspec.json.encode(self._first)))
        try:
            async for event in self._events:
                await send(_event(msgspec.json.encode(event)))
        except TimeoutError:
            raise
        except Exception as error:
            refusal = refusal_of(error)
            if refusal.status >= 500:
                _log.error("a stream failed", exc_info=error)
            await send(_event(msgspec.json.encode(refusal.to_json())))
        else:
            await send(_event(b"[DONE]"))
        await send({"type": "http.response.body", "body": b""})


def _event(data: bytes) -> dict[str, Any]:
    return {"type": "http.response.body", "body": b"data: " + data + b"\n\n", "more_body": True}


def _json(found: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(found), status, headers, JSON)


async def _refused(_: Request, error: Exception) -> Response:
    refusal = refusal_of(error)
    return _json(refusal.to_json(), refusal.status, refusal.headers)


async def _gone(_: Request, __: Exception) -> Response:
    return Response(status_code=CLIENT_GONE)


async def _not_found(request: Request, _: Exception) -> Response:
    message = f"there is no {request.url.path[:200]}; /openapi.json lists what there is"
    return await _refused(request, Refusal(404, message, code="not_found"))


async def _wrong_method(request: Request, error: Exception) -> Response:
    message = f"{request.url.path[:200]} does not take {request.method}; /openapi.json says what it takes"
    headers = getattr(error, "headers", None) or {}  # what it takes, in `Allow`
    return await _refused(request, Refusal(405, message, code="wrong_method", headers=headers))
