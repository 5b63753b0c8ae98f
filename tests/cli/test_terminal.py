from __future__ import annotations

import json

import pytest

from schemalm.cli.terminal import Terminal, command_line, counted, printable


def test_control_characters_become_escapes_and_text_stays() -> None:
    assert printable("a\x1b[31m\x9b\x7f\r\udc80") == "a\\u001b[31m\\u009b\\u007f\\u000d\\udc80"
    text = "déjà\u00a0vu\n\t👩\u200d💻"
    assert printable(text) == text


def test_escapes_inside_json_strings_mean_the_same() -> None:
    text = json.dumps("a\x7f\x9b", ensure_ascii=False)
    assert json.loads(printable(text)) == "a\x7f\x9b"


def test_command_lines_are_quoted() -> None:
    assert command_line("check", "my file.yml", "-n", 3) == "schemalm check 'my file.yml' -n 3"


def test_numbers_agree_with_their_noun() -> None:
    assert (counted(1, "file"), counted(0, "file"), counted(2000, "file")) == ("1 file", "0 files", "2,000 files")


def test_json_silences_everything_else(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(as_json=True)
    terminal.say("a")
    terminal.show("b")
    terminal.table(("c", "d"), [("e", "f")])
    with terminal.working("g"), terminal.counting("h", 1) as done:
        done(1)
    terminal.finish({"key": "ü"}, next_command="i")
    captured = capsys.readouterr()
    assert json.loads(captured.out) == {"key": "ü"}
    assert captured.err == ""


def test_progress_is_plain_lines_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with Terminal().counting("reading", 1000) as done:
        for number in range(1, 1001):
            done(number)
    assert capsys.readouterr().err == "reading: 1,000 of 1,000\n"


def test_tables_are_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal().table(("name", "count"), [("a", "1"), ("longer", "1,000")])
    assert capsys.readouterr().out == "name    count\na           1\nlonger  1,000\n"
