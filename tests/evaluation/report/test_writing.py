"""The report: complete, self-contained, escaped, and the same bytes each time."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.evaluation.report.conftest import ATTACK

from schemalm.errors import CheckpointError
from schemalm.evaluation.evaluate import Evaluation, Sample
from schemalm.evaluation.report import REPORT_FILES, write_report
from schemalm.evaluation.report.writing import FEW_TRAINING_DOCUMENTS, FEW_UNSEEN_DOCUMENTS, caveats
from schemalm.generation import Run
from schemalm.judging import Verdict
from schemalm.messages.visible import visible
from schemalm.tokenizer import Tokenizer

pytestmark = pytest.mark.slow
VOID = {"meta", "br", "link", "img"}
TEMPLATES = Path(__file__).resolve().parents[3] / "src" / "schemalm" / "evaluation" / "templates"


class Page(HTMLParser):
    """Collects tags, attributes and shown text, and checks that tags are closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def written(
    hostile: Evaluation, any_value: Tokenizer, run_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The folder of a report in which everything attacks the page."""
    out = tmp_path_factory.mktemp("report")
    assert write_report(hostile, run_folder, any_value, out) == out / "report.html"
    return out


@pytest.fixture(scope="module")
def html(written: Path) -> str:
    return (written / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


@pytest.fixture(scope="module")
def markdown(written: Path) -> str:
    return (written / "report.md").read_text(encoding="utf-8")


def outside_of_fences(markdown: str) -> str:
    return re.sub(r"^(`{3,})\w*\n.*?^\1$", "", markdown, flags=re.DOTALL | re.MULTILINE)


def test_all_files_are_written(written: Path) -> None:
    assert all((written / name).is_file() for name in REPORT_FILES)
    plots = {"loss", "bits-per-byte", "learning-rate", "gradient-norm", "lengths", "similarity", "calibration"}
    assert {path.stem for path in (written / "plots").iterdir()} == plots
    assert {path.name for path in written.iterdir() if not path.name.startswith(".")} == {
        *("report.html", "report.md", "report.json", "plots")
    }


def test_the_answer_comes_first(page: Page, markdown: str, hostile: Evaluation) -> None:
    sentence = hostile.usefulness.sentence
    assert sentence.startswith("Not yet: all 2 judges accept 94 % of its documents, and 100 % of real ones. It misses ")
    assert page.text.index("Can I use this model?") < page.text.index(sentence) < page.text.index("Likelihood")
    for criterion in hostile.usefulness.criteria:
        assert criterion.found in page.text
        assert criterion.expected in page.text
    assert markdown.splitlines()[2].startswith("**Can I use this model?** Not yet")


def test_the_same_evaluation_gives_the_same_bytes(
    written: Path, hostile: Evaluation, any_value: Tokenizer, run_folder: Path, tmp_path: Path
) -> None:
    write_report(hostile, run_folder, any_value, tmp_path)
    for path in written.rglob("*.*"):
        if path.is_file() and not path.name.startswith("."):
            assert (tmp_path / path.relative_to(written)).read_bytes() == path.read_bytes(), path.name


def test_whatever_documents_judges_and_schemas_say_is_escaped(page: Page, html: str) -> None:
    assert "script" not in page.tags
    shown = visible(ATTACK)
    assert page.text.count(shown) >= 8  # title twice, rules, missing judge, document, reason, failure
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert "\u202e" not in html


def test_the_page_loads_nothing(page: Page, html: str) -> None:
    assert not {"script", "link", "img", "iframe", "object", "form", "base"} & set(page.tags)
    references = [value or "" for name, value in page.attributes if name in ("src", "href", "xlink:href", "action")]
    assert all(reference.startswith("#") for reference in references)
    assert not re.search(r"url\((?!#)|@import", html)
    assert not re.search(r"(?:src|href|url)\W{1,3}http", html)
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in page.attributes


def test_identifiers_are_unique(page: Page) -> None:
    found = [value for name, value in page.attributes if name == "id"]
    assert len(found) == len(set(found))


def test_every_class_of_the_style_sheet_is_used() -> None:
    style = re.sub(r"\{[^{}]*\}", "{}", (TEMPLATES / "report.css.jinja").read_text())
    pages = "".join(path.read_text() for path in TEMPLATES.glob("*.html.jinja"))
    answers = {"yes", "partly", "no", "unknown"}
    names = set(re.findall(r"\.([a-z]\w*)", style)) - answers
    assert {name for name in names if not re.search(rf'[" ]{name}[" ]|p\{{\{{', pages)} == set()


def test_twenty_samples_are_shown_as_they_came_and_then_the_worst(page: Page) -> None:
    assert page.tags.count("article") == 20 + 3
    assert "sample 19" in page.text
    assert "sample 20" not in page.text
    worst = page.text[page.text.index("The worst") :]
    assert "broken late" in worst
    assert worst.index("refused by 2 of 2 judges") < worst.index("refused by 1 of 2 judges") < worst.index("closed by")


def test_markdown_shows_text_as_it_is(markdown: str) -> None:
    outside = outside_of_fences(markdown)
    assert "<script>" not in outside
    assert r"\<script\>" in outside
    assert "\u202e" not in markdown


def test_the_tables_of_markdown_have_as_many_cells_in_each_row(markdown: str) -> None:
    tables = re.findall(r"(?:^\|.*\n)+", outside_of_fences(markdown), flags=re.MULTILINE)
    assert len(tables) > 5
    for table in tables:
        rows = [re.sub(r"\\.", "", row.strip()).count("|") for row in table.splitlines()]
        assert len(set(rows)) == 1, table
        assert re.fullmatch(r"\|(?:-+:?\|)+", table.splitlines()[1].strip())


def test_tables_stand_apart_from_text(markdown: str) -> None:
    lines = outside_of_fences(markdown).splitlines()
    for before, line in itertools.pairwise(lines):
        assert not line.startswith("|") or before.startswith("|") or not before.strip()
        assert not before.startswith("|") or line.startswith("|") or not line.strip()


def test_the_figures_are_json_as_well(written: Path, hostile: Evaluation) -> None:
    found = json.loads((written / "report.json").read_bytes())
    assert found == json.loads(json.dumps(hostile.to_dict()))
    assert found["samples"][1]["verdicts"]["schema"]["errors"][0]["text"] == ATTACK


def test_a_model_of_few_documents_is_not_praised(page: Page, markdown: str, hostile: Evaluation) -> None:
    plain = markdown.replace("\\", "")
    for words in (f"Trained on only {hostile.num_train_documents} documents", "Real documents here are only"):
        assert words in page.text
        assert words in plain
    likelihood = replace(hostile.likelihood, num_documents=FEW_UNSEEN_DOCUMENTS)
    enough = replace(hostile, num_train_documents=FEW_TRAINING_DOCUMENTS, likelihood=likelihood)
    assert caveats(enough) == [
        f"Not asked: third {ATTACK}: {ATTACK}.",
        "second gave no verdict on 1 sample, neither good nor bad.",
    ]


@pytest.mark.parametrize("num_samples", [1, 3])
def test_one_unseen_document_and_few_samples_are_enough(
    num_samples: int,
    make_sample: Callable[..., Sample],
    make_evaluation: Callable[..., Evaluation],
    any_value: Tokenizer,
    run_folder: Path,
    tmp_path: Path,
) -> None:
    samples = [make_sample({"on": number}) for number in range(num_samples)]
    evaluation = make_evaluation(samples, held_out=[None])
    page = Page(write_report(evaluation, run_folder, any_value, tmp_path).read_text())
    assert page.tags.count("article") == num_samples
    assert "The worst" not in page.text
    assert "Fields that differ" not in page.text


def test_a_report_that_nobody_judged_calls_nothing_valid(
    make_sample: Callable[..., Sample],
    make_evaluation: Callable[..., Evaluation],
    any_value: Tokenizer,
    run_folder: Path,
    tmp_path: Path,
) -> None:
    samples = [replace(make_sample(1), verdicts={})] * 40
    evaluation = make_evaluation(samples, missing={"schema": "no program can read this schema"})
    html = write_report(evaluation, run_folder, any_value, tmp_path).read_text()
    page = Page(html)
    assert "Nobody can say: no judge has a verdict" in page.text
    assert "Not asked: schema: no program can read this schema." in page.text
    assert f"40 samples and {evaluation.statistics.num_held_out} real documents" in page.text


def test_samples_without_a_verdict_say_why(
    make_sample: Callable[..., Sample],
    make_evaluation: Callable[..., Evaluation],
    any_value: Tokenizer,
    run_folder: Path,
    tmp_path: Path,
) -> None:
    failed = {"schema": Verdict(failure="nested deeper than 1000 levels")}
    evaluation = make_evaluation([make_sample(1), make_sample(2, verdicts=failed)])
    html = write_report(evaluation, run_folder, any_value, tmp_path).read_text()
    assert "schema: cannot be judged: nested deeper than 1000 levels" in Page(html).text
    assert html.count('class="badge plain">schema<') == 1
    assert html.count('class="badge good">schema<') == 1


def test_a_real_evaluation_is_shown(evaluation: Evaluation, run: Run, run_folder: Path, tmp_path: Path) -> None:
    page = Page(write_report(evaluation, run_folder, run.tokenizer, tmp_path).read_text())
    for title in ("What costs the bits", "Where the schema lists the alternatives", "The nearest training document"):
        assert title in page.text
    assert f"{evaluation.likelihood.score.bits_per_byte:.3f}" in page.text
    assert ("class", "p1") in page.attributes


def test_a_run_that_logged_nothing_still_has_a_report(
    folder: Path, hostile: Evaluation, any_value: Tokenizer, tmp_path: Path
) -> None:
    (folder / "metrics.jsonl").unlink()
    page = Page(write_report(hostile, folder, any_value, tmp_path / "out").read_text(encoding="utf-8"))
    assert "Loss by step" not in page.text
    assert "Lengths" in page.text


def test_a_folder_that_is_not_a_run_is_refused(hostile: Evaluation, any_value: Tokenizer, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="not a run folder"):
        write_report(hostile, tmp_path, any_value, tmp_path / "out")


@pytest.mark.parametrize(
    "section", [{"training": {"seed": "7"}}, {"environment": {"data": 3}}, {"model": {"num_layers": [1]}}]
)
def test_a_configuration_of_other_types_has_no_report(
    folder: Path, hostile: Evaluation, any_value: Tokenizer, section: dict[str, dict[str, object]]
) -> None:
    config = json.loads((folder / "config.json").read_bytes())
    for name, fields in section.items():
        config[name] |= fields
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match=r"config\.json is damaged at /"):
        write_report(hostile, folder, any_value, folder)


def test_a_link_instead_of_the_plots_folder_is_refused(
    folder: Path, hostile: Evaluation, any_value: Tokenizer, tmp_path: Path
) -> None:
    (tmp_path / "outside").mkdir()
    (folder / "plots").symlink_to(tmp_path / "outside")
    with pytest.raises(OSError, match="it is a link"):
        write_report(hostile, folder, any_value, folder)
    assert not [*(tmp_path / "outside").iterdir()]
