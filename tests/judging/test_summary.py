"""Messages that differ only in the document's own words are counted together."""

from __future__ import annotations

import pytest
from judges.summary import Group, pattern, reasons
from judges.verdicts import Message, Verdict


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
    assert pattern(Message(1, first)) == pattern(Message(2, second))


def test_each_document_counts_once_and_the_most_frequent_reason_is_first() -> None:
    one, two = Message(1, "bad 'a'", "k"), Message(2, "bad 'b'", "k")
    verdicts = [Verdict((Message(3, "rare", "k"),)), Verdict((one, two)), Verdict((two,)), Verdict(advice=(one,))]
    assert reasons(["s0", "s1", "s2", "s3"], verdicts) == [
        Group("k", "bad '…'", 2, "s1, line 2: bad 'b'"),
        Group("k", "rare", 1, "s0, line 3: rare"),
    ]
