"""Measures how long the playground of a run of workflows takes in a browser until there is a suggestion.

    python benchmarks/playground.py RUN [--pages 10]

Each page is opened anew. Measured are the milliseconds from opening it until it shows what may come next, and from
Ctrl Enter, after half a workflow was typed, until it shows the first token of the proposal. The first page finds a
server that has written nothing but its warm-up. Needs the package `playwright`, Debian's package `chromium`, and
the page itself (`make playground`).
"""

from __future__ import annotations

import json
import shutil
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from playwright.sync_api import Page, sync_playwright

from serving import served
from training import machine

HALF = """\
name: CI
on:
  push:
    branches: [main]
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - """
MAX_MILLISECONDS = 120_000


def main(
    run: Annotated[Path, typer.Argument(exists=True, file_okay=False)],
    pages: Annotated[int, typer.Option(min=2, help="How many pages are opened.")] = 10,
) -> None:
    """Measure, and print milliseconds."""
    suggestions, proposals = [], []
    with served(run) as server, sync_playwright() as playwright:
        url = "http://{}:{}".format(*server.address)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for _ in range(pages):
            page = browser.new_page()
            page.set_default_timeout(MAX_MILLISECONDS)
            suggestions.append(milliseconds(lambda page=page: suggest(page, url)))
            begin(page)
            proposals.append(milliseconds(lambda page=page: propose(page)))
            page.close()
        browser.close()
    figures = {"suggestion": of_pages(suggestions), "proposal": of_pages(proposals)}
    print(json.dumps({"machine": machine("cpu"), "pages": pages, "milliseconds": figures}, indent=2))


def suggest(page: Page, url: str) -> None:
    """Open the page, and wait until it shows what may come next."""
    page.goto(url)
    page.locator("#next li").first.wait_for()


def begin(page: Page) -> None:
    """Type half a workflow, and wait until the page has looked at it."""
    page.locator(".cm-content").focus()
    page.keyboard.insert_text(HALF)
    page.locator("#next li:nth-child(3)").wait_for()
    page.locator("#verdicts .badge").nth(1).wait_for()


def propose(page: Page) -> None:
    """Ask for the rest, and wait until the first token of it is there."""
    page.keyboard.press("Control+Enter")
    page.locator(".cm-ghost [data-token]").first.wait_for()


def milliseconds(act: Callable[[], None]) -> float:
    """How long something takes."""
    started = time.monotonic()
    act()
    return 1000 * (time.monotonic() - started)


def of_pages(found: list[float]) -> dict[str, float]:
    """The figures of the first page, and the median and the largest of the others."""
    return {"first": round(found[0]), "median": round(statistics.median(found[1:])), "most": round(max(found[1:]))}


if __name__ == "__main__":
    typer.run(main)
