"""Messages about texts that are refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rules.expressions.workflow_places import PLACES

from schemalm.rules.expressions import expression_language, problem, reader_of

PROBLEMS = [
    ("free text", "${{ githb.ref }}", 4, "there is nothing with the name `githb` here; did you mean github?"),
    ("free text", "${{ contans(1, 2) }}", 4, "there is no function `contans` here; did you mean contains?"),
    ("free text", "${{ contains(1) }}", 14, "`contains` takes 2 arguments, but 1 is given"),
    ("free text", "${{ contains(1,2,3) }}", 16, "`contains` takes 2 arguments, but more are given"),
    ("free text", "${{ case(1,2) }}", 12, "`case` takes at least 3 arguments, an odd number, but 2 are given"),
    ("free text", "${{ always(1) }}", 11, "`always` takes no arguments"),
    ("free text", "a ${{ github.ref", 2, "the expression is not closed; expected `}}`"),
    ("free text", "${{ (github.ref }}", 16, "a bracket is not closed; expected `)`"),
    ("free text", "${{  }}", 5, "the expression is empty"),
    ("free text", '${{ "a" }}', 4, "texts in expressions stand in single quotes: 'text'"),
    ("free text", "${{ 'a }}", 4, "a text in single quotes is not closed; a quote within it is written twice: ''"),
    ("free text", "${{ env.a = 1 }}", 10, "`=` is no operator; two values are compared with `==`"),
    ("free text", "${{ github github }}", 11, "expected an operator such as `&&`, found `g`"),
    ("free text", "${{ github && }}", 14, "the expression ends where a value is expected"),
    ("free text", "${{ needs.a.output }}", 12, "there is no property `output` here; did you mean outputs?"),
    ("free text", "${{ True }}", 4, "write `true`, not `True`"),
    ("free text", "${{ always }}", 11, "`always` is a function; call it with brackets: `always()`"),
    ("free text", "${{ .5 }}", 4, "`.5` is not a number that every reader of expressions knows; write it as in JSON"),
    ("free none", "a ${{ b }}", 2, "no expression may stand here, so `${{` may not"),
    ("free whole", "x", 0, "a text here must be exactly one expression: `${{ ... }}`"),
    ("free condition", "", 0, "the condition is empty; write an expression, or leave the condition out"),
    (
        "free condition",
        "${{ env.a }} == 1",
        13,
        "nothing may follow the expression; put the whole condition between `${{` and `}}`",
    ),
    ("checked text", "${{ github.event_name }}", 11, "there is no property `event_name` here; did you mean event?"),
    ("checked text", "${{ github.ref.x }}", 14, "no property may follow: the value before it is a text"),
    (
        "checked text",
        "${{ github }}",
        11,
        "the value before this is an object; expected a text or a number or true or false",
    ),
    ("checked text", "${{ github == 1 }}", 11, "a value of this type cannot stand beside `==`"),
    ("checked text", "${{ fromJSON('[1') }}", 16, "a text that is read as JSON must be JSON"),
]


@pytest.mark.parametrize(("name", "text", "offset", "message"), PROBLEMS)
def test_messages(name: str, text: str, offset: int, message: str) -> None:
    assert problem(PLACES[name], text) == (offset, message)


@pytest.mark.parametrize("name", PLACES)
@settings(max_examples=100, deadline=None)
@given(
    parts=st.lists(st.sampled_from([*"(){}[].,'!=<>&|* $1ax\"\né", "github", "needs.a", "format('{0}", "${{", "}}"]))
)
def test_there_is_a_problem_exactly_where_a_text_is_refused(name: str, parts: list[str]) -> None:
    text = "".join(parts)
    found = problem(PLACES[name], text)
    assert (found is None) == expression_language(PLACES[name]).contains(text)
    assert (found is None) == (reader_of(PLACES[name]).references(text) is not None)
    assert found is None or (0 <= found.offset <= len(text) and found.message)
