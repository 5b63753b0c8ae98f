"""A schema with every kind of token, rules about names for it, and a strategy of its values."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import strategies as st

from schemalm.compilation import compile_schema
from schemalm.tokenizer import Tokenizer
from schemalm.tokenizer.pretokenizer import MergeScope

SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "on": {"enum": ["push", "release", "tag", None]},
        "debug": {"type": ["boolean", "string"]},
        "count": {"type": "integer"},
        "level": {"enum": [1, 2, "high"]},
        "run": {"type": "string"},
        "jobs": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": {"needs": {"type": "array", "items": {"type": "string"}}, "uses": {"type": "string"}},
                "additionalProperties": False,
            },
        },
        "extra": True,
    },
    "additionalProperties": False,
}
RULES = {
    "rules": 1,
    "names": {
        "job": {
            "declared": [{"keys": "/jobs"}],
            "referred": [
                {"values": "/jobs/*/needs/[]", "order": "any"},
                {"values": "/jobs/*/uses", "order": "any", "prefix": "job:"},
            ],
        }
    },
}

texts = st.sampled_from(["a", "some words", "7", "true", "first line\nsecond\n", "\n", "ü", ""])
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 99) | st.sampled_from([0.5, 1e30]) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Values of the schema that keep the rules."""
    names = draw(st.lists(st.sampled_from(["build", "b", "x\ny"]), unique=True, max_size=3))
    jobs = {}
    for name in names:
        job = {
            "needs": st.lists(st.sampled_from(names), max_size=2),
            "uses": st.sampled_from(["other", "two\nlines", *(f"job:{declared}" for declared in names)]),
        }
        jobs[name] = draw(st.fixed_dictionaries({}, optional=job))
    optional = {
        "on": st.sampled_from(["push", "release", "tag", None]),
        "debug": st.booleans() | texts,
        "count": st.integers(-20, 200),
        "level": st.sampled_from([1, 2, "high"]),
        "run": texts,
        "jobs": st.just(jobs),
        "extra": anything,
    }
    return draw(st.fixed_dictionaries({}, optional=optional))


@cache
def tokenizer(merge_scope: MergeScope = "word") -> Tokenizer:
    """A tokenizer of the schema with many merges."""
    jobs = {"build": {"needs": ["b"], "uses": "job:b"}, "b": {"needs": [], "uses": "other"}}
    values = [
        {
            "on": on,
            "debug": debug,
            "count": 17,
            "level": level,
            "run": "first line\nsecond\n",
            "jobs": jobs,
            "extra": extra,
        }
        for on in ("push", "release", None)
        for debug in (True, False, "some words")
        for level, extra in ((1, None), ("high", {"a": [True, False]}))
    ]
    return Tokenizer.train(compile_schema(SCHEMA, rules=RULES), values, 420, merge_scope=merge_scope)
