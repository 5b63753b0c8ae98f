"""Formats agree with the official suite and real schemas, and `jsonschema-rs` accepts random texts of them."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from rows import read_rows
from schemalm.regular.formats import FORMATS, format_language
from schemalm.regular.language import (
    NOTHING,
    Derivatives,
    Language,
    Partition,
    byte_classes,
    derivative,
    min_bytes,
)

VALIDATORS: dict[str, Any] = {
    "04": jsonschema_rs.Draft4Validator,
    "06": jsonschema_rs.Draft6Validator,
    "07": jsonschema_rs.Draft7Validator,
    "2019": jsonschema_rs.Draft201909Validator,
    "2020": jsonschema_rs.Draft202012Validator,
}
NAMES = (
    *("date", "time", "date-time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6"),
    *("uri", "uri-reference", "iri", "iri-reference", "uri-template", "uuid", "json-pointer", "relative-json-pointer"),
    "regex",
)
# Valid texts of the official suite that the languages exclude: by format, the descriptions of the cases. Every A-label
# must be valid Punycode, the rules of non-ASCII labels are not regular, and a back-reference needs the name of a group.
RARE_LETTERS = {
    "Exceptions that are PVALID, left-to-right chars",
    "Exceptions that are PVALID, right-to-left chars",
    "MIDDLE DOT with surrounding 'l's",
    "Greek KERAIA followed by Greek",
    "Hebrew GERESH preceded by Hebrew",
    "Hebrew GERSHAYIM preceded by Hebrew",
    "KATAKANA MIDDLE DOT with Hiragana",
    "KATAKANA MIDDLE DOT with Katakana",
    "KATAKANA MIDDLE DOT with Han",
    "Arabic-Indic digits not mixed with Extended Arabic-Indic digits",
    "Extended Arabic-Indic digits not mixed with Arabic-Indic digits",
    "ZERO WIDTH JOINER preceded by Virama",
    "ZERO WIDTH NON-JOINER preceded by Virama",
    "ZERO WIDTH NON-JOINER not preceded by Virama but matches regexp",
}
TOO_LONG = "label too long if separator ignored"
DEPARTURES = {
    "hostname": {"a valid host name (example.test in Hangul)", *RARE_LETTERS},
    "idn-email": {"a domain label that is not in Unicode NFC is valid"},
    "idn-hostname": {
        *("valid Chinese Punycode", f"{TOO_LONG} (full stop)", f"{TOO_LONG} (ideographic full stop)"),
        *(f"{TOO_LONG} (fullwidth full stop)", f"{TOO_LONG} (halfwidth ideographic full stop)", *RARE_LETTERS),
    },
    "regex": {"an ECMA 262 named backreference \\k<name>"},
}


class Reader:
    """Reads and draws texts of one language; caches derivatives and states."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.derivatives: Derivatives = {}
        self.classes: dict[Language, Partition] = {}
        self.lengths: dict[Language, int] = {}
        self.states: set[Language] = {language}

    def holds(self, text: str) -> bool:
        state = self.language
        for byte in text.encode():
            state = derivative(state, byte, self.derivatives)
        return state.nullable

    def draw(self, chance: random.Random, num_free: int) -> str:
        """A text of random byte classes, which after `num_free` bytes takes the shortest path to an end."""
        state, text = self.language, bytearray()
        while not state.nullable or (len(text) < num_free and chance.random() < 0.95):
            onward = self.onward(state)
            if not onward:
                break
            free = len(text) < num_free
            part = chance.choice(list(onward)) if free else min(onward, key=lambda part: self.distance(onward[part]))
            state = onward[part]
            self.states.add(state)
            text.append(chance.choice([byte for byte in range(256) if part >> byte & 1]))
        return text.decode()

    def onward(self, state: Language) -> dict[int, Language]:
        """The next state of each byte class that has one, in an order independent of hashing."""
        found = {
            part: derivative(state, (part & -part).bit_length() - 1, self.derivatives)
            for part in sorted(byte_classes(state, self.classes))
        }
        return {part: rest for part, rest in found.items() if rest != NOTHING}

    def distance(self, state: Language) -> int:
        return min_bytes(state, self.lengths)


@cache
def reader(name: str, reserves_labels: bool = True) -> Reader:
    return Reader(format_language(name, reserves_labels))


def judge(name: str, dialect: str = "2020") -> Any:
    return VALIDATORS[dialect]({"format": name}, validate_formats=True)


@pytest.mark.parametrize("file", ["draft7", "draft2020-12"])
def test_the_official_cases_pass_except_known_departures(shared_data: Path, file: str) -> None:
    wrong: dict[str, set[str]] = {}
    for line in (shared_data / "json-schema-test-suite" / f"{file}.jsonl").read_text("utf-8").splitlines():
        group = json.loads(line)
        if not group["file"].startswith("optional/format") or group["schema"]["format"] not in FORMATS:
            continue
        name = group["schema"]["format"]
        for case in group["tests"]:
            held = not isinstance(case["data"], str) or reader(name).holds(case["data"])
            assert case["valid"] or not held, (name, case)
            if held != case["valid"]:
                wrong.setdefault(name, set()).add(case["description"])
    assert wrong == DEPARTURES


def _benchmark(shared_data: Path) -> Iterator[dict[str, Any]]:
    return read_rows(shared_data / "jsonschemabench" / "cases.jsonl.zst")


def _nodes(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
    for inner in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from _nodes(inner)


def test_real_instances_keep_their_verdicts_if_the_languages_check_the_formats(shared_data: Path) -> None:
    checks = {name: reader(name).holds for name in NAMES}
    old = {**checks, "hostname": reader("hostname", False).holds}
    num_judged = 0
    for row in _benchmark(shared_data):
        schema = row["schema"]
        named = {node["format"] for node in _nodes(schema) if isinstance(node.get("format"), str)}
        if not named & set(NAMES) or not row["tests"]:
            continue
        dialect = next((key for key in VALIDATORS if key in schema.get("$schema", "")), "2020")
        formats = old if dialect in ("04", "06") else checks
        try:
            validator = VALIDATORS[dialect](schema, validate_formats=True, formats=formats)
        except jsonschema_rs.ValidationError:
            continue
        for test in row["tests"]:
            num_judged += 1
            assert validator.is_valid(test["data"]) == test["valid"], (row["id"], test)
    assert num_judged > 2000


def test_nearly_all_patterns_of_real_schemas_are_texts_of_regex(shared_data: Path) -> None:
    found = {
        pattern
        for row in _benchmark(shared_data)
        for node in _nodes(row["schema"])
        for pattern in (node.get("pattern"), *(node.get("patternProperties") or ()))
        if isinstance(pattern, str)
    }
    valid = [pattern for pattern in sorted(found) if judge("regex").is_valid(pattern)]
    missing = [pattern for pattern in valid if not reader("regex").holds(pattern)]
    assert len(missing) <= 3, missing


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("reserves_labels", "dialect"), [(False, "04"), (True, "2020")])
def test_an_independent_validator_accepts_random_texts_of_every_format(
    name: str, reserves_labels: bool, dialect: str
) -> None:
    chance = random.Random(name)
    draw = partial(reader(name, reserves_labels).draw, chance)
    texts = [draw(chance.randrange(80)) for _ in range(25)]
    assert [text for text in texts if not judge(name, dialect).is_valid(text)] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_format_has_few_states_and_needs_no_search_for_emptiness(name: str) -> None:
    language = format_language(name)
    assert language.is_plain
    walker, chance = Reader(language), random.Random(0)
    num_bytes = sum(len(walker.draw(chance, 100).encode()) for _ in range(25))
    assert len(walker.states) < min(1000, num_bytes)


@pytest.mark.parametrize(
    ("name", "reserves_labels", "held", "refused"),
    [
        ("date", True, ["2000-02-29"], ["1900-02-29", "2023-02-29", "2023-2-1"]),
        ("time", True, ["00:14:60+00:15", "23:59:60z"], ["00:14:60-00:15", "23:58:60Z"]),
        ("date-time", True, ["2016-12-31T15:59:60.5-08:00"], ["2016-12-31 23:59:59Z"]),
        ("hostname", False, ["xn--a", "a" * 63], ["a" * 64, "a.", "-a"]),
        ("hostname", True, [f"{'a' * 63}.{'a' * 63}.{'a' * 63}"], ["xn--a", "aa--a", "a_b"]),
        ("email", True, ["a.b@c", '"a b"@[IPv6:::1]', f"{'a' * 64}@b"], ["a@b@c", f"{'a' * 65}@b", "é@b"]),
        ("ipv6", True, ["1:2:3:4:5:6:7::", "::1.2.3.4"], ["1::2::3", "1:2:3:4:5:6:7:1.2.3.4"]),
        ("uri", True, ["urn:a:b", "http://[::1]:80/?a#b"], ["//a", "a b:c", "http://é/"]),
        (
            "regex",
            True,
            ["^(?:a|[b-d]{2,10}?)+$", r"(?<year>\d{4})", "[!-~-]"],
            ["(", "[b-a]", "a{2,1}", r"\a", "a**"],
        ),
    ],
)
def test_edges_of_a_format_follow_its_specification(
    name: str, reserves_labels: bool, held: list[str], refused: list[str]
) -> None:
    texts = [*held, *refused]
    assert [text for text in texts if reader(name, reserves_labels).holds(text)] == held
