"""The embedded corpus: a seeded recipe book that composes realistic GitHub Actions workflows.

In goes a seed; out come documents, the same for the same seed.

The package carries no collected files. `compose_workflows` makes thousands of distinct workflows of fictional
repositories, each valid under the schema, so that a demonstration or a test has something worth learning from.
What the book does not cover: it is no sample of real workflows, and its commit pins name no real commits.
"""

from schemalm.recipes.book import Recipe, compose_workflows

__all__ = ["Recipe", "compose_workflows"]
