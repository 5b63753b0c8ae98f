"""Patterns of the times of a schedule."""

from __future__ import annotations

import re

import pytest

from github_rules.cron import cron_pattern, rare_cron_pattern

ANY = re.compile(cron_pattern())
RARE = re.compile(rare_cron_pattern())


@pytest.mark.parametrize(
    "times",
    [
        "* * * * *",
        "0 0 1 1 0",
        "59 23 31 12 6",
        "*/5 * * * *",
        "5-59/10 * * * *",
        "0,30 8-17 * JAN-mar MON-5",
        "05 007 * * *",
        "0   0 * *  sun,sat",
    ],
)
def test_times_that_github_reads_match(times: str) -> None:
    assert ANY.search(times)


@pytest.mark.parametrize(
    "times",
    [
        "",
        "* * * *",
        "* * * * * *",
        " * * * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * * 7",
        "30-5 * * * *",
        "* * * * fri-mon",
        "*/0 * * * *",
        "*/60 * * * *",
        "1, * * * *",
        "@daily",
        "? * * * *",
        "* * L * *",
        "a * * * *",
    ],
)
def test_times_that_github_refuses_do_not_match(times: str) -> None:
    assert not ANY.search(times)
    assert not RARE.search(times)


@pytest.mark.parametrize("times", ["0 0 * * *", "*/5 * * * *", "0,15,30,45 * * * *", "7,37 3 1,31 2 *", "3/10 * * * *"])
def test_times_with_five_minutes_between_them_match(times: str) -> None:
    assert ANY.search(times)
    assert RARE.search(times)


@pytest.mark.parametrize(
    "times", ["* * * * *", "*/4 * * * *", "*/58 * * * *", "0,4 * * * *", "0-9 * * * *", "0 0 31 2 *"]
)
def test_times_that_come_too_often_or_never_do_not_match(times: str) -> None:
    assert ANY.search(times)
    assert not RARE.search(times)
