"""Prompts are documents in which `...` stands for what is still to be written."""

from __future__ import annotations

from typing import Any

import pytest

from schemalm.documents.prompt_reader import read_prompts, read_setting, with_setting
from schemalm.errors import DocumentError, PromptError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("jobs: ...\n", {"jobs": ...}),
        ("jobs:\n  ...\n", {"jobs": ...}),
        ("jobs:\n  build: {}\n  ...\n", {"jobs": {"build": {}, ...: ...}}),
        ("jobs:\n  build: {}\n  ...: ...\n", {"jobs": {"build": {}, ...: ...}}),
        ("jobs:\n  build: {}\n  ... # and others\nname: x\n", {"jobs": {"build": {}, ...: ...}, "name": "x"}),
        ("on: [push, ...]\n", {"on": ["push", ...]}),
        ("on:\n  - push\n  - ...\n  - release\n", {"on": ["push", ..., "release"]}),
        ("{on: push, ...: ...}", {"on": "push", ...: ...}),
        ("on: push\n...: false\n", {"on": "push", ...: False}),
        ("run: |\n  echo\n  ...\n", {"run": "echo\n...\n"}),
        ("text: '...'\n", {"text": "..."}),
        ("text: wait...\n", {"text": "wait..."}),
    ],
)
def test_a_plain_ellipsis_in_yaml_opens(text: str, value: Any) -> None:
    assert read_prompts(text) == [value]


def test_a_line_of_dots_at_the_margin_ends_the_document() -> None:
    assert read_prompts("on: push\n...\n") == [{"on": "push"}]


def test_several_documents_are_several_prompts() -> None:
    assert read_prompts("on: push\n---\nname: x\n---\njobs: ...\n") == [{"on": "push"}, {"name": "x"}, {"jobs": ...}]


def test_json_files_write_it_as_a_string() -> None:
    text = '{"on": ["push", "..."], "jobs": {"a": "...", "...": "..."}} // open'
    assert read_prompts(text, is_json=True) == [{"on": ["push", ...], "jobs": {"a": ..., ...: ...}}]
    assert read_prompts('{"text": "..."}') == [{"text": "..."}]


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("on: push\n---\non: [\n", 3, 5, "not closed"),
        ("a:\n  b: 1\n  ...\n  ...\n", 4, 3, "repeated"),
        ("a:\n  b: 1\n  ....\n", 3, 3, "colon"),
        ("a:\n  b: 1\n  '...'\n", 3, 3, "colon"),
        ("", 1, 1, "no document|empty|nothing"),
    ],
)
def test_prompts_that_are_no_documents_are_refused_with_their_place(
    text: str, line: int, column: int, message: str
) -> None:
    with pytest.raises(DocumentError, match=message) as caught:
        read_prompts(text, "p.yml")
    assert (caught.value.line, caught.value.column, caught.value.source) == (line, column, "p.yml")


def test_a_setting_has_a_path_and_a_yaml_value() -> None:
    assert read_setting("jobs.build.steps[2].run=make") == (("jobs", "build", "steps", 2, "run"), "make")
    assert read_setting("/jobs/a.b/steps/0=...") == (("jobs", "a.b", "steps", 0), ...)
    assert read_setting("on=[push, ...]") == (("on",), ["push", ...])
    assert read_setting("env.X=a=b") == (("env", "X"), "a=b")
    assert read_setting("env.X=") == (("env", "X"), "")


@pytest.mark.parametrize("setting", ["jobs", "=x", "a..b=1", ".a=1", "a[x]=1", "a=[", "a=1\n---\n2"])
def test_a_setting_that_is_none_is_refused(setting: str) -> None:
    with pytest.raises(PromptError):
        read_setting(setting)


@pytest.mark.parametrize(
    ("prompt", "setting", "value"),
    [
        (..., "a.b=1", {...: ..., "a": {...: ..., "b": 1}}),
        (..., "a[0].b=1", {...: ..., "a": [{...: ..., "b": 1}, ...]}),
        ({"a": {"b": 1}}, "a.c=2", {"a": {"b": 1, "c": 2}}),
        ({"a": [1, ...]}, "a[1]=2", {"a": [1, 2, ...]}),
        ({"a": [1]}, "a[1]=2", {"a": [1, 2]}),
        ({"a": [..., 3]}, "a[0]=2", {"a": [2, ..., 3]}),
        ({"a": ...}, "a=1", {"a": 1}),
        ({"a": 1}, "a=1", {"a": 1}),
        ({"a": {"0": {}}}, "/a/0/b=1", {"a": {"0": {"b": 1}}}),
    ],
)
def test_a_setting_adds_to_what_a_prompt_states(prompt: Any, setting: str, value: Any) -> None:
    assert with_setting(prompt, *read_setting(setting)) == value


@pytest.mark.parametrize(
    ("prompt", "setting", "pointer"),
    [
        ({"a": 1}, "a=2", "/a"),
        ({"a": 1}, "a=true", "/a"),
        ({"a": 1}, "a.b=2", "/a"),
        ({"a": [1]}, "a.b=2", "/a"),
        ({"a": [1, ...]}, "a[2]=2", "/a"),
    ],
)
def test_a_setting_that_contradicts_the_prompt_is_refused(prompt: Any, setting: str, pointer: str) -> None:
    with pytest.raises(PromptError) as caught:
        with_setting(prompt, *read_setting(setting))
    assert caught.value.pointer == pointer
