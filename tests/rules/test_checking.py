"""Names of a value, compared with a slow and obvious checker, and the messages."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemalm.errors import RulesError
from schemalm.rules.checking import Link, NameChecker
from schemalm.rules.names import compile_names
from schemalm.rules.paths import Place
from schemalm.rules.structure import NameKind
from schemalm.rules.violations import Violation

from .slow_names import verdict

LINK = re.compile(r"([\w-]+)=(\w+)")
KEYS = ["a", "b", "A", "c"]
STEPS = ["a", "b", "*", "[]"]


def chains_of(text: str) -> list[list[Link]]:
    """The chains in a text such as `$k0=a.k1=b;k0=c`."""
    return [
        [Link(match[1], match[2], match.start(2), match.end(2)) for match in LINK.finditer(text, *span)]
        for span in (found.span() for found in re.finditer("[^;]+", text))
    ]


def checker_of(rules: dict[str, Any], expressions: list[str]) -> NameChecker:
    names = compile_names(msgspec.convert(rules, dict[str, NameKind]), expressions)
    places = {names.tree.at(path) for path in expressions}

    def opening(place: Place) -> str | None:
        return "$" if place in places else None

    return NameChecker(names, lambda _, text: chains_of(text), opening)


def violations(rules: dict[str, Any], value: Any, expressions: list[str] | None = None) -> list[Violation]:
    return checker_of(rules, expressions or []).violations(value)


def some_paths(prefix: str, longest: int) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(STEPS), max_size=longest).map(
        lambda steps: prefix + "".join(f"/{step}" for step in steps)
    )


@st.composite
def kinds(draw: st.DrawFn) -> dict[str, Any]:
    scope = draw(st.sampled_from(["", "", "/*", "/a", "/[]", "/*/*"]))
    keys = draw(some_paths(scope, 1))
    declared = [{"keys": keys}, *draw(st.lists(parts(scope), max_size=1))]
    referred = draw(st.lists(st.builds(with_order, parts(scope), st.booleans()), max_size=2))
    if draw(st.booleans()):
        referred.append({"values": f"{keys}/*/{draw(st.sampled_from(STEPS))}", "acyclic": True, "order": "any"})
    rule = {"scope": scope, "declared": declared, "referred": referred}
    rule["unique"] = draw(st.sampled_from([None, "exact", "ignore-case"]))
    rule["ignore_case"], rule["order"] = draw(st.booleans()), draw(st.sampled_from(["any", "earlier"]))
    rule["starts"] = draw(st.sampled_from([None, "item"]))
    rule["unknown"] = draw(st.lists(some_paths(scope, 2), max_size=1))
    return rule


def parts(scope: str) -> st.SearchStrategy[dict[str, str]]:
    return st.builds(lambda form, path: {form: path}, st.sampled_from(["keys", "values"]), some_paths(scope, 2))


def with_order(part: dict[str, str], is_any: bool) -> dict[str, str]:
    return {**part, "order": "any" if is_any else "earlier"}


RULES = st.builds(lambda a, b: {"k0": a, "k1": b}, kinds(), kinds())
TEXTS = st.sampled_from([*KEYS, *KEYS, "$k0=a", "$k1=A", "$k0=a.k1=b", "$k0=b;k1=c", "$k1=b.k0=A"])
VALUES = st.recursive(
    TEXTS | st.just(1),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=10,
)
CONTAINERS = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=4) | st.lists(VALUES, max_size=3)


def comparable(rules: dict[str, Any], found: Violation) -> tuple[Any, ...]:
    """A violation in the form of the slow checker."""
    if found.fault in ("repeated", "circle"):
        return (found.fault, found.kind, found.path[: rules[found.kind]["scope"].count("/")])
    return ("missing", found.kind, found.path, found.name)


@given(RULES, st.lists(some_paths("", 3), max_size=3), CONTAINERS)
def test_violations_are_those_of_the_slow_checker(rules: dict[str, Any], expressions: list[str], value: Any) -> None:
    def chains(_: str, text: str) -> list[list[tuple[str, str]]]:
        return [[(link.kind, link.name) for link in links] for links in chains_of(text)] if "$" in text else []

    found = {comparable(rules, violation) for violation in violations(rules, value, expressions)}
    assert found == verdict(rules, expressions, chains, value)


@given(RULES, st.lists(some_paths("", 3), max_size=3), CONTAINERS)
def test_references_without_a_declaration_are_those_that_violate_rules(
    rules: dict[str, Any], expressions: list[str], value: Any
) -> None:
    checker = checker_of(rules, expressions)
    missing = [kind for kind, is_declared in checker.references(value) if not is_declared]
    faults = [found.kind for found in checker.violations(value) if found.fault in ("undeclared", "too-early")]
    assert missing == faults


JOBS: dict[str, Any] = {
    "job": {
        "declared": [{"keys": "/jobs"}],
        "unique": "ignore-case",
        "referred": [{"values": "/jobs/*/needs/[]", "order": "any", "acyclic": True}],
    },
    "step": {"scope": "/jobs/*", "declared": [{"values": "/jobs/*/steps/[]/id"}], "starts": "item", "unique": "exact"},
    "job-output": {
        "scope": "/jobs/*",
        "declared": [{"keys": "/jobs/*/outputs"}],
        "unknown": ["/jobs/*/uses"],
        "order": "any",
    },
}
RUN = "/jobs/*/steps/[]/run"


@pytest.mark.parametrize(
    ("jobs", "expected"),
    [
        ({"linter": {}, "b": {"needs": ["lint"]}}, '/jobs/b/needs/0: there is no job "lint"; did you mean "linter"?'),
        ({"x": {}, "b": {"needs": ["lint"]}}, '/jobs/b/needs/0: there is no job "lint"; declared are "x", "b"'),
        (
            {"a": {"steps": [{"run": "$step=x"}]}},
            '/jobs/a/steps/0/run: there is no step "x"; no step is declared here',
        ),
        (
            {"a": {"steps": [{"run": "$step=x", "id": "x"}]}},
            '/jobs/a/steps/0/run: the step "x" is used before it is there: only a step further up can be used here',
        ),
        (
            {"a": {"steps": [{"id": "x"}, {"id": "x"}]}},
            '/jobs/a/steps/1/id: the step "x" is declared twice; expected different names',
        ),
        (
            {"a": {}, "A": {}},
            '/jobs/A: the jobs "a" and "A" differ only in upper and lower case; expected names that differ in more',
        ),
        ({"a": {"needs": ["a"]}}, '/jobs/a/needs/0: the job "a" refers to itself'),
        (
            {"a": {"needs": ["b"]}, "b": {"needs": ["a"]}},
            '/jobs/b/needs/0: jobs refer to each other in a circle: "a" -> "b" -> "a"',
        ),
        (
            {"a": {"outputs": {"one": 1}, "steps": [{"run": "$job=a.job-output=two"}]}},
            '/jobs/a/steps/0/run: there is no job output "two"; declared is "one"',
        ),
    ],
)
def test_a_message_says_what_is_wrong_in_plain_words(jobs: dict[str, Any], expected: str) -> None:
    assert messages_of(jobs) == [expected]


def messages_of(jobs: dict[str, Any]) -> list[str]:
    return [f"{found.pointer}: {found.message}" for found in violations(JOBS, {"jobs": jobs}, [RUN])]


def test_where_a_value_opens_a_scope_every_name_is_declared() -> None:
    jobs = {"a": {"uses": "x"}, "b": {"steps": [{"run": "$job=a.job-output=two"}]}}
    assert messages_of(jobs) == []


def test_the_rest_of_a_chain_is_not_checked_after_a_wrong_name() -> None:
    assert len(messages_of({"b": {"steps": [{"run": "$job=z.job-output=two"}]}})) == 1


def test_references_are_counted_up_to_a_wrong_name() -> None:
    jobs = {
        "a": {"steps": [{"id": "one"}, {"run": "$step=one;job=a.job-output=x;job=z.job-output=two"}], "needs": ["a"]}
    }
    assert checker_of(JOBS, [RUN]).references({"jobs": jobs}) == [
        ("step", True),
        ("job", True),
        ("job-output", False),
        ("job", False),
        ("job", True),
    ]


def test_a_span_is_where_the_name_is_in_the_text() -> None:
    [found] = violations(JOBS, {"jobs": {"b": {"steps": [{"run": "$job=zz"}]}}}, [RUN])
    assert found.span == (5, 7)


def test_a_long_circle_is_shortened() -> None:
    jobs = {f"j{number}": {"needs": [f"j{(number + 1) % 50}"]} for number in range(50)}
    [message] = messages_of(jobs)
    assert message.count("->") == 8


def test_a_reference_outside_of_declared_objects_cannot_be_acyclic() -> None:
    rule = {"declared": [{"keys": "/a"}], "referred": [{"values": "/b", "acyclic": True}]}
    with pytest.raises(RulesError, match="cannot lead in a circle") as caught:
        checker_of({"kind": rule}, [])
    assert caught.value.pointer == "/names/kind/referred/0/acyclic"
