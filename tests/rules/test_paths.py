"""Value paths and the tree of places."""

from __future__ import annotations

import pytest

from schemalm.errors import RulesError
from schemalm.rules.paths import ITEM, OTHER, PlaceTree, parse_path, path_text


def test_a_path_has_keys_wildcards_and_escapes() -> None:
    assert parse_path("/jobs/*/steps/[]/a~1b~0/~*") == ("jobs", OTHER, "steps", ITEM, "a/b~", "*")


@pytest.mark.parametrize("path", ["", "/", "/jobs/*/steps/[]", "/~*/~0~1", "/a*"])
def test_a_path_is_written_as_it_was_read(path: str) -> None:
    assert path_text(parse_path(path)) == path


def test_a_path_without_a_slash_is_refused() -> None:
    with pytest.raises(ValueError, match="does not begin with a slash"):
        parse_path("jobs")


def test_a_star_stands_for_the_keys_that_no_sibling_names() -> None:
    tree = PlaceTree.of(["/on/*/types", "/on/schedule"])
    events = tree.at("/on")
    assert events.child("push") is tree.at("/on/*")
    assert events.child("schedule") is tree.at("/on/schedule")
    assert tree.root.child("other") is None


def test_a_place_knows_its_path_and_its_number() -> None:
    tree = PlaceTree.of(["/jobs/*/steps/[]/if", "/jobs/*/if"])
    assert [place.path for place in tree] == [
        "",
        "/jobs",
        "/jobs/*",
        "/jobs/*/steps",
        "/jobs/*/steps/[]",
        "/jobs/*/steps/[]/if",
        "/jobs/*/if",
    ]
    assert [place.number for place in tree] == [*range(7)]


def test_a_path_outside_the_tree_has_no_place() -> None:
    with pytest.raises(KeyError):
        PlaceTree.of(["/a/b"]).at("/a/c")


def test_places_that_are_alike_are_one_place() -> None:
    tree = PlaceTree.of(["/folders/*/by"], {"/folders/*": ["/folders/*/inner/[]", "/archive"]})
    folder = tree.at("/folders/*")
    assert tree.at("/archive") is tree.at("/folders/*/inner/[]") is tree.at("/archive/inner/[]/inner/[]") is folder
    assert tree.at("/archive/by").path == "/folders/*/by"


def test_the_places_within_another_are_found_once_though_they_lead_back() -> None:
    tree = PlaceTree.of(["/folders/*/by", "/title"], {"/folders/*": ["/folders/*/inner/[]"]})
    found = sorted(place.path for place in tree.at("/folders").within())
    assert found == ["/folders", "/folders/*", "/folders/*/by", "/folders/*/inner"]


def test_a_place_with_rules_of_its_own_is_like_no_other() -> None:
    with pytest.raises(RulesError, match=r"at /alike/~1a/0: the values at '/b' have rules of their own"):
        PlaceTree.of(["/a/x", "/b/y"], {"/a": ["/b"]})
