"""Choose the judge for a grammar: the first program that can read its schema, and the form of the schema for it.

The first choice is `jsonschema-rs` with the schema as written, under the draft that the compiler uses; only patterns
that it would misread are rewritten. If it cannot read that, it gets the same schema in simplified form (see
`schema/portable.py`). The last choice is `jsonschema` with that form. If none can read it, there is no judge. The
judge's title contains the program and the form of the schema. Judges that know more about a format than
its schema are those of `known.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from schemalm.errors import SchemaError
from schemalm.grammar import Grammar
from schemalm.judging.interface import Judge
from schemalm.judging.python_judge import PythonJudge
from schemalm.judging.schema_judge import NoJudge, SchemaJudge, ValueJudge
from schemalm.regular.matching import PatternMatcher
from schemalm.regular.spelling import portable_pattern
from schemalm.schema.portable import respelled_schema

PLAIN = "simplified schema"


def judge_for(grammar: Grammar) -> ValueJudge:
    """Return the judge for the documents of a grammar: by its schema, and by formats if the grammar enforces them."""
    faults: list[str] = []
    for make in _candidates(grammar):
        try:
            return make()
        except SchemaError as error:
            faults.append(error.message)
    return NoJudge("; ".join(dict.fromkeys(faults)))


def announcement(judge: Judge) -> str:
    """Return a line that says which judge will judge the documents, or why none will."""
    if isinstance(judge, NoJudge):
        return f"no judge can read this schema, so documents will not be judged: {judge.reason}"
    return f"documents are judged by {judge.title}"


def _candidates(grammar: Grammar) -> Iterator[Callable[[], ValueJudge]]:
    """Yield functions that make the judges, in order; they raise `SchemaError` if the judge cannot read the schema."""
    settings: dict[str, Any] = {"assert_formats": grammar.formats == "assert", "draft": grammar.draft}
    spellings = _spellings(grammar)
    schema = respelled_schema(grammar.enforced_schema, spellings)
    note = f"patterns respelled: {len(spellings):,}" if spellings else ""
    yield lambda: SchemaJudge(schema, note=note, **settings)
    yield lambda: SchemaJudge(grammar.portable_schema(), note=PLAIN, **settings)
    read_pattern = partial(PatternMatcher, limits=grammar.limits)
    yield lambda: PythonJudge(grammar.portable_schema(), note=PLAIN, read_pattern=read_pattern, **settings)


def _spellings(grammar: Grammar) -> dict[str, str]:
    """Return other spellings of the schema's patterns that other programs would misread, by their pointers."""
    own = {pointer: source for pointer, source in grammar.expressions().items() if pointer.startswith("/")}
    spelled = {pointer: portable_pattern(source) for pointer, source in own.items()}
    return {pointer: spelling for pointer, spelling in spelled.items() if spelling != own[pointer]}
