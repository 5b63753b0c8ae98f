"""Where the server listens, and under which conditions.

In go runs and settings; the server answers until it is told to end. It listens to this machine alone, unless a host
and a token are given.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from contextlib import closing

import uvicorn

from schemalm.errors import ConfigurationError
from schemalm.generation.run import Run
from schemalm.serving.application import application
from schemalm.serving.context import Context, ServingLimits
from schemalm.serving.gate import Gate
from schemalm.serving.served_run import ServedRun, ServedRuns

LOOPBACK = "127.0.0.1"
MIN_TOKEN_LENGTH = 16
# How long answers that are under way may take after the server was told to end, and an idle connection may stay.
_SECONDS_TO_END, _SECONDS_IDLE = 3, 30


def check_address(host: str, token: str | None) -> None:
    """Raise `ConfigurationError` if others could reach the server without a token, or with one that is too short."""
    if token is not None and (len(token) < MIN_TOKEN_LENGTH or not token.isascii() or not token.isprintable()):
        raise ConfigurationError(f"the token must have at least {MIN_TOKEN_LENGTH} printable characters of ASCII")
    if token is None and not _is_loopback(host):
        message = f"others can reach {host}: give a token with --token, or in SCHEMALM_TOKEN"
        raise ConfigurationError(message)


def serve(
    runs: Sequence[tuple[str, Run]],
    *,
    host: str = LOOPBACK,
    port: int = 8000,
    token: str | None = None,
    limits: ServingLimits | None = None,
    ready: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve runs, each under its name, until the process is told to end.

    port: 0 takes any free one. ready: gets the address, as a URL, as soon as clients can connect. Raises
    `ConfigurationError` for an address that needs a token, and `OSError` for one that cannot be listened to.
    """
    check_address(host, token)
    with closing(_listening(host, port)) as listening:
        address, actual_port = listening.getsockname()[:2]
        shown = f"[{address}]" if ":" in address else address
        context = context_of(runs, limits or ServingLimits())
        server = http_server(gated(context, token, host))
        for served in context.runs:
            served.worker.warm_up()
        ready(f"http://{shown}:{actual_port}")
        server.run(sockets=[listening])


def http_server(app: Gate) -> uvicorn.Server:
    """Return a server of an application."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        ws="none",
        timeout_keep_alive=_SECONDS_IDLE,
        timeout_graceful_shutdown=_SECONDS_TO_END,
    )
    return uvicorn.Server(config)


def context_of(runs: Sequence[tuple[str, Run]], limits: ServingLimits) -> Context:
    """Return what endpoints need to serve runs, each under its name."""
    served = [ServedRun(name, run, limits.batch_size, limits.max_waiting, limits.max_seconds) for name, run in runs]
    return Context(ServedRuns(served), limits)


def gated(context: Context, token: str | None = None, host: str = LOOPBACK) -> Gate:
    """Return the application that serves runs, behind its gate."""
    return Gate(
        application(context),
        context.metrics,
        token=token,
        host_names={host, socket.gethostname()},
        max_open=context.limits.max_open,
        max_seconds=context.limits.max_seconds,
    )


def _listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens; raises OSError, which names the address, if that cannot be."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), f"{host}:{port}") from None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
