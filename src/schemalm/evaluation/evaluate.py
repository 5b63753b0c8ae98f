"""Evaluate a trained run: all figures of the report, as plain values.

In go a loaded run and the prepared data that it was trained on; out comes an `Evaluation`. Its parts are the likelihood
of unseen documents, documents that the model writes, what judges say of these and of the unseen ones, and statistics of
both side by side. The same run, data, settings and version give the same evaluation on one machine. Finished parts may
be kept in a folder, so that an interrupted evaluation goes on. Not covered: comparing runs, which `comparison` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from schemalm.dataset.store import METADATA_FILE, Metadata, Split, hash_file, read_metadata, verify_files
from schemalm.documents import JSONValue
from schemalm.evaluation.acceptance import Acceptance, acceptances
from schemalm.evaluation.answer import Usefulness, usefulness
from schemalm.evaluation.held_out import UnseenDocuments, unseen_documents
from schemalm.evaluation.kept_parts import KeptParts
from schemalm.evaluation.likelihood import Likelihood, decoding_likelihood, validation_likelihood
from schemalm.evaluation.samples.statistics import Nearest, SampleStatistics, Written, sample_statistics
from schemalm.evaluation.sampling import TEMPERATURE, Sampled, SamplingSettings, sample
from schemalm.files.locks import locked_folder
from schemalm.generation import Generated
from schemalm.generation.run import Run
from schemalm.judging import Document, Judge, Verdict, ask, judges_for
from schemalm.judging.schema_judge import ValueJudge
from schemalm.messages.wording import counted
from schemalm.model.inference import InferenceModel
from schemalm.model.quantization import linears_of
from schemalm.schema.naming import schema_name
from schemalm.tokenizer import Tokenizer
from schemalm.training.checkpoint import weights_sha256
from schemalm.training.metrics import read_metrics
from schemalm.training.run_data import check_sizes, find_data

# Of these unseen documents, or all if there are fewer, every figure is measured: they are spread evenly.
NUM_UNSEEN = 300
# A rough mean over the judges of workflows, for the estimate of time.
JUDGE_SECONDS = 0.03
Log = Callable[[str], None]


@dataclass(frozen=True)
class Sample:
    """One document that the model wrote, and what is said of it.

    verdicts: by the name of the judge. copied, repeated: spans of its tokens that stand in one training document, or
    earlier in the document itself. nearest: the most similar training document of those searched, or None.
    """

    generated: Generated
    text: str
    verdicts: dict[str, Verdict]
    copied: tuple[tuple[int, int], ...]
    repeated: tuple[tuple[int, int], ...]
    nearest: Nearest | None

    @property
    def by_schema(self) -> Verdict:
        """What the judge says that goes by the schema."""
        return self.verdicts.get(ValueJudge.name, Verdict(failure="no judge goes by the schema"))

    @property
    def num_refusing(self) -> int:
        """How many judges refuse it."""
        return sum(verdict.accepted is False for verdict in self.verdicts.values())

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; the text stands for the value, which may be nested too deeply for other programs."""
        nearest = self.nearest
        return {
            "text": self.text,
            "finish": self.generated.finish,
            "closed_by": self.generated.closed_by,
            "num_tokens": len(self.generated.tokens),
            "num_forced": self.generated.num_forced,
            "logprob": self.generated.logprob,
            "verdicts": {name: asdict(verdict) for name, verdict in self.verdicts.items()},
            "copied": self.copied,
            "repeated": self.repeated,
            "nearest": None if nearest is None else {"index": nearest.index, "similarity": nearest.similarity},
        }


@dataclass(frozen=True)
class Evaluation:
    """The evaluation of a run; shares are between 0 and 1.

    acceptance: by all judges together, then by each. missing: the judges that could not be asked, with what to do.
    number_formats: bits per byte as the model generates, in float32 and in each format asked for; empty if none was.
    """

    step: int
    schema_name: str
    rules: str | None
    num_parameters: int
    num_train_documents: int
    num_train_tokens: int
    sampling: SamplingSettings
    likelihood: Likelihood
    samples: tuple[Sample, ...]
    acceptance: tuple[Acceptance, ...]
    missing: dict[str, str]
    statistics: SampleStatistics
    usefulness: Usefulness
    number_formats: dict[str, float]

    @property
    def everyone(self) -> Acceptance:
        """What all judges together accept."""
        return self.acceptance[0]

    @property
    def num_invalid(self) -> int:
        """How many samples are not valid by the schema: none, or the software has a fault."""
        return sum(sample.by_schema.accepted is False for sample in self.samples)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that JSON can represent."""
        return {
            "step": self.step,
            "schema": self.schema_name,
            "rules": self.rules,
            "num_parameters": self.num_parameters,
            "num_train_documents": self.num_train_documents,
            "num_train_tokens": self.num_train_tokens,
            "usefulness": self.usefulness.to_dict(),
            "acceptance": [acceptance.to_dict() for acceptance in self.acceptance],
            "missing_judges": self.missing,
            "sampling": asdict(self.sampling),
            "likelihood": self.likelihood.to_dict(),
            "number_formats": self.number_formats,
            "statistics": self.statistics.to_dict(),
            "samples": [sample.to_dict() for sample in self.samples],
        }


def evaluate(run: Run, *, keep: Path | None = None, log: Log = lambda _: None, **settings: Any) -> Evaluation:
    """Score unseen documents, sample documents, have both judged, and compare them.

    keep: the folder for finished parts, from which an interrupted evaluation goes on; by default none is kept.
    log: called with a line about each step. settings: as in `plan_evaluation`, which says what is raised; besides,
    `ConfigurationError` if `keep` has another evaluation.
    """
    return plan_evaluation(run, **settings).evaluate(keep, log)


def plan_evaluation(
    run: Run,
    *,
    data: str | Path | None = None,
    num_samples: int = 200,
    temperature: float = TEMPERATURE,
    min_p: float | None = None,
    max_tokens: int = 1024,
    seed: int = 0,
    num_documents: int = NUM_UNSEEN,
    dtypes: Sequence[str] = (),
    judges: Sequence[Judge] | None = None,
) -> PlannedEvaluation:
    """Return an evaluation that can begin.

    data: the prepared folder; by default at its path during training, or beside the run.
    num_documents: the most unseen documents.
    dtypes: number formats of generation whose price is measured (`model/quantization.py`).
    judges: by default all that are known for the run's schema and can be asked.
    Raises `DataError` if the data is missing, damaged or not what the run was trained on, and `ConfigurationError` for
    settings out of range.
    """
    settings = SamplingSettings(num_samples, temperature, max_tokens, seed, min_p)
    folder = find_data(run.folder, run.configuration, data)
    metadata = read_metadata(folder)
    check_sizes(run.model.configuration, metadata)
    verify_files(folder, metadata)
    for dtype in dtypes:
        linears_of(dtype, run.device)  # raises before any work
    known = judges_for(run.tokenizer.grammar) if judges is None else list(judges)
    return PlannedEvaluation(
        run, folder, metadata, unseen_documents(folder, num_documents), settings, tuple(dtypes), known
    )


@dataclass(frozen=True)
class PlannedEvaluation:
    """An evaluation that can begin: its run, its prepared data, its settings and the judges that are known."""

    run: Run
    data: Path
    metadata: Metadata
    unseen: UnseenDocuments
    settings: SamplingSettings
    dtypes: tuple[str, ...]
    known: Sequence[Judge]

    @property
    def judges(self) -> list[Judge]:
        """The judges that are asked."""
        return [judge for judge in self.known if not judge.why_not]

    @property
    def identity(self) -> Any:
        """All that determines the result, as plain values."""
        hashes = [weights_sha256(self.run.folder, self.run.step), hash_file(self.data / METADATA_FILE)]
        programs = [(judge.name, judge.title) for judge in self.judges]
        versions = [version(package) for package in ("schemalm", "torch")]
        settings = [asdict(self.settings), len(self.unseen), self.dtypes, self.run.dtype]
        return [hashes, settings, programs, versions]

    @property
    def expected_seconds(self) -> float | None:
        """About how long it takes, from the speed of the training; None if that is not known."""
        metrics = read_metrics(self.run.folder)
        speeds = [line["tokens_per_second"] for line in metrics if "tokens_per_second" in line]
        if not speeds:
            return None
        num_unseen = int(self.unseen.num_tokens.sum())
        num_written = self.settings.num_samples * num_unseen / len(self.unseen)
        num_judged = len(self.judges) * (self.settings.num_samples + len(self.unseen))
        num_passes = 1 + len(self.dtypes)
        speed = float(median(speeds))
        return (num_passes * num_unseen + num_written) / speed + num_judged * JUDGE_SECONDS

    def evaluate(self, keep: Path | None = None, log: Log = lambda _: None) -> Evaluation:
        """Do the work; `keep` and `log` as in `evaluate`.

        Another evaluation in the same folder waits, and then finds the finished parts.
        """
        with nullcontext() if keep is None else locked_folder(keep):
            return _Evaluator(self, KeptParts(keep, self.identity), log).evaluate()


class _Evaluator:
    """The work of one evaluation."""

    def __init__(self, planned: PlannedEvaluation, parts: KeptParts, log: Log) -> None:
        self._planned, self._parts, self._log = planned, parts, log
        self._run, self._data, self._unseen = planned.run, planned.data, planned.unseen
        self._tokenizer: Tokenizer = planned.run.tokenizer

    def evaluate(self) -> Evaluation:
        planned, splits, rules = self._planned, self._planned.metadata.splits, self._tokenizer.grammar.rules
        likelihood = self._likelihood()
        number_formats = self._number_formats()
        generated = self._generated()
        held_out = [Written(self._tokenizer.decode(tokens), tuple(tokens)) for tokens in self._unseen.tokens()]
        samples = self._verdicts("samples", [each.value for each in generated])
        unseen = self._verdicts("unseen", [each.value for each in held_out])
        acceptance = acceptances(planned.judges, samples, unseen)
        statistics = self._statistics(generated, held_out)
        return Evaluation(
            step=self._run.step,
            schema_name=schema_name(self._tokenizer.grammar.schema),
            rules=None if rules is None else rules.file.title,
            num_parameters=self._run.model.num_parameters(),
            num_train_documents=splits["train"].num_documents,
            num_train_tokens=splits["train"].num_tokens,
            sampling=planned.settings,
            likelihood=likelihood,
            samples=tuple(_samples(generated, samples, statistics)),
            acceptance=acceptance,
            missing={judge.name: judge.why_not for judge in planned.known if judge.why_not},
            statistics=statistics,
            usefulness=usefulness(acceptance[0], statistics),
            number_formats=number_formats,
        )

    def _likelihood(self) -> Likelihood:
        self._log(f"scoring {counted(len(self._unseen), 'unseen document')}")
        run, num_documents = self._run, len(self._unseen)

        def make() -> Likelihood:
            configuration, tokenizer = run.configuration, run.tokenizer
            return validation_likelihood(run.model, self._data, configuration, num_documents, tokenizer=tokenizer)

        return self._parts.part("likelihood", Likelihood, make)

    def _number_formats(self) -> dict[str, float]:
        dtypes = self._planned.dtypes
        return {dtype: self._price(dtype) for dtype in (("float32", *dtypes) if dtypes else ())}

    def _price(self, dtype: str) -> float:
        self._log(f"scoring the same in {dtype}, as in generation")
        run = self._run

        def make() -> float:
            decoder = InferenceModel(run.model, linears_of(dtype, run.device))
            return decoding_likelihood(decoder, self._data, run.configuration, len(self._unseen)).score.bits_per_byte

        return self._parts.part(f"likelihood-{dtype}", float, make)

    def _generated(self) -> list[Generated]:
        kept = self._parts.rows("samples", Sampled, lambda each: each.generated(self._tokenizer))
        coming = sample(self._run, self._planned.settings, kept, self._log)
        sampled = {each.number: each for each in (*kept, *self._parts.keep("samples", kept, coming))}
        return [sampled[number].generated(self._tokenizer) for number in range(self._planned.settings.num_samples)]

    def _verdicts(self, name: str, values: Sequence[JSONValue]) -> dict[str, list[Verdict]]:
        """Return what each judge says; `name` says of which documents."""
        documents = [Document.of_value(value) for value in values]
        return {judge.name: self._verdicts_of(judge, name, documents) for judge in self._planned.judges}

    def _verdicts_of(self, judge: Judge, name: str, documents: Sequence[Document]) -> list[Verdict]:
        self._log(f"{judge.name} judges {counted(len(documents), 'document')}, {name}")
        return self._parts.part(f"{name}-{judge.name}", list[Verdict], lambda: ask(judge, documents))

    def _statistics(self, generated: Sequence[Generated], held_out: Sequence[Written]) -> SampleStatistics:
        train = Split(self._data, "train", self._unseen.split.metadata)
        self._log(f"comparing them with {train.num_documents:,} training documents")
        samples = [Written(each.value, tuple(each.tokens), each.finish) for each in generated]
        return sample_statistics(samples, held_out, train, self._tokenizer)


def _samples(
    generated: Sequence[Generated], verdicts: dict[str, list[Verdict]], statistics: SampleStatistics
) -> Iterator[Sample]:
    for number, each in enumerate(generated):
        yield Sample(
            generated=each,
            text=Document.of_value(each.value).text,
            verdicts={name: found[number] for name, found in verdicts.items()},
            copied=statistics.copied.samples.spans[number],
            repeated=statistics.repeated.samples.spans[number],
            nearest=statistics.nearest[number],
        )
