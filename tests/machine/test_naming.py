"""A machine follows the names of its document: what is declared may be referred to, in its scope."""

from __future__ import annotations

import string

from schemalm.tokenizer import Tokenizer

from .naming_cases import JOBS, TEXT, admitted, after, completed, document, tokenizer_of

RUN = {"properties": {"id": "string"}}
STEP = document(id=TEXT, after=TEXT)
STEPS = document(jobs={"type": "object", "additionalProperties": document(steps={"type": "array", "items": STEP})})
STEP_KIND = {
    "scope": "/jobs/*",
    "declared": [{"values": "/jobs/*/steps/[]/id"}],
    "referred": [{"values": "/jobs/*/steps/[]/after"}],
}
A_STEP = ("KEY:jobs", "FREE_KEY", '"a"', "KEY_END", "KEY:steps", "ITEM", "KEY:id", '"one"', "END")


def test_a_place_that_refers_opens_with_the_first_declaration() -> None:
    tokenizer = tokenizer_of(JOBS, job={"declared": [{"keys": "/jobs"}], "referred": [{"values": "/main"}]})
    assert "KEY:main" not in admitted(tokenizer, after(tokenizer))
    declared = after(tokenizer, "KEY:jobs", "FREE_KEY", '"ab"', "KEY_END", "OBJECT_END", "OBJECT_END")
    assert admitted(tokenizer, declared) == {"KEY:main", "OBJECT_END"}


def test_a_reference_follows_the_declared_names_to_their_end() -> None:
    tokenizer = tokenizer_of(JOBS, job={"declared": [{"keys": "/jobs"}], "referred": [{"values": "/main"}]})
    names = ("KEY:jobs", "FREE_KEY", '"ab"', "KEY_END", "OBJECT_END", "FREE_KEY", '"a"', "KEY_END", "OBJECT_END")
    main = (*names, "OBJECT_END", "KEY:main")
    assert admitted(tokenizer, after(tokenizer, *main)) == {"a"}
    assert admitted(tokenizer, after(tokenizer, *main, '"a"')) == {"b", "END"}
    assert admitted(tokenizer, after(tokenizer, *main, '"ab"')) == {"END"}


def test_a_name_counts_in_its_scope_alone() -> None:
    tokenizer = tokenizer_of(STEPS, step=STEP_KIND)
    assert "KEY:after" in admitted(tokenizer, after(tokenizer, *A_STEP))
    other = (*A_STEP, "OBJECT_END", "ARRAY_END", "OBJECT_END", "FREE_KEY", '"b"', "KEY_END", "KEY:steps", "ITEM")
    assert "KEY:after" not in admitted(tokenizer, after(tokenizer, *other))


def test_a_name_can_start_after_its_item() -> None:
    tokenizer = tokenizer_of(STEPS, step={**STEP_KIND, "starts": "item"})
    assert "KEY:after" not in admitted(tokenizer, after(tokenizer, *A_STEP))
    assert "KEY:after" in admitted(tokenizer, after(tokenizer, *A_STEP, "OBJECT_END", "ITEM"))


def test_names_within_an_item_are_forgotten_after_it() -> None:
    schema = document(steps={"type": "array", "items": document(ids={"type": "array", "items": TEXT})})
    kind = {"scope": "/steps/[]", "declared": [{"values": "/steps/[]/ids/[]"}], "unique": "exact"}
    tokenizer = tokenizer_of(schema, step=kind)
    first = ("KEY:steps", "ITEM", "KEY:ids", "ITEM", '"a"', "END", "ITEM", '"a"')
    assert "END" not in admitted(tokenizer, after(tokenizer, *first))
    second = (*first[:-2], "ARRAY_END", "OBJECT_END", "ITEM", "KEY:ids", "ITEM", '"a"')
    assert "END" in admitted(tokenizer, after(tokenizer, *second))


def in_expression(*keys: str) -> tuple[Tokenizer, tuple[str, ...]]:
    """A tokenizer whose jobs are a context of `last`, and the symbols of a job for each key, up to `last`."""
    expressions = {
        "delimiters": ["${{", "}}"],
        "contexts": {"jobs": {"names": "job"}, "run": RUN},
        "places": [{"at": ["/jobs/*/last"], "form": "text", "contexts": ["jobs", "run"]}],
    }
    tokenizer = tokenizer_of(JOBS, expressions, job={"declared": [{"keys": "/jobs"}], "members": RUN})
    *first, last = [("FREE_KEY", f'"{key}"', "KEY_END") for key in keys]
    written = [symbol for job in first for symbol in (*job, "OBJECT_END")]
    return tokenizer, ("KEY:jobs", *written, *last, "KEY:last")


def test_a_name_that_is_no_identifier_is_written_in_quotes() -> None:
    tokenizer, written = in_expression("a b")
    assert "." not in admitted(tokenizer, after(tokenizer, *written, '"${{jobs'))
    assert admitted(tokenizer, after(tokenizer, *written, "\"${{jobs['")) == {"a"}
    tokenizer, written = in_expression("a b", "c")
    assert admitted(tokenizer, after(tokenizer, *written, '"${{jobs.')) == {"c", "*"}


def test_a_kind_stays_closed_while_no_expression_can_write_a_name() -> None:
    tokenizer, written = in_expression("it's")
    assert admitted(tokenizer, after(tokenizer, *written, '"${{jobs')).isdisjoint({".", "["})


def test_a_quoted_property_begins_anew_after_an_earlier_name() -> None:
    tokenizer, written = in_expression("ab")
    assert admitted(tokenizer, after(tokenizer, *written, "\"${{run['")) == {"i"}
    assert admitted(tokenizer, after(tokenizer, *written, "\"${{jobs['")) == {"a"}


def test_a_star_stands_for_all_names() -> None:
    tokenizer, written = in_expression("ab")
    assert admitted(tokenizer, after(tokenizer, *written, '"${{jobs.')) == {"a", "*"}
    assert completed(tokenizer, *written, '"${{jobs.*')["jobs"]["ab"]["last"].startswith("${{jobs.*")
    tokenizer, written = in_expression("a b")
    assert "." not in admitted(tokenizer, after(tokenizer, *written, '"${{jobs'))


def test_a_key_that_refers_may_have_any_spelling_that_is_not_taken() -> None:
    ranks = {"type": "object", "additionalProperties": {"type": "null"}}
    schema = document(jobs={"type": "object", "additionalProperties": document()}, ranks=ranks)
    kind = {"declared": [{"keys": "/jobs"}], "referred": [{"keys": "/ranks"}], "ignore_case": True}
    tokenizer = tokenizer_of(schema, job=kind)
    begun: tuple[str, ...] = ("KEY:jobs", "FREE_KEY", '"a1"', "KEY_END", "OBJECT_END", "OBJECT_END", "KEY:ranks")
    assert admitted(tokenizer, after(tokenizer, *begun, "FREE_KEY")) == {"a", "A"}
    begun += ("FREE_KEY", '"A1"', "KEY_END", "NULL")
    assert admitted(tokenizer, after(tokenizer, *begun, "FREE_KEY")) == {"a"}
    assert completed(tokenizer, *begun, "FREE_KEY")["ranks"] == {"A1": None, "a1": None}
    begun += ("FREE_KEY", '"a1"', "KEY_END", "NULL")
    assert admitted(tokenizer, after(tokenizer, *begun)) == {"OBJECT_END"}


def test_no_item_begins_that_would_have_to_declare_a_name_where_all_are_taken() -> None:
    step = {**document(id={"enum": ["a", "b", "A"]}), "required": ["id"]}
    jobs = {"type": "object", "additionalProperties": document(steps={"type": "array", "items": step})}
    kind = {"scope": "/jobs/*", "declared": [{"values": "/jobs/*/steps/[]/id"}], "unique": "ignore-case"}
    tokenizer = tokenizer_of(document(jobs=jobs), step=kind)
    begun = ("KEY:jobs", "FREE_KEY", '"x"', "KEY_END", "KEY:steps", "ITEM", "KEY:id", "CONST:a", "OBJECT_END")
    assert admitted(tokenizer, after(tokenizer, *begun)) == {"ITEM", "ARRAY_END"}
    taken = (*begun, "ITEM", "KEY:id", "CONST:b", "OBJECT_END")
    assert admitted(tokenizer, after(tokenizer, *taken)) == {"ARRAY_END"}
    other = ("FREE_KEY", '"y"', *begun[3:])
    assert admitted(tokenizer, after(tokenizer, *taken, "ARRAY_END", "OBJECT_END", *other)) == {"ITEM", "ARRAY_END"}


def test_a_text_does_not_begin_with_what_only_taken_names_begin_with() -> None:
    jobs = {"type": "object", "additionalProperties": document(), "propertyNames": {"pattern": "^[a-zA-Z]{1,2}$"}}
    kind = {"declared": [{"keys": "/jobs"}], "unique": "ignore-case"}
    tokenizer = tokenizer_of(document(jobs=jobs), job=kind)
    begun = ("KEY:jobs", "FREE_KEY", '"Hv"', "KEY_END", "OBJECT_END", "FREE_KEY", '"h"')
    letters = {letter for letter in string.ascii_letters if letter not in "vV"}
    assert admitted(tokenizer, after(tokenizer, *begun)) == {*letters, "KEY_END"}


def test_an_id_does_not_begin_with_what_only_taken_ids_begin_with() -> None:
    step = document(id={"type": "string", "pattern": "^(a|ab|cd)$"})
    jobs = {"type": "object", "additionalProperties": document(steps={"type": "array", "items": step})}
    kind = {"scope": "/jobs/*", "declared": [{"values": "/jobs/*/steps/[]/id"}], "unique": "exact"}
    tokenizer = tokenizer_of(document(jobs=jobs), step=kind)
    begun: tuple[str, ...] = ("KEY:jobs", "FREE_KEY", '"x"', "KEY_END", "KEY:steps")
    for taken, left in (('"a"', {"a", "c"}), ('"cd"', {"a"})):
        begun = (*begun, "ITEM", "KEY:id", taken, "END", "OBJECT_END")
        assert admitted(tokenizer, after(tokenizer, *begun, "ITEM", "KEY:id")) == left
