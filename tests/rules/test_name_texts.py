"""Where in a text the name of a reference is."""

from __future__ import annotations

from itertools import product

import pytest

from schemalm.limits import DEFAULT_LIMITS, Budget
from schemalm.regular.automaton import DEAD, Automaton
from schemalm.rules.name_texts import NameText

FORMS = [NameText("#/", "/", None), NameText("", ":", "^[a-z][a-z#]+$"), NameText("a#", "", "^[a/]*$")]


@pytest.mark.parametrize(
    ("form", "text", "name"),
    [
        (NameText("service:", "", None), "service:db", "db"),
        (NameText("service:", "", None), "service:", ""),
        (NameText("service:", "", None), "host", None),
        (NameText("#/schemas/", "/", None), "#/schemas/Pet/items", "Pet"),
        (NameText("", ":", "^[a-z]+$"), "data:/var:ro", "data"),
        (NameText("", ":", "^[a-z]+$"), "./data:/var", None),
        (NameText("", ":;", None), "é;:", "é"),
    ],
)
def test_the_name_follows_the_prefix_and_has_the_pattern(form: NameText, text: str, name: str | None) -> None:
    assert form.name_in(text) == name


@pytest.mark.parametrize("form", FORMS)
def test_free_texts_are_those_without_a_name(form: NameText) -> None:
    automaton = Automaton(Budget(DEFAULT_LIMITS))
    start = automaton.state((form.free,))
    for letters in (letters for length in range(5) for letters in product("a#/:", repeat=length)):
        text = "".join(letters)
        state = automaton.run(text.encode(), start)
        assert (state != DEAD and automaton.outcome(state) == 1) is (form.name_in(text) is None), text


@pytest.mark.parametrize("form", FORMS)
def test_the_beginning_of_a_text_tells_the_name_that_it_has_so_far(form: NameText) -> None:
    for letters in product("a#/:", repeat=4):
        text = "".join(letters)
        name = form.name_in(text)
        begun = form.begun(text.encode(), True)
        assert name is None or begun == (name.encode(), True)
        for length in range(len(text)):
            so_far = form.begun(text[:length].encode(), False)
            if name is not None:
                assert so_far is not None
                assert name.encode().startswith(so_far[0])
                assert not so_far[1] or so_far[0] == name.encode()
