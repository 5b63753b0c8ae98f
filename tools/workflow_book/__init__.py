"""The workflow book: composes realistic GitHub Actions workflows of fictional repositories.

The package `schemalm` contains no collected files. It contains the first workflows of this book, which
`tools/package_workflows.py` writes. Each is valid under the schema and differs from all others.
The workflows are not a sample of real ones, and their commit pins do not name real commits.
"""

from workflow_book.book import ComposedWorkflow, compose_workflows

__all__ = ["ComposedWorkflow", "compose_workflows"]
