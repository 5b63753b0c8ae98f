"""Tell values that the training documents have from those that a model made up.

In go samples, held-out and training documents as nodes; out come the free texts whose values are mostly known, with the
share that is, samples beside held-out documents. A free text is a path of strings in at least `MIN_SHARE` of the
held-out documents with at least `MIN_DISTINCT` values that are no constants of the schema; known means that at least
half of the held-out values occur in the training documents at the same path. Where at least half of the held-out values
look like `name@version`, with an `@` inside, the names are compared without their versions as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from schemalm.evaluation.samples.occurrences import Nodes, min_documents
from schemalm.evaluation.samples.side_by_side import SideBySide
from schemalm.evaluation.samples.sightings import Sightings
from schemalm.tokenizer import Tokenizer

MIN_DISTINCT = 10
MIN_KNOWN_SHARE = 0.5
MIN_VERSIONED_SHARE = 0.5
MAX_FIELDS = 12
# So many unknown values are shown, of at most this length.
MAX_SHOWN, MAX_SHOWN_CHARACTERS = 10, 120
VERSION = "@"


@dataclass(frozen=True)
class KnownValues:
    """The values at one path that occur in training documents: shares of all values there, 0 to 1.

    num_samples, num_held_out: how many values there are. without_version: the same for what is before the last `@`;
    None where most values have none. unknown: values of samples that are not known, the most frequent ones, in part.
    """

    path: str
    num_samples: int
    num_held_out: int
    whole: SideBySide
    without_version: SideBySide | None
    unknown: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


class KnownValueSearch:
    """Finds the values of free texts in training documents, which are added one by one."""

    def __init__(self, samples: Sequence[Nodes], held_out: Sequence[Nodes], tokenizer: Tokenizer) -> None:
        constants = {symbol.text for symbol in tokenizer.grammar.symbols.symbols if symbol.label == "CONST"}
        self._held_out = _texts(held_out, _free_texts(held_out, constants))
        self._samples = _texts(samples, self._held_out)
        wanted = {
            (path, form)
            for texts in (self._samples, self._held_out)
            for path, values in texts.items()
            for value in values
            for form in (value, _name(value))
        }
        self._whole, self._names = Sightings(wanted), Sightings(wanted)

    def add(self, document: Nodes) -> None:
        """Look through a training document."""
        found = [(path, value) for path, value in document if path in self._held_out and isinstance(value, str)]
        self._whole.add(found)
        self._names.add((path, _name(value)) for path, value in found)

    def result(self) -> tuple[KnownValues, ...]:
        """Return the free texts that are mostly known, those of most held-out values first."""
        compared = [self._compare(path) for path in self._held_out]
        compared = [one for one in compared if (one.whole.held_out or 0.0) >= MIN_KNOWN_SHARE]
        compared.sort(key=lambda one: (-one.num_held_out, one.path))
        return tuple(compared[:MAX_FIELDS])

    def _compare(self, path: str) -> KnownValues:
        ours, theirs = self._samples[path], self._held_out[path]
        unknown = Counter(value for value in ours if (path, value) not in self._whole)
        ranked = sorted(unknown.items(), key=lambda entry: (-entry[1], entry[0]))
        num_versioned = sum(_name(value) != value for value in theirs)
        return KnownValues(
            path=path,
            num_samples=len(ours),
            num_held_out=len(theirs),
            whole=SideBySide.shares(*([(path, value) in self._whole for value in values] for values in (ours, theirs))),
            without_version=None
            if num_versioned < MIN_VERSIONED_SHARE * len(theirs)
            else SideBySide.shares(
                *([(path, _name(value)) in self._names for value in values] for values in (ours, theirs))
            ),
            unknown=tuple(value[:MAX_SHOWN_CHARACTERS] for value, _ in ranked[:MAX_SHOWN]),
        )


def _name(value: str) -> str:
    """What is before the last `@` inside a value; the value itself if there is none."""
    name, at, version = value.rpartition(VERSION)
    return name if at and name and version else value


def _free_texts(documents: Sequence[Nodes], constants: set[str]) -> list[str]:
    """The paths of strings of enough documents with enough different values that are no constants."""
    values: dict[str, set[str]] = {}
    num_documents: Counter[str] = Counter()
    for nodes in documents:
        texts = [(path, value) for path, value in nodes if isinstance(value, str) and value not in constants]
        num_documents.update({path for path, _ in texts})
        for path, value in texts:
            values.setdefault(path, set()).add(value)
    enough = min_documents(len(documents))
    return [path for path, found in values.items() if len(found) >= MIN_DISTINCT and num_documents[path] >= enough]


def _texts(documents: Iterable[Nodes], paths: Iterable[str]) -> dict[str, list[str]]:
    """The strings at each of some paths."""
    found: dict[str, list[str]] = {path: [] for path in paths}
    for path, value in _strings(documents):
        if path in found:
            found[path].append(value)
    return found


def _strings(documents: Iterable[Nodes]) -> Iterator[tuple[str, str]]:
    for nodes in documents:
        for path, value in nodes:
            if isinstance(value, str):
                yield path, value
