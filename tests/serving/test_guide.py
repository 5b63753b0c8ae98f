"""The examples of the guide run against a server of its run, and answer as it says."""

from __future__ import annotations

import itertools
import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytest.importorskip("starlette", reason="needs the extra `serve`")
pytest.importorskip("uvicorn", reason="needs the extra `serve`")
from tests.serving.conftest import Server, serving
from tests.test_readme import BLOCK, DOCS, blocks, menus_run, run_blocks

from schemalm.generation import load_run
from schemalm.serving.context import ServingLimits

__all__ = ["menus_run"]  # a fixture
GUIDE = DOCS / "guide" / "serve.md"


@pytest.fixture(scope="module")
def menus(menus_run: Path) -> Iterator[Server]:
    with serving(load_run(menus_run), ServingLimits(), name="run") as found:
        yield found


def test_the_examples_with_a_client_show_what_they_say(menus: Server) -> None:
    pytest.importorskip("openai", reason="needs the package `openai`")
    run_blocks(block.replace("http://127.0.0.1:8000", menus.url) for block in blocks(GUIDE, "python"))


def asked(block: str) -> Iterator[tuple[str, str]]:
    """The paths and bodies of the requests in a block."""
    for line in block.splitlines():
        words = shlex.split(line)
        if words[0] == "curl":
            assert words[2:4] == ["-H", "Content-Type: application/json"]
            yield urlsplit(f"//{words[1]}").path, words[words.index("-d") + 1]


def test_the_requests_are_answered_as_it_says(menus: Server) -> None:
    num_asked = 0
    for (_, block), (language, following) in itertools.pairwise(BLOCK.findall(GUIDE.read_text())):
        requests = list(asked(block)) if block.startswith("curl") else []
        shown = [following] if len(requests) == 1 else following.splitlines()
        for (path, body), text in zip(requests, shown, strict=bool(requests) and language == "json"):
            found, expected = menus.ask(path, body.encode())[1], json.loads(text)
            num_asked += 1
            if path == "/schemalm/v1/next":  # the probabilities are those of a model that was trained longer
                for answer in (found, expected):
                    answer["choices"] = {(choice["what"], choice["text"]) for choice in answer["choices"]}
            assert expected.items() <= found.items()
    assert num_asked == 3
