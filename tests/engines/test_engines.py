"""All engines behave the same: order, laziness, errors, workers that die."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.engines.tasks import Add, Deadly, Describe, Named, Refuse, Vital

from schemalm.engines import Engine, open_engine
from schemalm.errors import ConfigurationError, DataError, InvalidDocument


@pytest.fixture(scope="module")
def pool() -> Iterator[Engine]:
    with open_engine("local", workers=2) as opened:
        yield opened


@pytest.fixture(scope="module")
def this_process() -> Iterator[Engine]:
    with open_engine("local", workers=1) as opened:
        yield opened


@pytest.fixture(params=["pool", "ray_engine"])
def workers(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


@pytest.fixture(params=["this_process", "pool", "ray_engine"])
def engine(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


def test_results_come_in_the_order_of_the_items(engine: Engine) -> None:
    assert list(engine.map(Add(1), range(20))) == list(range(1, 21))
    assert list(engine.map(Add(2), [])) == []


def test_items_are_taken_as_results_are_requested(engine: Engine) -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for item in range(10_000):
            taken.append(item)
            yield item

    found = engine.map(Add(0), items())
    assert not taken
    assert [next(found) for _ in range(5)] == list(range(5))
    assert len(taken) <= 8
    del found
    assert list(engine.map(Add(5), [1])) == [6]


def test_a_task_starts_once_in_each_worker(engine: Engine, tmp_path: Path) -> None:
    assert list(engine.map(Add(1, tmp_path), range(12))) == list(range(1, 13))
    starts = [file.name.split()[1] for file in tmp_path.iterdir()]
    assert 1 <= len(starts) == len(set(starts)) <= 2


def test_a_schemalm_error_is_raised_with_its_fields(engine: Engine) -> None:
    found = engine.map(Refuse(), ["a", "ours", "b"])
    assert next(found) == "a"
    with pytest.raises(InvalidDocument) as raised:
        next(found)
    assert raised.value == InvalidDocument("no such key", pointer="/a", keyword="required")


def test_other_errors_have_the_traceback_of_the_worker(workers: Engine) -> None:
    with pytest.raises(ZeroDivisionError, match="by zero") as raised:
        list(workers.map(Refuse(), ["theirs"]))
    assert "in _refuse" in raised.value.__notes__[0]
    with pytest.raises(SystemExit):
        list(workers.map(Refuse(), ["no exception"]))
    with pytest.raises(Exception, match="pickle"):
        list(workers.map(Refuse(), ["unpicklable"]))
    assert list(workers.map(Refuse(), ["a"])) == ["a"]


def test_an_error_of_the_item_stream_is_raised_to_the_caller(engine: Engine) -> None:
    def items() -> Iterator[int]:
        yield 1
        raise DataError("the file is cut off")

    with pytest.raises(DataError, match="cut off"):
        list(engine.map(Add(1), items()))


def test_workers_are_one_thread_each_and_their_arrays_can_be_written(workers: Engine) -> None:
    described = next(workers.map(Describe(), [200_000]))
    assert described["threads"] == "1"
    described["array"][0] = 1


def test_a_killed_worker_changes_nothing(workers: Engine, tmp_path: Path) -> None:
    assert list(workers.map(Vital(tmp_path, deadly=3, num_times=1), range(12))) == list(range(12))
    assert len(list(tmp_path.iterdir())) == 1


def test_an_item_that_kills_three_workers_ends_in_one_error_that_names_it(workers: Engine, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^item 3: the process that worked on it ended 3 times"):
        list(workers.map(Vital(tmp_path, deadly=2, num_times=9), range(6)))
    assert len(list(tmp_path.iterdir())) == 3
    assert list(workers.map(Add(1), [1])) == [2]


def test_an_item_is_named_by_its_description(pool: Engine) -> None:
    with pytest.raises(DataError, match=r"^corpus\.jsonl:512: the process .* exit code 9"):
        list(pool.map(Deadly(), [Named("corpus.jsonl:512", 1)]))


def test_settings_out_of_range_are_refused() -> None:
    with (
        pytest.raises(ConfigurationError, match="workers must be a whole number of at least 1, got 0"),
        open_engine("local", workers=0),
    ):
        pass
    with (
        pytest.raises(ConfigurationError, match="needs the engine 'ray'"),
        open_engine("local", workers=2, address="auto"),
    ):
        pass
    with pytest.raises(ConfigurationError, match="'local' or 'ray', got 'spark'"), open_engine("spark", workers=2):  # type: ignore[arg-type]
        pass


def test_without_ray_one_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without_ray(name: str, *rest: Any) -> Any:
        if name == "ray":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_ray)
    with pytest.raises(ConfigurationError, match=r'pip install "schemalm\[ray\]"'), open_engine("ray", workers=2):
        pass
