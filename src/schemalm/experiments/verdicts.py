"""What judges say about the documents that models wrote, kept beside them.

    OUT/documents/NAME.verdicts.json       for each judge the verdicts on the documents of NAME.jsonl, in their order
    OUT/documents/held-out.verdicts.json   the same for real documents

A judge is asked once about each set. Text that is no JSON is refused without asking. Documents are judged by the schema
as it is published, with the amendments of the recipe's rules, if it has any, and by all other judges that can be asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from schemalm.compilation import compile_schema
from schemalm.documents import DocumentLimits, JSONValue, canonical_json, read_corpus
from schemalm.documents.json_reader import strict_json
from schemalm.errors import DataError, DocumentError
from schemalm.experiments.corpus import VALIDATION_FILE
from schemalm.experiments.recipe import Recipe
from schemalm.experiments.results import read_results
from schemalm.experiments.writing import DOCUMENTS_FOLDER
from schemalm.files.typed_json import CheckedFile
from schemalm.files.writing import write_atomically
from schemalm.judging import Document, Judge, ask, judge_for, judges_for

NO_JSON = "the text is no JSON"
HELD_OUT = "held-out"


@dataclass(frozen=True)
class Opinion:
    """A verdict: `accepted` is None if the judge could not be asked; `reason` says why a document is refused."""

    accepted: bool | None
    reason: str


Opinions = Mapping[str, Sequence[Opinion]]


def judges_of(recipe: Recipe) -> dict[str, Judge]:
    """Return the judges of a recipe's documents, by their names in tables; none if no documents are written."""
    if recipe.writing is None:
        return {}
    published = compile_schema(recipe.schema, rules=None)
    judges: dict[str, Judge] = {"published schema": judge_for(published)}
    if recipe.rules is not None:
        judges["amended schema"] = judge_for(compile_schema(recipe.schema, rules=recipe.rules))
    return judges | {judge.name: judge for judge in judges_for(published)[1:] if not judge.why_not}


def judge_results(out: Path, judges: Mapping[str, Judge]) -> None:
    """Ask the judges that have not been asked about the documents of the experiment in the folder `out`.

    These are the documents that models wrote, and as the yardstick the real documents that were held out.
    """
    for written in (written for result in read_results(out) for written in result.written or ()):
        _judge(out, written.file, (document.text for document in written.documents(out)), judges)
    held_out = next(iter(sorted(out.glob(f"corpus/*/{VALIDATION_FILE}"))), None)
    if held_out is not None and judges:
        _judge(out, HELD_OUT, (canonical_json(row.value).decode() for row in read_corpus([held_out])), judges)


def _judge(out: Path, name: str, texts: Iterable[str], judges: Mapping[str, Judge]) -> None:
    known = read_opinions(out, name)
    missing = {judge: asked for judge, asked in judges.items() if judge not in known}
    if not missing:
        return
    values = [json_value(text) for text in texts]
    documents = [None if value is None else Document.of_value(value) for value in values]
    found = {judge: _opinions(documents, asked) for judge, asked in missing.items()}
    kept = {judge: list(map(asdict, opinions)) for judge, opinions in {**known, **found}.items()}
    (out / DOCUMENTS_FOLDER).mkdir(exist_ok=True)
    write_atomically(out / DOCUMENTS_FOLDER / _file_name(name), json.dumps(kept).encode())


def read_opinions(out: Path, name: str) -> Opinions:
    """Return what judges said about a set, by the judges' names; `HELD_OUT` is the set of real documents."""
    folder = out / DOCUMENTS_FOLDER
    file = CheckedFile(folder, _file_name(name), DataError, "delete it to ask the judges again", max_bytes=1 << 26)
    return file.read(dict[str, list[Opinion]]) if (folder / _file_name(name)).exists() else {}


def _file_name(name: str) -> str:
    return f"{name}.verdicts.json"


def json_value(text: str) -> JSONValue:
    """Return the value of a JSON text; None if it is none, as is no document."""
    limits = DocumentLimits(max_bytes=max(1, len(text.encode())), max_nodes=len(text) + 1)
    try:
        return strict_json(text, limits)
    except DocumentError:
        return None


def _opinions(documents: Sequence[Document | None], judge: Judge) -> list[Opinion]:
    verdicts = iter(ask(judge, [document for document in documents if document is not None]))
    found = (None if document is None else next(verdicts) for document in documents)
    return [Opinion(False, NO_JSON) if each is None else Opinion(each.accepted, each.reason) for each in found]
