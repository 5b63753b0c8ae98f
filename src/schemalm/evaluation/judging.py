"""Which judge a grammar gets: the first program that can read its schema, and in which spelling.

A judge is given the schema as it is written, under the draft that the compiler reads it by. Where programs would read
that otherwise than the compiler does, or cannot read it, it is given the same schema in plain words (see
`grammar/plain.py`): first `jsonschema-rs`, then `jsonschema`. Where none can read it there is no judge. Who judges is
in the judge's name. Not covered: judges that know more of a format than its schema says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from schemalm.errors import SchemaError
from schemalm.evaluation.judges import Judge, NoJudge, SchemaJudge
from schemalm.evaluation.python_judge import PythonJudge
from schemalm.grammar import Grammar
from schemalm.grammar.texts.matching import PatternMatcher
from schemalm.grammar.texts.spelling import portable_pattern

RESPELLED = "the schema respelled"


def judge_of(grammar: Grammar) -> Judge:
    """The judge of what a grammar writes: by its schema, and by formats where the grammar keeps to them."""
    faults: list[str] = []
    for make in _candidates(grammar):
        try:
            return make()
        except SchemaError as error:
            faults.append(error.message)
    return NoJudge("; ".join(dict.fromkeys(faults)))


def announcement(judge: Judge) -> str:
    """A line on who will judge, for people, before anything is written."""
    if isinstance(judge, NoJudge):
        return f"no judge can read this schema, so documents will not be judged: {judge.reason}"
    return f"documents are judged by {judge.name}"


def _candidates(grammar: Grammar) -> Iterator[Callable[[], Judge]]:
    """What makes each judge in turn; raises `SchemaError` when called for a schema that this judge cannot read."""
    settings: dict[str, Any] = {"assert_formats": grammar.formats == "assert"}
    if all(portable_pattern(source) == source for source in grammar.expressions().values()):
        yield lambda: SchemaJudge(grammar.schema, draft=grammar.draft, **settings)
    plain = grammar.plain_schema()
    yield lambda: SchemaJudge(plain, draft=grammar.draft, note=RESPELLED, **settings)
    if isinstance(plain, dict):
        settings |= {"read_pattern": partial(PatternMatcher, limits=grammar.limits)}
        yield lambda: PythonJudge(plain, draft=grammar.draft, note=RESPELLED, **settings)
