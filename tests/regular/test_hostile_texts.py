"""Every call on hostile strings, keys and numbers takes little counted work, or raises an error that names a limit."""

from __future__ import annotations

import random
from typing import Any

import jsonschema_rs
import pytest

from schemalm.compilation import compile_schema
from schemalm.errors import LimitError
from schemalm.limits import Limits
from schemalm.tokenizer import Tokenizer

NUM_STEPS = 60
PRIME = 999_999_999_999_989


def divided(keyword: str, *divisors: float) -> dict[str, Any]:
    return {keyword: [{"multipleOf": divisor} for divisor in divisors]}


# Schemas, with the work that compiling including a completion, and any step including its mask, may take.
SCHEMAS: dict[str, tuple[Any, int, int]] = {
    "two long windows": (
        {"type": "string", "allOf": [{"pattern": "a[ab]{200}a"}, {"pattern": "b[ab]{211}b"}]},
        *(900_000, 400_000),
    ),
    "a far end": ({"type": "string", "pattern": "^.*a.{2000}b$"}, 500_000, 20_000),
    "a window, and not another": (
        {"type": "string", "pattern": "^(a|b)*b(a|b){20}$", "not": {"pattern": "^(a|b)*a(a|b){20}$"}},
        *(100_000, 20_000),
    ),
    "a long date": (
        {"type": "string", "format": "date-time", "minLength": 40, "not": {"pattern": "2[0-9]{3}"}},
        *(100_000, 200_000),
    ),
    "six divisors": ({"type": "number", **divided("allOf", 7, 11, 13, 17, 19, 23), "minimum": 1}, 20_000, 20_000),
    "fractional divisors": ({"type": "number", **divided("allOf", 0.7, 1.1, 0.03), "minimum": 0.001}, 20_000, 20_000),
    "divisors in branches": (
        {
            "type": "number",
            "allOf": [divided("anyOf", 7, 11), divided("anyOf", 13, 17), {"not": {"multipleOf": 19}}],
            "minimum": 5,
        },
        *(50_000, 50_000),
    ),
    "exactly one divisor": ({"type": "number", **divided("oneOf", 3, 5, 7, 11, 13)}, 50_000, 100_000),
    "a prime of 15 digits": ({"type": "integer", "multipleOf": PRIME}, 20_000, 20_000),
    "a prime beyond a bound": ({"type": "number", "multipleOf": PRIME, "minimum": 10**17}, 60_000, 20_000),
    "many bounds": (
        {"type": "number", "oneOf": [{"minimum": 1.37 * n, "maximum": 1.37 * n + 0.5} for n in range(60)]},
        *(100_000, 200_000),
    ),
    "many bounds that do not hold": (
        {"type": "number", "allOf": [{"not": {"minimum": 1.37 * n, "maximum": 1.37 * n + 0.5}} for n in range(60)]},
        *(100_000, 200_000),
    ),
    "a long enum of numbers": ({"enum": [n + 0.5 for n in range(20_000)]}, 20_000, 20_000),
    "a longer enum of strings": ({"enum": [f"value {n}" for n in range(70_000)]}, 20_000, 20_000),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SCHEMAS)
def test_a_hostile_text_is_written_with_little_work(name: str) -> None:
    schema, most_to_compile, most_per_step = SCHEMAS[name]
    grammar = compile_schema(schema)
    tokenizer, budget = Tokenizer.from_grammar(grammar), grammar.budget
    value = tokenizer.decode(tokenizer.machine().completion())
    validator = jsonschema_rs.validator_for(schema, validate_formats=True)
    assert validator.is_valid(value)
    assert budget.num_units < most_to_compile
    machine, chance = tokenizer.machine(), random.Random(0)
    for _ in range(NUM_STEPS):
        if machine.is_complete:
            break
        before = budget.num_units
        machine.advance(int(chance.choice(list(machine.mask().nonzero()[0]))))
        assert budget.num_units - before < most_per_step
    ids = tokenizer.encode(value)
    assert tokenizer.decode(ids) == value


def test_a_value_of_a_long_enum_is_its_text() -> None:
    texts = [f"value {n}" for n in range(60_001)]
    grammar = compile_schema({"enum": [*texts, None, 7]})
    tokenizer = Tokenizer.from_grammar(grammar)
    for value in ("value 0", "value 60000", None, 7):
        assert tokenizer.decode(tokenizer.encode(value)) == value
    assert len(grammar.symbols) < 1_000


def test_an_end_that_is_too_hard_to_find_is_a_limit_when_the_schema_is_compiled() -> None:
    schema = {"type": "string", "allOf": [{"pattern": f"^(a{{{count}}})+$"} for count in (97, 89, 101)]}
    with pytest.raises(LimitError, match="automaton_states") as caught:
        compile_schema(schema, limits=Limits(automaton_states=2_000))
    assert (caught.value.limit, caught.value.maximum) == ("automaton_states", 2_000)


@pytest.mark.slow
def test_a_document_that_needs_too_much_work_is_refused_and_the_next_one_is_not() -> None:
    tokenizer = Tokenizer.from_grammar(compile_schema({"type": "string", "pattern": "^.*a.{2000}b$"}))
    with pytest.raises(LimitError, match=r"alternatives to follow|more work"):
        tokenizer.encode("a" * 2_001 + "b")
    value = "a" + "c" * 2_000 + "b"
    assert tokenizer.decode(tokenizer.encode(value)) == value
