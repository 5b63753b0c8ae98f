"""The registers of names: what is declared, promised and forbidden, without changing earlier versions."""

from __future__ import annotations

from typing import Any

import msgspec

from schemalm.machine.registers import Registers, spelling
from schemalm.rules.names import Kind, compile_names
from schemalm.rules.structure import NameKind

HERE = (0, ())


def kind(**changes: Any) -> Kind:
    rule = msgspec.convert({"declared": [{"keys": "/jobs"}], **changes}, NameKind)
    return compile_names({"job": rule}).kinds[0]


def test_a_declaration_keeps_a_promise_and_leaves_earlier_versions_alone() -> None:
    promised = Registers().promise(HERE, b"a")
    declared = promised.declare(kind(), HERE, b"a")
    assert promised.names(HERE).promised == (b"a",)
    assert declared.names(HERE).promised == ()
    assert declared.names(HERE).known == (b"a",)


def test_a_promise_is_kept_in_another_case_only_if_case_does_not_matter() -> None:
    promised = Registers().promise(HERE, b"a")
    assert promised.declare(kind(), HERE, b"A").names(HERE).promised == (b"a",)
    assert promised.declare(kind(ignore_case=True), HERE, b"A").names(HERE).promised == ()


def test_only_the_case_of_ascii_letters_is_ignored() -> None:
    assert spelling(kind(ignore_case=True), [b"Ab"], b"aB") == b"Ab"
    assert spelling(kind(ignore_case=True), ["É".encode()], "é".encode()) is None


def test_names_wait_for_the_end_of_their_item() -> None:
    waiting = Registers().declare(kind(starts="item"), HERE, b"a")
    assert waiting.names(HERE).known == ()
    assert waiting.names(HERE).taken == (b"a",)
    assert waiting.end_item(HERE).names(HERE).known == (b"a",)


def test_names_lead_to_a_name_over_any_number_of_steps() -> None:
    registers = Registers().refer(kind(), b"a", b"b").refer(kind(), b"b", b"c")
    assert registers.leading_to(kind(), b"c") == {b"a", b"b", b"c"}
    assert registers.leading_to(kind(), b"a") == {b"a"}
