"""Takes the pictures of the playground in the documentation: python tools/playground_pictures.py URL FOLDER.

In goes the address of a server of a model of workflows (`schemalm serve RUN`); out come `playground.png` and
`playground-dark.png`. Needs the packages `playwright` and `pillow`, and Debian's package `chromium`.
"""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

HALF = """\
name: CI

on:
  push:
    branches: [main]

jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - """
SIZE = {"width": 1280, "height": 800}
MILLISECONDS = 300_000


def main(url: str, folder: Path) -> None:
    """Take both pictures."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for scheme, name in (("light", "playground.png"), ("dark", "playground-dark.png")):
            page = browser.new_page(color_scheme=scheme, viewport=SIZE)  # type: ignore[arg-type]
            page.set_default_timeout(MILLISECONDS)
            page.goto(url)
            _propose(page)
            if scheme == "dark":
                _accept(page)
            _save(page.screenshot(), folder / name)
            page.close()
        browser.close()


def _propose(page: Page) -> None:
    page.locator("#facts:not(:empty)").wait_for()
    page.locator(".cm-content").focus()
    page.keyboard.insert_text(HALF)
    page.locator("#next li:nth-child(3)").wait_for()
    page.locator("#findings button").first.wait_for()
    page.keyboard.press("Control+Enter")
    page.locator(".cm-ghost [data-token]").first.wait_for()
    page.locator("#verdicts:not(:has(.waits))").wait_for()


def _accept(page: Page) -> None:
    page.keyboard.press("Tab")
    page.locator("#verdicts .good + .good").first.wait_for()
    page.locator(".cm-content [data-token]:is(.p2, .p3)").nth(2).hover()
    page.locator("#tip li").first.wait_for()


def _save(picture: bytes, path: Path) -> None:
    """Write a picture with few colours, which takes half the space."""
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
