"""Documents come from values and texts; verdicts say in words what was decided and why."""

from __future__ import annotations

import pytest

from schemalm.judging.interface import MAX_REASON_CHARACTERS, Document, Message, Verdict, shorten


def test_a_document_of_a_value_has_its_yaml() -> None:
    assert Document.of_value({"on": "push"}, "a") == Document("on: push\n", {"on": "push"}, name="a")


def test_a_document_of_a_deep_value_has_json() -> None:
    value: object = 1
    for _ in range(400):
        value = [value]
    assert Document.of_value(value).text == "[" * 400 + "1" + "]" * 400 + "\n"  # type: ignore[arg-type]


def test_a_document_of_a_text_has_its_value() -> None:
    assert Document.of_text("on: push") == Document("on: push", {"on": "push"})
    assert Document.of_text('{"a": 1, // why\n}', "a.json").value == {"a": 1}
    assert Document.of_text("a: {b: 1}\nc: {<<: {d: 1}}", merge_keys=True).value == {"a": {"b": 1}, "c": {"d": 1}}


@pytest.mark.parametrize(
    ("text", "fault", "line"),
    [("a: 1\na: 2\n", "repeated", 2), ("a: 1\n---\nb: 2\n", "a second document begins", 2), ("", "empty", 1)],
)
def test_a_text_that_is_no_document_has_a_fault_and_its_line(text: str, fault: str, line: int) -> None:
    document = Document.of_text(text)
    assert fault in document.fault
    assert (document.text, document.value, document.fault_line) == (text, None, line)


def test_a_verdict_is_valid_invalid_or_none() -> None:
    refusal = Verdict((Message("too short", pointer="/a", kind="minLength"), Message("other")))
    assert [(each.accepted, each.word) for each in (Verdict(), refusal, Verdict(failure="too deep"))] == [
        (True, "valid"),
        (False, "invalid"),
        (None, "not judged"),
    ]
    assert (refusal.reason, refusal.pointer) == ("minLength: too short", "/a")
    assert Verdict(failure="too deep").reason == "cannot be judged: too deep"
    assert Verdict(advice=(Message("old"),)).accepted is True


def test_reasons_are_one_short_line() -> None:
    assert shorten("a\n  b") == "a b"
    assert len(shorten("word " * 10_000)) <= MAX_REASON_CHARACTERS
