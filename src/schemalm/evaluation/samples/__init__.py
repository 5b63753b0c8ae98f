"""Statistics of written documents, beside held-out ones and the training documents.

In go samples, held-out documents and a training split; out come figures of both, side by side.

    statistics.py     all figures of one comparison: `sample_statistics`
    paths.py          a document as a flat list of nodes, each with its path
    occurrences.py    the scalars of documents by path, and what is due to chance
    fields.py         distributions of values
    presence.py       which keys documents have
    references.py     names that are used, and those that are declared
    lengths.py        lines, tokens and sizes of containers
    diversity.py      distinct documents, exact copies and the nearest training document
    copies.py         stretches of tokens that stand in training documents, with `stretches.py`
    repetition.py     stretches of tokens that a document repeats
    known_values.py   values that training documents have, with `sightings.py`
    pairs.py          pairs of values that training documents have
"""

from schemalm.evaluation.samples.statistics import COMPLETE, SampleStatistics, Written, sample_statistics

__all__ = ["COMPLETE", "SampleStatistics", "Written", "sample_statistics"]
