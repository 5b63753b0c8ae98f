"""Keys and constants that the schema lists can be names as well."""

from __future__ import annotations

import pytest

from schemalm.compilation import compile_schema
from schemalm.errors import RulesError

from .naming_cases import JOBS, TEXT, admitted, after, completed, document, tokenizer_of

JOBS_MAP = {"type": "object", "additionalProperties": {"type": "null"}}
DECLARED_B = ("KEY:jobs", "FREE_KEY", '"b"', "KEY_END", "NULL")


def test_constants_are_compared_with_names() -> None:
    schema = document(jobs=JOBS_MAP, main={"enum": ["a", "b", 1]})
    tokenizer = tokenizer_of(schema, job={"declared": [{"keys": "/jobs"}], "referred": [{"values": "/main"}]})
    assert admitted(tokenizer, after(tokenizer, *DECLARED_B, "OBJECT_END", "KEY:main")) == {"CONST:b", "AS:number"} or (
        admitted(tokenizer, after(tokenizer, *DECLARED_B, "OBJECT_END", "KEY:main")) == {"CONST:b", "CONST:1"}
    )
    assert completed(tokenizer, *DECLARED_B, "OBJECT_END", "KEY:main")["main"] in ("b", 1)


def test_a_place_stays_closed_while_no_declared_name_fits_its_texts() -> None:
    schema = document(jobs=JOBS_MAP, main={"type": "string", "minLength": 2})
    tokenizer = tokenizer_of(schema, job={"declared": [{"keys": "/jobs"}], "referred": [{"values": "/main"}]})
    assert admitted(tokenizer, after(tokenizer, *DECLARED_B, "OBJECT_END")) == {"OBJECT_END"}


def test_a_place_stays_closed_also_if_other_keys_have_to_come_before_it() -> None:
    schema = {**document(jobs=JOBS_MAP, main={"enum": ["a", "c"]}), "required": ["jobs"]}
    tokenizer = tokenizer_of(schema, job={"declared": [{"keys": "/jobs"}], "referred": [{"values": "/main"}]})
    assert admitted(tokenizer, after(tokenizer, *DECLARED_B, "OBJECT_END")) == {"OBJECT_END"}


def test_no_key_comes_after_all_names_are_used() -> None:
    schema = document(jobs=JOBS_MAP, ranks=JOBS_MAP)
    tokenizer = tokenizer_of(schema, job={"declared": [{"keys": "/jobs"}], "referred": [{"keys": "/ranks"}]})
    used = (*DECLARED_B, "OBJECT_END", "KEY:ranks", "FREE_KEY", '"b"', "KEY_END", "NULL")
    assert admitted(tokenizer, after(tokenizer, *used)) == {"OBJECT_END"}


def test_items_end_when_all_different_names_are_declared() -> None:
    schema = document(ids={"type": "array", "items": {"enum": ["a", "b"]}})
    tokenizer = tokenizer_of(schema, id={"declared": [{"values": "/ids/[]"}], "unique": "exact"})
    assert admitted(tokenizer, after(tokenizer, "KEY:ids", "ITEM", "CONST:a", "ITEM")) == {"CONST:b"}
    assert admitted(tokenizer, after(tokenizer, "KEY:ids", "ITEM", "CONST:a", "ITEM", "CONST:b")) == {"ARRAY_END"}


def test_a_document_that_must_refer_to_a_name_is_refused() -> None:
    schema = {**JOBS, "required": ["main"]}
    rules = {"rules": 1, "names": {"job": {"declared": [{"keys": "/jobs"}], "referred": [{"values": "/main"}]}}}
    with pytest.raises(RulesError, match="would have to refer to a name at /main before one is declared"):
        compile_schema(schema, rules=rules)


def test_different_items_that_hold_names_are_refused() -> None:
    schema = document(jobs=JOBS_MAP, needs={"type": "array", "items": TEXT, "uniqueItems": True})
    rules = {"rules": 1, "names": {"job": {"declared": [{"keys": "/jobs"}], "referred": [{"values": "/needs/[]"}]}}}
    with pytest.raises(RulesError, match=r"the array at /needs must differ .* remove `uniqueItems` there with `amend`"):
        compile_schema(schema, rules=rules)
