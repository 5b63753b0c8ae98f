"""The playground: a page with an editor in which the model writes, at `/`.

In goes a request of a browser; out comes the page, its style or its script. The page holds nothing that is secret, and
its policy lets it load and ask nothing but this server. The script is built from `playground/` (`make playground`) into
the folder `bundle`; without it, the page says how to build it.
"""

from __future__ import annotations

import importlib.resources
import secrets

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from schemalm.pages import PROBABILITY_BOUNDS, environment
from schemalm.serving.faults import Refusal

PAGE, STYLE, SCRIPT = "/", "/playground.css", "/playground.js"
BUNDLE = importlib.resources.files("schemalm.serving") / "bundle"
# The editor adds its own style to the page: the nonce lets it, and nothing else that would be injected.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-cache"}


def page_routes() -> list[Route]:
    """Return the routes of the page, which are no part of the API."""
    routes = ((PAGE, _page), (STYLE, _style), (SCRIPT, _script))
    return [Route(path, answer, include_in_schema=False) for path, answer in routes]


async def _page(_: Request) -> Response:
    nonce = secrets.token_urlsafe(16)
    name = "playground.html.jinja" if _is_built() else "unbuilt.html.jinja"
    page = environment("schemalm.serving").get_template(name)
    text = page.render(nonce=nonce, style=STYLE, script=SCRIPT, bounds=PROBABILITY_BOUNDS)
    headers = {**_HEADERS, "Content-Security-Policy": _POLICY.format(nonce=nonce)}
    return PlainTextResponse(text, headers=headers, media_type="text/html")


async def _style(_: Request) -> Response:
    text = environment("schemalm.serving").get_template("playground.css.jinja").render()
    return PlainTextResponse(text, headers=_HEADERS, media_type="text/css")


async def _script(_: Request) -> Response:
    if not _is_built():
        raise Refusal(404, "the playground is not built: run `make playground`", code="not_found")
    text = (BUNDLE / "playground.js").read_text(encoding="utf-8")
    return PlainTextResponse(text, headers=_HEADERS, media_type="text/javascript")


def _is_built() -> bool:
    return (BUNDLE / "playground.js").is_file()
