"""Versions of an array's items: which items each has, and searches that continue where the last one ended."""

from __future__ import annotations

from schemalm.grammar.seen_items import SeenItem, SeenItems


def seen_items(*values: str, of: SeenItems | None = None) -> SeenItems:
    found = of if of is not None else SeenItems()
    for value in values:
        found = found.with_item(SeenItem(value, 0, ()))
    return found


def test_a_version_has_its_own_items_and_none_of_later_ones() -> None:
    first = seen_items("a", "b")
    later = seen_items("c", of=first)
    assert ([*first], [*later]) == (["a", "b"], ["a", "b", "c"])
    assert "c" not in first
    assert "c" in later


def test_versions_that_diverge_share_no_later_items() -> None:
    first = seen_items("a")
    one, other = seen_items("b", "c", of=first), seen_items("d", "e", of=first)
    assert ([*one], [*other]) == (["a", "b", "c"], ["a", "d", "e"])
    assert "d" not in one
    assert "b" not in other


def test_a_hypothetical_item_counts_and_is_not_kept() -> None:
    first = seen_items("a")
    thought = first.with_hypothetical("b")
    assert "b" in thought
    assert len(thought) == 2
    assert "b" not in first
    assert thought.count_among("key", {"a", "b", "c"}) == 2


def test_counts_ranks_and_first_values_are_those_of_the_version() -> None:
    values = ["a", "b", "c", "d"]
    ranks = {"a": 3, "c": 5}
    first = seen_items("a", "b")
    later = seen_items("d", "c", of=first)
    assert [version.count_among("few", {"b", "c"}) for version in (later, first)] == [2, 1]
    assert [version.highest_rank("rank", ranks) for version in (later, first)] == [5, 3]
    assert [version.first_unseen("values", values) for version in (first, later, first)] == ["c", None, "c"]
