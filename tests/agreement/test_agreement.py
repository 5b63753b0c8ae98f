"""The built-in rules of GitHub workflows accept what the judges accepted when `benchmarks/agreement.py` asked them.

The verdicts are committed, so no judge has to be installed. A change of what the rules accept shows here, for better
or worse; the benchmark writes the files anew.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from agreement import ASKED, FILES, RULES, Line, Rules, kept, parse, reasons

FOLDER = Path(__file__).parent
# Disagreements of the default rules on small workflows; there is none on real ones.
NUM_DEFAULT = {"tiny.txt": 2, "real.txt": 0}
# Of all real workflows, those on which the strict rules disagree: nearly all have objects in a matrix.
MAX_DISAGREEMENTS = 230


def lines_of(name: str) -> list[Line]:
    return [*parse((FOLDER / name).read_text(encoding="utf-8"))]


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_the_rules_accept_what_the_file_says(name: str, shared_data: Path) -> None:
    if not (shared_data / "judged-workflows").exists():
        pytest.skip(f"needs {shared_data / 'judged-workflows'}, which is not part of the repository")
    texts = {workflow.id: workflow.text for workflow in FILES[name](shared_data)}
    rules = Rules()
    changed = []
    for line in lines_of(name):
        accepting = frozenset(RULES) - set(rules.refused_at(texts[line.id]))
        if accepting != line.rules:
            changed.append(f"{line} -> {','.join(sorted(accepting)) or '-'}")
    assert changed == []


@pytest.mark.parametrize("name", FILES)
def test_each_disagreement_has_a_reason_and_the_default_rules_have_few(name: str) -> None:
    found = [line for line in lines_of(name) if line.disagreements]
    assert [str(line) for line in found if not line.reason] == []
    assert sum("default" in line.disagreements for line in found) == NUM_DEFAULT[name]
    assert len(found) < MAX_DISAGREEMENTS


def test_a_file_reads_as_it_is_written() -> None:
    line = Line("a", frozenset({"service", "parser"}), frozenset(), "no reason")
    assert str(line) == "a parser,service - # no reason"
    assert [*parse(f"# words\n{line}\nb - strict\n")] == [line, Line("b", frozenset(), frozenset({"strict"}))]
    assert line.disagreements == ["default"]


def test_only_reasons_written_by_hand_are_kept() -> None:
    assert reasons("a - strict # why\nb - - # strict refuses /jobs\n") == {"a": "why"}


def test_all_disagreements_and_some_others_are_kept() -> None:
    everybody = frozenset(ASKED)
    plain = [Line(str(number), everybody, frozenset(RULES)) for number in range(40)]
    odd = Line("odd", everybody, frozenset())
    assert [line.id for line in kept([*plain, odd])] == ["0", "20", "odd"]
