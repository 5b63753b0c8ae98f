from __future__ import annotations

import pytest

from schemalm.cli.left_out import NUM_SHOWN, report_left_out
from schemalm.cli.terminal import Terminal
from schemalm.documents import LeftOut, Rejection
from schemalm.errors import DocumentError, InvalidDocument

REJECTIONS = [
    Rejection(
        "a.yml", str(InvalidDocument("expected string, found number 3", pointer="/name", keyword="type")), "type"
    ),
    Rejection("b.yml", str(InvalidDocument("expected object, found array []", pointer="", keyword="type")), "type"),
    Rejection("c.yml", str(DocumentError("the key 'x' is repeated in one mapping", line=3, source="in/c.yml"))),
    Rejection("d.yml", str(DocumentError("the key 'y' is repeated in one mapping", line=9, source="in/d.yml"))),
    Rejection("e.yml", "e.yml: 9000 tokens need position token 281"),
]


def test_reasons_are_counted_without_what_only_one_document_has() -> None:
    assert LeftOut(REJECTIONS).count_reasons() == {
        "the schema's type": 2,
        "the key … is repeated in one mapping": 2,
        "… tokens need position token …": 1,
    }


def test_each_document_is_reported_once_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    report_left_out(Terminal(), LeftOut(REJECTIONS))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "rejected a.yml: /name: expected string, found number 3 (type)"
    assert lines[2] == "rejected in/c.yml:3:1: the key 'x' is repeated in one mapping"
    assert lines[4] == "rejected e.yml: 9000 tokens need position token 281"
    assert lines[-1].split() == ["all", "5"]


def test_many_rejections_are_cut_on_the_terminal_and_complete_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    many = REJECTIONS * 20
    report_left_out(Terminal(), LeftOut(many))
    output = capsys.readouterr().out
    assert output.count("rejected ") == NUM_SHOWN
    assert "80 more" in output
    assert len(LeftOut(many).to_dict()["rejected"]) == 100


def test_nothing_is_reported_if_nothing_was_rejected(capsys: pytest.CaptureFixture[str]) -> None:
    report_left_out(Terminal(), LeftOut())
    assert capsys.readouterr().out == ""


def test_the_terminal_says_how_many_json_lists(capsys: pytest.CaptureFixture[str]) -> None:
    left_out = LeftOut(REJECTIONS * 500)
    report_left_out(Terminal(), left_out)
    assert "2,480 more (--json lists the first 1,000)" in capsys.readouterr().out
    assert left_out.to_dict()["num_rejected"] == 2500
    assert left_out.to_dict()["rejected_by_reason"]["the schema's type"] == 1000
