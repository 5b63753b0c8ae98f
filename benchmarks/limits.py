"""Measures the cost of schemas at every limit, and of schemas that are written to be expensive.

    python benchmarks/limits.py [--only TEXT]

Every schema is compiled in a process of its own with the default limits. If it compiles, its shortest value is
written and a few random tokens are followed, since documents make a grammar grow. Seconds are CPU time; memory is the
peak of the process. Writes results/limits.json and exits with 1 if an expensive schema exceeds `MAX_SECONDS` or
`MAX_MEBIBYTES`, crashes or hangs.
"""

from __future__ import annotations

import json
import platform
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from schemalm.compilation import compile_schema
from schemalm.errors import GuardError, InvalidDocument, SchemaError
from schemalm.files.writing import write_atomically
from schemalm.grammar.grammar import Grammar
from schemalm.limits import Limits
from schemalm.tokenizer import Tokenizer

RESULTS = Path(__file__).parent / "results" / "limits.json"
MAX_SECONDS = 30
MAX_MEBIBYTES = 2048
# A process is killed when it exceeds this CPU time or this much memory.
HANG_SECONDS = 40
MAX_ADDRESS_SPACE = 8 << 30
NUM_RANDOM_TOKENS = 20
LIMITS = Limits()

Schema = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A schema at a limit, above it, or written to be expensive; `value` is encoded if the schema compiles."""

    group: str
    name: str
    schema: Callable[[], Schema]
    value: Any = None


def padded(num_bytes: int) -> Schema:
    """Returns a schema of this size, made of constants."""
    constants = [f"{index:06}{'x' * 160}" for index in range(num_bytes // 172)]
    schema = {"enum": constants, "title": ""}
    return {**schema, "title": "x" * (num_bytes - len(json.dumps(schema)))}


def nested(keyword: str, num_levels: int) -> Schema:
    """Returns a schema with this many levels: a keyword nested around a type, whose name is the last level."""
    schema: Schema = {"type": "null"}
    for _ in range(num_levels - 2):
        schema = {keyword: schema}
    return schema


def two_periods(first: int, second: int) -> Schema:
    """Returns a schema of texts whose length is a multiple of two numbers; a search finds the shortest."""
    return {"type": "string", "allOf": [{"pattern": f"^(a{{{first}}})*$"}, {"pattern": f"^(a{{{second}}})+$"}]}


def counted_items(num_items: int, length: int) -> Schema:
    """Returns a schema of arrays whose shortest value has num_items * (length + 2) + 1 symbols."""
    return {"type": "array", "minItems": num_items, "items": {"type": "string", "minLength": length}}


def key_patterns(last_letter: str) -> Schema:
    return {"type": "object", "patternProperties": {f"^[a-{last_letter}]{{2}}$": {}}, "additionalProperties": False}


def listing(num_names: int) -> Schema:
    return {"type": "object", "properties": {f"k{n}": {} for n in range(num_names)}}


def branches(num_branches: int) -> Schema:
    listed = [{"properties": {f"k{n}": {}}, "required": [f"k{n}"]} for n in range(num_branches)]
    return {"type": "object", "anyOf": listed, "unevaluatedProperties": False}


def numbered(keyword: str, count: int, make: Callable[[int], Any], **others: Any) -> Schema:
    return {**others, keyword: [make(n) for n in range(count)]}


def chain(length: int, make: Callable[[Schema], Schema]) -> Schema:
    """Returns a schema of definitions in which each refers to the next one; `make` wraps the reference."""
    definitions = {f"d{n}": make({"$ref": f"#/$defs/d{n + 1}"}) for n in range(length)}
    return {"$defs": {**definitions, f"d{length}": {"type": "string"}}, "$ref": "#/$defs/d0"}


def doubled(rest: Schema) -> Schema:
    return {"type": "object", "properties": {"a": rest, "b": rest}}


def products(count: int) -> Schema:
    """Returns a schema of arrays with one of two items for each number; states are the sets of items still missing."""
    pairs = [{"oneOf": [{"contains": {"const": n}}, {"contains": {"const": -n - 1}}]} for n in range(count)]
    return {"type": "array", "allOf": pairs}


def meeting_and_passing() -> list[Case]:
    """Yields, for every limit, schemas exactly at it and schemas above it."""
    counted: dict[str, Schema] = {
        "minLength": {"type": "string"},
        "minItems": {"type": "array"},
        "minContains": {"type": "array", "contains": {"type": "null"}},
    }

    def count(keyword: str, more: int) -> Schema:
        return {**counted[keyword], keyword: LIMITS.minimum_count + more}

    def case(limit: str, meets: Callable[[], Schema], passes: Callable[[], Schema], name: str = "") -> list[Case]:
        label = f"{limit} {name}".strip()
        return [Case("meets", label, meets), Case("passes", label, passes)]

    return [
        *case("schema_bytes", lambda: padded(LIMITS.schema_bytes), lambda: padded(LIMITS.schema_bytes + 1)),
        *case(
            "schema_depth",
            lambda: nested("items", LIMITS.schema_depth),
            lambda: nested("items", LIMITS.schema_depth + 1),
        ),
        *case("automaton_states", lambda: two_periods(7, 2857), lambda: two_periods(32, 625)),
        *case(
            "grammar_states",
            lambda: {"allOf": [True] * (LIMITS.grammar_states - 2)},
            lambda: {"allOf": [True] * (LIMITS.grammar_states - 1)},
        ),
        Case("passes", "compile_seconds", lambda: products(16)),
        *case("completion_symbols", lambda: counted_items(259, 3859), lambda: counted_items(259, 3860)),
        *(
            found
            for keyword in counted
            for found in case(
                "minimum_count",
                lambda keyword=keyword: count(keyword, 0),  # type: ignore[misc]
                lambda keyword=keyword: count(keyword, 1),  # type: ignore[misc]
                keyword,
            )
        ),
        *case(
            "minimum_keys",
            lambda: {"type": "object", "minProperties": LIMITS.minimum_keys},
            lambda: {"type": "object", "minProperties": LIMITS.minimum_keys + 1},
        ),
        *case("symbols", lambda: listing(LIMITS.symbols), lambda: listing(LIMITS.symbols + 1)),
        *case(
            "pattern_repeat",
            lambda: {"type": "string", "pattern": f"^a{{{LIMITS.pattern_repeat}}}$"},
            lambda: {"type": "string", "pattern": f"^a{{{LIMITS.pattern_repeat + 1}}}$"},
        ),
        *case("finite_pattern_keys", lambda: key_patterns("p"), lambda: key_patterns("q")),
        *case(
            "unevaluated_branches",
            lambda: branches(LIMITS.unevaluated_branches),
            lambda: branches(LIMITS.unevaluated_branches + 1),
        ),
    ]


def hostile() -> list[Case]:
    """Yields expensive schemas: many branches, counts, patterns, references, and large sizes."""
    made = {**branching(), **counting(), **matching(), **referring(), **large(), **judging()}
    return [Case("hostile", name, *parts) for name, parts in made.items()]


# The function that makes the schema and, optionally, a value to encode.
Made = dict[str, tuple[Callable[[], Schema]] | tuple[Callable[[], Schema], Any]]


def branching() -> Made:
    def either_key(n: int) -> Schema:
        return {"anyOf": [{"required": [f"a{n}"]}, {"required": [f"b{n}"]}]}

    def either_value(n: int) -> Schema:
        return {"anyOf": [{"properties": {f"a{n}": {"type": "string"}}}, {"properties": {f"b{n}": {"type": "null"}}}]}

    def condition(n: int) -> Schema:
        return {"if": {"properties": {"k": {"const": n}}}, "then": {"required": [f"r{n}"]}}

    def keyed(n: int) -> Schema:
        return {"type": "object", "properties": {f"k{n}": {"type": "string"}}, "required": [f"k{n}"]}

    def deep_choice() -> Schema:
        schema: Schema = {"type": "string"}
        for n in range(30):
            schema = {"anyOf": [{"required": [f"k{n}"], "properties": {f"k{n}": schema}}, {"minProperties": 1}]}
        return schema

    return {
        "30 anyOf of two required keys in an allOf": (lambda: numbered("allOf", 30, either_key, type="object"),),
        "30 anyOf of two properties in an allOf": (lambda: numbered("allOf", 30, either_value, type="object"),),
        "30 levels of anyOf in anyOf": (deep_choice,),
        "30 if/then over one key": (lambda: numbered("allOf", 30, condition, type="object"),),
        "16 oneOf of two contains in an allOf": (lambda: products(16),),
        "oneOf of 10,000 constants": (lambda: numbered("oneOf", 10_000, lambda n: {"const": f"c{n}"}), "c7"),
        "oneOf of 10,000 objects": (lambda: numbered("oneOf", 10_000, keyed), {"k7": ""}),
        "oneOf of 1,000 objects": (lambda: numbered("oneOf", 1_000, keyed), {"k7": ""}),
        "oneOf of 10,000 patterns": (
            lambda: numbered("oneOf", 10_000, lambda n: {"type": "string", "pattern": f"^c{n}x"}),
            "c7x",
        ),
        "anyOf of 10,000 objects": (lambda: numbered("anyOf", 10_000, keyed), {"k7": ""}),
    }


def counting() -> Made:
    return {
        "maxLength 1e9": (lambda: {"type": "string", "maxLength": 10**9}, "a" * 10**5),
        "minLength 1e9": (lambda: {"type": "string", "minLength": 10**9},),
        "maxItems 1e9": (lambda: {"type": "array", "maxItems": 10**9}, [1] * 1000),
        "minItems 1e9": (lambda: {"type": "array", "minItems": 10**9},),
        "maxProperties 1e9": (lambda: {"type": "object", "maxProperties": 10**9}, {"a": 1}),
        "minItems 5,000 of minLength 5,000": (lambda: counted_items(5000, 5000),),
    }


def matching() -> Made:
    key_letters = {letter: {"minLength": n} for n, letter in enumerate("abcdefghijklmnopqrst")}

    def undecided(n: int) -> Schema:
        return {"anyOf": [{"pattern": f"{n}"}, {"pattern": f"x{n}"}]}

    return {
        "pattern ^(((a*)*)*)*$": (lambda: {"type": "string", "pattern": "^(((a*)*)*)*$"}, "a" * 10**4),
        "pattern ((a{900}){900}){900}": (lambda: {"type": "string", "pattern": "^((a{900}){900}){900}$"},),
        "pattern with nested counts": (lambda: {"pattern": "^((a{1,50}){1,50}){1,50}$"}, "a" * 300),
        "pattern (a|b)*a(a|b){40}": (lambda: {"type": "string", "pattern": "(a|b)*a(a|b){40}"}, "ab" * 100),
        "pattern of 30 look-aheads": (lambda: {"type": "string", "pattern": "^" + "(?=.*[a-f]x)" * 30},),
        "20 patterns in an allOf": (lambda: numbered("allOf", 20, lambda n: {"pattern": f"{n}.*{n}"}, type="string"),),
        "20 undecided patterns": (lambda: numbered("allOf", 20, undecided), "0123456789 11 12 13 14 15 16 17 18 19"),
        "20 patternProperties": (lambda: {"type": "object", "patternProperties": key_letters}, {"abc": "xxxxx"}),
    }


def referring() -> Made:
    circle = {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}
    endless = {"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#"}}}

    def both(rest: Schema) -> Schema:
        return {**doubled(rest), "required": ["a", "b"]}

    return {
        "recursion through items": (lambda: {"type": "array", "items": {"$ref": "#"}}, [[[[[]]]]]),
        "recursion without an end": (lambda: endless,),
        "$ref to itself": (lambda: {"$ref": "#"},),
        "$ref in a circle": (lambda: {"$defs": circle, "$ref": "#/$defs/a"},),
        "chain of 5,000 $ref": (lambda: chain(5000, lambda rest: rest),),
        "chain of 5,000 $ref over properties": (lambda: chain(5000, doubled), {"a": {"b": {}}}),
        "60 $ref that double": (lambda: chain(60, lambda rest: {"allOf": [rest, rest]}), "a"),
        "60 $ref that double required keys": (lambda: chain(60, both),),
    }


def large() -> Made:
    inner = {"type": "object", "properties": {f"p{n}": {"type": "string", "maxLength": 99} for n in range(20)}}

    def listed(n: int) -> Schema:
        return {"a": n, "b": [n]}

    def named() -> Schema:
        return {f"name{n}": inner for n in range(1_000)}

    return {
        "900 kB of properties": (lambda: {"type": "object", "properties": named()}, {"name7": {"p1": "a"}}),
        "900 kB of definitions": (lambda: {"$defs": named(), "type": "null"},),
        "schema 100,000 levels deep": (lambda: {"items": json_list(100_000)},),
        "enum of 50,000 strings": (lambda: {"enum": [f"value {n}" for n in range(50_000)]}, "value 7"),
        "enum of 2,000 objects": (lambda: {"enum": [listed(n) for n in range(2_000)]}, listed(7)),
        "2,000 required keys": (lambda: {"type": "object", "required": [f"k{n}" for n in range(2_000)]},),
    }


def judging() -> Made:
    unique = {"type": "array", "uniqueItems": True}
    return {
        "multipleOf 7919 and 1e-300": (lambda: {"allOf": [{"multipleOf": 7919}, {"multipleOf": 1e-300}]}, 7919),
        "minimum of 300 digits": (lambda: {"type": "integer", "minimum": 10**299 + 7}, 10**300),
        "not format regex": (lambda: {"type": "object", "not": {"additionalProperties": {"format": "regex"}}},),
        "40 unique items": (lambda: {**unique, "minItems": 40}, list(range(40))),
        "8 unique objects": (lambda: {**unique, "minItems": 8, "items": {"type": "object"}},),
        "3 unique booleans": (lambda: {**unique, "minItems": 3, "items": {"type": "boolean"}},),
        "not unique": (lambda: {"type": "array", "not": {"uniqueItems": True}, "maxItems": 3}, [1, 1]),
    }


def json_list(depth: int) -> list[Any]:
    found: list[Any] = []
    for _ in range(depth):
        found = [found]
    return found


def measure(case: Case) -> dict[str, Any]:
    """Compiles and uses one schema; runs in a process of its own."""
    schema = case.schema()
    start = time.process_time()
    outcome: dict[str, Any] = {"outcome": "compiled", "message": ""}
    grammar: Grammar | None = None
    try:
        grammar = compile_schema(schema)
    except SchemaError as error:
        outcome = {"outcome": "refused", "message": str(error)[:200]}
    compiled = time.process_time()
    if grammar is not None:
        try:
            use(Tokenizer.from_grammar(grammar), case.value)
        except (SchemaError, GuardError, InvalidDocument) as error:
            outcome = {"outcome": f"compiled, then {type(error).__name__}", "message": str(error)[:200]}
        outcome["states"] = grammar.num_states
    return {
        **outcome,
        "compile_seconds": round(compiled - start, 2),
        "use_seconds": round(time.process_time() - compiled, 2),
        "peak_mebibytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def use(tokenizer: Tokenizer, value: Any) -> None:
    """Encodes a value, writes the shortest one, and follows random tokens."""
    if value is not None:
        tokenizer.encode(value)
    tokenizer.decode_prefix([])
    generator = random.Random(0)
    machine = tokenizer.machine()
    for _ in range(NUM_RANDOM_TOKENS):
        if machine.is_complete:
            break
        machine.advance(int(generator.choice(np.flatnonzero(machine.mask()))))
    machine.completion()


def apart(case: Case) -> dict[str, Any]:
    """Runs `measure` in a process of its own and returns its result."""
    command = [sys.executable, __file__, "--one", case.group, "--only", case.name]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    if process.returncode == 0:
        return dict(json.loads(process.stdout))
    if process.returncode == -signal.SIGXCPU:
        return {"outcome": "hung", "message": f"stopped after {HANG_SECONDS} s of CPU time"}
    lines = process.stderr.strip().splitlines() or [""]
    return {"outcome": "crashed", "message": lines[-1][:200], "exit_status": process.returncode}


def processor() -> str:
    """Returns the name of the processor, or the architecture if the system does not state it."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())


def is_fault(case: Case, found: dict[str, Any]) -> bool:
    if "peak_mebibytes" not in found:
        return True
    seconds = found["compile_seconds"] + found["use_seconds"]
    return case.group == "hostile" and (seconds > MAX_SECONDS or found["peak_mebibytes"] > MAX_MEBIBYTES)


def main(
    only: Annotated[str, typer.Option(help="Only schemas with this text in their name; writes no file.")] = "",
    one: Annotated[str, typer.Option(hidden=True)] = "",
) -> None:
    """Measures every schema and prints one line for each."""
    cases = [*meeting_and_passing(), *hostile()]
    if one:
        resource.setrlimit(resource.RLIMIT_CPU, (HANG_SECONDS, HANG_SECONDS + 1))
        resource.setrlimit(resource.RLIMIT_AS, (MAX_ADDRESS_SPACE, MAX_ADDRESS_SPACE))
        typer.echo(json.dumps(measure(next(case for case in cases if (case.group, case.name) == (one, only)))))
        return
    results = []
    num_faults = 0
    for case in cases:
        if only not in case.name:
            continue
        found = apart(case)
        num_faults += is_fault(case, found)
        results.append({"group": case.group, "schema": case.name, **found})
        mark = "FAULT " if is_fault(case, found) else ""
        typer.echo(f"{mark}{case.group} {case.name}: {json.dumps(found)}")
    if not only:
        machine = {"python": platform.python_version(), "platform": platform.platform(), "processor": processor()}
        date = datetime.now(UTC).date().isoformat()
        page = {"date": date, "machine": machine, "limits": asdict(LIMITS), "schemas": results}
        write_atomically(RESULTS, (json.dumps(page, indent=2) + "\n").encode())
    raise typer.Exit(1 if num_faults else 0)


if __name__ == "__main__":
    typer.run(main)
