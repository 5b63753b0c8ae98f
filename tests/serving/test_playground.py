"""The playground in a browser: what it shows and writes, its keys, a phone's width, dark mode, and that nothing leaves.

Needs Playwright for Python, Debian's Chromium and the bundle (`make playground`).
"""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("starlette", reason="needs the extra `serve`")
pytest.importorskip("uvicorn", reason="needs the extra `serve`")
pytest.importorskip("playwright", reason="needs the package `playwright`")
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright
from tests.generation.conftest import trained, workflows
from tests.serving.conftest import Server, serving

from schemalm.compilation import compile_schema
from schemalm.documents import parse_document
from schemalm.generation import Run
from schemalm.judging import Message, Verdict, judge_for
from schemalm.serving.context import ServingLimits
from schemalm.serving.page import BUNDLE
from schemalm.tokenizer import Tokenizer

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's package `chromium`"),
    pytest.mark.skipif(not (BUNDLE / "playground.js").is_file(), reason="the page is not built: make playground"),
]
TOKEN = "a token that nobody guesses"
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
USES = "- uses: actions/checkout@v4"
WHOLE = HALF + "run: make\n"
ODD = """\
on: push

jobs:
  'a b':
    "runs-on": x
    steps:
    - uses: a
    - id: b
      run: |
        make
"""
MILLISECONDS = 120_000  # that a step may take on a machine that is busy
# Tall enough for the editor to show all lines of a document.
SCREEN = {"width": 1280, "height": 2400}


@pytest.fixture(scope="module")
def workflow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    tokenizer = Tokenizer.from_grammar(compile_schema("github-workflow"))
    run = trained(tmp_path_factory.mktemp("workflows"), tokenizer, workflows())
    with serving(run, ServingLimits(), name="workflows") as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=MILLISECONDS)
    with sync_playwright() as playwright:
        # Its sandbox cannot be had as root; the pages are ours.
        yield (found := playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"]))
        found.close()


class Pages:
    """Opens pages, and notes what the browser complains about and whether anybody but the server is asked."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self.faults: list[str] = []
        self.others: list[str] = []

    def open(self, server: Server, **settings: Any) -> Page:
        page = self._browser.new_page(**{"viewport": SCREEN, **settings})
        page.set_default_timeout(MILLISECONDS)
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("request", lambda request: self._note_request(request.url, server))
        page.goto(server.url)
        return page

    def close(self) -> None:
        for context in self._browser.contexts:
            context.close()

    def _note(self, message: ConsoleMessage) -> None:
        # Where no document goes on, `next` is answered with 400.
        is_expected = "400" in message.text and message.location["url"].endswith("/next")
        if message.type in ("error", "warning") and not is_expected:
            self.faults.append(f"{message.text} {message.location['url']}")

    def _note_request(self, url: str, server: Server) -> None:
        if not url.startswith((f"{server.url}/", "data:")):
            self.others.append(url)


@pytest.fixture
def pages(browser: Browser) -> Iterator[Pages]:
    """Pages that ask nobody but their server, and about which the browser has nothing to complain."""
    yield (found := Pages(browser))
    found.close()
    assert (found.faults, found.others) == ([], [])


def begin(page: Page, text: str) -> None:
    """Write a text into the editor, and wait until its checks are there."""
    expect(page.locator("#facts")).not_to_be_empty()
    page.locator(".cm-content").focus()
    page.keyboard.insert_text(text)
    expect(page.locator("#verdicts .badge").nth(1)).to_be_visible()


def document_of(page: Page) -> str:
    return "\n".join(page.locator(".cm-line").all_text_contents())


def expect_valid(page: Page, server: Server) -> None:
    """Expect that the page finds the document valid, and that an independent judge does."""
    expect(page.locator("#verdicts .badge").first).to_have_text("valid")
    (served,) = server.context.runs
    judge = judge_for(served.run.tokenizer.grammar)
    assert judge.judge_value(parse_document(document_of(page))).accepted is True


def go_to(page: Page, line: int) -> None:
    """Put the cursor at the end of a line by keys alone."""
    page.keyboard.press("Control+Home")
    for _ in range(line - 1):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("End")


def test_half_a_workflow_is_completed_and_a_job_written_anew(
    workflow_server: Server, pages: Pages, capsys: pytest.CaptureFixture[str]
) -> None:
    started = time.monotonic()
    page = pages.open(workflow_server)
    expect(page.locator("#next li").first).to_be_visible()
    seconds = time.monotonic() - started
    with capsys.disabled():
        print(f"\nfrom page to first suggestion: {1000 * seconds:.0f} ms")  # noqa: T201 (a measurement)
    begin(page, HALF)
    page.get_by_role("button", name="Complete from here").click()
    expect(page.locator(".cm-ghost [data-token]").first).to_be_visible()
    assert page.locator("#offer").is_visible()
    page.keyboard.press("Tab")
    assert page.locator(".cm-ghost").count() == 0
    expect_valid(page, workflow_server)
    completed = document_of(page)
    assert completed.startswith(HALF)

    go_to(page, 6)
    expect(page.locator("#part")).to_have_text("jobs.build")
    page.get_by_role("button", name="Rewrite").click()
    expect(page.locator("#message")).to_have_text("jobs.build is written anew. Undo brings the old one back.")
    expect_valid(page, workflow_server)
    rewritten = document_of(page)
    assert rewritten != completed
    assert rewritten.startswith(HALF[: HALF.index("    runs-on")])
    page.locator(".cm-content").press("Control+z")
    assert document_of(page) == completed


def test_what_is_proposed_is_no_part_of_the_document(workflow_server: Server, pages: Pages) -> None:
    page = pages.open(workflow_server)
    begin(page, WHOLE)
    go_to(page, 8)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".cm-ghost [data-token]").first).to_be_visible()
    assert "make" in " ".join(page.locator(".cm-replaced").all_text_contents())
    page.keyboard.press("Escape")
    assert page.locator(".cm-ghost, .cm-replaced").count() == 0
    assert document_of(page) == WHOLE
    page.keyboard.press("Control+Enter")
    page.keyboard.insert_text(" # typed")
    expect(page.locator("#offer")).to_be_hidden()
    assert document_of(page) == WHOLE.replace("steps:", "steps: # typed")


def test_one_of_three_alternatives_is_taken_by_its_key(workflow_server: Server, pages: Pages) -> None:
    page = pages.open(workflow_server)
    begin(page, HALF)
    page.get_by_role("button", name="Three alternatives").click()
    cards = page.locator(".card")
    expect(cards).to_have_count(3)
    expect(page.locator("#cards .waits")).to_have_count(0)
    tops = [cards.nth(index).bounding_box()["y"] for index in range(3)]  # type: ignore[index]
    assert len({*tops}) == 1, "they are not side by side"
    second = cards.nth(1).locator("pre").text_content()
    page.keyboard.press("2")
    assert page.locator("#cards").is_hidden()
    assert second is not None
    assert document_of(page) == HALF[: HALF.rindex("\n") + 1] + second
    expect_valid(page, workflow_server)


def test_a_token_shows_what_the_model_thought_of(workflow_server: Server, pages: Pages) -> None:
    page = pages.open(workflow_server)
    begin(page, WHOLE)
    unlikely = page.locator(".cm-content [data-token]:is(.p1, .p2, .p3, .p4)").first
    unlikely.hover()
    tip = page.locator("#tip")
    expect(tip).to_be_visible()
    rows = tip.locator("li")
    chances = [
        float(bar.get_attribute("value") or bar.evaluate("bar => bar.value")) for bar in tip.locator("meter").all()
    ]
    assert 1 < rows.count() <= 5
    assert chances == sorted(chances, reverse=True)
    unlikely.click()
    assert page.locator("#token").inner_text().split() == tip.inner_text().split()
    page.keyboard.press("Alt+p")
    assert page.locator("#tip, #legend").evaluate_all("found => found.every((each) => each.hidden)")
    expect(page.locator(".cm-content [data-token]")).to_have_count(0)


def test_errors_are_underlined_where_they_are_also_those_of_judges(
    workflow_server: Server, pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Strict:
        name, title, meaning, why_not = "strict", "strict 1.0", "it likes it", ""

        def judge(self, documents: Any) -> list[Verdict]:
            errors = (Message("too old", 0, "/jobs/build/steps/0/uses"), Message("somehow odd"))
            return [Verdict(errors) for _ in documents]

    (served,) = workflow_server.context.runs
    monkeypatch.setitem(served.__dict__, "judges", [Strict()])
    page = pages.open(workflow_server)
    begin(page, WHOLE.replace("push:", "pushed:"))
    expect(page.locator("#verdicts .badge", has_text="strict")).to_have_class("badge bad")
    underlined = page.locator(".cm-lintRange-error")
    assert underlined.first.text_content() == "pushed"
    lines = page.locator(".cm-line", has=underlined)
    assert [text.strip() for text in lines.all_text_contents()] == ["pushed:", USES]
    listed = page.locator("#findings button")
    words = [text.split() for text in listed.all_inner_texts()]
    assert [each[:2] for each in words] == [["strict", "somehow"], ["line", "3,"], ["line", "9,"]]
    listed.nth(2).click()
    assert page.locator(".cm-activeLine").inner_text().strip() == USES
    for _ in range(2):  # to the end of this one, and to the next
        page.keyboard.press("F8")
    expect(page.locator(".cm-activeLine")).to_contain_text("pushed:")


@pytest.mark.parametrize(
    ("line", "part"),
    [
        (1, "on"),
        (4, "jobs.a b"),
        (5, "jobs.a b.runs-on"),
        (6, "jobs.a b.steps"),
        (7, "jobs.a b.steps[0].uses"),
        (9, "jobs.a b.steps[1].run"),
        (10, "jobs.a b.steps[1].run"),
    ],
)
def test_the_part_at_the_cursor_is_named(workflow_server: Server, pages: Pages, line: int, part: str) -> None:
    page = pages.open(workflow_server)
    begin(page, ODD)
    go_to(page, line)
    expect(page.locator("#part")).to_have_text(part)


def test_it_works_by_keyboard_alone(workflow_server: Server, pages: Pages) -> None:
    page = pages.open(workflow_server)
    expect(page.locator("#next li").first).to_be_visible()
    page.keyboard.insert_text(HALF)  # the editor has the focus
    page.keyboard.press("Control+Enter")
    expect(page.locator(".cm-ghost [data-token]").first).to_be_visible()
    page.keyboard.press("Tab")
    expect_valid(page, workflow_server)
    go_to(page, 6)
    page.keyboard.press("Alt+r")
    expect(page.locator("#message")).to_contain_text("jobs.build is written anew")
    expect_valid(page, workflow_server)
    page.keyboard.press("Control+Shift+Enter")
    expect(page.locator("#cards .waits")).to_have_count(0)
    page.keyboard.press("Escape")
    assert page.locator("#cards").is_hidden()
    assert "cm-content" in page.evaluate("document.activeElement.className")
    reached = []
    for _ in range(12):  # Tab leaves the editor, and reaches everything
        page.keyboard.press("Shift+Tab")
        reached.append(page.evaluate("document.activeElement.id"))
    assert {"complete", "ways", "rewrite", "colours"} <= {*reached}


def test_a_phone_is_wide_enough(workflow_server: Server, pages: Pages) -> None:
    page = pages.open(workflow_server, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    begin(page, HALF)
    for name in ("Three alternatives", "Complete from here"):
        page.get_by_role("button", name=name).tap()
        expect(page.locator("#cards .waits")).to_have_count(0)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
    expect(page.locator(".cm-ghost [data-token]").first).to_be_visible()
    page.get_by_role("button", name="Accept").tap()
    expect(page.locator("#verdicts .badge").first).to_have_text("valid")
    heights = page.locator(".tools button").evaluate_all("found => found.map((each) => each.offsetHeight)")
    assert min(heights) >= 40, "too small for a finger"


LUMINANCE = """
([element, back]) => {
  const luminance = (colour) => {
    const parts = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255);
    const linear = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  return [getComputedStyle(element).color, getComputedStyle(back).backgroundColor].map(luminance);
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_light_and_dark(workflow_server: Server, pages: Pages, scheme: str) -> None:
    page = pages.open(workflow_server, color_scheme=scheme)
    begin(page, WHOLE)
    surfaces = {"body": "h1", ".sheet": ".cm-content", "aside section": "#place", "#complete": "#complete"}
    for back, text in surfaces.items():
        elements = [page.locator(selector).first.element_handle() for selector in (text, back)]
        ink, paper = page.evaluate(LUMINANCE, elements)
        assert (max(ink, paper) + 0.05) / (min(ink, paper) + 0.05) >= 4.5, (text, back)
        assert back == "#complete" or (paper < 0.1) == (scheme == "dark"), back


def test_no_request_leaves_the_server(workflow_server: Server, pages: Pages) -> None:
    page = pages.open(workflow_server)
    expect(page.locator("#next li").first).to_be_visible()
    with socket.create_server(("127.0.0.1", 0)) as other:
        other.settimeout(0.5)
        url = f"http://127.0.0.1:{other.getsockname()[1]}/"
        refused = page.evaluate(
            """(url) => new Promise((resolve) => {
                document.addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective));
                new Image().src = url;
            })""",
            url,
        )
        assert refused == "img-src"
        assert page.evaluate("(url) => fetch(url).then(() => 'sent', () => 'refused')", url) == "refused"
        with pytest.raises(TimeoutError):
            other.accept()
    blocked = [fault for fault in pages.faults if "Content Security Policy" in fault]
    assert pages.faults == blocked
    pages.faults.clear()
    pages.others.clear()


def test_a_server_with_a_token_asks_for_it(run: Run, pages: Pages) -> None:
    with serving(run, ServingLimits(), TOKEN) as guarded:
        page = pages.open(guarded)
        page.locator("#token-field").fill("wrong")
        page.keyboard.press("Enter")
        expect(page.locator("#token-field")).to_have_value("")
        page.locator("#token-field").fill(TOKEN)
        page.keyboard.press("Enter")
        expect(page.locator("#model")).to_have_text("tiny")
        page.reload()
        expect(page.locator("#next li").first).to_be_visible()
    assert all("401" in fault for fault in pages.faults)
    pages.faults.clear()
