"""The workflows bundled with the package, for demonstrations and tests.

They are the first workflows of the workflow book (`tools/workflow_book`), in its order: invented, valid under GitHub's
schema and the rules `EMBEDDED_RULES`, and all different. They are not a sample of real workflows. `make
packaged-workflows` rewrites the file, byte for byte.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

import msgspec

from schemalm.dataset.reading import SourceDocument
from schemalm.files.assets import damaged, read_asset

WORKFLOWS_ASSET = "embedded_workflows.jsonl.zst"
NUM_EMBEDDED_WORKFLOWS = 2500
# The strictest built-in rules that all of them keep.
EMBEDDED_RULES = "github-workflow-strict"
_MAX_BYTES = 1 << 24


class _Row(msgspec.Struct):
    """A line of the file, in the format of any corpus: a workflow, its invented repository, and its path there."""

    value: dict[str, Any]
    repo: str
    path: str


def embedded_workflows(count: int = NUM_EMBEDDED_WORKFLOWS) -> list[SourceDocument]:
    """Return the first `count` bundled workflows, or all 2,500 if `count` is larger.

    Raises `DataError` if the file is damaged or missing.
    """
    lines = read_asset(__package__, WORKFLOWS_ASSET, _MAX_BYTES).splitlines()
    try:
        rows = [msgspec.json.decode(line, type=_Row) for line in islice(lines, count)]
    except msgspec.MsgspecError as error:
        raise damaged(WORKFLOWS_ASSET, str(error)) from None
    return [SourceDocument(row.value, row.repo, row.path) for row in rows]
