"""The examples of the README, the tutorial, a guide and the concept pages run; every command of the pages exists."""

from __future__ import annotations

import ast
import itertools
import json
import re
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup
from typer.testing import CliRunner

from schemalm.cli.application import app
from schemalm.compilation import compile_schema
from schemalm.dataset.echo import ORDERS
from schemalm.dataset.prepare import prepare
from schemalm.dataset.reading import SourceDocument
from schemalm.dataset.recall import NUM_CERTAINTIES, RECALL_ORDERS
from schemalm.documents.prompt_reader import read_prompts
from schemalm.generation.prompts import prompt_tables
from schemalm.model.configuration import GPTConfiguration
from schemalm.tokenizer import Tokenizer
from schemalm.training.configuration import TrainingConfiguration
from schemalm.training.loop import train

REPOSITORY = Path(__file__).resolve().parents[1]
DOCS = REPOSITORY / "docs"
README, TUTORIAL = REPOSITORY / "README.md", DOCS / "tutorial.md"
WRITING = DOCS / "guide" / "generate.md"
MENUS, MENU_SCHEMA = REPOSITORY / "examples" / "menus.jsonl", REPOSITORY / "examples" / "menu.schema.json"
PAGES = [README, TUTORIAL, DOCS / "rules.md", *sorted((DOCS / "concepts").glob("*.md"))]
# Replacements in the commands, so that they take only seconds here.
SMALLER = {
    "--steps 60": "--steps 1 --batch-size 1 --samples 0",
    "menu-prompt.yml": "menu-prompt.yml --max-tokens 30",
    "menu-begun.yml": "menu-begun.yml --max-tokens 30",
    "menu.yml --reg": "menu.yml --max-tokens 30 --reg",
    "--samples 50": "--samples 1",
}
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
# A prompt in the first column of a table.
PROMPT = re.compile(r"^\| `([a-z_]+: [^`]+)` \|", flags=re.MULTILINE)
COMMAND = re.compile(r"(?:\$ |.*\btorchrun .*)?schemalm (.+)")


def blocks(page: Path, *languages: str) -> list[str]:
    """Return the code blocks in the given languages."""
    return [block for language, block in BLOCK.findall(page.read_text()) if language in languages]


def commands(text: str) -> Iterator[list[str]]:
    """Return the arguments of every `schemalm` command in a block, including those that torchrun starts."""
    for line in text.replace("\\\n", " ").splitlines():
        command = COMMAND.match(line)
        if command:
            yield shlex.split(command[1], comments=True)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_python_examples_run_and_show_what_they_say(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run_examples(page)


def run_examples(page: Path) -> None:
    """Run the Python examples of a page, and compare what they show."""
    run_blocks(blocks(page, "python"))


def run_blocks(sources: Iterable[str]) -> None:
    """Run examples in Python one after another, and compare what they show."""
    scope: dict[str, object] = {}
    for block in sources:
        lines = block.splitlines()
        for statement in ast.parse(block).body:
            source = ast.get_source_segment(block, statement)
            shown = lines[(statement.end_lineno or 0) - 1].partition("  # -> ")[2]
            if shown:
                assert repr(eval(source or "", scope)) == shown, source
            else:
                exec(source or "", scope)


def test_every_command_of_the_pages_exists_with_its_options() -> None:
    pages = [*PAGES, *sorted((DOCS / "guide").glob("*.md")), DOCS / "runs.md", DOCS / "scale.md"]
    shown = [words for page in pages for block in blocks(page, "console", "sh", "") for words in commands(block)]
    assert len(shown) > 50
    for words in shown:
        known = {"--help"}
        command = typer.main.get_command(app)
        for word in words:
            if isinstance(command, TyperGroup) and not word.startswith("-"):
                assert word in command.commands, words
                command = command.commands[word]
        for parameter in command.params:
            known |= {*parameter.opts, *parameter.secondary_opts}
        assert {word.partition("=")[0] for word in words if word.startswith("-")} <= known, words


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the commands run, with the files of the repository."""
    for name in ("examples", ".github", "README.md"):
        (tmp_path / name).symlink_to(REPOSITORY / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.usefixtures("clone")
def test_the_commands_for_an_own_schema_run_in_the_clone_as_they_stand() -> None:
    section = README.read_text().partition("## Your own schema")[2].partition("\n## ")[0]
    for old, new in SMALLER.items():
        assert old in section
        section = section.replace(old, new)
    shown = list(commands(section))
    assert [words[0] for words in shown] == [
        *("schema", "collect", "tokenizer", "prepare", "train", "generate", "complete", "generate", "evaluate")
    ]
    for words in shown:
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, result.output


def test_the_tutorial_s_commands_are_those_of_the_readme_and_more() -> None:
    in_readme = {tuple(words) for block in blocks(README, "sh") for words in commands(block) if words[0] != "demo"}
    in_tutorial = {tuple(words) for block in blocks(TUTORIAL, "sh") for words in commands(block)}
    own = {words for words in in_readme if any(word.startswith(("examples/", "runs/menus/")) for word in words)}
    assert {frozenset(words) for words in own} <= {frozenset(words) for words in in_tutorial}


@pytest.mark.usefixtures("clone")
@pytest.mark.parametrize(("file", "exit_code"), [("menu.yml", 0), ("broken-menu.yml", 1)])
def test_the_tutorial_s_documents_are_what_it_calls_them(file: str, exit_code: int) -> None:
    arguments = ["check", f"examples/{file}", "--schema", "examples/menu.schema.json"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == exit_code
    found = [line for line in result.stdout.splitlines() if line]
    assert "\n".join(found) in TUTORIAL.read_text()


@pytest.mark.parametrize(
    ("files", "schema"),
    [
        ("workflows/*.yml", "github-workflow"),
        ("ISSUE_TEMPLATE/[!c]*.yml", "github-issue-forms"),
        ("ISSUE_TEMPLATE/config.yml", "github-issue-config"),
    ],
)
def test_the_repository_s_own_files_for_github_are_valid(files: str, schema: str) -> None:
    found = sorted(map(str, (REPOSITORY / ".github").glob(files)))
    assert found
    result = CliRunner().invoke(app, ["check", *found, "--schema", schema])
    assert result.exit_code == 0, result.output


@pytest.fixture(scope="module")
def menus_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run on some menus, after one step."""
    folder = tmp_path_factory.mktemp("menus")
    values = [json.loads(line)["value"] for line in MENUS.read_text().splitlines()[:40]]
    tokenizer = Tokenizer.train(compile_schema(MENU_SCHEMA), values, 400)
    corpus = [SourceDocument(value, f"source-{index % 8}", f"{index}.json") for index, value in enumerate(values)]
    summary = prepare(corpus, tokenizer, folder / "data", context_size=64, stride=16)
    model = GPTConfiguration(
        vocab_size=tokenizer.vocab_size,
        context_size=64,
        num_layers=1,
        num_heads=2,
        num_key_value_heads=2,
        model_width=32,
        mlp_width=64,
        num_states=summary.metadata.num_states,
        num_echoes=len(ORDERS),
        num_recalls=len(RECALL_ORDERS),
        num_certainties=NUM_CERTAINTIES,
    )
    train(folder / "data", folder / "run", TrainingConfiguration(num_steps=1, model=model, warmup_steps=1))
    return folder / "run"


@pytest.fixture
def with_run(clone: Path, menus_run: Path) -> None:
    """The clone has the run of the tutorial."""
    (clone / "runs" / "menus").mkdir(parents=True)
    (clone / "runs" / "menus" / "run").symlink_to(menus_run)


@pytest.mark.usefixtures("with_run")
@pytest.mark.parametrize("guide", ["generate.md", "evaluate.md"])
def test_the_guides_examples_in_python_run_and_show_what_they_say(guide: str) -> None:
    run_examples(DOCS / "guide" / guide)


@pytest.mark.usefixtures("with_run")
def test_the_guide_s_commands_write_documents_or_fail_as_it_says() -> None:
    shown = BLOCK.findall(WRITING.read_text())
    for (language, block), (_, following) in itertools.pairwise(shown):
        if language != "sh":
            continue
        errors = [line for line in following.splitlines() if line.startswith("error: ")]
        for index, words in enumerate(commands(block)):
            result = CliRunner().invoke(app, [*words, "--max-tokens", "30"])
            assert result.exit_code == (2 if errors else 0), result.output
            assert not errors or errors[index] in " ".join(result.stderr.split()), result.output


def test_the_guide_s_prompts_can_be_kept() -> None:
    tokenizer = Tokenizer.from_grammar(compile_schema(MENU_SCHEMA))
    prompts = PROMPT.findall(WRITING.read_text())
    assert len(prompts) > 5
    for text in [*prompts, *blocks(WRITING, "yaml")]:
        for prompt in read_prompts(text):
            assert prompt_tables(tokenizer, prompt) is not None
