"""One composer for each kind of workflow, grouped by purpose."""

from __future__ import annotations

from workflow_book.workflows import (
    checks,
    deployment,
    images,
    integration,
    linting,
    maintenance,
    pages,
    pipelines,
    releases,
    reusable,
    scheduled,
    security,
    triage,
    versions,
)

KINDS = (
    *checks.KINDS,
    *pipelines.KINDS,
    *integration.KINDS,
    *linting.KINDS,
    *releases.KINDS,
    *versions.KINDS,
    *images.KINDS,
    *pages.KINDS,
    *deployment.KINDS,
    *reusable.KINDS,
    *maintenance.KINDS,
    *triage.KINDS,
    *security.KINDS,
    *scheduled.KINDS,
)

__all__ = ["KINDS"]
