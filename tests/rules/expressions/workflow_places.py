"""Places for tests: expressions as in workflows, without and with checked types."""

from __future__ import annotations

from schemalm.rules.expressions import ExpressionPlace, Function, Syntax
from schemalm.rules.expressions.types import ANY, BOOLEAN, NUMBER, STRING, AnyOf, Array, Names, Object

OUTPUTS = Names("output", STRING)
JOB = Object((("outputs", OUTPUTS), ("result", STRING)))
NEEDS = Names("job", JOB)
STEPS = Names("step", Object((("outputs", Object((), STRING)),), ANY))
FREE_CONTEXTS = (("github", ANY), ("env", ANY), ("needs", NEEDS), ("steps", STEPS))
FREE_FUNCTIONS = (
    Function("contains", (ANY, ANY)),
    Function("format", (ANY,), more=ANY, at_most=9, placeholders="known"),
    Function("join", (ANY,), more=ANY, at_most=2),
    Function("case", (ANY, ANY, ANY), more=ANY, odd=True),
    Function("always"),
)
GITHUB = Object((("ref", STRING), ("run_attempt", NUMBER), ("event", ANY), ("repositoryUrl", STRING)))
ENV = Object((), STRING)
VARS = Object((), STRING, plain=True, reserved=("GITHUB_",))
CHECKED_CONTEXTS = (("github", GITHUB), ("env", ENV), ("vars", VARS), ("needs", NEEDS))
CHECKED_FUNCTIONS = (
    Function("contains", (AnyOf((STRING, Array(ANY))), STRING), BOOLEAN),
    Function("format", (STRING,), STRING, more=ANY, at_most=9, placeholders="exact"),
    Function("fromJSON", (STRING,), ANY, json=True),
    Function("always", (), BOOLEAN),
)
CHECKED = Syntax(checked=True)


def free_place(form: str, depth: int = 16) -> ExpressionPlace:
    """A place whose types do not bind."""
    return ExpressionPlace(form, FREE_CONTEXTS, FREE_FUNCTIONS, depth=depth)  # type: ignore[arg-type]


def checked_place(form: str, accepts: object = None) -> ExpressionPlace:
    """A place whose types bind."""
    return ExpressionPlace(form, CHECKED_CONTEXTS, CHECKED_FUNCTIONS, accepts, syntax=CHECKED)  # type: ignore[arg-type]


PLACES = {
    **{f"free {form}": free_place(form) for form in ("text", "condition", "whole", "none")},
    **{f"checked {form}": checked_place(form) for form in ("text", "condition")},
    "checked number": checked_place("whole", NUMBER),
    "checked object": checked_place("whole", Object()),
}
