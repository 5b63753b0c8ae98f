"""Masks for JSON text on JSONSchemaBench: this project's text machine, llguidance and xgrammar, on the same tokens.

    python benchmarks/text_masks.py ../shared/data --ranks o200k_base.tiktoken --every 50
    python benchmarks/text_masks.py ../shared/data --ranks o200k_base.tiktoken --publish

Each engine gets each schema as it stands, and refuses it or not. Valid instances are written as compact JSON with keys
in the schema's order, as all three engines want them; invalid ones in the order that the data has. A verdict is right
if a valid instance is admitted to its end and may end there, and an invalid one is not. Each token of the admitted
instances is timed in CPU time: the mask before it and the step over it. The first pass follows compiling; the second
reads the same instances again. Each engine works in a process of its own, which is started anew after a crash or after
a case that takes too long. Needs the extra `compare`.
"""

from __future__ import annotations

import json
import multiprocessing
import signal
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from conformance.cases import Case, read_jsonschemabench
from schemalm import Tokenizer, compile_schema
from schemalm.baselines import ByteBPETokenizer
from schemalm.baselines.o200k import load_o200k_base
from schemalm.documents import canonical_json
from schemalm.errors import SchemaLMError
from schemalm.experiments.text_masks import llguidance_tokenizer, xgrammar_tokenizer
from schemalm.files.writing import write_atomically
from schemalm.machine.vocabulary import BOS_ID
from schemalm.text_machine import ByteVocabulary, TextMachine, TextTables

RESULTS = Path(__file__).resolve().parent / "results" / "text_masks.json"
# Of CPU time; the signal of this timer ends the process.
SECONDS_PER_CASE = 15
PASSES = ("first", "again")


class Engine(ABC):
    """Masks over a tokenizer; `begin` starts a text under the schema of the last `compile`."""

    title = ""

    @abstractmethod
    def compile(self, schema: Any) -> str:
        """Compiles a schema; returns why it is refused, or nothing."""

    @abstractmethod
    def begin(self) -> None:
        """Begins a text."""

    @abstractmethod
    def mask(self) -> None:
        """Computes the mask."""

    @abstractmethod
    def advance(self, token: int) -> bool:
        """Consumes a token; returns whether it was admitted."""

    @abstractmethod
    def may_end(self) -> bool:
        """Whether the text is a whole document."""


class Ours(Engine):
    def __init__(self, tokenizer: ByteBPETokenizer) -> None:
        self.title = f"schemalm {version('schemalm')}"
        self._vocabulary = ByteVocabulary([b"", b"", *tokenizer.tokens])

    def compile(self, schema: Any) -> str:
        try:
            self._tables = TextTables(compile_schema(schema, rules=None), self._vocabulary)
        except SchemaLMError as error:
            return str(error)
        return ""

    def begin(self) -> None:
        self._machine = TextMachine(self._tables)

    def mask(self) -> None:
        self._machine.mask()

    def advance(self, token: int) -> bool:
        try:
            self._machine.advance(token)
        except ValueError:
            return False
        return True

    def may_end(self) -> bool:
        return self._machine.is_complete


class Llguidance(Engine):
    def __init__(self, tokenizer: ByteBPETokenizer) -> None:
        from llguidance.numpy import allocate_token_bitmask  # noqa: PLC0415

        self.title = f"llguidance {version('llguidance')}"
        self._tokenizer = llguidance_tokenizer(tokenizer)
        self._bits = allocate_token_bitmask(1, self._tokenizer.vocab_size)

    def compile(self, schema: Any) -> str:
        from llguidance import LLMatcher  # noqa: PLC0415
        from llguidance.numpy import fill_next_token_bitmask  # noqa: PLC0415

        self._fill = fill_next_token_bitmask
        try:
            grammar = LLMatcher.grammar_from_json_schema(schema, overrides={"whitespace_flexible": False})
        except ValueError as error:
            return str(error)
        self._make = lambda: LLMatcher(self._tokenizer, grammar, log_level=0)
        self.begin()
        return str(self._matcher.get_error())

    def begin(self) -> None:
        # One that has refused a token refuses everything afterwards.
        self._matcher = self._make()

    def mask(self) -> None:
        self._fill(self._matcher, self._bits, 0)

    def advance(self, token: int) -> bool:
        return bool(self._matcher.consume_token(token))

    def may_end(self) -> bool:
        return bool(self._matcher.is_accepting())


class XGrammar(Engine):
    def __init__(self, tokenizer: ByteBPETokenizer) -> None:
        import xgrammar  # noqa: PLC0415

        self.title = f"xgrammar {version('xgrammar')}"
        self._compiler = xgrammar.GrammarCompiler(xgrammar_tokenizer(tokenizer), max_threads=1, cache_enabled=False)
        self._bits = xgrammar.allocate_token_bitmask(1, tokenizer.vocab_size)

    def compile(self, schema: Any) -> str:
        import xgrammar  # noqa: PLC0415

        try:
            compiled = self._compiler.compile_json_schema(
                json.dumps(schema), any_whitespace=False, separators=(",", ":"), strict_mode=False
            )
        except RuntimeError as error:
            return str(error)
        self._matcher = xgrammar.GrammarMatcher(compiled)
        return ""

    def begin(self) -> None:
        self._matcher.reset()

    def mask(self) -> None:
        self._matcher.fill_next_token_bitmask(self._bits)

    def advance(self, token: int) -> bool:
        return bool(self._matcher.accept_token(token))

    def may_end(self) -> bool:
        return bool(self._matcher.accept_token(BOS_ID))


ENGINES: dict[str, type[Any]] = {"schemalm": Ours, "llguidance": Llguidance, "xgrammar": XGrammar}


def texts_of(case: Case) -> list[tuple[str, bool]]:
    """Returns the texts of a case's instances with their verdicts."""
    try:
        typed = Tokenizer.from_grammar(compile_schema(case.schema, rules=None))
    except SchemaLMError:
        typed = None
    return [(_in_order(instance.value, typed), instance.valid) for instance in case.instances]


def _in_order(value: Any, typed: Tokenizer | None) -> str:
    with suppress(SchemaLMError):  # of an invalid value
        value = typed.decode(typed.encode(value)) if typed is not None else value
    return canonical_json(value).decode()


def measure_case(engine: Engine, schema: Any, texts: Sequence[tuple[list[int], bool]]) -> dict[str, Any]:
    """Returns whether an engine handles a schema, its verdicts, and nanoseconds per token by pass."""
    started = time.process_time_ns()
    refusal = engine.compile(schema)
    record: dict[str, Any] = {"compile": time.process_time_ns() - started, "refusal": refusal[:200]}
    if refusal:
        return record
    record |= {"right": 0, "valid_refused": 0, "invalid_accepted": 0, **{name: [] for name in PASSES}}
    admitted = []
    for tokens, is_valid in texts:
        engine.begin()
        nanoseconds, num_read = time_tokens(engine, tokens)
        accepts = num_read == len(tokens) and engine.may_end()
        record["right" if accepts == is_valid else "valid_refused" if is_valid else "invalid_accepted"] += 1
        if accepts:
            record["first"] += nanoseconds
            admitted.append(tokens)
    for tokens in admitted:
        engine.begin()
        record["again"] += time_tokens(engine, tokens)[0]
    return record


def time_tokens(engine: Engine, tokens: Sequence[int]) -> tuple[list[int], int]:
    """Returns nanoseconds for each admitted token, and how many were admitted."""
    clock, nanoseconds = time.thread_time_ns, []
    for token in tokens:
        started = clock()
        engine.mask()
        is_admitted = engine.advance(token)
        ended = clock()
        if not is_admitted:
            break
        nanoseconds.append(ended - started)
    return nanoseconds, len(nanoseconds)


def serve(connection: Any, name: str, ranks: Path | None) -> None:
    """Answers cases with records, in a process of its own."""
    tokenizer = load_o200k_base(ranks)
    engine = ENGINES[name](tokenizer)
    connection.send(engine.title)
    while (asked := connection.recv()) is not None:
        schema, texts = asked
        signal.setitimer(signal.ITIMER_PROF, SECONDS_PER_CASE)
        encoded = [(tokenizer.encode_text(text), is_valid) for text, is_valid in texts]
        connection.send(measure_case(engine, schema, encoded))


class Worker:
    """A process of an engine, which is started anew after a crash or after a case that takes too long."""

    def __init__(self, name: str, ranks: Path | None) -> None:
        self._name, self._ranks = name, ranks
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, self._name, self._ranks), daemon=True)
        self._process.start()
        theirs.close()
        self.title = self._connection.recv()

    def end(self) -> None:
        self._connection.send(None)

    def measure(self, case: Case, texts: list[tuple[str, bool]]) -> dict[str, Any]:
        try:
            self._connection.send((case.schema, texts))
            record: dict[str, Any] = self._connection.recv()
            return record
        except (EOFError, BrokenPipeError, ConnectionResetError):
            self._process.join()
        takes_too_long = self._process.exitcode == -signal.SIGPROF
        reason = f"takes more than {SECONDS_PER_CASE} CPU seconds" if takes_too_long else "crashes"
        self._start()
        return {"refusal": reason, "broken": True}


def summarize(records: list[dict[str, Any]]) -> dict[str, Any]:
    """Returns the figures of one engine."""
    handled = [record for record in records if not record["refusal"]]
    found: dict[str, Any] = {
        "num_schemas": len(records),
        "num_handled": len(handled),
        "num_broken": sum("broken" in record for record in records),
        **{name: sum(record[name] for record in handled) for name in ("right", "valid_refused", "invalid_accepted")},
    }
    for name in PASSES:
        found[name] = _microseconds([record[name] for record in handled])
    return found


def _microseconds(nanoseconds: list[list[int]]) -> dict[str, float]:
    values = np.array([value for record in nanoseconds for value in record], dtype=np.float64) / 1000
    if not len(values):
        return {"num_tokens": 0}
    percentiles = {f"p{share:g}": round(float(np.percentile(values, share)), 1) for share in (50, 99)}
    return {"num_tokens": len(values), **percentiles, "mean": round(float(values.mean()), 1)}


def common_tokens(records: dict[str, list[dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Returns the times of every engine on the cases in which all of them read the same tokens."""
    names = list(records)
    counts = zip(*([len(record.get("again", ())) for record in records[name]] for name in names), strict=True)
    chosen = [index for index, found in enumerate(counts) if found[0] and len({*found}) == 1]
    return {
        name: {part: _microseconds([records[name][index][part] for index in chosen]) for part in PASSES}
        for name in names
    }


def show(console: Console, result: dict[str, Any]) -> None:
    columns = ("engine", "schemas", "handled", "right", "valid refused", "invalid accepted")
    table = Table(*columns, *(f"{part} p50/p99 µs" for part in PASSES), *(f"common {part}" for part in PASSES))
    for name, found in result["engines"].items():
        counts = [found[key] for key in ("num_schemas", "num_handled", "right", "valid_refused", "invalid_accepted")]
        times = [found[part] for part in PASSES] + [result["common"][name][part] for part in PASSES]
        cells = [f"{part.get('p50', 0):,}/{part.get('p99', 0):,}" for part in times]
        table.add_row(found["title"], *map(str, counts), *cells)
    console.print(table)


def cases(data: Path, every: int) -> Iterator[Case]:
    return islice(read_jsonschemabench(data), 0, None, every)


def main(
    data: Annotated[Path, typer.Argument(help="The folder with the data sets.", exists=True, file_okay=False)],
    ranks: Annotated[Path | None, typer.Option(help="o200k_base.tiktoken; by default, tiktoken finds it.")] = None,
    every: Annotated[int, typer.Option(min=1, help="Only every N-th schema.")] = 1,
    publish: Annotated[bool, typer.Option("--publish", help="Write the results.")] = False,
) -> None:
    """Measure all engines, case by case in turns."""
    workers = {name: Worker(name, ranks) for name in ENGINES}
    records: dict[str, list[dict[str, Any]]] = {name: [] for name in ENGINES}
    for number, case in enumerate(cases(data, every)):
        texts = texts_of(case)
        for name, worker in workers.items():
            records[name].append({"id": case.id, **worker.measure(case, texts)})
        print(number, case.id, file=sys.stderr)
    for worker in workers.values():
        worker.end()
    result = {
        "date": date.today().isoformat(),
        "what": "JSONSchemaBench, masks over o200k_base for compact JSON; CPU microseconds per token, mask and step",
        "every": every,
        "engines": {name: {"title": worker.title, **summarize(records[name])} for name, worker in workers.items()},
        "common": common_tokens(records),
        "not_handled": {
            name: {record["id"]: record["refusal"] for record in found if record["refusal"]}
            for name, found in records.items()
        },
    }
    show(Console(width=200), result)
    if publish:
        write_atomically(RESULTS, json.dumps(result, indent=2, ensure_ascii=False).encode() + b"\n")


if __name__ == "__main__":
    typer.run(main)
