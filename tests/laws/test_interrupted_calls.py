"""A law: a call that hits a limit, at any point, changes no later answer. The next call is as on a new grammar."""

from __future__ import annotations

from typing import Any

import pytest

from schemalm.compilation import compile_schema
from schemalm.errors import InvalidDocument, LimitError
from schemalm.limits import Budget
from schemalm.machine import Machine
from schemalm.tokenizer import Tokenizer

BRANCHES = [{"required": [name], "properties": {name: {"type": "string"}}} for name in "abc"]
SCHEMAS: dict[str, tuple[Any, Any]] = {
    "exactly one of three": ({"type": "object", "oneOf": BRANCHES}, {"a": "x", "d": 1}),
    "conditions": (
        {
            "type": "object",
            "properties": {"k": {"enum": [1, 2]}, "v": {}},
            "if": {"properties": {"k": {"const": 1}}, "required": ["k"]},
            "then": {"properties": {"v": {"type": "integer"}}, "required": ["v"]},
        },
        {"k": 1, "v": 20},
    ),
    "different items": ({"type": "array", "uniqueItems": True, "minItems": 3, "items": {"enum": [1, 2, 3]}}, [2, 1, 3]),
    "recursion": ({"type": "object", "properties": {"n": {"$ref": "#"}}, "required": ["v"]}, {"n": {"v": 1}, "v": "x"}),
    "texts": ({"allOf": [{"pattern": "^a[ab]{2,9}$"}, {"pattern": "b$"}], "type": "string"}, "aabab"),
    "key patterns": (
        {"patternProperties": {"^x[0-9]+$": {"type": "null"}}, "additionalProperties": {"type": "boolean"}},
        {"x12": None, "y": True},
    ),
    "contains": (
        {"type": "array", "contains": {"const": 1}, "maxContains": 2, "items": {"type": "integer"}},
        [3, 1, 1],
    ),
    "no additional items": (
        {"prefixItems": [{"type": "string"}], "anyOf": [{"minItems": 2}, {}], "unevaluatedItems": {"type": "null"}},
        ["a", None],
    ),
}
INVALID = {"k": 3, "zz": [1, {"a": "b"}]}


class Interrupted:
    """Counts work and states, and raises the limit's error at the `wanted`-th of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wanted, self.num_counted = 0, 0
        for name in ("work", "count_state"):
            monkeypatch.setattr(Budget, name, self._count)

    def _count(self, num_units: int = 1) -> None:
        self.num_counted += 1
        if self.num_counted == self.wanted:
            raise LimitError("stopped by the test", limit="call_work", maximum=0, operation="test")


def refusal(tokenizer: Tokenizer) -> Any:
    """Returns the message about the invalid value, or its tokens if it is valid."""
    try:
        return tokenizer.encode(INVALID)
    except (InvalidDocument, LimitError) as error:
        return f"{error} (limit" if isinstance(error, LimitError) else str(error)


def answers(tokenizer: Tokenizer, value: Any) -> list[Any]:
    """Returns the results of every public call along a value."""
    found: list[Any] = [tokenizer.encode(value), tokenizer.decode_prefix([])]
    found.append(refusal(tokenizer))
    machine = tokenizer.machine()
    for token in found[0]:
        found += [machine.mask().tolist(), machine.completion()]
        machine.advance(token)
    return [*found, tokenizer.decode(found[0])]


def interrupted_answers(tokenizer: Tokenizer, value: Any) -> list[Any]:
    """Returns the same, but repeats each call that hits the limit the first time."""

    def again(call: Any, *arguments: Any) -> Any:
        try:
            return call(*arguments)
        except LimitError:
            return call(*arguments)

    found: list[Any] = [again(tokenizer.encode, value), again(tokenizer.decode_prefix, [])]
    told = [refusal(tokenizer), refusal(tokenizer)]
    # In one of the two, finding the reason may itself take too much work.
    found.append(next((reason for reason in told if "(limit" not in str(reason)), None))
    machine: Machine = tokenizer.machine()
    for token in found[0]:
        found += [again(machine.mask).tolist(), again(machine.completion)]
        again(machine.advance, token)
    return [*found, again(tokenizer.decode, found[0])]


@pytest.mark.slow
@pytest.mark.parametrize("name", SCHEMAS)
def test_a_call_that_hits_a_limit_changes_no_later_answer(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    schema, value = SCHEMAS[name]
    expected = answers(Tokenizer.from_grammar(compile_schema(schema)), value)
    counter = Interrupted(monkeypatch)
    answers(Tokenizer.from_grammar(compile_schema(schema)), value)
    num_all = counter.num_counted
    counter.num_counted = 0
    tokenizer = Tokenizer.from_grammar(compile_schema(schema))
    num_before = counter.num_counted
    step = max(1, (num_all - num_before) // MAX_MOMENTS)
    for moment in range(num_before + 1, num_all + 1, step):
        counter.num_counted = counter.wanted = 0
        tokenizer = Tokenizer.from_grammar(compile_schema(schema))
        counter.wanted = moment
        assert interrupted_answers(tokenizer, value) == expected, moment


MAX_MOMENTS = 60
