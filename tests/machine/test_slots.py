"""Which parts of tokens are allowed whatever names a document has declared."""

from __future__ import annotations

import pytest

from schemalm.machine.slots import Contact, is_certain
from schemalm.rules.expressions import Slot
from schemalm.rules.expressions.types import ANY, STRING, Names, Object

NAMES = Names("job", STRING)
MIXED = Object((("name", STRING), ("needs", NAMES)))


@pytest.mark.parametrize(
    ("owner", "text", "has_ended", "certain"),
    [
        (NAMES, b"a", True, False),
        (Object((("name", STRING),)), b"", False, True),
        (MIXED, b"name", True, True),
        (MIXED, b"Needs", True, False),
        (MIXED, b"n", False, True),
        (MIXED, b"ne", False, False),
        (Object((("needs", NAMES),), ANY), b"ne", False, True),
    ],
)
def test_a_property_that_leads_to_no_name_is_certain(
    owner: Object, text: bytes, has_ended: bool, certain: bool
) -> None:
    contacts = (Contact(Slot(owner, 0, False), text, has_ended),)
    assert is_certain(contacts, begins_name=True) == certain


def test_the_rest_of_a_name_is_certain_only_if_the_whole_name_must_be() -> None:
    contacts = (Contact(Slot(MIXED, 0, False), b"me", True),)
    assert not is_certain(contacts, begins_name=False)
    assert is_certain((), begins_name=False)
