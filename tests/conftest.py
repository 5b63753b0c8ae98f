"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest

# The same examples in every run: a failure is a change's doing. `LAW_EXAMPLES=5000` draws new ones, in tests/laws that
# many. No deadlines: how long an example takes says more about the machine than about the code.
hypothesis.settings.register_profile("project", derandomize="LAW_EXAMPLES" not in os.environ, deadline=None)
hypothesis.settings.load_profile("project")

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the repository; tests that need it are skipped where it is absent."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs ../shared/data, which is not part of the repository")
    return folder
