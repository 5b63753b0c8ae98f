"""Kinds of names, compiled."""

from __future__ import annotations

import msgspec
import pytest

from schemalm.rules.names import Kind, Names, compile_names, folded
from schemalm.rules.structure import NameKind


def compiled() -> Names:
    rules = {
        "job": {
            "declared": [{"keys": "/jobs"}],
            "referred": [{"values": "/jobs/*/needs", "order": "any", "acyclic": True}],
        },
        "job-output": {"scope": "/jobs/*", "declared": [{"keys": "/jobs/*/outputs"}], "unknown": ["/jobs/*/uses"]},
        "deep": {"scope": "/*/x/[]/*", "declared": [{"values": "/*/x/[]/*/id"}], "ignore_case": True},
    }
    return compile_names(msgspec.convert(rules, dict[str, NameKind]), ["/name"])


def kind(name: str) -> Kind:
    return compiled().by_name[name]


def test_places_have_what_the_rules_say_about_them() -> None:
    names = compiled()
    job, output, _ = names.kinds
    at = names.tree.at
    assert at("/jobs").names.declared_keys == [job]
    [reference] = at("/jobs/*/needs").names.referred_values
    assert (reference.kind, reference.earlier, reference.owner) == (job, False, 1)
    assert at("/jobs/*").names.begun == [output]
    assert at("/jobs/*/uses").names.opened == [output]
    assert at("/name").names is None


def test_the_word_of_a_kind_has_spaces() -> None:
    assert kind("job-output").word == "job output"


def test_a_scope_is_told_apart_by_the_keys_at_its_wildcards() -> None:
    deep = kind("deep")
    assert deep.scope_depth == 3
    assert deep.scope_at(("a", "x", 0, "b", "id")) == ("a", "x", 0, "b")
    assert deep.instance(("a", "x", 0, "b", "id")) == ("a", 0, "b")


@pytest.mark.parametrize(
    ("names", "scope"),
    [([], ("a", "x", 0, "b")), (["n"], ("a", "x", 0, "n")), (["too", "many", "m", "n"], ("many", "x", "m", "n"))],
)
def test_names_lead_to_the_scope_whose_last_keys_they_are(names: list[str], scope: tuple[str | int, ...]) -> None:
    assert kind("deep").scope_through(("a", "x", 0, "b", "id"), names) == scope


@pytest.mark.parametrize(
    ("name", "key"),
    [("Build", "build"), ("É-A", "É-a"), ("\N{KELVIN SIGN}K", "\N{KELVIN SIGN}k"), ("\ud800A", "\ud800a")],
)
def test_only_the_case_of_ascii_letters_is_ignored(name: str, key: str) -> None:
    assert folded(name) == key


def test_letter_case_matters_unless_the_kind_says_otherwise() -> None:
    assert (kind("job").key("A"), kind("deep").key("A")) == ("A", "a")
