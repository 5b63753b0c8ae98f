"""Every error survives pickling and copying: the same class, message, fields and notes."""

from __future__ import annotations

import copy
import importlib
import inspect
import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import schemalm
from schemalm.compilation import compile_schema
from schemalm.documents import load_document
from schemalm.errors import DataError, DocumentError, InvalidDocument, LimitError, SchemaError, SchemaLMError

SOURCES = Path(schemalm.__file__).parent
ARGUMENTS: dict[str, st.SearchStrategy[Any]] = {
    "str": st.text(),
    "int": st.integers(),
    "float": st.integers() | st.floats(allow_nan=False),
    "str | None": st.none() | st.text(),
}


class FieldsByKeywordError(SchemaLMError):
    """An error with required keyword fields and a message made from them."""

    def __init__(self, *, first: int, second: str) -> None:
        super().__init__(f"{first} of {second}", first)
        self.first = first
        self.second = second


class GrandchildError(FieldsByKeywordError):
    """An error from another library, with its own constructor."""

    def __init__(self, first: int) -> None:
        super().__init__(first=first, second="grandchildren")


def tree(root: type[SchemaLMError]) -> Iterator[type[SchemaLMError]]:
    yield root
    for child in root.__subclasses__():
        yield from tree(child)


for path in SOURCES.rglob("*.py"):
    # Other libraries may derive from the root.
    if "SchemaLMError" in path.read_text():
        parts = path.relative_to(SOURCES).with_suffix("").parts
        importlib.import_module(".".join(["schemalm", *(part for part in parts if part != "__init__")]))

WAYS: dict[str, Callable[[SchemaLMError], SchemaLMError]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{
        f"protocol {protocol}": lambda error, protocol=protocol: pickle.loads(pickle.dumps(error, protocol))
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    },
}


def assert_equal(twin: SchemaLMError, error: SchemaLMError) -> None:
    assert twin == error
    assert hash(twin) == hash(error)
    assert (type(twin), str(twin), repr(twin), twin.args, vars(twin)) == (
        *(type(error), str(error), repr(error), error.args, vars(error)),
    )


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(tree(SchemaLMError)))
@settings(max_examples=30)
@given(data=st.data())
def test_a_copy_of_an_error_is_equal_to_it(kind: type[SchemaLMError], data: st.DataObject) -> None:
    # The root's own constructor takes any arguments.
    parameters = inspect.signature(kind).parameters.values() if "__init__" in vars(kind) else ()
    own = [parameter for parameter in parameters if parameter.kind is not parameter.VAR_KEYWORD]
    given_by_name = {parameter.name: data.draw(ARGUMENTS[str(parameter.annotation)]) for parameter in own}
    error = kind(**given_by_name) if own else kind(*data.draw(st.lists(st.text(), max_size=2)))
    for way in WAYS.values():
        assert_equal(way(error), error)
    for note in data.draw(st.lists(st.text(), max_size=2)):
        error.add_note(note)
    error.field_of_later = data.draw(st.lists(st.integers()))  # type: ignore[attr-defined]
    for way in WAYS.values():
        assert_equal(way(way(error)), error)


def test_errors_that_differ_are_not_equal() -> None:
    error = SchemaError("wrong", pointer="/a", keyword="type")
    assert error == SchemaError("wrong", pointer="/a", keyword="type")
    assert error != SchemaError("wrong", pointer="/b", keyword="type")
    assert error != SchemaError("wrong", pointer="/a", keyword="enum")
    assert SchemaLMError("wrong") != DataError("wrong")
    assert SchemaLMError("wrong") != ValueError("wrong")
    noted = SchemaError("wrong", pointer="/a", keyword="type")
    noted.add_note("seen twice")
    assert error != noted


def test_a_broken_limit_is_a_schema_error_that_says_which_limit_and_where() -> None:
    error = LimitError("this takes too much work", limit="call_work", maximum=1_000_000)
    assert isinstance(error, SchemaError)
    assert str(error) == "this takes too much work (limit call_work = 1,000,000)"
    found = error.during("mask", "jobs.*.steps[]")
    assert str(found) == "mask at jobs.*.steps[]: this takes too much work (limit call_work = 1,000,000)"
    assert (found.limit, found.maximum, found.operation, found.place) == ("call_work", 1e6, "mask", "jobs.*.steps[]")
    assert found != error
    of_file = found.of_source("schema.json")
    assert isinstance(of_file, LimitError)
    assert (of_file.source, of_file.limit, of_file.place) == ("schema.json", "call_work", "jobs.*.steps[]")
    assert pickle.loads(pickle.dumps(of_file)) == of_file


def test_errors_cross_processes_unchanged() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        refused = pool.submit(compile_schema, {"properties": {"a": {"minimum": "1"}}}).exception()
        no_document = pool.submit(load_document, "a: 1\na: 2").exception()
        returned = pool.submit(InvalidDocument, "wrong", pointer="/a", keyword="type").result()
    assert isinstance(refused, SchemaError)
    assert (refused.pointer, refused.keyword) == ("/properties/a/minimum", "minimum")
    assert isinstance(no_document, DocumentError)
    assert str(no_document).startswith(f"line {no_document.line}, column {no_document.column}: ")
    assert returned == InvalidDocument("wrong", pointer="/a", keyword="type")


def test_an_error_is_raised_and_caught_after_a_round_trip() -> None:
    with pytest.raises(SchemaError, match=r"^schema at /a: wrong$"):
        raise pickle.loads(pickle.dumps(SchemaError("wrong", pointer="/a")))
