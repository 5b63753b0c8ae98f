"""What judges say about the documents that models wrote, kept beside them.

    OUT/documents/NAME.verdicts.json   for each judge the verdicts on the documents of NAME.jsonl, in their order

A judge is asked once about each set. Text that is no JSON is refused without asking. Documents are judged by the schema
as it is published, and with the amendments of the recipe's rules, if it has any.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from schemalm.compilation import compile_schema
from schemalm.documents import DocumentLimits
from schemalm.documents.json_reader import strict_json
from schemalm.errors import DataError, DocumentError
from schemalm.evaluation.judge_selection import judge_for
from schemalm.evaluation.judges import Judge
from schemalm.experiments.recipe import Recipe
from schemalm.experiments.results import read_results
from schemalm.experiments.writing import DOCUMENTS_FOLDER, WrittenSet
from schemalm.files.typed_json import CheckedFile
from schemalm.files.writing import write_atomically

NO_JSON = "the text is no JSON"


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
    judges = {"published schema": judge_for(compile_schema(recipe.schema, rules=None))}
    if recipe.rules is not None:
        judges["amended schema"] = judge_for(compile_schema(recipe.schema, rules=recipe.rules))
    return judges


def judge_results(out: Path, judges: Mapping[str, Judge]) -> None:
    """Ask the judges that have not been asked about all documents of the experiment in the folder `out`."""
    for result in read_results(out):
        for written in result.written or ():
            _judge(out, written, judges)


def _judge(out: Path, written: WrittenSet, judges: Mapping[str, Judge]) -> None:
    known = read_opinions(out, written)
    missing = {name: judge for name, judge in judges.items() if name not in known}
    if not missing:
        return
    texts = [document.text for document in written.documents(out)]
    asked = {name: [_opinion(text, judge) for text in texts] for name, judge in missing.items()}
    kept = {name: list(map(asdict, opinions)) for name, opinions in {**known, **asked}.items()}
    write_atomically(out / DOCUMENTS_FOLDER / _name(written), json.dumps(kept).encode())


def read_opinions(out: Path, written: WrittenSet) -> Opinions:
    """Return what judges said about a set, by the judges' names."""
    folder = out / DOCUMENTS_FOLDER
    file = CheckedFile(folder, _name(written), DataError, "delete it to ask the judges again", max_bytes=1 << 26)
    return file.read(dict[str, list[Opinion]]) if (folder / _name(written)).exists() else {}


def _name(written: WrittenSet) -> str:
    return f"{written.file}.verdicts.json"


def _opinion(text: str, judge: Judge) -> Opinion:
    try:
        value = strict_json(text, DocumentLimits(max_bytes=max(1, len(text.encode())), max_nodes=len(text) + 1))
    except DocumentError:
        return Opinion(False, NO_JSON)
    verdict = judge.judge(value)
    return Opinion(verdict.valid, verdict.reason)
