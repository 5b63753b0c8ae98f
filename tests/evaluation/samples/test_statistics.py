"""The statistics expose generators that are broken on purpose, and find nothing wrong with real documents."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from functools import cache
from itertools import islice
from pathlib import Path

import pytest
from tests.evaluation.samples.conftest import Corpus

import evaluator
from real_documents import accepted, read_texts
from schemalm.compilation import compile_schema
from schemalm.dataset.store import Split
from schemalm.errors import ConfigurationError
from schemalm.evaluation.samples import SampleStatistics, Written, sample_statistics
from schemalm.evaluation.samples import statistics as statistics_module
from schemalm.tokenizer import Tokenizer

Examine = Callable[..., SampleStatistics]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def examine(corpus: Corpus) -> Examine:
    """The statistics of a generator; of the perfect one without a name."""

    @cache
    def statistics(name: str = "") -> SampleStatistics:
        samples = corpus.samples
        if name:
            samples = evaluator.GENERATORS[name](samples, corpus.train, corpus.tokenizer, random.Random(0))
        return sample_statistics(samples, corpus.held_out, corpus.train, corpus.tokenizer)

    return statistics


def mean_ratio(found: SampleStatistics, name: str) -> float:
    """The ratio of the mean lengths of a name."""
    ratio = next(length.means.ratio for length in found.lengths if length.name == name)
    assert ratio is not None
    return ratio


def check_real(found: SampleStatistics) -> None:
    """Documents of one distribution look alike."""
    assert found.distance is not None and found.chance is not None
    assert found.distance.total_variation < 1.3 * found.chance.total_variation + 0.01
    assert found.distance.coverage > found.chance.coverage - 0.05
    assert max(presence.difference for presence in found.presence) < 0.2
    assert 0.75 < mean_ratio(found, "lines") < 1.3
    assert 0.75 < mean_ratio(found, "jobs.*.steps") < 1.3
    assert found.references[0].resolved.samples == pytest.approx(found.references[0].resolved.held_out, abs=0.02)
    assert found.complete_share == 1
    for figure in (found.distinct, found.novel, *(pair.fitting for pair in found.pairs[:1])):
        assert figure.samples == pytest.approx(figure.held_out, abs=0.15)
    for coverage in (found.copied, found.repeated):
        assert coverage.shares.samples == pytest.approx(coverage.shares.held_out, abs=0.15)


def test_documents_of_the_same_distribution_look_alike(examine: Examine) -> None:
    check_real(examine())


def test_copies_are_exposed_by_novelty_stretches_and_neighbours(examine: Examine) -> None:
    found = examine("copies training documents")
    assert (found.novel.samples, found.copied.samples.share) == (0, 1)
    assert found.similarity[0].quantile(0) == 1
    assert examine().novel.samples == 1
    assert (examine().copied.samples.share or 0) < 0.7


def test_shuffled_values_are_exposed_by_fields_pairs_and_known_values(examine: Examine) -> None:
    found, real = examine("shuffles values"), examine()
    assert found.distance is not None
    assert found.chance is not None
    assert found.train_distance is not None
    assert found.distance.total_variation > 2 * found.chance.total_variation
    assert found.distance.total_variation > 2 * found.train_distance.total_variation
    pair, expected = found.pairs[0], real.pairs[0]
    assert pair.keys == expected.keys == ("name", "uses")
    assert (pair.fitting.samples or 0) < 0.7 * (expected.fitting.samples or 0)
    names, expected_names = (
        next(known.whole for known in one.known_values if known.path == "jobs.*.steps[].name") for one in (found, real)
    )
    assert (names.samples or 0) < 0.7 * (expected_names.samples or 0)


def test_loops_are_exposed_by_repetition_and_lengths(examine: Examine) -> None:
    found = examine("loops")
    assert (found.repeated.samples.share or 0) > 2 * (found.repeated.held_out.share or 0)
    assert mean_ratio(found, "tokens") > 1.2 * mean_ratio(examine(), "tokens")
    assert max(mean_ratio(found, length.name) for length in found.lengths[2:]) > 2


def test_early_ends_are_exposed_by_ends_and_lengths(examine: Examine) -> None:
    found = examine("closes early")
    assert (found.ends, found.complete_share) == ({"budget": found.num_samples}, 0)
    assert mean_ratio(found, "lines") < 0.6
    assert max(presence.difference for presence in found.presence) > 0.4


def test_broken_names_are_exposed_by_references(examine: Examine) -> None:
    found = examine("breaks names")
    assert (found.references[0].resolved.samples or 0) < 0.7
    assert (found.references[0].resolved.held_out or 0) > 0.95
    assert mean_ratio(found, "lines") == mean_ratio(examine(), "lines")


def test_the_nearest_training_document_is_shown(examine: Examine, corpus: Corpus) -> None:
    for nearest, sample in zip(examine("copies training documents").nearest, examine().nearest, strict=True):
        assert nearest is not None and sample is not None
        tokens = corpus.train.document(nearest.index)[0].tolist()
        assert (nearest.similarity, nearest.value) == (1, corpus.tokenizer.decode(tokens))
        assert 0 < sample.similarity <= 1


def test_statistics_are_plain_values_that_do_not_change(examine: Examine, corpus: Corpus) -> None:
    found = examine()
    again = sample_statistics(corpus.samples, corpus.held_out, corpus.train, corpus.tokenizer)
    assert again == found
    content = found.to_dict()
    assert json.loads(json.dumps(content)) == json.loads(json.dumps(again.to_dict()))
    assert (content["num_samples"], content["num_held_out"], content["num_searched"]) == (100, 200, 600)
    assert set(evaluator.figures(found)) >= {"novel", "references resolve", "lines, median"}


def test_only_evenly_spaced_training_documents_are_searched(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics_module, "MAX_SEARCHED", 3)
    copies = [Written(corpus.tokenizer.decode(ids), ids) for ids in [tuple(corpus.train.document(599)[0].tolist())]]
    found = sample_statistics(copies, corpus.held_out[:30], corpus.train, corpus.tokenizer)
    assert (found.num_searched, found.num_train) == (3, 600)
    assert found.nearest[0] is not None
    assert found.nearest[0].index == 599


def test_documents_of_any_schema_are_compared(make_split: Callable[..., Split]) -> None:
    tokenizer = Tokenizer.from_grammar(compile_schema(True))
    values = [None, 1, "a", [], {"a": {}}]
    written = [Written(value, tuple(tokenizer.encode(value))) for value in values]
    train = make_split([one.tokens for one in written[:2]], tokenizer.vocab_size, [len("null"), len("1")])
    found = sample_statistics(written, written, train, tokenizer)
    assert (found.fields, found.references, found.known_values, found.pairs) == ((), (), (), ())
    assert (found.distance, found.novel.samples, found.copied.samples.share is None) == (None, 0.6, False)
    assert [None if one is None else one.index for one in found.nearest] == [0, 1, None, None, None]
    json.dumps(found.to_dict(), allow_nan=False)


def test_without_documents_there_is_nothing_to_compare(corpus: Corpus) -> None:
    for samples, held_out in (([], corpus.held_out), (corpus.samples, [])):
        with pytest.raises(ConfigurationError, match="expected at least 1 sample and 1 held-out document "):
            sample_statistics(samples, held_out, corpus.train, corpus.tokenizer)


@pytest.mark.parametrize("num_samples", [1, 40])
def test_one_held_out_document_is_enough(corpus: Corpus, num_samples: int) -> None:
    found = sample_statistics(corpus.samples[:num_samples], corpus.held_out[:1], corpus.train, corpus.tokenizer)
    assert (found.num_samples, found.num_held_out, found.fields) == (num_samples, 1, ())
    assert all(presence.chance is None for presence in found.presence)
    assert bool(found.presence) == (num_samples > 20)
    json.dumps(found.to_dict(), allow_nan=False)


def test_halves_of_real_held_out_documents_look_alike(shared_data: Path, make_split: Callable[..., Split]) -> None:
    grammar = compile_schema("github-workflow", rules=None)
    texts = read_texts(shared_data / "workflows" / "val.jsonl.zst")
    values = [value for _, value in islice(accepted(texts, grammar), 900)]
    random.Random(0).shuffle(values)
    tokenizer = Tokenizer.train(grammar, values[:300], vocab_size=1500)
    written = [Written(value, tuple(tokenizer.encode(value))) for value in values]
    train = make_split([one.tokens for one in written[:500]], tokenizer.vocab_size)
    check_real(sample_statistics(written[500:700], written[700:], train, tokenizer))
