"""The workflows bundled with the package."""

from __future__ import annotations

import pytest

from schemalm.compilation import compile_schema
from schemalm.dataset import embedded
from schemalm.dataset.embedded import EMBEDDED_RULES, embedded_workflows
from schemalm.errors import DataError
from schemalm.rules.built_in import DEFAULT_RULES
from schemalm.tokenizer import Tokenizer


def test_all_bundled_documents_are_distinct() -> None:
    workflows = embedded_workflows()
    assert len(workflows) == len({(each.source, each.name) for each in workflows}) == 2500
    assert all("jobs" in each.value for each in workflows)


@pytest.mark.slow
@pytest.mark.parametrize("rules", [DEFAULT_RULES, EMBEDDED_RULES])
def test_all_keep_the_built_in_rules(rules: str) -> None:
    tokenizer = Tokenizer.from_grammar(compile_schema("github-workflow", rules=rules))
    for workflow in embedded_workflows():
        tokenizer.encode(workflow.value)


def test_a_few_are_the_first_ones() -> None:
    assert embedded_workflows(3) == embedded_workflows()[:3]
    assert len(embedded_workflows(10_000)) == 2500


def test_changing_a_value_does_not_change_later_ones() -> None:
    embedded_workflows(1)[0].value["jobs"].clear()
    assert embedded_workflows(1)[0].value["jobs"]


@pytest.mark.parametrize("line", [b"no JSON", b"[]", b'{"value": 3, "repo": "o/r", "path": "p"}', b'{"value": {}}'])
def test_a_line_of_another_kind_is_refused(monkeypatch: pytest.MonkeyPatch, line: bytes) -> None:
    monkeypatch.setattr(embedded, "read_asset", lambda *_: line + b"\n")
    with pytest.raises(DataError, match=r"cannot be used: .*; install the package again"):
        embedded_workflows()
