"""Counts for Prometheus, in its text format (version 0.0.4).

In go requests and documents as they end; out comes a page of text. Counts are changed in the thread of requests alone.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator

from schemalm.generation.results import Generated
from schemalm.process_memory import peak_resident_bytes
from schemalm.serving.served_run import ServedRun

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# Upper bounds of the durations of requests, in seconds.
BOUNDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)


class Metrics:
    """What has happened since the server started; `num_open` requests are being answered."""

    def __init__(self) -> None:
        self.num_open = 0
        self._requests: Counter[tuple[str, int]] = Counter()
        self._buckets = [0] * (len(BOUNDS) + 1)
        self._seconds = 0.0
        self._documents: Counter[tuple[str, str]] = Counter()
        self._tokens: Counter[str] = Counter()

    def count_request(self, path: str, status: int, seconds: float) -> None:
        """Count a request that has ended; `path` is that of a route."""
        self._requests[path, status] += 1
        self._buckets[bisect_left(BOUNDS, seconds)] += 1
        self._seconds += seconds

    def count_documents(self, model: str, documents: Iterable[Generated]) -> None:
        """Count documents that were written."""
        for document in documents:
            self._documents[model, document.finish] += 1
            self._tokens[model] += len(document.tokens)

    def page(self, runs: Iterable[ServedRun]) -> str:
        """Return all counts."""
        workers = [(run.name, run.worker) for run in runs]
        lines = [
            *_family("requests_total", "counter", "Requests that have ended.", self._request_lines()),
            *_family("request_seconds", "histogram", "How long requests took.", self._duration_lines()),
            *_family("requests_open", "gauge", "Requests that are being answered.", [f"requests_open {self.num_open}"]),
            *_family(
                "documents_total",
                "counter",
                "Documents that were written, by how they ended.",
                (f"documents_total{_labels(model=m, finish=f)} {count}" for (m, f), count in self._documents.items()),
            ),
            *_family(
                "tokens_total",
                "counter",
                "Tokens of these documents.",
                (f"tokens_total{_labels(model=model)} {count}" for model, count in self._tokens.items()),
            ),
            *_family(
                "documents_running",
                "gauge",
                "Documents in the batch.",
                (f"documents_running{_labels(model=name)} {worker.num_running}" for name, worker in workers),
            ),
            *_family(
                "documents_waiting",
                "gauge",
                "Documents that wait for a place in the batch.",
                (f"documents_waiting{_labels(model=name)} {worker.num_waiting}" for name, worker in workers),
            ),
            *_family(
                "peak_resident_bytes",
                "gauge",
                "The peak memory of the process.",
                [f"peak_resident_bytes {peak_resident_bytes()}"],
            ),
        ]
        return "\n".join(lines) + "\n"

    def _request_lines(self) -> Iterator[str]:
        for (path, status), count in self._requests.items():
            yield f"requests_total{_labels(path=path, status=str(status))} {count}"

    def _duration_lines(self) -> Iterator[str]:
        total = 0
        for bound, count in zip((*map(str, BOUNDS), "+Inf"), self._buckets, strict=True):
            total += count
            yield f"request_seconds_bucket{_labels(le=bound)} {total}"
        yield f"request_seconds_sum {self._seconds}"
        yield f"request_seconds_count {total}"


def _family(name: str, kind: str, meaning: str, samples: Iterable[str]) -> Iterator[str]:
    """Yield the lines of one metric; all names begin with that of the project."""
    yield f"# HELP schemalm_{name} {meaning}"
    yield f"# TYPE schemalm_{name} {kind}"
    yield from (f"schemalm_{sample}" for sample in samples)


def _labels(**labels: str) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
