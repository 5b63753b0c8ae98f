"""Evaluate a trained run: all figures of the report, as plain values.

`evaluate` takes a loaded run and the prepared data that it was trained on, and returns an `Evaluation`. The same run,
data, seed and version give the same evaluation on one machine. Nothing is written. Not covered: comparing runs, which
`comparison` does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from schemalm.bounds import check_number
from schemalm.dataset.selection import evenly_spaced
from schemalm.dataset.store import Metadata, Split, read_metadata, verify_files
from schemalm.documents import JSONValue
from schemalm.evaluation.distribution import Distribution
from schemalm.evaluation.diversity import Neighbours, copied, decode_documents, distinct_share, named_keys
from schemalm.evaluation.likelihood import Likelihood, decoding_likelihood, validation_likelihood
from schemalm.generation import Generated, generate
from schemalm.generation.run import Run
from schemalm.generation.sampling import Sampling as TokenSampling
from schemalm.generation.sampling import check_request
from schemalm.judging.interface import Document, Judge, Verdict, to_text
from schemalm.judging.schema_judge import NoJudge
from schemalm.judging.selection import announcement, judge_for
from schemalm.messages.wording import counted
from schemalm.model.inference import InferenceModel
from schemalm.model.quantization import linears_of
from schemalm.schema.naming import schema_name
from schemalm.tokenizer import Tokenizer
from schemalm.training.run_data import check_sizes, find_data

# Limits on the documents that are decoded for comparison, so that an evaluation does not take longer on a large corpus.
MAX_NEIGHBOUR_DOCUMENTS = 5000
MAX_VALIDATION_DOCUMENTS = 500
COMPLETE = "complete"


@dataclass(frozen=True)
class Sample:
    """One generated document and its figures.

    text: the document as YAML.
    finish: "complete" if the model ended the document, "budget" or "limit" if the cheapest completion did (see
    `Generated`).
    num_forced: how many of its `num_tokens` cost no model call.
    bits_per_token: the negative log-probability of the sampled tokens in bits, divided by the number of all tokens.
    similarity: that of the nearest of the training documents searched.
    """

    value: JSONValue
    text: str
    verdict: Verdict
    finish: str
    num_tokens: int
    num_forced: int
    bits_per_token: float
    is_copy: bool
    similarity: float

    @property
    def num_lines(self) -> int:
        """The number of lines of YAML."""
        return self.text.count("\n")

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, without the text, which follows from the value."""
        return {
            "value": self.value,
            "valid": self.verdict.accepted,
            "reason": self.verdict.reason,
            "pointer": self.verdict.pointer,
            "finish": self.finish,
            "num_tokens": self.num_tokens,
            "num_forced": self.num_forced,
            "bits_per_token": self.bits_per_token,
            "is_copy": self.is_copy,
            "similarity": self.similarity,
        }


@dataclass(frozen=True)
class ValidationStatistics:
    """Statistics of the validation documents, to compare samples with: tokens of all, lines and similarity of some."""

    tokens: Distribution
    lines: Distribution
    similarity: Distribution


@dataclass(frozen=True)
class Sampling:
    """The settings of the sampling."""

    num_samples: int
    temperature: float
    max_tokens: int
    seed: int


@dataclass(frozen=True)
class Evaluation:
    """The evaluation of a run; shares are between 0 and 1.

    num_neighbours: how many training documents were searched for the nearest one of each sample. Exact copies are
    searched for among all `num_train_documents`.
    number_formats: bits per byte as the model generates, in float32 and in each format asked for; empty if none was.
    """

    step: int
    schema_name: str
    rules: str | None
    num_parameters: int
    num_train_documents: int
    num_train_tokens: int
    num_neighbours: int
    judge: str
    sampling: Sampling
    likelihood: Likelihood
    samples: tuple[Sample, ...]
    distinct_share: float
    validation: ValidationStatistics
    number_formats: dict[str, float] = field(default_factory=dict)

    @property
    def valid_share(self) -> float | None:
        """The share of valid samples among those that could be judged; None if there are none."""
        num_judged = len(self.samples) - self.num_unjudged
        return None if num_judged == 0 else (num_judged - self.num_invalid) / num_judged

    @property
    def num_invalid(self) -> int:
        """The number of samples that the judge rejects."""
        return sum(sample.verdict.accepted is False for sample in self.samples)

    @property
    def num_unjudged(self) -> int:
        """The number of samples that could not be judged."""
        return sum(sample.verdict.accepted is None for sample in self.samples)

    @property
    def complete_share(self) -> float:
        """The share of samples that the model itself ended, within the token budget."""
        return self._share([sample.finish == COMPLETE for sample in self.samples])

    @property
    def novel_share(self) -> float:
        """The share of samples that are not copies of a training document."""
        return self._share([not sample.is_copy for sample in self.samples])

    @property
    def tokens(self) -> Distribution:
        """The number of tokens of each sample."""
        return Distribution.of(sample.num_tokens for sample in self.samples)

    @property
    def lines(self) -> Distribution:
        """The number of lines of YAML of each sample."""
        return Distribution.of(sample.num_lines for sample in self.samples)

    @property
    def similarity(self) -> Distribution:
        """The similarity of each sample to its nearest training document."""
        return Distribution.of(sample.similarity for sample in self.samples)

    @staticmethod
    def _share(flags: Sequence[bool]) -> float:
        return sum(flags) / len(flags)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that JSON can represent."""
        return {
            "step": self.step,
            "schema": self.schema_name,
            "rules": self.rules,
            "num_parameters": self.num_parameters,
            "num_train_documents": self.num_train_documents,
            "num_train_tokens": self.num_train_tokens,
            "judge": self.judge,
            "sampling": asdict(self.sampling),
            "likelihood": self.likelihood.to_dict(),
            "number_formats": self.number_formats,
            "valid_share": self.valid_share,
            "num_invalid": self.num_invalid,
            "num_unjudged": self.num_unjudged,
            "complete_share": self.complete_share,
            "distinct_share": self.distinct_share,
            "novel_share": self.novel_share,
            "num_neighbours": self.num_neighbours,
            "similarity": self.similarity.to_dict(),
            "tokens": self.tokens.to_dict(),
            "lines": self.lines.to_dict(),
            "validation_similarity": self.validation.similarity.to_dict(),
            "validation_tokens": self.validation.tokens.to_dict(),
            "validation_lines": self.validation.lines.to_dict(),
            "samples": [sample.to_dict() for sample in self.samples],
        }


def evaluate(
    run: Run,
    *,
    data: str | Path | None = None,
    num_samples: int = 200,
    temperature: float = 1.0,
    max_tokens: int = 1024,
    seed: int = 0,
    num_documents: int | None = None,
    dtypes: Sequence[str] = (),
    judge: Judge | None = None,
    progress: Callable[[str], None] | None = None,
) -> Evaluation:
    """Score the validation split, sample documents, judge them, and compare them with the training documents.

    data: the prepared folder; by default at its path during training, or beside the run.
    num_documents: the maximum number of validation documents to score.
    dtypes: number formats of generation whose price is measured (`model/quantization.py`).
    judge: by default the judge for the run's schema.
    progress: called with a line about each step.
    Raises `DataError` if the data is missing, damaged or not what the run was trained on, and `ConfigurationError` for
    settings out of range, both before any work.
    """
    log = progress or (lambda _: None)
    sampling = Sampling(num_samples, temperature, max_tokens, seed)
    TokenSampling(temperature)
    check_request(num_samples, max_tokens, seed)
    if num_documents is not None:
        check_number("num_documents", num_documents, 1, is_whole=True)
    formats = {dtype: linears_of(dtype, run.device) for dtype in (("float32", *dtypes) if dtypes else ())}
    folder = find_data(run.folder, run.configuration, data)
    metadata = read_metadata(folder)
    check_sizes(run.model.configuration, metadata)
    verify_files(folder, metadata)
    judge = judge or judge_for(run.tokenizer.grammar)
    if isinstance(judge, NoJudge):
        log(announcement(judge))
    rules = run.tokenizer.grammar.rules
    num_held_out = metadata.splits["val"].num_documents
    log(f"scoring {counted(min(num_documents or num_held_out, num_held_out), 'validation document')}")
    likelihood = validation_likelihood(run.model, folder, run.configuration, num_documents)
    number_formats = {}
    for dtype, linears in formats.items():
        log(f"scoring the same in {dtype}, as in generation")
        decoder = InferenceModel(run.model, linears)
        score = decoding_likelihood(decoder, folder, run.configuration, num_documents).score
        number_formats[dtype] = score.bits_per_byte
    log(f"sampling {counted(num_samples, 'document')}")
    generated = generate(run, num_samples=num_samples, temperature=temperature, max_tokens=max_tokens, seed=seed)
    log(f"comparing them with {metadata.splits['train'].num_documents} training documents")
    train = Split(folder, "train", metadata)
    chosen = evenly_spaced(train.num_documents, MAX_NEIGHBOUR_DOCUMENTS).tolist()
    neighbours = Neighbours(decode_documents(run.tokenizer, train, chosen), named_keys(run.tokenizer))
    return Evaluation(
        step=run.step,
        schema_name=schema_name(run.tokenizer.grammar.schema),
        rules=None if rules is None else rules.file.title,
        num_parameters=sum(parameter.numel() for parameter in run.model.parameters()),
        num_train_documents=train.num_documents,
        num_train_tokens=metadata.splits["train"].num_tokens,
        num_neighbours=len(chosen),
        judge=judge.title,
        sampling=sampling,
        likelihood=likelihood,
        samples=examine(generated, judge, run.tokenizer, train, neighbours),
        distinct_share=distinct_share([document.value for document in generated]),
        validation=validation_statistics(folder, metadata, run.tokenizer, neighbours),
        number_formats=number_formats,
    )


def examine(
    generated: Sequence[Generated], judge: Judge, tokenizer: Tokenizer, train: Split, neighbours: Neighbours
) -> tuple[Sample, ...]:
    """Judge generated documents and compare them with the training documents."""
    copies = copied([document.value for document in generated], tokenizer, train)
    written = [Document.of_value(document.value) for document in generated]
    return tuple(
        Sample(
            value=document.value,
            text=text,
            verdict=verdict,
            finish=document.finish,
            num_tokens=len(document.tokens),
            num_forced=document.num_forced,
            bits_per_token=-document.logprob / math.log(2) / max(len(document.tokens), 1),
            is_copy=is_copy,
            similarity=neighbours.similarity(document.value),
        )
        for document, text, verdict, is_copy in zip(
            generated, [each.text for each in written], judge.judge(written), copies, strict=True
        )
    )


def validation_statistics(
    data: Path, metadata: Metadata, tokenizer: Tokenizer, neighbours: Neighbours
) -> ValidationStatistics:
    """Return the lengths of the validation documents, and their similarity to the training documents."""
    split = Split(data, "val", metadata)
    chosen = evenly_spaced(split.num_documents, MAX_VALIDATION_DOCUMENTS).tolist()
    values = list(decode_documents(tokenizer, split, chosen))
    return ValidationStatistics(
        tokens=Distribution.of((split.offsets[1:] - split.offsets[:-1]).tolist()),
        lines=Distribution.of(to_text(value).count("\n") for value in values),
        similarity=Distribution.of(neighbours.similarity(value) for value in values),
    )
