"""Figures as words, and text that Markdown shows as it is."""

from __future__ import annotations

from schemalm.evaluation.report.pages import compact, environment, escape_markdown, fence, interval, number, percent
from schemalm.messages.wording import duration


def test_only_all_of_them_are_100_percent() -> None:
    assert [percent(share) for share in (1, 0.99999, 0.5, 0, None)] == ["100 %", "99.9 %", "50.0 %", "0.0 %", "-"]


def test_a_share_relative_to_another_may_be_more() -> None:
    assert [percent(share) for share in (1.04, 2)] == ["104.0 %", "200.0 %"]


def test_intervals_and_numbers_are_short() -> None:
    assert [interval(bounds) for bounds in ((0.934, 0.978), (0.0, 1.04), None)] == ["93 to 98", "0 to 104", "-"]
    assert [number(1234.5), number(0.1234, 3), number(None)] == ["1,234", "0.123", "-"]


def test_durations_and_counts_are_short() -> None:
    seconds = (0.4, 59.6, 185, 2900, 7620)
    assert [duration(one) for one in seconds] == ["0 s", "1 min 0 s", "3 min 5 s", "48 min", "2 h 7 min"]
    assert [compact(count) for count in (950, 31_400, 2_070_000, 7 * 10**9)] == ["950", "31.4 K", "2.07 M", "7 B"]


def test_markdown_is_escaped_and_fenced() -> None:
    assert escape_markdown("a_b\n<c> |d|") == r"a\_b \<c\> \|d\|"
    assert fence("no backticks") == "```"
    assert fence("a ```` b") == "`````"


def test_values_are_escaped_and_visible_in_pages() -> None:
    template = environment().get_template("comparison.html.jinja")
    content = {"labels": ["<a>\u202e"], "settings": [], "figures": [], "caveats": [], "plots": []}
    html = template.render(content)
    assert "&lt;a&gt;" in html
    assert "\u202e" not in html
