"""The paths of documents of built-in schemas in a repository."""

from __future__ import annotations

import pytest

from schemalm.limits import Limits
from schemalm.schema.file_names import path_matcher
from schemalm.schema.sources import built_in_names, read_schema


@pytest.mark.parametrize(
    ("schema", "inside", "outside"),
    [
        (
            "github-workflow",
            [".github/workflows/ci.yml", ".github/workflows/a b.YAML"],
            [".github/workflows/sub/ci.yml", "x/.github/workflows/ci.yml", ".github/ci.yml", ".github/workflows/a.md"],
        ),
        ("compose-spec", ["docker-compose.yml", "a/b/compose.override.yaml"], ["a/xcompose.yml", "compose.json"]),
        ("github-actions", ["action.yml", ".github/actions/a/action.yaml"], ["a/action.yml", "action.yml.j2"]),
        ("github-issue-forms", [".github/ISSUE_TEMPLATE/bug.yml"], [".github/ISSUE_TEMPLATE/config.yml"]),
        ("renovate", [".renovaterc", "renovate.json"], ["a/renovate.json"]),
        ("snapcraft", ["snapcraft.yaml", "snap/snapcraft.yaml"], ["asnapcraft.yaml"]),
        ("dependabot", [".github/dependabot.yml"], ["dependabot.yml"]),
    ],
)
def test_paths_of_documents_are_recognized(schema: str, inside: list[str], outside: list[str]) -> None:
    is_document = path_matcher(read_schema(schema, Limits()))
    assert is_document is not None
    assert [path for path in [*inside, *outside] if is_document(path)] == inside


def test_a_copy_of_a_schema_has_its_paths_and_other_schemas_have_none() -> None:
    workflow = read_schema("github-workflow", Limits())
    assert isinstance(workflow, dict)
    assert path_matcher({"$id": workflow["$id"]}) is path_matcher(workflow)
    assert path_matcher({"title": "mine"}) is None
    assert path_matcher({"type": "object"}) is None
    assert path_matcher(True) is None


@pytest.mark.parametrize("name", built_in_names())
def test_the_paths_of_all_built_in_schemas_are_read(name: str) -> None:
    path_matcher(read_schema(name, Limits()))


def test_names_that_make_engines_backtrack_take_linear_work() -> None:
    is_document = path_matcher(read_schema("compose-spec", Limits()))
    assert is_document is not None
    assert not is_document("docker-compose" + ".a" * 2000 + "!.yml")
