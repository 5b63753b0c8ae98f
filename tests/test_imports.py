"""The map of the package: every part imports only what stands below it here, and no modules import in a circle.

Lazy imports and those for type checkers count as well.
"""

from __future__ import annotations

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

import schemalm

# The parts of `schemalm`, from the top down. The docstring of each package says what goes in and what comes out.
LAYERS = (
    "__main__",
    "integrations",  # drop-ins for other projects, with commands of their own
    "cli",  # the arguments of a command -> files, a summary, an exit code
    "demo",  # the whole way in minutes
    "editor",  # what an editor asks about an open document -> completions, findings and descriptions
    "serving",  # requests of clients -> documents, choices and findings, over HTTP
    "hosting",  # a run and questions from any thread -> documents, choices and findings
    "",  # the public names, which are loaded on first use
    "experiments",  # an experiment's TOML file -> the results of its runs
    "reference",  # texts and a small configuration -> proof that three engines agree
    "export",  # a run -> a folder that `transformers` loads
    "evaluation",  # a run, held-out data and judges -> figures and a report
    "inspection",  # a tokenizer and documents -> what each token stands for
    "judging",  # documents -> the verdicts of independent judges
    "generation",  # a run and prompts -> values that the schema accepts
    "training",  # prepared data and a configuration -> a run folder
    "dataset",  # documents and a tokenizer -> data folders and batches
    "model",  # tensors of tokens -> logits or the loss
    "baselines",  # documents -> tokens of plain text
    "checking",  # documents and a grammar -> every error with its position
    "text_machine",  # a grammar and any vocabulary -> masks for JSON text
    "compilation",  # a schema -> its grammar, or why it has none
    "tokenizer",  # values -> token ids, and back
    "machine",  # tokens, one after another -> the mask of what may come next
    "grammar",  # formulas -> nonterminals and their symbols
    "rules",  # a rules file and a schema -> the amended schema, expressions and kinds of names
    "schema",  # a JSON Schema -> formulas over assertions
    "regular",  # patterns, formats, bounds -> automata over bytes
    "pages",  # the name of a package with templates -> an environment that renders them
    "documents",  # text -> JSON values, and back
    "engines",  # a task and items -> results, in one process or many
    "loading",
    "files",  # a path -> checked content, or a file written whole
    "interruption",
    "process_memory",
    "bounds",
    "limits",
    "memo",
    "weak_methods",
    "errors",
    "json_pointer",
    "messages",  # text or values -> pieces of sentences
)
PACKAGES = sorted(path.parent for path in Path(schemalm.__file__).parent.glob("*/__init__.py"))
IN_AND_OUT = re.compile(r"^In goe?s? [^.]+; out comes? [^.]+\.", re.MULTILINE)


@pytest.fixture(scope="module")
def imports() -> dict[str, set[str]]:
    """What each module imports."""
    graph = grimp.build_graph("schemalm", cache_dir=None)
    return {module: {*graph.find_modules_directly_imported_by(module)} for module in graph.modules}


def part_of(module: str) -> str:
    """The part of `schemalm` that a module is in; empty for `schemalm` itself, whose names are the public ones."""
    return module.removeprefix("schemalm").removeprefix(".").partition(".")[0]


def test_the_map_is_complete(imports: dict[str, set[str]]) -> None:
    assert {*map(part_of, imports)} == {*LAYERS}


def test_every_part_imports_only_what_stands_below_it(imports: dict[str, set[str]]) -> None:
    depth = {part: index for index, part in enumerate(LAYERS)}
    upward = [
        f"{module} imports {to}"
        for module, found in imports.items()
        for to in found
        if part_of(to) != part_of(module) and depth[part_of(to)] <= depth[part_of(module)]
    ]
    assert upward == []


def test_no_modules_import_one_another_in_a_circle(imports: dict[str, set[str]]) -> None:
    TopologicalSorter(imports).prepare()


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_every_package_says_what_goes_in_and_what_comes_out(package: Path) -> None:
    documentation = ast.get_docstring(ast.parse((package / "__init__.py").read_text())) or ""
    assert IN_AND_OUT.search(documentation), f"{package.name}: expected a sentence `In goes ...; out comes ....`"
