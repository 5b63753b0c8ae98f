from __future__ import annotations

import json
from pathlib import Path

import pytest

from schemalm.cli.terminal import Terminal, command_line, counted, printable
from schemalm.errors import DataError, DocumentError, InvalidDocument


def test_control_characters_become_escapes_and_text_stays() -> None:
    assert printable("a\x1b[31m\x9b\x7f\r\udc80") == "a\\u001b[31m\\u009b\\u007f\\u000d\\udc80"
    text = "déjà\u00a0vu\n\t👩\u200d💻"
    assert printable(text) == text


def test_escapes_inside_json_strings_mean_the_same() -> None:
    text = json.dumps("a\x7f\x9b", ensure_ascii=False)
    assert json.loads(printable(text)) == "a\x7f\x9b"


def test_command_lines_are_quoted() -> None:
    assert command_line("check", "my file.yml", "-n", 3) == "schemalm check 'my file.yml' -n 3"


def test_folders_that_begin_with_a_dash_are_not_options_in_a_command_line() -> None:
    assert command_line("generate", Path("./-run"), "-n", 3) == "schemalm generate ./-run -n 3"
    assert command_line("evaluate", Path("runs/-run")) == "schemalm evaluate runs/-run"


def test_numbers_agree_with_their_noun() -> None:
    assert (counted(1, "file"), counted(0, "file"), counted(2000, "file")) == ("1 file", "0 files", "2,000 files")


def test_json_leaves_stdout_to_the_object_and_progress_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(as_json=True)
    terminal.say("a")
    terminal.show("b")
    terminal.table(("c", "d"), [("e", "f")])
    with terminal.working("g"), terminal.counting("h", 1) as done:
        done(1)
    terminal.finish({"key": "ü"}, next_command="i")
    captured = capsys.readouterr()
    assert json.loads(captured.out) == {"key": "ü", "warnings": []}
    assert captured.err.startswith("a\ng ...\nh: 1 of 1\ng: ")


def test_a_file_is_not_a_terminal_whatever_the_environment_says(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    terminal = Terminal(as_json=True)
    progress = terminal.training_progress()
    progress.begin(0, 1)
    progress.end()
    with terminal.counting("reading", 1) as done:
        done(1)
    assert capsys.readouterr() == ("", "training from step 0 to 1\nreading: 1 of 1\n")


@pytest.mark.parametrize("as_json", [False, True])
def test_a_warning_is_shown_at_once_and_listed_in_the_object(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    terminal = Terminal(as_json)
    terminal.warn("the tracker \x1b broke")
    assert capsys.readouterr().err == "warning: the tracker \\u001b broke\n"
    terminal.finish({}, next_command="i")
    out = capsys.readouterr().out
    assert json.loads(out or '{"warnings": []}')["warnings"] == (["the tracker \x1b broke"] if as_json else [])


@pytest.mark.parametrize("as_json", [False, True])
def test_warnings_of_a_training_run_are_those_of_the_command(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    terminal = Terminal(as_json)
    progress = terminal.training_progress()
    progress.begin(0, 1)
    progress.message("a message")
    progress.warning("a checkpoint is damaged")
    progress.end()
    assert terminal.warnings == ["a checkpoint is damaged"]
    assert "a message\nwarning: a checkpoint is damaged\n" in capsys.readouterr().err


def test_processes_other_than_the_first_print_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(as_json=True, is_silent=True)
    terminal.say("a")
    terminal.warn("b")
    terminal.training_progress().warning("c")
    terminal.finish({}, next_command="d")
    assert capsys.readouterr() == ("", "")
    terminal.fail("error: e", DataError("e"))
    assert capsys.readouterr() == ("", "error: e\n")


@pytest.mark.parametrize(
    ("error", "described"),
    [
        (DataError("no such thing"), {"type": "DataError", "message": "no such thing"}),
        (
            InvalidDocument("wrong", pointer="/a", keyword="type"),
            {"type": "InvalidDocument", "message": "/a: wrong (type)", "pointer": "/a", "keyword": "type"},
        ),
        (
            DocumentError("no", line=3, column=4, source="a.yml"),
            {"type": "DocumentError", "message": "a.yml:3:4: no", "line": 3, "column": 4, "source": "a.yml"},
        ),
        (
            PermissionError(13, "Permission denied", "a.json"),
            {"type": "PermissionError", "message": "Permission denied", "file": "a.json"},
        ),
        (OSError("odd"), {"type": "OSError", "message": "odd", "file": None}),
        (ZeroDivisionError("zero"), {"type": "ZeroDivisionError", "message": "zero"}),
    ],
)
def test_an_error_is_an_object_with_its_fields(
    capsys: pytest.CaptureFixture[str], error: Exception, described: dict[str, object]
) -> None:
    terminal = Terminal(as_json=True)
    terminal.warn("before")
    terminal.fail(f"error: {described['message']}", error)
    captured = capsys.readouterr()
    assert json.loads(captured.out) == {"error": described, "warnings": ["before"]}
    assert captured.err == f"warning: before\nerror: {described['message']}\n"


def test_progress_is_plain_lines_if_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with Terminal().counting("reading", 1000) as done:
        for number in range(1, 1001):
            done(number)
    assert capsys.readouterr().err == "reading: 1,000 of 1,000\n"


def test_a_changing_document_is_drawn_on_a_terminal_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def text() -> str:
        asked.append("asked")
        return "name: \x1b[31mred\n"

    for is_terminal in (False, True):
        monkeypatch.setattr("sys.stdout.isatty", lambda is_terminal=is_terminal: is_terminal)
        with Terminal().drawing() as draw:
            draw(text)
            draw(text)
        assert ("name: \\u001b[31mred" in capsys.readouterr().out) == is_terminal
    assert len(asked) == 1  # the second drawing would follow too soon


def test_tables_are_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal().table(("name", "count"), [("a", "1"), ("longer", "1,000")])
    assert capsys.readouterr().out == "name    count\na           1\nlonger  1,000\n"


def test_messages_and_tables_show_hidden_characters_and_documents_do_not_change(
    capsys: pytest.CaptureFixture[str],
) -> None:
    terminal = Terminal()
    terminal.say("a\u202eb\u200b")
    terminal.show("c\u2066\n")
    terminal.table(("name",), [("d\ne\u200f",)])
    terminal.show_document("- 👩\u200d💻\x1b")
    captured = capsys.readouterr()
    assert captured.err == "a\\u202eb\\u200b\n"
    assert captured.out == "c\\u2066\n\nname\nd\\u000ae\\u200f\n- 👩\u200d💻\\u001b\n"
