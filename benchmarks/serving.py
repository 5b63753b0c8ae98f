"""Measures `schemalm serve` under clients on this machine, and beside its engine alone.

    python benchmarks/serving.py RUN [--clients 64] [--seconds 60] [--rounds 3] [--json FILE]

First clients with mixed requests, for so many seconds: documents, beginnings cut anywhere, streams, parts written anew,
what may come next, errors. Nothing may be lost, and every document must be valid by a validator of its own, which reads
the text that the client got. Memory is that of the server after a first load of the same length, in which the tables of
its grammar fill, and after the second.

Then 16 clients that ask for documents, and the engine alone at batch 16 on the same requests, in turns; every second
round in reverse order. Prompts are compiled in both. Figures are medians of tokens per second of wall time, and per
second of CPU time of the process, which other programs on the machine disturb less.
"""

from __future__ import annotations

import gc
import http.client
import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from schemalm.cli.application import COLLECTIONS_BETWEEN_WHOLE_ONES
from schemalm.documents import dump_document, parse_document
from schemalm.documents.cut import read_cut
from schemalm.generation import Run, generate, load_run
from schemalm.generation.completing import continued, requests_beyond
from schemalm.generation.engine import Engine, Request
from schemalm.generation.sampling import Sampling
from schemalm.judging import judge_for
from training import machine
from turns import REPOSITORY, environment_of

BATCH_SIZE, MAX_TOKENS, NUM_PROMPTS = 16, 200, 200
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Served:
    """A server process and the address that it listens to."""

    process: subprocess.Popen[str]
    address: tuple[str, int]

    @property
    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND

    @property
    def resident_mib(self) -> float:
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * PAGE_BYTES / (1 << 20)


@dataclass
class Outcome:
    """What clients have seen: the seconds of each request, tokens, documents as texts, and what went wrong."""

    seconds: list[float] = field(default_factory=list)
    num_tokens: int = 0
    texts: list[str] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)


@contextmanager
def served(run: Path) -> Iterator[Served]:
    """Serve a run in a process of its own."""
    command = [
        sys.executable,
        "-m",
        "schemalm",
        "serve",
        str(run),
        "--port",
        "0",
        "--batch-size",
        str(BATCH_SIZE),
        "--json",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment_of(REPOSITORY))
    try:
        assert process.stdout is not None
        text = "".join(itertools.takewhile(lambda line: line != "}\n", iter(process.stdout.readline, "")))
        url = urlsplit(json.loads(text + "}")["url"])
        assert url.hostname is not None and url.port is not None
        yield Served(process, (url.hostname, url.port))
    finally:
        process.terminate()
        process.wait()


def beginnings(run: Run) -> list[str]:
    """Documents of the run, cut at places that are drawn."""
    source = random.Random(0)
    texts = [
        dump_document(document.value) for document in generate(run, num_samples=NUM_PROMPTS, max_tokens=MAX_TOKENS)
    ]
    return [text[: source.randrange(len(text))] for text in texts]


def mixed(prompts: list[str], wholes: list[str], number: int) -> tuple[str, str, dict[str, Any]]:
    """A request by its number: its kind, its path and its body."""
    prompt, whole = prompts[number % len(prompts)], wholes[number % len(wholes)]
    completion = {"max_tokens": MAX_TOKENS, "seed": number}
    requests: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("document", "/v1/completions", completion),
        ("beginning", "/v1/completions", {"prompt": prompt, **completion}),
        ("stream", "/v1/completions", {"prompt": prompt, "stream": True, **completion}),
        ("endings", "/schemalm/v1/complete", {"text": prompt, "alternatives": 2, **completion}),
        ("next", "/schemalm/v1/next", {"text": prompt}),
        ("check", "/schemalm/v1/check", {"text": whole}),
        ("refused", "/v1/completions", {"stop": "x"}),
    )
    return requests[number % len(requests)]


class Client:
    """A client with one connection, which asks again and again until its time is over."""

    def __init__(self, address: tuple[str, int], outcome: Outcome, lock: threading.Lock) -> None:
        self._connection = http.client.HTTPConnection(*address, timeout=120)
        self._outcome, self._lock = outcome, lock

    def ask(self, kind: str, path: str, body: dict[str, Any]) -> None:
        started = time.monotonic()
        try:
            self._connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            response = self._connection.getresponse()
            status, data = response.status, response.read()
        except OSError as error:
            self._connection.close()
            with self._lock:
                self._outcome.faults[f"{kind}: {type(error).__name__}"] += 1
            return
        with self._lock:
            self._outcome.seconds.append(time.monotonic() - started)
            self._outcome.kinds[kind] += 1
            if status != (400 if kind == "refused" else 200):
                self._outcome.faults[f"{kind}: {status} {data[:100]!r}"] += 1
            else:
                self._read(kind, body, data)

    def _read(self, kind: str, body: dict[str, Any], data: bytes) -> None:
        if kind in ("document", "beginning"):
            found = json.loads(data)
            self._outcome.num_tokens += found["usage"]["total_tokens"]
            self._outcome.texts += [body.get("prompt", "") + choice["text"] for choice in found["choices"]]
        elif kind == "stream":
            events = [line[6:] for line in data.decode().split("\n\n") if line]
            if events[-1] != "[DONE]":
                self._outcome.faults["stream: not ended"] += 1
                return
            added = "".join(choice["text"] for event in events[:-1] for choice in json.loads(event)["choices"])
            self._outcome.texts.append(body["prompt"] + added)
        elif kind == "endings":
            self._outcome.texts += [ending["text"] for ending in json.loads(data)["endings"]]


def load(address: tuple[str, int], num_clients: int, seconds: float, request_of: Any) -> tuple[Outcome, float]:
    """Let clients ask; return what they saw, and how long it took until the last was answered."""
    outcome, lock, numbers = Outcome(), threading.Lock(), itertools.count()
    started = time.monotonic()

    def work() -> None:
        client = Client(address, outcome, lock)
        while time.monotonic() - started < seconds:
            client.ask(*request_of(next(numbers)))

    threads = [threading.Thread(target=work) for _ in range(num_clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcome, time.monotonic() - started


def engine_rates(run: Run, prompts: list[str] | None, seconds: float) -> tuple[float, float]:
    """Tokens of the engine alone per second of wall time and of CPU time."""
    started, cpu = time.monotonic(), time.process_time()
    num_tokens = 0

    def requests() -> Iterator[Request]:
        for number in itertools.count():
            if time.monotonic() - started >= seconds:
                return
            if prompts is None:
                yield Request(0, number, MAX_TOKENS)
            else:
                tables = continued(run, read_cut(prompts[number % len(prompts)]))
                yield from requests_beyond(run, tables, 1, MAX_TOKENS, number, Sampling())

    for piece in Engine(run, BATCH_SIZE).write(requests()):
        num_tokens += 0 if piece.generated is None else len(piece.generated.tokens)
    return num_tokens / (time.monotonic() - started), num_tokens / (time.process_time() - cpu)


def server_rates(server: Served, prompts: list[str] | None, seconds: float) -> tuple[float, float]:
    """The same of the server with as many clients as rows."""

    def request_of(number: int) -> tuple[str, str, dict[str, Any]]:
        prompt = "" if prompts is None else prompts[number % len(prompts)]
        return "beginning", "/v1/completions", {"prompt": prompt, "max_tokens": MAX_TOKENS, "seed": number}

    cpu = server.cpu_seconds
    outcome, took = load(server.address, BATCH_SIZE, seconds, request_of)
    if outcome.faults:
        raise RuntimeError(f"requests failed: {dict(outcome.faults)}")
    return outcome.num_tokens / took, outcome.num_tokens / (server.cpu_seconds - cpu)


def invalid(run: Run, texts: list[str]) -> list[str]:
    """The texts that are no valid documents, by a validator that shares no code with the grammar."""
    judge = judge_for(run.tokenizer.grammar)
    return [text for text in texts if not judge.judge_value(parse_document(text)).accepted]


def main(
    run: Annotated[Path, typer.Argument(exists=True, file_okay=False)],
    clients: Annotated[int, typer.Option(min=1, help="Clients with mixed requests.")] = 64,
    seconds: Annotated[float, typer.Option(min=1, help="How long each part takes.")] = 60.0,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of the server and the engine in turns.")] = 3,
    out: Annotated[Path | None, typer.Option("--json", help="Write the figures into this file.")] = None,
) -> None:
    """Measure; exit with code 1 if anything was lost or invalid."""
    # The engine alone collects garbage as rarely as the server's process.
    gc.set_threshold(*gc.get_threshold()[:2], COLLECTIONS_BETWEEN_WHOLE_ONES)
    loaded = load_run(run)
    prompts = beginnings(loaded)
    wholes = [dump_document(document.value) for document in generate(loaded, num_samples=20, max_tokens=MAX_TOKENS)]
    figures: dict[str, Any] = {"machine": machine("cpu"), "clients": clients, "seconds": seconds, "rounds": rounds}
    with served(run) as server:
        load(server.address, clients, seconds, lambda number: mixed(prompts, wholes, number))
        before = server.resident_mib
        outcome, _ = load(server.address, clients, seconds, lambda number: mixed(prompts, wholes, number))
        after = server.resident_mib
        wrong = invalid(loaded, outcome.texts)
        quantiles = statistics.quantiles(outcome.seconds, n=100)
        figures["mixed"] = {
            "requests": len(outcome.seconds),
            "by_kind": dict(outcome.kinds),
            "documents": len(outcome.texts),
            "lost": dict(outcome.faults),
            "invalid": len(wrong),
            "p50_seconds": quantiles[49],
            "p99_seconds": quantiles[98],
            "resident_mib": [before, after],
        }
        print(json.dumps(figures["mixed"], indent=2))
        for name, given in (("documents", None), ("beginnings", prompts)):
            figures[name] = in_turns(loaded, server, given, seconds, rounds)
            print(name, json.dumps(figures[name], indent=2))
    if out is not None:
        out.write_text(json.dumps(figures, indent=2) + "\n")
    raise typer.Exit(bool(wrong or outcome.faults))


def in_turns(run: Run, server: Served, prompts: list[str] | None, seconds: float, rounds: int) -> dict[str, Any]:
    """Tokens per second of the server and of the engine, and the part of the engine's that the server gives."""
    found: dict[str, list[tuple[float, float]]] = {"server": [], "engine": []}
    for number in range(rounds):
        for name in ("server", "engine") if number % 2 == 0 else ("engine", "server"):
            rates = server_rates(server, prompts, seconds) if name == "server" else engine_rates(run, prompts, seconds)
            found[name].append(rates)
    answer: dict[str, Any] = {}
    for index, unit in enumerate(("wall", "cpu")):
        medians = {name: statistics.median(each[index] for each in rates) for name, rates in found.items()}
        answer[f"tokens_per_{unit}_second"] = medians
        answer[f"part_of_engine_by_{unit}"] = medians["server"] / medians["engine"]
    return answer


if __name__ == "__main__":
    typer.run(main)
