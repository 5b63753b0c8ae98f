"""Which judge a grammar gets: the first program that can read its schema, and in which spelling.

First comes `jsonschema-rs`, with the schema as it is written, but for patterns that it would misread, under the draft
that the compiler reads it by. Where it cannot read that, it is given the same schema in plain words (see
`schema/portable.py`), and then `jsonschema` is. Where none can read it there is no judge. Who judges, and what it was
given, is in the judge's name. Not covered: judges that know more of a format than its schema says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from schemalm.errors import SchemaError
from schemalm.evaluation.judges import Judge, NoJudge, SchemaJudge
from schemalm.evaluation.python_judge import PythonJudge
from schemalm.grammar import Grammar
from schemalm.regular.matching import PatternMatcher
from schemalm.regular.spelling import portable_pattern
from schemalm.schema.portable import respelled_schema

PLAIN = "the schema in plain words"


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
    settings: dict[str, Any] = {"assert_formats": grammar.formats == "assert", "draft": grammar.draft}
    spellings = _spellings(grammar)
    schema = respelled_schema(grammar.schema, spellings)
    note = f"patterns respelled: {len(spellings):,}" if spellings else ""
    yield lambda: SchemaJudge(schema, note=note, **settings)
    yield lambda: SchemaJudge(grammar.portable_schema(), note=PLAIN, **settings)
    read_pattern = partial(PatternMatcher, limits=grammar.limits)
    yield lambda: PythonJudge(grammar.portable_schema(), note=PLAIN, read_pattern=read_pattern, **settings)


def _spellings(grammar: Grammar) -> dict[str, str]:
    """Other spellings of the schema's own patterns where programs would misread them, by their pointers."""
    own = {pointer: source for pointer, source in grammar.expressions().items() if pointer.startswith("/")}
    spelled = {pointer: portable_pattern(source) for pointer, source in own.items()}
    return {pointer: spelling for pointer, spelling in spelled.items() if spelling != own[pointer]}
