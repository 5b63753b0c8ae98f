"""The guide for users of nanochat: its Python examples and its command run, in order."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

import pytest

from schemalm.integrations.nanochat import prepare_training_data, print_config_comparison, verification

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "guide" / "from-nanochat.md"
COMMAND = "python -m schemalm.integrations.nanochat.prepare_training_data "


def run_python(block: str, scope: dict[str, object]) -> None:
    """Run a block; the text after `# ->` is the result of the statement before it."""
    lines = block.splitlines()
    for statement in ast.parse(block).body:
        source = ast.get_source_segment(block, statement) or ""
        shown = lines[(statement.end_lineno or 0) - 1].partition("  # -> ")[2]
        if shown:
            assert repr(eval(source, scope)) == shown, source
        else:
            exec(source, scope)


def run_command(block: str) -> None:
    command = block.replace("\\\n", " ").strip()
    assert command.startswith(COMMAND)
    with pytest.raises(SystemExit) as ended:
        prepare_training_data.main(shlex.split(command.removeprefix(COMMAND)))
    assert not ended.value.code


@pytest.mark.slow
def test_the_examples_run_and_give_the_shown_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    scope: dict[str, object] = {}
    for language, block in re.findall(r"```(python|sh)\n(.*?)```", GUIDE.read_text(), flags=re.DOTALL):
        if language == "python":
            run_python(block, scope)
        else:
            run_command(block)


def test_the_shown_output_of_commands_is_correct(capsys: pytest.CaptureFixture[str]) -> None:
    print_config_comparison()
    assert f"```console\n{capsys.readouterr().out}```" in GUIDE.read_text()
    for name in verification.CHECKS:
        assert f"\nok      {name}: " in GUIDE.read_text()
