from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import Result

import schemalm
from schemalm.cli import application
from schemalm.errors import DataError, InvalidDocument

COMMANDS = [
    "demo",
    "check",
    "schema",
    "collect",
    "tokenizer",
    "prepare",
    "train",
    "generate",
    "complete",
    "judge",
    "judges",
    "evaluate",
    "compare",
    "runs",
    "experiment",
    "reference",
    "export",
    "serve",
    "lsp",
]


def raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("schemalm.compilation.compile_schema", fail)


def test_help_lists_the_commands_in_the_order_of_the_contract(execute) -> None:
    result = execute("--help")
    assert result.returncode == 0
    listed = result.stdout.split("Commands:")[1]
    assert re.findall(r"^  ([a-z]+)  ", listed, flags=re.MULTILINE) == COMMANDS


@pytest.mark.slow
def test_every_registered_command_is_listed(invoke) -> None:
    registered = {command.name for command in application.app.registered_commands}
    registered |= {group.name for group in application.app.registered_groups}
    assert registered == set(COMMANDS)
    for command in COMMANDS:
        assert invoke(command, "--help").exit_code == 0


def test_the_version_is_shown_before_anything_is_run(invoke) -> None:
    result = invoke("--version", "nosuch")
    assert result.exit_code == 0
    assert result.stdout == f"schemalm {schemalm.__version__}\n"


def test_a_shell_completes_commands(
    invoke, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    shown = invoke("--show-completion", "bash")
    assert shown.exit_code == 0
    assert "complete " in shown.stdout
    for name, value in {"_SCHEMALM_COMPLETE": "complete_bash", "COMP_WORDS": "schemalm tok", "COMP_CWORD": "1"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        application.main([])
    assert ended.value.code == 0
    assert capsys.readouterr().out.split() == ["tokenizer"]


def test_importing_the_command_line_is_quick_and_loads_nothing_heavy() -> None:
    heavy = ("torch", "numpy", "tokenizers", "matplotlib", "ruamel.yaml", "jsonschema_rs")
    program = f"""
import sys, time, schemalm.cli
assert not set({heavy}) & set(sys.modules)
assert time.process_time() < 5
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("arguments", [(), ("nosuch",), ("check",), ("tokenizer",), ("train", "--model", "huge")])
def test_wrong_usage_exits_2(invoke, arguments: tuple[str, ...]) -> None:
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert "Usage: " in result.output


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (("generate", "run", "-n", "0"), "0"),
        (("generate", "run", "--max-tokens", "many"), "many"),
        (("reference", "train", "--input", ".", "--steps", "0"), "0"),
        (("evaluate", "run", "--samples", "-3"), "-3"),
        (("generate", "run", "--format", "xml"), "xml"),
    ],
)
def test_a_value_out_of_range_is_named_with_its_option(invoke, arguments: tuple[str, ...], found: str) -> None:
    result = invoke(*arguments)
    assert result.exit_code == 2
    message = result.stderr.splitlines()[-1]
    assert arguments[-2] in message
    assert message.count(f"'{found}'") == 1
    assert "Input" not in message


def test_a_text_that_is_not_a_number_is_reported_once(invoke) -> None:
    assert invoke("train", "--steps", "1.5").stderr.splitlines()[-1].endswith("should be a valid integer, got '1.5'")


def test_a_folder_instead_of_a_file_is_reported_with_what_was_expected(invoke) -> None:
    assert (
        invoke("prepare", "--tokenizer", ".")
        .stderr.splitlines()[-1]
        .endswith("'.' is a folder; expected a file, such as one of the files in it")
    )


def test_a_file_instead_of_a_folder_is_reported_with_what_was_expected(invoke, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("text")
    assert invoke("train", "--data", file).stderr.splitlines()[-1].endswith(f"'{file}' is a file; expected a folder")


def test_an_interruption_says_how_to_start_again(invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    raising(monkeypatch, KeyboardInterrupt())
    result = invoke("schema", "some schema.json")
    assert result.exit_code == 130
    assert "schemalm schema 'some schema.json'" in result.stderr


@pytest.mark.parametrize("given", [(), ("--resume", "auto"), ("--resume=auto",)])
def test_an_interrupted_training_says_how_to_resume(
    invoke, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: tuple[str, ...]
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("schemalm.training.loop.train", interrupt)
    result = invoke("train", "--data", tmp_path, "--out", tmp_path / "run", *given)
    assert result.exit_code == 130
    assert result.stderr.count("--resume") == 1
    assert "checkpoints are kept" in result.stderr


def outcome(invoke, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> Result:
    raising(monkeypatch, error)
    return invoke("schema", "github-workflow")


def test_a_rejected_value_exits_1_and_other_errors_2(invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    assert outcome(invoke, monkeypatch, InvalidDocument("wrong", pointer="/a", keyword="type")).exit_code == 1
    result = outcome(invoke, monkeypatch, DataError("no such thing"))
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == "error: no such thing"


@pytest.mark.slow
def test_an_interrupted_process_exits_130_without_a_traceback(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    program = (
        "import schemalm.compilation, signal, os\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # background jobs are started to ignore it
        "schemalm.compilation.compile_schema = lambda *_, **__: (os.kill(os.getpid(), signal.SIGINT), signal.pause())\n"
        "from schemalm.cli import main; main()"
    )
    command = [sys.executable, "-c", program, "schema", str(path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 130
    assert f"start again with: schemalm schema {path}" in result.stderr
    assert "Traceback" not in result.stderr


def test_errors_of_the_system_are_one_line_with_the_file(invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    result = outcome(invoke, monkeypatch, PermissionError(13, "Permission denied", "secret.json"))
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == "error: secret.json: Permission denied"


def test_memory_running_out_says_what_to_do(invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    result = outcome(invoke, monkeypatch, MemoryError())
    assert result.exit_code == 2
    assert "smaller batches" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_bug_of_the_program_is_named_as_one(invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    result = outcome(invoke, monkeypatch, ZeroDivisionError("division by zero"))
    assert result.exit_code == 2
    assert "ZeroDivisionError: division by zero" in result.stderr
    assert "a bug in SchemaLM, not a fault of your input" in result.stderr


def test_a_closed_pipe_is_not_an_error(invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    result = outcome(invoke, monkeypatch, BrokenPipeError(32, "Broken pipe"))
    assert result.exit_code == 1
    assert "error" not in result.stderr
