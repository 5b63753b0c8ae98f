"""The formats with built-in rules about names, each with a schema, a document and a checker of the tests."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import pytest

from schemalm.compilation import compile_schema
from schemalm.documents.reading import parse_document
from schemalm.tokenizer import Tokenizer

from .checkers import compose_faults, gitlab_faults, openapi_faults
from .documents import COMPOSE, GITLAB, OPENAPI
from .openapi_schema import OPENAPI_SCHEMA


class Format(NamedTuple):
    """faults: what the checker of the tests finds wrong with the names of a value."""

    name: str
    schema: Any
    text: str
    faults: Callable[[Any], list[str]]

    @property
    def document(self) -> Any:
        """The document."""
        return parse_document(self.text)

    @property
    def tokenizer(self) -> Tokenizer:
        """A tokenizer without merges."""
        return _tokenizer(self.name)

    @property
    def trained(self) -> Tokenizer:
        """A tokenizer that has words of the document as tokens, so that walks write names."""
        return _trained(self.name)

    def violations(self, value: Any) -> list[str]:
        """What the rules find wrong with the names of a value."""
        rules = self.tokenizer.grammar.rules
        assert rules is not None
        return [violation.message for violation in rules.checker.violations(value)]


FORMATS = {
    "compose-spec": Format("compose-spec", "compose-spec", COMPOSE, compose_faults),
    "gitlab-ci": Format("gitlab-ci", "gitlab-ci", GITLAB, gitlab_faults),
    "openapi-3.1": Format("openapi-3.1", OPENAPI_SCHEMA, OPENAPI, openapi_faults),
}


@cache
def _tokenizer(name: str) -> Tokenizer:
    return Tokenizer.from_grammar(compile_schema(FORMATS[name].schema, rules=name))


@cache
def _trained(name: str) -> Tokenizer:
    found = FORMATS[name]
    return Tokenizer.train(found.tokenizer.grammar, [found.document] * 3, 2_000)


@pytest.fixture(params=FORMATS)
def form(request: pytest.FixtureRequest) -> Format:
    return FORMATS[request.param]


@pytest.fixture
def compose() -> Format:
    return FORMATS["compose-spec"]


@pytest.fixture
def gitlab() -> Format:
    return FORMATS["gitlab-ci"]


@pytest.fixture
def openapi() -> Format:
    return FORMATS["openapi-3.1"]
