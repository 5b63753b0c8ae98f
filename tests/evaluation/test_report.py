"""The report: complete, self-contained, escaped, and the same bytes each time."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from html import unescape as html_unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from schemalm.errors import CheckpointError
from schemalm.evaluation.evaluate import Evaluation, Sample
from schemalm.evaluation.report import (
    FEW_TRAINING_DOCUMENTS,
    FEW_VALIDATION_DOCUMENTS,
    caveats,
    compact,
    duration,
    escape_markdown,
    fence,
    percent,
    write_report,
)
from schemalm.judging.interface import Message, Verdict
from schemalm.judging.schema_judge import NoJudge

ATTACK = "</pre><script>alert(1)</script>{{ 7 * 7 }}"
VOID = {"meta", "br", "link", "img"}


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


@pytest.fixture
def folder(run_folder: Path, tmp_path: Path) -> Path:
    """A run folder to write into."""
    copy = tmp_path / "a run"
    copy.mkdir()
    for name in ("config.json", "metrics.jsonl"):
        shutil.copy(run_folder / name, copy / name)
    return copy


@pytest.fixture
def evaluation(make_evaluation: Callable[..., Evaluation], make_sample: Callable[..., Sample]) -> Evaluation:
    samples = [make_sample({"name": f"sample {number}", "on": "push"}) for number in range(20)]
    samples[1] = make_sample({ATTACK: ATTACK}, verdict=Verdict((Message(ATTACK, pointer=f"/{ATTACK}"),)), is_copy=True)
    samples[2] = make_sample({"on": "release"}, finish="budget")
    samples[17] = make_sample({"name": "late"}, verdict=Verdict((Message("broken late", pointer="/late"),)))
    return make_evaluation(samples, schema_name=f"job {ATTACK}")


@pytest.mark.slow
def test_the_report_is_written_next_to_the_run(folder: Path, evaluation: Evaluation) -> None:
    assert write_report(evaluation, folder) == folder / "report.html"
    curves, samples = {"loss", "bits-per-byte", "learning-rate", "gradient-norm"}, {"lengths", "similarity"}
    assert {path.stem for path in (folder / "plots").iterdir()} == curves | samples
    assert (folder / "report.md").is_file()


@pytest.mark.slow
def test_the_same_evaluation_gives_the_same_bytes(folder: Path, evaluation: Evaluation) -> None:
    first = write_report(evaluation, folder).read_bytes()
    assert write_report(evaluation, folder).read_bytes() == first


@pytest.mark.slow
def test_whatever_documents_and_schemas_say_is_escaped(folder: Path, evaluation: Evaluation) -> None:
    page = Page(write_report(evaluation, folder).read_text(encoding="utf-8"))
    assert "script" not in page.tags
    assert page.text.count(ATTACK) >= 5  # title twice, key, value, reason, pointer
    assert not [name for name, _ in page.attributes if name.startswith("on")]


@pytest.mark.slow
def test_the_page_loads_nothing(folder: Path, evaluation: Evaluation) -> None:
    html = write_report(evaluation, folder).read_text(encoding="utf-8")
    page = Page(html)
    assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
    references = [value or "" for name, value in page.attributes if name in ("src", "href", "xlink:href")]
    assert all(reference.startswith("#") for reference in references)
    assert not re.search(r"url\((?!#)|@import", html)
    assert "default-src 'none'" in html


def test_verdicts_are_shown_with_their_reasons(folder: Path, evaluation: Evaluation) -> None:
    page = Page(write_report(evaluation, folder).read_text(encoding="utf-8"))
    assert page.tags.count("article") == 13  # the first twelve, and the invalid one among the rest
    assert "broken late" in page.text
    assert "sample 11" in page.text
    assert "sample 12" not in page.text
    assert page.text.count("copy of a training document") == 1
    assert page.text.count("ended by the token budget") == 1


@pytest.mark.slow
def test_documents_that_could_not_be_judged_count_as_neither(
    folder: Path, make_evaluation: Callable[..., Evaluation], make_sample: Callable[..., Sample]
) -> None:
    unjudged = make_sample({"name": "deep"}, verdict=Verdict(failure="nested deeper than 1000 levels"))
    evaluation = make_evaluation([make_sample(), make_sample(), unjudged])
    page = Page(write_report(evaluation, folder).read_text(encoding="utf-8"))
    markdown = (folder / "report.md").read_text(encoding="utf-8")
    assert "100 %" in page.text
    assert "of 2 judged of 3 sampled documents, according to a judge" in page.text
    said = "1 of 3 documents could not be judged and count as neither valid nor invalid. The first one cannot be judged"
    assert said in page.text
    assert page.text.count("not judged") == 1
    assert "## Sample 3: not judged" in markdown


@pytest.mark.slow
def test_a_report_without_a_judge_calls_nothing_valid(
    folder: Path, make_evaluation: Callable[..., Evaluation], make_sample: Callable[..., Sample]
) -> None:
    verdict = NoJudge("a pattern is too large").judge_value(None)
    evaluation = make_evaluation([make_sample(verdict=verdict), make_sample(verdict=verdict)], judge=NoJudge.title)
    html = write_report(evaluation, folder).read_text(encoding="utf-8")
    page = Page(html)
    markdown = (folder / "report.md").read_text(encoding="utf-8")
    for text in ("No independent program judged", "a pattern is too large", "No program could read this schema"):
        assert text in page.text
    assert 'class="badge plain">not judged<' in html
    assert 'class="badge good"' not in html
    assert "| Valid | not judged | none of 2 sampled documents |" in markdown


@pytest.mark.slow
def test_headline_figures_are_those_of_the_evaluation(folder: Path, evaluation: Evaluation) -> None:
    page = Page(write_report(evaluation, folder).read_text(encoding="utf-8"))
    for text in ("90.0 %", "0.721", "7.39", "95.0 %", "2.35 K", "step 4 of\n  4;", "mask_loss"):
        assert text in page.text


@pytest.mark.slow
def test_a_model_of_few_documents_is_not_praised(folder: Path, evaluation: Evaluation) -> None:
    page = Page(write_report(evaluation, folder).read_text(encoding="utf-8"))
    markdown = (folder / "report.md").read_text(encoding="utf-8")
    few = [f"Trained on only {evaluation.num_train_documents} documents", "held out of training: too few"]
    assert all(words in page.text and words in markdown for words in few)
    likelihood = replace(evaluation.likelihood, num_documents=FEW_VALIDATION_DOCUMENTS)
    assert not caveats(replace(evaluation, num_train_documents=FEW_TRAINING_DOCUMENTS, likelihood=likelihood))


def test_the_markdown_form_shows_text_as_it_is(folder: Path, evaluation: Evaluation) -> None:
    write_report(evaluation, folder)
    markdown = (folder / "report.md").read_text(encoding="utf-8")
    outside = re.sub(r"^(`{3,})yaml\n.*?^\1$", "", markdown, flags=re.DOTALL | re.MULTILINE)
    assert "<script>" not in outside
    assert r"\<script\>" in outside
    assert "| Valid | 90.0 % |" in markdown


@pytest.mark.slow
def test_the_commands_name_what_differs_from_the_defaults(folder: Path, evaluation: Evaluation) -> None:
    config = json.loads((folder / "config.json").read_bytes())
    config["training"] |= {"model": "tiny", "seed": 7, "mask_loss": False, "batch_size": 8, "warmup_steps": 1}
    (folder / "config.json").write_text(json.dumps(config))
    page = Page(write_report(evaluation, folder).read_text(encoding="utf-8"))
    command = "schemalm train --data data --model tiny --out 'a run' --steps 4 --seed 7 --no-mask-loss\n"
    assert f"{command}schemalm evaluate 'a run' --samples 20" in page.text
    assert "# only from Python: model=tiny, warmup_steps=1" in page.text


def test_a_run_that_logged_nothing_still_has_a_report(folder: Path, evaluation: Evaluation) -> None:
    (folder / "metrics.jsonl").unlink()
    page = Page(write_report(evaluation, folder).read_text(encoding="utf-8"))
    assert "Loss by step" not in page.text
    assert "Nothing was logged." in page.text
    assert "unknown" in page.text


def test_a_folder_that_is_not_a_run_is_refused(tmp_path: Path, evaluation: Evaluation) -> None:
    with pytest.raises(CheckpointError, match="not a run folder"):
        write_report(evaluation, tmp_path)


def test_only_all_of_them_are_100_percent() -> None:
    assert [percent(share) for share in (1, 0.99999, 0.5, 0)] == ["100 %", "99.9 %", "50.0 %", "0.0 %"]


def test_durations_and_counts_are_short() -> None:
    seconds = (0.4, 59.6, 185, 2900, 7620)
    assert [duration(number) for number in seconds] == ["0 s", "1 min 0 s", "3 min 5 s", "48 min", "2 h 7 min"]
    assert [compact(number) for number in (950, 31_400, 2_070_000, 7e9)] == ["950", "31.4 K", "2.07 M", "7 B"]


def test_markdown_is_escaped_and_fenced() -> None:
    assert escape_markdown("a_b\n<c> |d|") == r"a\_b \<c\> \|d\|"
    assert fence("no backticks") == "```"
    assert fence("a ```` b") == "`````"


HOSTILE = "a'; touch /tmp/x #\n```\n| x |\u202e\u200b$(id)`id`"


@pytest.mark.slow
def test_a_configuration_value_stays_one_word_of_a_shell_command(folder: Path, evaluation: Evaluation) -> None:
    config = json.loads((folder / "config.json").read_bytes())
    config["training"] |= {"model": HOSTILE, "optimizer": HOSTILE, "dtype": "-x; id"}
    config["environment"]["data"] = f"/data/{HOSTILE.replace('/', '_')}"
    (folder / "config.json").write_text(json.dumps(config))
    html = write_report(evaluation, folder).read_text(encoding="utf-8")
    markdown = (folder / "report.md").read_text(encoding="utf-8")
    match = re.search(r"^(`{3,})sh\n(.*?)^\1$", markdown, flags=re.DOTALL | re.MULTILINE)
    assert match is not None
    commands = match[2].splitlines()
    assert [line.split(" ")[0] for line in commands] == ["#", "schemalm", "schemalm"]
    shell = ["bash", "-c", f"printf '%s\\0' {commands[1]}"]
    words = subprocess.run(shell, capture_output=True, check=True).stdout.decode().split("\0")
    assert words[words.index("--model") + 1] == HOSTILE
    assert words[words.index("--dtype") + 1] == "-x; id"
    assert all(line in html_unescape(html) for line in commands)
    assert not {"\u202e", "\u200b"} & {*html, *markdown}


@pytest.mark.slow
def test_a_link_instead_of_the_plots_folder_is_refused(folder: Path, evaluation: Evaluation, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (folder / "plots").symlink_to(tmp_path / "outside")
    with pytest.raises(OSError, match="it is a link"):
        write_report(evaluation, folder)
    assert not [*(tmp_path / "outside").iterdir()]


@pytest.mark.parametrize(
    "section", [{"training": {"seed": "7"}}, {"environment": {"data": 3}}, {"model": {"num_layers": [1]}}]
)
def test_a_configuration_of_other_types_has_no_report(
    folder: Path, evaluation: Evaluation, section: dict[str, dict[str, object]]
) -> None:
    config = json.loads((folder / "config.json").read_bytes())
    for name, fields in section.items():
        config[name] |= fields
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match=r"config\.json is damaged at /"):
        write_report(evaluation, folder)
