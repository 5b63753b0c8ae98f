"""The workflow book: composes realistic GitHub Actions workflows of fictional repositories.

The package `schemalm` carries no collected files. It carries the first workflows of this book, which
`tools/package_workflows.py` writes. Each is valid under the schema and differs from all others.
The book is no sample of real workflows, and its commit pins name no real commits.
"""

from workflow_book.book import ComposedWorkflow, compose_workflows

__all__ = ["ComposedWorkflow", "compose_workflows"]
