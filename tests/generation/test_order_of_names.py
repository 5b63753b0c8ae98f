"""What is generated refers to names that are declared, where documents mostly do; a prompt may still do otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from schemalm.documents.prompt_reader import read_prompts
from schemalm.generation import Run, generate


def later_needs(workflow: dict[str, Any]) -> Iterator[str]:
    """Yield the jobs that a job needs before they are declared."""
    declared = set[str]()
    for name, job in workflow["jobs"].items():
        needs = job.get("needs", [])
        yield from {needs} - declared if isinstance(needs, str) else set(needs) - declared
        declared.add(name)


@pytest.mark.slow
def test_no_job_needs_a_later_one(workflow_run: Run) -> None:
    found = generate(workflow_run, num_samples=40, temperature=1.5, max_tokens=300, seed=3)
    assert [name for each in found for name in later_needs(each.value)] == []
    assert any("needs" in job for each in found for job in each.value["jobs"].values())


@pytest.mark.slow
def test_a_prompt_may_state_that_a_job_needs_a_later_one(workflow_run: Run) -> None:
    (prompt,) = read_prompts("jobs: {first: {needs: second, runs-on: x, steps: [{run: x}]}, ...: ...}")
    (found,) = generate(workflow_run, prompt, max_tokens=300, seed=0)
    # Other jobs may need it as well: it is promised already.
    assert set(later_needs(found.value)) == {"second"}
    assert "second" in found.value["jobs"]
