"""The page's route, without a browser: its policy, what it refers to, and the page that says how to build it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="needs the extra `serve`")
pytest.importorskip("uvicorn", reason="needs the extra `serve`")
from tests.serving.conftest import Server, serving

from schemalm.generation import Run
from schemalm.pages import environment
from schemalm.serving import page as page_module
from schemalm.serving.context import ServingLimits

TOKEN = "a token that nobody guesses"


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for the bundle, still empty."""
    monkeypatch.setattr(page_module, "BUNDLE", tmp_path)
    return tmp_path


@pytest.fixture
def built(bundle: Path) -> None:
    (bundle / "playground.js").write_text("// é\n", encoding="utf-8")


@pytest.mark.usefixtures("built")
def test_the_page_its_style_and_its_script_are_served(server: Server) -> None:
    for path, kind in (("/", "text/html"), ("/playground.css", "text/css"), ("/playground.js", "text/javascript")):
        status, text, headers = server.ask(path)
        assert (status, headers["content-type"]) == (200, f"{kind}; charset=utf-8")
        assert headers["x-content-type-options"] == "nosniff"
        assert path != "/playground.js" or text == "// é\n"


@pytest.mark.usefixtures("built")
def test_the_policy_allows_nothing_but_this_server(server: Server) -> None:
    policies = []
    for _ in range(2):
        _, text, headers = server.ask("/")
        (nonce,) = re.findall(r'data-nonce="([\w-]+)"', text)
        assert len(nonce) >= 20
        rules = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
        policies.append(rules.pop("style-src"))
        assert policies[-1] == f"'self' 'nonce-{nonce}'"
        assert rules == {
            "default-src": "'none'",
            "script-src": "'self'",
            "connect-src": "'self'",
            "img-src": "data:",
            "base-uri": "'none'",
            "form-action": "'none'",
            "frame-ancestors": "'none'",
        }
    assert policies[0] != policies[1]


@pytest.mark.parametrize("is_built", [True, False])
def test_the_page_refers_to_this_server_alone(server: Server, bundle: Path, is_built: bool) -> None:
    if is_built:
        (bundle / "playground.js").touch()
    text = server.ask("/")[1]
    references = re.findall(r'(?:href|src|action)="([^"]*)"', text)
    assert references
    assert all(reference.startswith(("/", "data:")) and not reference.startswith("//") for reference in references)
    style = server.ask("/playground.css")[1]
    assert not re.search(r"url\(|@import|//", style)
    assert not re.search(r"<style|\son\w+=|\sstyle=", text)


@pytest.mark.usefixtures("bundle")
def test_without_the_script_the_page_says_how_to_build_it(server: Server) -> None:
    status, text, _ = server.ask("/")
    assert status == 200
    assert "make playground" in text
    assert "<script" not in text
    status, error = server.error("/playground.js", None)
    assert (status, "make playground" in error["message"]) == (404, True)


@pytest.mark.usefixtures("built")
def test_the_page_needs_no_token_and_tells_nothing_secret(run: Run) -> None:
    with serving(run, ServingLimits(), TOKEN, name="secret-name") as guarded:
        for path in ("/", "/playground.css", "/playground.js"):
            status, text, _ = guarded.ask(path)
            assert status == 200
            assert "secret-name" not in text
            assert TOKEN not in text
        assert guarded.ask("/v1/models")[0] == 401


@pytest.mark.usefixtures("built")
def test_the_page_has_every_element_that_its_script_looks_for(server: Server) -> None:
    sources = Path(__file__).parents[2] / "playground" / "src"
    script = "".join(path.read_text(encoding="utf-8") for path in sources.glob("*.js"))
    wanted = {*re.findall(r'element\("([\w-]+)"\)', script)}
    found = re.findall(r' id="([\w-]+)"', server.ask("/")[1])
    assert len(found) == len({*found})
    assert wanted <= {*found}
    assert len(wanted) > 20


def test_every_class_of_the_style_is_used() -> None:
    templates = Path(page_module.__file__).parent / "templates"
    style = re.sub(r"\{[^{}]*\}", "{}", (templates / "playground.css.jinja").read_text(encoding="utf-8"))
    sources = (Path(__file__).parents[2] / "playground" / "src").glob("*.js")
    users = "".join(path.read_text(encoding="utf-8") for path in (*templates.glob("*.html.jinja"), *sources))
    names = {*re.findall(r"\.([a-z][\w-]*)", style)} - {"css"}
    assert {name for name in names if not re.search(rf'["` ]{name}["` ]', users)} == set()


def test_all_pages_have_one_style() -> None:
    shared = environment("schemalm.pages").get_template("page.css").render().strip()
    for package, name in (
        ("schemalm.serving", "playground.css.jinja"),
        ("schemalm.evaluation", "report.css.jinja"),
        ("schemalm.inspection", "inspection.css.jinja"),
    ):
        assert environment(package).get_template(name).render().startswith(shared)
