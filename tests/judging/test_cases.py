"""The judges say about the shared cases what the cases say, where `schemalm judges install` has installed them.

The data names two columns wrongly: `language_service` has the verdicts of actionlint with all its advice, and
`actionlint` those of an old actionlint that is not used here. So the language service is compared with the parser,
which it contains.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from schemalm.judging import Document, Verdict
from schemalm.judging.interface import Judge
from schemalm.judging.known import workflow_judges
from schemalm.judging.node import typescript

# The column of a judge. zizmor refuses a key that is there twice; the data says that it loads the document.
COLUMNS = {"github-parser": "github_parser", "action-validator": "action_validator", "zizmor": "zizmor_loads"}
DEVIATIONS: dict[str, set[str]] = {"github-parser": set(), "action-validator": set(), "zizmor": {"dup-key"}}
SERVICE_REFUSES_TOO = {"if-text", "uses-call", "uses-call-path"}
ADVICE = {"if-number", "if-true", "if-text", "runs-on-label", "with-null", "deploy-depend", "untrusted"}


@pytest.fixture(scope="module")
def cases(shared_data: Path) -> list[dict[str, Any]]:
    path = shared_data / "judged-workflows" / "cases.jsonl"
    if not path.exists():
        pytest.skip(f"needs {path}, which is not part of the repository")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def asked(judge: Judge, texts: list[str]) -> list[Verdict]:
    if judge.why_not:
        pytest.skip(judge.why_not)
    return judge.judge([Document.of_text(text) for text in texts])


def verdicts(name: str, cases: list[dict[str, Any]]) -> dict[str, Verdict]:
    found = asked(workflow_judges()[name], [case["yaml"] for case in cases])
    return {case["id"]: verdict for case, verdict in zip(cases, found, strict=True)}


def accepted(found: dict[str, Verdict]) -> set[str]:
    return {name for name, verdict in found.items() if verdict.accepted}


def column(name: str, cases: list[dict[str, Any]]) -> set[str]:
    return {case["id"] for case in cases if case[name]}


@pytest.mark.slow
@pytest.mark.parametrize("name", DEVIATIONS)
def test_a_judge_says_what_its_column_says(name: str, cases: list[dict[str, Any]]) -> None:
    assert accepted(verdicts(name, cases)) ^ column(COLUMNS[name], cases) == DEVIATIONS[name]


@pytest.mark.slow
def test_the_language_service_refuses_what_the_parser_refuses_and_some_more(cases: list[dict[str, Any]]) -> None:
    found = verdicts("language-service", cases)
    assert accepted(found) == column("github_parser", cases) - SERVICE_REFUSES_TOO
    # Reading what is not declared is only a warning there.
    assert [message.text for message in found["steps-ref"].advice] == ["Context access might be invalid: zzz"]


@pytest.mark.slow
def test_actionlint_with_its_advice_says_what_the_other_column_says(cases: list[dict[str, Any]]) -> None:
    found = verdicts("actionlint", cases)
    without_advice = {name for name in accepted(found) if not found[name].advice}
    assert without_advice == column("language_service", cases)
    assert accepted(found) - without_advice == ADVICE


@pytest.mark.slow
@pytest.mark.parametrize("name", workflow_judges())
def test_hostile_documents_get_verdicts_too(name: str, cases: list[dict[str, Any]]) -> None:
    good = cases[[case["id"] for case in cases].index("env-bool")]["yaml"]
    hostile = ["", "\0", "[" * 5000, "a: " * 2000, "\udc80", "&a [*a]", "1: 2", "'" * 1001, good]
    found = verdicts(name, [{"id": str(number), "yaml": text} for number, text in enumerate(hostile)])
    assert accepted(found) == {str(len(hostile) - 1)}


@pytest.mark.slow
def test_the_compiler_reads_configurations_with_comments_and_without_their_files() -> None:
    accepted, refused, of_yaml, broken = asked(
        typescript(),
        [
            '{\n  // why\n  "extends": "./other", "files": ["a.ts"], "compilerOptions": {"strict": true},\n}\n',
            '{\n  "compilerOptions": {\n    "strictt": true\n  }\n}\n',
            "compilerOptions:\n  target: es1\n",
            '{"compilerOptions": ',
        ],
    )
    assert accepted == Verdict()
    assert [(message.line, message.kind) for message in refused.errors] == [(3, "TS5025")]
    assert of_yaml.errors[0].text.startswith("Argument for '--target' option must be")
    assert of_yaml.errors[0].line == 0
    assert broken.accepted is False
