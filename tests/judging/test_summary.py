"""Messages that differ only in the document's own words are counted together."""

from __future__ import annotations

import pytest

from schemalm.judging.interface import Message, Verdict
from schemalm.judging.summary import Group, Tally, grouped, located, of_all_judges, pattern

ERROR, ADVICE = Message("no", 3, kind="k"), Message("old")
ACCEPTED, REFUSED, FAILED = Verdict(advice=(ADVICE,)), Verdict((ERROR,)), Verdict(failure="it ended")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Unexpected value 'a'", "Unexpected value 'b c'"),
        ('label "a \\" b" is unknown', 'label "c" is unknown'),
        ('property "x" is not defined in {a: {b: string}}', 'property "y" is not defined in {}'),
        ("end of range (61) above 59", "end of range (62) above 59"),
    ],
)
def test_the_documents_words_do_not_matter(first: str, second: str) -> None:
    assert pattern(Message(first, 1)) == pattern(Message(second, 2))


def test_each_document_counts_once_and_the_most_frequent_reason_is_first() -> None:
    one, two = Message("bad 'a'", 1, kind="k"), Message("bad 'b'", kind="k")
    found = [(Message("rare", 3),), (one, two), (two,), ()]
    groups = grouped(["s0", "s1", "s2", "s3"], found)
    assert groups == [Group("k", "bad '…'", 2, "s1: bad 'b'"), Group("", "rare", 1, "s0:3: rare")]
    assert [str(group) for group in groups] == ["k: bad '…'", "rare"]


def test_shares_are_of_the_documents_with_a_verdict() -> None:
    tally = Tally.of([ACCEPTED, ACCEPTED, ACCEPTED, REFUSED, FAILED])
    assert (tally.num_accepted, tally.num_refused, tally.num_not_judged, tally.num_with_advice) == (3, 1, 1, 3)
    assert tally.share == 0.75
    assert tally.to_dict()["interval"] == tally.interval
    assert Tally.of([FAILED]).share is None
    assert Tally.of([]).interval == (0.0, 1.0)


def test_all_judges_accept_what_each_accepts() -> None:
    found = {"a": [ACCEPTED, REFUSED, ACCEPTED, FAILED, FAILED], "b": [ACCEPTED, ACCEPTED, REFUSED, ACCEPTED, REFUSED]}
    verdicts = of_all_judges(found)
    assert [verdict.accepted for verdict in verdicts] == [True, False, False, None, False]
    assert verdicts[0].advice == (ADVICE, ADVICE)
    assert verdicts[3].failure == "a: it ended"
    assert of_all_judges({}) == []


def test_a_place_has_the_line_if_it_is_known() -> None:
    assert [located("a.yml", message) for message in (ERROR, ADVICE)] == ["a.yml:3", "a.yml"]
