"""Positions, what the rules say about names, and what judges say: without a server."""

from __future__ import annotations

import pytest

pytest.importorskip("pygls", reason="needs the extra `lsp`")
from lsprotocol.types import DiagnosticSeverity, Position, PositionEncodingKind
from pygls.workspace import PositionCodec

from schemalm.compilation import compile_schema
from schemalm.documents.value_paths import Path
from schemalm.editor.diagnostics import judgements_of
from schemalm.editor.hovers import Describer
from schemalm.editor.open_text import OpenText
from schemalm.generation import Run
from schemalm.hosting.hosted_run import HostedRun
from schemalm.judging import Message, Verdict


def opened(text: str) -> OpenText:
    return OpenText(text, "file:///a.yml", 1, False, PositionCodec(PositionEncodingKind.Utf16))


@pytest.mark.parametrize("text", ["", "a", "a\n", "é\U0001d54fb\r\nx\ry", "\n\n"])
def test_offsets_become_positions_and_offsets_again(text: str) -> None:
    document = opened(text)
    for offset in range(len(text) + 1):
        start = document.range_of(offset, offset).start
        is_in_break = text[:offset].endswith("\r") and text[offset:].startswith("\n")
        assert document.offset_at(start) == offset - is_in_break
    assert document.offset_at(Position(99, 0)) == len(text)
    assert document.offset_at(Position(0, 99)) == len(text.splitlines()[0] if text.splitlines() else "")


def test_a_byte_order_mark_is_in_no_column() -> None:
    assert opened("\ufeffab: c").offset_of(1, 1) == 1


def test_words_strings_and_marks_are_underlined() -> None:
    text = opened('one: "a \'b" # c\n')
    ends = {0: 3, 5: 11, 12: 13, 15: 15}
    assert {start: text.token_at(start).end.character for start in ends} == ends


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("jobs", "build"), "Declares a name: `job`"),
        (("jobs", "build", "needs", 0), "Refers to a name: `job`"),
        (("jobs", "build", "needs"), "Refers to a name: `job`"),
        (("other",), ""),
    ],
)
def test_the_rules_about_names_are_told(path: Path, expected: str) -> None:
    describer = Describer(compile_schema("github-workflow"))
    assert (expected in describer.markdown(path)) if expected else "name: `job`" not in describer.markdown(path)


def test_what_judges_say_is_a_diagnostic_of_its_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Strict:
        name, title, meaning, why_not = "strict", "strict 1.0", "it likes it", ""

        def judge(self, documents: list[object]) -> list[Verdict]:
            error, advice = Message("too short", 2, "/kind", "length"), Message("unusual")
            return [Verdict((error,), (advice,)) for _ in documents]

    hosted = HostedRun(run, batch_size=1, max_waiting=4, max_seconds=60)
    monkeypatch.setitem(hosted.__dict__, "judges", [Strict()])
    error, advice = judgements_of(hosted, opened("steps:\n  - run: x\nkind: job\n"))
    hosted.worker.stop()
    assert (error.range.start, error.range.end) == (Position(1, 2), Position(1, 10))
    assert (error.message, error.code, error.source) == ("too short", "length", "schemalm: strict")
    assert (advice.severity, advice.code, advice.range.start) == (DiagnosticSeverity.Information, None, Position(0, 0))
