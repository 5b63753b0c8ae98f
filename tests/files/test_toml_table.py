from __future__ import annotations

from typing import Any

import pytest

from schemalm.errors import ConfigurationError
from schemalm.files.toml_table import Table


def table(**content: Any) -> Table:
    return Table("some.toml", content)


def test_values_are_taken_by_their_type() -> None:
    content = table(name="a", number=3, seeds=[0, 1], where={"kind": "head", "year": 2024}, arms=[{"name": "b"}])
    assert content.take("name", str) == "a"
    assert content.count("number", None) == 3
    assert content.numbers("seeds", 0) == (0, 1)
    assert content.scalars("where") == {"kind": "head", "year": 2024}
    assert [arm.take("name", str) for arm in content.tables("arms")] == ["b"]
    assert content.take("absent", str, "default") == "default"
    assert content.scalars("absent") == {}
    content.finish()


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (lambda t: t.take("absent", str), "absent is missing: expected a string"),
        (lambda t: t.take("number", str), "number must be a string, got 0"),
        (lambda t: t.take("flag", int), "flag must be an integer, got True"),
        (lambda t: t.count("number", None), "number must be at least 1, got 0"),
        (lambda t: t.numbers("twice", 0), "twice must be a list of different integers of at least 0"),
        (lambda t: t.numbers("empty", 0), "empty must be a list"),
        (lambda t: t.numbers("mixed", 0), "mixed must be a list"),
        (lambda t: t.scalars("deep"), r"deep\.a must be a string, a number, true or false, got \[\]"),
        (lambda t: t.tables("empty"), r"empty must be one or more tables \[\[empty\]\]"),
        (lambda t: t.table("deep").take("b", int), r"some\.toml: \[deep\]: b is missing"),
        (lambda t: t.finish("name"), "number is not known here; known are name"),
    ],
)
def test_a_wrong_value_is_named_with_its_location(read: Any, message: str) -> None:
    content = table(number=0, flag=True, twice=[1, 1], empty=[], mixed=[1, [2]], deep={"a": []})
    with pytest.raises(ConfigurationError, match=rf"some\.toml: .*{message}|{message}"):
        read(content)
