"""Makes the built-in rules of GitHub workflows from GitHub's own definition of workflows, and from a part by hand.

In: `workflow-v1.0.min.json` of the npm package `@actions/workflow-parser`, and `by_hand.json` and `strict.json` beside
this file. Out: `github-workflow.json` and `github-workflow-strict.json` in the package. `make github-rules` runs it.
Only facts are taken from the definition: names, types, constants, contexts. Its descriptions are not copied.
"""
